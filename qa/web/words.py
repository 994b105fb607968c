"""The words of the page, for its templates."""

from datetime import UTC, datetime
from typing import Any

from flask import Flask
from markupsafe import Markup

from qa.errors import QAError
from qa.service import Live
from qa.wording import ENGLISH, Wording, wording_of


def add_words(app: Flask, live: Live) -> None:
    """Give every template the words of the language that the texts are in now."""

    @app.context_processor
    def words() -> dict[str, Any]:
        said, language = _wording(live)
        return {
            "said": said,
            "text": said.text,
            "counted": said.counted,
            "number": said.number,
            "html": lambda message, **values: Markup(said.text(message)).format(**values),  # noqa: S704 - of our own
            "link": link,
            "today": datetime.now(UTC).date().isoformat(),
            "page_language": language if language.startswith(said.code) else said.code,
        }


def link(address: str, words: str) -> Markup:
    """Return a link."""
    return Markup('<a href="{}">{}</a>').format(address, words)


def _wording(live: Live) -> tuple[Wording, str]:
    """Return the words of the page, and the language of the texts."""
    try:
        language = live.answerer.index.manifest.language
    except QAError:  # an index that cannot be opened is said in English
        return ENGLISH, ENGLISH.code
    return wording_of(language), language
