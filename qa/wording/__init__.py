"""What the service itself says on its page, in the language of the texts. A language is one catalogue here, ``de.po``
and what is compiled of it; the messages are the English ones.

``training/wording.py`` brings the catalogues in step with the messages in the code.
"""

from collections.abc import Sequence
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

CATALOGUES = Path(__file__).parent

SOURCE = "en"
"""The language of the messages, which needs no catalogue."""


class Wording:
    """The words of one language. Values stand in messages by their names: "No text on {topic}."."""

    def __init__(self, code: str, translations: NullTranslations) -> None:
        """Take the code of a language, and its catalogue."""
        self.code = code
        self._translations = translations

    def text(self, message: str, **values: object) -> str:
        """Return a message with its values."""
        found = self._translations.gettext(message) if message else ""  # of which a catalogue has its own head
        return found.format(**values) if values else found

    def counted(self, one: str, many: str, number: int, **values: object) -> str:
        """Return the message for this number, which stands in it as ``{number}``."""
        found = self._translations.ngettext(one, many, number)
        return found.format(number=self.number(number), **values)

    def number(self, number: int) -> str:
        """Return a whole number as the language writes it."""
        return f"{number:,}".replace(",", self.text(","))  # between thousands

    def quoted(self, terms: Sequence[str], last: str = "and") -> str:
        """Return terms in quotation marks as a list in words: “a”, “b” and “c”."""
        return self.listed([self.text("“{term}”", term=term) for term in terms], last)

    def listed(self, items: Sequence[str], last: str = "and") -> str:
        """Return items as a list in words, before the last of them "and" or "or"."""
        joint = self.text("and") if last == "and" else self.text("or")
        return f" {joint} ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def marked(message: str) -> str:
    """Return a message as it is, which is put into words later: so it is found for the catalogues."""
    return message


ENGLISH = Wording(SOURCE, NullTranslations())


@cache
def wording_of(language: str) -> Wording:
    """Return the words for texts in a language ("de", "de-CH"), the English ones where it has no catalogue."""
    code = language.split("-", maxsplit=1)[0].lower()
    compiled = CATALOGUES / f"{code}.mo"
    if not code.isalpha() or not compiled.is_file():
        return ENGLISH
    with compiled.open("rb") as content:
        return Wording(code, GNUTranslations(content))
