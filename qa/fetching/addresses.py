"""What is named by an address, and what by a path."""

import re

_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*)://[^\s\x00-\x1f]+", re.IGNORECASE)


def without_credentials(address: str) -> str:
    """Return an address without the name and password, or token, that may stand in it: nobody is to be shown these."""
    scheme, colon, rest = address.partition("://")
    place, slash, path = rest.partition("/")
    return f"{scheme}{colon}{place.rpartition('@')[2]}{slash}{path}"


def is_address(corpus: str) -> bool:
    """Whether a corpus is named by an address, and not by a path."""
    return bool(_ADDRESS.fullmatch(corpus))
