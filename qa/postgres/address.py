"""The address of an index in a database, ``postgresql://HOST/DATABASE?schema=NAME``, and the folder that mirrors it."""

import hashlib
import json
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from qa.errors import BadSettings

SCHEMES = ("postgresql", "postgres")
SCHEMA = "candor"
"""The schema of an address that names none."""

CACHE = "CANDOR_CACHE"
"""The variable that names the folder of the mirrors."""

ADDRESS = "database.json"

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,39}")
_SECRETS = frozenset({"password", "sslpassword", "oauth_client_secret"})


@dataclass(frozen=True, slots=True)
class Address:
    """Where an index is: what libpq connects to, and the schema there. It never has a password."""

    conninfo: str
    schema: str

    def __str__(self) -> str:
        """Return the address as it is written."""
        return f"{self.conninfo}{'&' if '?' in self.conninfo else '?'}schema={self.schema}"

    @property
    def has_several_hosts(self) -> bool:
        """Whether it names more than one host, of which the others may be replicas."""
        parts = urlsplit(self.conninfo)
        return "," in parts.netloc or any("," in value for name, value in _fields(parts.query) if name == "host")


def is_database(written: str) -> bool:
    """Whether what is given as an index is, or is meant as, the address of a database."""
    return written.partition(":")[0].casefold() in SCHEMES and ":" in written


def parse_address(written: str) -> Address:
    """Return what an address says. Raises BadSettings, for one with a password too: addresses are seen in lists of
    processes and in logs."""
    try:
        parts = urlsplit(written)
        fields = _fields(parts.query)
        secret = bool(parts.password) or any(name in _SECRETS for name, _ in fields)
    except ValueError:  # whose words may have all of it
        raise BadSettings("The address of the index cannot be read: write postgresql://HOST/DATABASE.") from None
    if secret:
        raise BadSettings(
            "The address of an index has no password, for others see it: give it in PGPASSWORD, in a password file "
            "(~/.pgpass) or in a service file."
        )
    if "://" not in written:
        raise BadSettings(f"“{written}” is no address of an index: write postgresql://HOST/DATABASE.")
    schema = dict(fields).get("schema", SCHEMA)
    if not _NAME.fullmatch(schema):
        raise BadSettings(
            f"“{schema}” cannot be the schema of an index: take up to 40 small letters, digits and underscores."
        )
    rest = urlencode([(name, value) for name, value in fields if name != "schema"], quote_via=quote)
    conninfo = f"postgresql://{parts.netloc}{parts.path}{'?' if rest else ''}{rest}"
    return Address(conninfo, schema)


def _fields(query: str) -> list[tuple[str, str]]:
    """Return the names and values of an address, in which a plus is a plus, as libpq reads it."""
    return parse_qsl(query.replace("+", "%2B"), keep_blank_values=True)


def mirror_of(address: Address) -> Path:
    """Return the folder that mirrors an index on this machine, made where it is not there. Raises BadSettings."""
    name = hashlib.blake2b(str(address).encode(), digest_size=8).hexdigest()
    folder = _cache() / "postgres" / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / ADDRESS).is_file():
            written = folder / f"{ADDRESS}.{os.getpid()}"
            written.write_text(json.dumps({"address": str(address)}) + "\n", encoding="utf-8")
            written.replace(folder / ADDRESS)
    except OSError as error:
        raise BadSettings(
            f"{folder} cannot be written ({error.strerror}), where the index's encoder is kept: name another folder in "
            f"{CACHE}."
        ) from None
    _made[folder] = address
    return folder


_made: dict[Path, Address] = {}
"""The mirrors that this process knows of: who empties the folder of caches under a server does not make it a folder of
files."""


def _cache() -> Path:
    named = os.environ.get(CACHE)
    if named:
        return Path(named)
    home = os.environ.get("XDG_CACHE_HOME")
    try:
        return Path(home or Path.home() / ".cache") / "candor"
    except RuntimeError:  # there is no home
        raise BadSettings(
            f"There is no home folder to keep the index's encoder in: name a folder in {CACHE}."
        ) from None


def is_mirror(folder: Path) -> bool:
    """Whether a folder mirrors an index in a database."""
    return folder in _made or (folder / ADDRESS).is_file()


def address_of(folder: Path) -> Address:
    """Return the address of the index that a folder, or the folder that it is in, mirrors. Raises ValueError where it
    mirrors none."""
    for place in (folder, *folder.parents):
        if place in _made:
            return _made[place]
        if (place / ADDRESS).is_file():
            return _read(place / ADDRESS)
    raise ValueError(f"{folder} mirrors no database")


@lru_cache(maxsize=64)
def _read(file: Path) -> Address:
    return parse_address(str(json.loads(file.read_text(encoding="utf-8"))["address"]))
