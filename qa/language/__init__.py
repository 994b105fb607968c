"""Languages: a text's words, stems, frequencies and terms. A language is one code here; English has a grammar beside.

The libraries that serve a code are asked for it when it is used. A ``Language`` is chosen once, by the texts: what an
index was built with stands in its manifest, and asking uses the same.
"""

import json
import re
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path

from qa.language.language import Language
from qa.language.words import Words

_SNOWBALL = {
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "nl": "dutch",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "tr": "turkish",
}
"""The languages that Snowball stems, simplemma lemmatizes and wordfreq counts, whose letters stand by themselves."""

LANGUAGES = tuple(_SNOWBALL)
"""The codes of the languages that texts can be in."""

_SCRIPTS = {
    "ARABIC": "ar",
    "CJK": "zh",
    "DEVANAGARI": "hi",
    "HANGUL": "ko",
    "HEBREW": "he",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "THAI": "th",
}
"""The languages that a script alone tells, by the first word of its letters' names in Unicode: texts in them cannot be
indexed, but a question can be in one. Arabic and Devanagari are read as their greatest languages."""

_NAMES = {
    "ar": "Arabic",
    "he": "Hebrew",
    "hi": "Hindi",
    "ja": "Japanese",
    "ko": "Korean",
    "nb": "Norwegian",
    "th": "Thai",
    "zh": "Chinese",
}

TOLD_LANGUAGES = tuple(sorted({*LANGUAGES, *_SCRIPTS.values()}))
"""The codes of the languages that a question can be told to be in."""

_ELIDED = frozenset({"ca", "fr", "it"})
_LEAST_TOLD = 2  # frequent words of another language that a question must have to be in it
_WORD = re.compile(r"[^\W\d_]+")


@cache
def load_language(tag: str) -> Language:
    """Return the language of a tag such as "en", "en-GB" or "de-CH". Raises KeyError for one that is not known."""
    code = tag.split("-", maxsplit=1)[0].lower()
    if code == "en":
        from qa.language.english import English

        return English()
    return Language(code, Words(_SNOWBALL[code], accents=True, elided=code in _ELIDED))


def language_name(code: str) -> str:
    """Return a language's name in English: "German" for "de" or "de-CH"."""
    code = code.split("-", maxsplit=1)[0].lower()
    return _NAMES.get(code) or _SNOWBALL[code].title()


def other_language(text: str, own: str) -> str | None:
    """Return the code of the language that a text is in, where it is plainly not in its ``own``; None else.

    It is in another one when it has at least two of that one's frequent words, and more than of its own or any third,
    or when most of its letters are of a script that only that one is known to have.
    """
    written = _by_script(text)
    if written is not None:
        return written
    words = {word.casefold() for word in _WORD.findall(text)}
    counts = {code: len(words & listed) for code, listed in _frequent().items()}
    best, second = sorted(counts, key=lambda code: -counts[code])[:2]
    is_plain = counts[best] >= _LEAST_TOLD and counts[best] > counts[second] and counts[best] > counts.get(own, 0)
    return best if is_plain and best != own else None


def _by_script(text: str) -> str | None:
    """Return the code of the language whose script most letters of a text are of, None where there is none such."""
    letters = [unicodedata.name(letter, "").split(" ")[0].partition("-")[0] for letter in text if letter.isalpha()]
    codes = Counter(_SCRIPTS[script] for script in letters if script in _SCRIPTS)
    if 2 * codes.total() <= len(letters):
        return None
    return "ja" if codes["ja"] else codes.most_common(1)[0][0]


@cache
def _frequent() -> dict[str, frozenset[str]]:
    """Return the two hundred most frequent words of each language."""
    file = Path(__file__).parent / "data" / "frequent.json"
    return {code: frozenset(words.split()) for code, words in json.loads(file.read_text(encoding="utf-8")).items()}


__all__ = ["LANGUAGES", "TOLD_LANGUAGES", "Language", "language_name", "load_language", "other_language"]
