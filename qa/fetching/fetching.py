"""Address of texts that live elsewhere -> a folder with copies of them, beside the index."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from qa.errors import BadSettings
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
    name = _NAME.sub("-", address.partition("://")[2].split("@")[-1]).strip("-.")[:_NAME_CHARACTERS]
    return index / SOURCES / f"{name}-{hashlib.sha256(address.encode()).hexdigest()[:8]}"


def fetch(address: str, index: Path, fetching: Fetching) -> Fetched:
    """Bring the copies of an address in step with what is there now. Raises SourceUnreachable, where all copies stay as
    they were, or BadSettings for an address of a kind that is not known."""
    fetcher = FETCHERS.get(address.partition("://")[0].lower())
    if fetcher is None:
        raise BadSettings(f"{address} is of no kind that is fetched here: the kinds are {', '.join(FETCHERS)}.")
    return fetcher(address, Mirror(folder_of(address, index)), fetching)
