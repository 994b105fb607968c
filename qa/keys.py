"""Who may ask: keys in a file of the owner's (JSON), of which only digests are kept.

A key is a random text of 256 bits, so that a plain SHA-256 of it cannot be searched for. What its holder may do
stands beside the digest: which corpora may be asked, how often, and whether what the service counts may be seen.
"""

import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from qa.errors import BadSettings, KeysUnusable
from qa.files import read_regular

ALL = "*"
"""In place of names: every corpus, also those that are added later."""

PREFIX = "candor"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_TOKEN = re.compile(rf"{PREFIX}_([0-9a-f]{{8}})_[A-Za-z0-9_-]{{43}}")
_LARGEST = 4 << 20
_PERIODS = {
    "s": 1, "sec": 1, "second": 1, "min": 60, "minute": 60, "h": 3600, "hour": 3600, "d": 86_400, "day": 86_400,
}  # fmt: skip
_RATE = re.compile(r"([1-9]\d{0,8})\s*(?:/|per)\s*([a-z]+)")


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in so many seconds."""

    requests: int
    seconds: int

    def __str__(self) -> str:
        """Return it as it is written on the command line."""
        period = next(name for name, seconds in _PERIODS.items() if seconds == self.seconds and len(name) in {1, 3})
        return f"{self.requests}/{period}"


def parse_rate(written: str) -> Rate:
    """Return the rate that a text such as "60/min" or "5 per second" gives. Raises BadSettings."""
    found = _RATE.fullmatch(written.strip().lower())
    seconds = _PERIODS.get(found[2].removesuffix("s") or found[2]) if found else None
    if found is None or seconds is None:
        raise BadSettings(f"“{written}” is no rate: write how many and in what time, as 60/min, 5/s or 1000/day.")
    return Rate(int(found[1]), seconds)


@dataclass(frozen=True, slots=True)
class Key:
    """A key that was given out, without itself: ``digest`` is its SHA-256, in hexadecimal. ``corpora`` are the names of
    those that may be asked, or ALL; ``rate`` is None where the service's own holds; an administrator sees what the
    service counts."""

    id: str
    name: str
    digest: str
    corpora: tuple[str, ...] = (ALL,)
    rate: str | None = None
    is_admin: bool = False
    created: str = ""

    def may_ask(self, corpus: str) -> bool:
        """Whether its holder may ask a corpus of this name."""
        return ALL in self.corpora or corpus in self.corpora


class KeyFile:
    """The file, which any number of processes read and one at a time writes. What is written there counts from the next
    request on."""

    def __init__(self, path: Path, *, is_new: bool = False) -> None:
        """Name the file, which is made where it ``is_new``. Raises KeysUnusable where it is not there or is none."""
        self.path = path
        self._seen: tuple[int, int, int] | None = None
        self._keys: dict[str, Key] = {}
        self._secret = ""
        if not is_new or path.exists():
            self.keys  # noqa: B018 - read now: whoever starts a service learns what is wrong with it

    @property
    def keys(self) -> dict[str, Key]:
        """Return the keys by their ids, read again where the file has changed. Raises KeysUnusable."""
        try:
            stat = self.path.stat()
            seen = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
            if seen != self._seen:
                self._keys, self._secret = _parsed(read_regular(self.path, _LARGEST))
                self._seen = seen
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise KeysUnusable(
                f"{self.path} cannot be read ({reason}), so nobody can be let in: make it with `qa key add NAME --keys "
                f"{self.path}`."
            ) from error
        except (ValueError, TypeError, KeyError) as error:
            raise KeysUnusable(
                f"{self.path} is no file of keys ({error}): put a copy of it back, or name another."
            ) from error
        return self._keys

    @property
    def secret(self) -> str:
        """Return what the cookies of a login are signed with: one for all processes that read the file."""
        self.keys  # noqa: B018 - read again where it has changed
        return self._secret

    def find(self, token: str) -> Key | None:
        """Return what a token is the key of, None where it is none, or one that was revoked."""
        found = _TOKEN.fullmatch(token)
        key = self.keys.get(found[1]) if found else None
        return key if key is not None and hmac.compare_digest(key.digest, digest_of(token)) else None

    def add(self, name: str, corpora: tuple[str, ...] = (ALL,), rate: str | None = None, is_admin: bool = False) -> str:
        """Make a key of this name and return it: it is shown this once. Raises BadSettings for a name or a rate that
        cannot be, KeysUnusable where the file cannot be written."""
        if not _NAME.fullmatch(name):
            raise BadSettings(
                f"“{name}” cannot be the name of a key: it has up to 64 letters, digits, and any of . _ @ -"
            )
        rate = str(parse_rate(rate)) if rate else None
        with self._writing() as kept:
            if any(key.name == name for key in kept.values()):
                raise BadSettings(
                    f"There is a key of the name {name} already: revoke it first, or choose another name."
                )
            identifier = next(made for made in iter(lambda: secrets.token_hex(4), None) if made not in kept)
            token = f"{PREFIX}_{identifier}_{secrets.token_urlsafe(32)}"
            created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            kept[identifier] = Key(identifier, name, digest_of(token), corpora, rate, is_admin, created)
        self._note("add", kept[identifier])
        return token

    def revoke(self, name: str) -> Key:
        """Take a key back, from the next request on, and return it. Raises BadSettings where there is none of this
        name."""
        with self._writing() as kept:
            key = next((one for one in kept.values() if one.name == name), None)
            if key is None:
                named = ", ".join(one.name for one in kept.values()) or "none"
                raise BadSettings(f"There is no key of the name {name}: the keys are {named}.")
            del kept[key.id]
        self._note("revoke", key)
        return key

    @contextmanager
    def _writing(self) -> Iterator[dict[str, Key]]:
        """Yield the keys to be changed, and write them when that is done."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{self.path}.lock"):
                kept = dict(self.keys) if self.path.exists() else {}
                secret = self._secret or secrets.token_hex(32)
                yield kept
                _write(self.path, {"cookie_secret": secret, "keys": [asdict(key) for key in kept.values()]})
        except OSError as error:
            raise KeysUnusable(f"{self.path} cannot be written ({error.strerror}): name another file.") from error

    @property
    def audit(self) -> Path:
        """Return the file in which each change of the keys is noted, one a line (JSON)."""
        return self.path.with_name(f"{self.path.name}.audit.jsonl")

    def _note(self, act: str, key: Key) -> None:
        line = {
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "act": act,
            "key": key.id,
            "name": key.name,
            "corpora": key.corpora,
            "rate": key.rate,
            "is_admin": key.is_admin,
            "user": os.getuid() if hasattr(os, "getuid") else None,
        }
        try:
            descriptor = os.open(self.audit, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "a", encoding="utf-8") as opened:
                opened.write(json.dumps(line) + "\n")
        except OSError as error:
            raise KeysUnusable(
                f"{self.audit} cannot be written ({error.strerror}), but the change was made."
            ) from error


def digest_of(token: str) -> str:
    """Return what is kept of a key."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _parsed(content: bytes) -> tuple[dict[str, Key], str]:
    """Return keys by their ids, and the secret. Raises ValueError, TypeError or KeyError."""
    fields: Any = json.loads(content)
    keys = [Key(**{**one, "corpora": tuple(one["corpora"])}) for one in fields["keys"]]
    if not isinstance(fields["cookie_secret"], str) or not fields["cookie_secret"]:
        raise ValueError("it has no secret")
    return {key.id: key for key in keys}, fields["cookie_secret"]


def _write(path: Path, fields: dict[str, Any]) -> None:
    """Put a file in the place of the one before, whole, for its owner alone to read."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        if path.exists() and hasattr(os, "geteuid") and os.geteuid() == 0:  # root writes, and the service reads on
            os.fchown(descriptor, path.stat().st_uid, path.stat().st_gid)
        json.dump(fields, opened, indent=1)
        opened.flush()
        os.fsync(opened.fileno())
    beside.replace(path)
