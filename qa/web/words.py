"""The words of the page, for its templates."""

from datetime import UTC, datetime
from typing import Any

from flask import Flask, g, request
from markupsafe import Markup

from qa.errors import QAError
from qa.web.desk import COOKIE, Desk
from qa.wording import ENGLISH, Wording, wording_of


def add_words(app: Flask, desk: Desk) -> None:
    """Give every template the words of the language that the texts are in now, and what it must know of its place."""

    @app.context_processor
    def words() -> dict[str, Any]:
        said, language = _wording(desk)
        return {
            "said": said,
            "text": said.text,
            "counted": said.counted,
            "number": said.number,
            "html": lambda message, **values: Markup(said.text(message)).format(**values),  # noqa: S704 - of our own
            "link": link,
            "today": datetime.now(UTC).date().isoformat(),
            "page_language": language if language.startswith(said.code) else said.code,
            "is_home": desk.is_at_home,
            "is_logged_in": bool(g.get("key")) and COOKIE in request.cookies,
        }


def link(address: str, words: str) -> Markup:
    """Return a link."""
    return Markup('<a href="{}">{}</a>').format(address, words)


def _wording(desk: Desk) -> tuple[Wording, str]:
    """Return the words of the page, and the language of the texts."""
    try:
        language = desk.language
    except QAError:  # an index that cannot be opened is said in English
        return ENGLISH, ENGLISH.code
    return wording_of(language), language
