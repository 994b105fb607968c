"""The style sheets within a page -> which of its classes are not shown, or raised.

Only rules for a class alone are read, as ".gone" and "p.gone" are: what hangs on where an element stands is not.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_STYLE = re.compile(
    r"<!--.*?(?:-->|\Z)|<script(?=[\s>]).*?(?:</script|\Z)|<style(?=[\s>])(?P<attributes>[^>]*+)(?:>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_STYLE_END = re.compile(r"</style", re.IGNORECASE)
_MEDIA = re.compile(r"""(?<![\w-])media\s*+=\s*+["']?([^"'>]{0,200})""", re.IGNORECASE)
_ANY_MEDIUM = re.compile("all|screen", re.IGNORECASE)
_LONGEST_ATTRIBUTES = 2000
_LONGEST = 1_000_000  # characters of style sheets that are looked at
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_SIGN = re.compile(r"[{};]")
_OF_CLASS = re.compile(r"[\w-]*+\.[\w-]++")
_ANY_CLASS = re.compile(r"\.([\w-]++)")
_DISPLAY = re.compile(
    r"(?<![\w-])display\s*+:\s*+([\w-]++)|(?<![\w-])visibility\s*+:\s*+(visible|hidden)", re.IGNORECASE
)
_STRUCK = re.compile(r"text-decoration(?:-line)?\s*:[^;]{0,100}line-through", re.IGNORECASE)
_DECORATED = re.compile(r"text-decoration(?:-line)?\s*:", re.IGNORECASE)
_RAISED = re.compile(r"vertical-align\s*:\s*super", re.IGNORECASE)
_CLASSES = re.compile(r"""(?:^|\s)class\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_UNSEEN_AS = frozenset({"none", "hidden"})


@dataclass(frozen=True, slots=True)
class Styles:
    """The elements that are hidden or struck out, and those that are raised, as ".class" and "element.class"."""

    unseen: frozenset[str] = frozenset()
    raised: frozenset[str] = frozenset()


def names_of(element: str, attributes: str) -> frozenset[str]:
    """Return what a style sheet may call an element by the classes that its attributes name."""
    found = _CLASSES.search(attributes)
    classes = (found[1] or found[2] or found[3] or "").split() if found else ()
    return frozenset(f"{start}.{name}" for name in classes for start in ("", element))


def styles_of(markup: str) -> Styles:
    """Return what the style sheets in a page say of its classes.

    A class that any rule shows again, as that of a tab which opens or on a wide screen, is none that is hidden; nor is
    one struck out that another rule decorates otherwise.
    """
    hidden: set[str] = set()
    shown: set[str] = set()
    struck: set[str] = set()
    unstruck: set[str] = set()
    raised: set[str] = set()
    for selectors, declarations, holds in (rule for sheet in _sheets(markup) for rule in _rules(*sheet)):
        display = [(one or other).lower() for one, other in _DISPLAY.findall(declarations)]
        if display and display[-1] not in _UNSEEN_AS:
            shown.update(_ANY_CLASS.findall(selectors))
        is_struck = _STRUCK.search(declarations) is not None
        if not is_struck and _DECORATED.search(declarations):
            unstruck.update(_ANY_CLASS.findall(selectors))
        alone = {one.strip() for one in selectors.split(",") if holds and _OF_CLASS.fullmatch(one.strip())}
        hidden |= alone if display and display[-1] in _UNSEEN_AS else set()
        struck |= alone if is_struck else set()
        raised |= alone if _RAISED.search(declarations) else set()
    unseen = [one for one in hidden if one.partition(".")[2] not in shown]
    unseen += [one for one in struck if one.partition(".")[2] not in unstruck]
    return Styles(frozenset(unseen), frozenset(raised))


def _sheets(markup: str) -> Iterator[tuple[str, bool]]:
    """Yield the style sheets, up to the most that are looked at, and whether each is for any screen."""
    length = 0
    start = _STYLE.search(markup)
    while start is not None and length < _LONGEST:
        if start["attributes"] is None:  # a comment or a script
            start = _STYLE.search(markup, start.end())
            continue
        end = _STYLE_END.search(markup, start.end())
        if end is None:
            return
        sheet = markup[start.end() : min(end.start(), start.end() + _LONGEST - length)]
        yield sheet, not _is_of_other_medium(start["attributes"])
        length += len(sheet)
        start = _STYLE.search(markup, end.end())


def _is_of_other_medium(attributes: str) -> bool:
    media = _MEDIA.search(attributes[:_LONGEST_ATTRIBUTES])
    return media is not None and _ANY_MEDIUM.search(media[1]) is None


def _rules(sheet: str, for_any: bool) -> Iterator[tuple[str, str, bool]]:
    """Yield the selectors and the declarations of the rules of a style sheet, and whether each holds for any screen: of
    one that is ``for_any`` those that stand in no other."""
    plain = _COMMENT.sub("", sheet)
    depth = last = 0
    selectors, first = "", 0  # of the present rule, and where its declarations begin
    for sign in _SIGN.finditer(plain):
        if sign[0] == "{":
            depth += 1
            selectors = plain[last : sign.start()].strip()
            first = sign.end()
        elif sign[0] == "}":
            if selectors and not selectors.startswith("@"):
                yield selectors, plain[first : sign.start()], for_any and depth == 1
            selectors = ""
            depth = max(depth - 1, 0)
        last = sign.end()
