"""What an address may say: the checks that the page and the API share."""

from collections.abc import Mapping
from urllib.parse import unquote_to_bytes, urlsplit

from flask import request

from qa.datatypes import Scope
from qa.errors import BadQuestion
from qa.limits import MAX_K, MAX_PREFIX_CHARACTERS
from qa.wording import marked

K_MESSAGE = f"k must be a whole number from 1 to {MAX_K:,}: it is how many passages to show."

SCOPE = Scope.__slots__
"""The parameters that say which texts are asked."""

SCOPE_MESSAGE = (
    f"source, title, topic, type and year must be texts of at most {MAX_PREFIX_CHARACTERS} characters: what the source "
    "or title of the texts to ask begins with, or what they are on or of."
)


def check_address() -> None:
    """Raise BadQuestion when the address's query is not UTF-8, which would be read as a question nobody asked."""
    try:
        unquote_to_bytes(request.query_string).decode()
    except UnicodeDecodeError:
        raise BadQuestion("The address is not UTF-8: encode the question as UTF-8, then as %XX.") from None


def parse_k(given: str) -> int:
    """Return the number of passages that an address asks for. Raises BadQuestion when it is none."""
    if not (given.isascii() and given.isdigit() and len(given) <= len(str(MAX_K)) and 1 <= int(given) <= MAX_K):
        raise BadQuestion(K_MESSAGE)
    return int(given)


def parse_scope(given: Mapping[str, str]) -> Scope:
    """Return the scope that an address asks for. Raises BadQuestion when it is beyond reason."""
    wanted = {name: given.get(name, "") for name in SCOPE}
    if max(map(len, wanted.values())) > MAX_PREFIX_CHARACTERS:
        raise BadQuestion(SCOPE_MESSAGE)
    return Scope(**wanted)


def is_own_page() -> bool:
    """Whether a request is sent by a page of this service, or by no page at all."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    is_own = urlsplit(origin).netloc == request.host if origin else True
    return site == "same-origin" if site else is_own  # browsers tell the site to trustworthy addresses only


def check_origin() -> None:
    """Raise BadQuestion for a form that a page of another site sends."""
    if not is_own_page():
        raise BadQuestion(marked("This can be said on the page of the answer only."))
