"""Text -> where it holds data in place of words: pictures in data: URIs, base64, minified code. No one quotes those.

All patterns take time linear in the text: none begins within what it failed on.
"""

import re

_LONGEST_RUN = 1000  # ASCII characters without a space; the longest words and nearly all addresses are shorter
_AROUND = 300  # characters of markup beside a data: URI that go with it

_URI = re.compile(
    r"data:(?:[\w.+-]{1,60}/[\w.+-]{1,80})?(?:;[\w.=+-]{1,60}){0,4},[^\s\"'<>()\[\]]{64,}+", re.IGNORECASE
)
_BARE = (
    # Scripts without spaces, such as Chinese and Thai, are not ASCII.
    re.compile(rf"(?<![!-~])[!-~]{{{_LONGEST_RUN},}}+"),
    # As in e-mail and certificates: lines of 60 to 76 characters without a space, and a shorter one at the end, which
    # is no word. A page that was rendered has them on one line.
    re.compile(
        r"(?<!\S)(?:[A-Za-z0-9+/=]{60,}+[ \t]*+(?:\r\n?|\n)[ \t>]*+"
        r"|(?=[A-Za-z]*+[0-9+/=])[A-Za-z0-9+/=]{60,}+[ \t]++){8,}+"
        r"(?:(?=[A-Za-z]*[0-9+/=])[A-Za-z0-9+/=]++(?=[ \t]*(?:[\r\n]|\Z)))?"
    ),
)

_BEFORE = re.compile(r"""(?:!?\[[^\[\]\n]*\](?:\(|:)[ \t]*<?|<img\b[^<>]*=\s?["']?)\Z""", re.IGNORECASE)
_AFTER_LINK = re.compile(r"""[^\S\n]*>?[^\S\n]*(?:"[^"\n]*"|'[^'\n]*')?[^\S\n]*\)?""")
_AFTER_TAG = re.compile(r"[^<>]*>")
_LEAST = 64  # characters; nothing shorter is found


def find_blobs(text: str) -> list[tuple[int, int]]:
    """Return the [start, end) ranges of a text that are data, in order and apart, each with the link or tag that is
    made of it in Markdown or HTML."""
    named = _apart([_with_markup(text, *match.span()) for match in _URI.finditer(text)])
    gaps = zip([0, *(end for _, end in named)], [*(start for start, _ in named), len(text)], strict=True)
    bare = [match.span() for start, end in gaps for part in _BARE for match in part.finditer(text, start, end)]
    return _apart(sorted([*named, *bare]))


def _apart(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return sorted ranges with those that meet as one."""
    apart: list[tuple[int, int]] = []
    for start, end in ranges:
        if apart and start <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return apart


def without_blobs(text: str) -> str:
    """Return a title or a heading with a space in place of data."""
    if len(text) < _LEAST:
        return text
    for start, end in reversed(find_blobs(text)):
        text = f"{text[:start]} {text[end:]}"
    return text


def _with_markup(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a range with the beginning and the end of its link or tag, where it stands in one."""
    opening = _BEFORE.search(text[max(start - _AROUND, 0) : start])
    if opening is None:
        return start, end
    closing = (_AFTER_TAG if opening[0].startswith("<") else _AFTER_LINK).match(text, end, end + _AROUND)
    return start - len(opening[0]), closing.end() if closing else end
