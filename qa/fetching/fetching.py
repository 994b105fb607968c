"""Address of texts that live elsewhere -> a folder with copies of them, beside the index."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from qa.errors import BadSettings, SourceUnreachable
from qa.fetching.addresses import without_credentials
from qa.fetching.git import fetch_git
from qa.fetching.mirror import Fetched, Fetching, Mirror
from qa.fetching.s3 import fetch_s3
from qa.fetching.web import fetch_site

Fetcher = Callable[[str, Mirror, Fetching], Fetched]

FETCHERS: dict[str, Fetcher] = {
    "http": fetch_site,
    "https": fetch_site,
    "git+https": fetch_git,
    "git+http": fetch_git,
    "git+ssh": fetch_git,
    "git+file": fetch_git,
    "s3": fetch_s3,
}
"""What fetches from an address, by its scheme."""

SOURCES = "sources"
"""The folder of an index that holds what was fetched for it."""

_NAME = re.compile(r"[^A-Za-z0-9.-]+")
_NAME_CHARACTERS = 60


def folder_of(address: str, index: Path) -> Path:
    """Return where what is fetched from an address lies: its name is of the address's words, told apart by a digest."""
    shown = without_credentials(address)
    name = _NAME.sub("-", shown.partition("://")[2]).strip("-.")[:_NAME_CHARACTERS]
    return index / SOURCES / f"{name}-{hashlib.sha256(shown.encode()).hexdigest()[:8]}"


def fetch(address: str, index: Path, fetching: Fetching) -> Fetched:
    """Bring the copies of an address in step with what is there now. Raises SourceUnreachable, where all copies stay as
    they were, or BadSettings for an address of a kind that is not known."""
    scheme, _, rest = address.partition("://")
    fetcher, shown = FETCHERS.get(scheme.lower()), without_credentials(address)
    if fetcher is None:
        raise BadSettings(f"{shown} is of no kind that is fetched here: the kinds are {', '.join(FETCHERS)}.")
    try:
        return fetcher(f"{scheme.lower()}://{rest}", Mirror(folder_of(address, index)), fetching)
    except ValueError as error:  # of an address that is none
        raise SourceUnreachable(f"{shown} is no address that can be read ({error}): mend it.") from error
