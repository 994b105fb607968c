"""What is named by an address, and what by a path."""

import re

_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*)://[^\s\x00-\x1f]+", re.IGNORECASE)


def is_address(corpus: str) -> bool:
    """Whether a corpus is named by an address, and not by a path."""
    return bool(_ADDRESS.fullmatch(corpus))
