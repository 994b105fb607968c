"""Frozen settings: defaults, bounds, and messages that name the setting. Built at the edge, passed down."""

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from qa.errors import BadSettings
from qa.limits import DEFAULT_MISS, DEFAULT_RISK, PASSAGE_TOKENS, SHARES


class BuildSettings(BaseModel):
    """What shapes an index. ``passage_tokens`` are the embedder's own, title and heading included; ``keep`` is how many
    generations stay, the current one among them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    passage_tokens: int = Field(default=256, ge=PASSAGE_TOKENS[0], le=PASSAGE_TOKENS[1])
    store: str = "faiss"
    vectors: str = "float32"
    embedder: Path | None = None
    keep: int = Field(default=2, ge=1, le=1000)


class ServeSettings(BaseModel):
    """Where and how the server listens, and what its verdicts promise (see ``confidence.Promise``).

    ``waiting`` requests may wait in each process for one of its threads; more are turned away. ``allowed_hosts`` are
    names under which the server may be asked beside its own, "*" for any (see ``web.hosts``).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    threads: int = Field(default=8, ge=1, le=256)
    workers: int = Field(default=1, ge=1, le=64)
    waiting: int = Field(default=64, ge=1, le=10_000)
    allowed_hosts: tuple[str, ...] = ()
    reload_token: SecretStr | None = None
    risk: float = Field(default=DEFAULT_RISK, ge=SHARES[0], le=SHARES[1])
    miss: float = Field(default=DEFAULT_MISS, ge=SHARES[0], le=SHARES[1])


TOKEN_CHARACTERS = (8, 500)

Model = TypeVar("Model", bound=BaseModel)


def load_build_settings(**values: Any) -> BuildSettings:
    """Return the settings, defaults where no value is given.

    Raises BadSettings that names the first setting which is unknown or out of bounds.
    """
    return _load(BuildSettings, values)


def load_serve_settings(**values: Any) -> ServeSettings:
    """Return the settings, defaults where no value is given. Raises BadSettings as above."""
    return _load(ServeSettings, values)


def read_token(file: Path | None, value: str | None) -> str | None:
    """Return the secret in a file, else in a variable, without white space around it; None where neither is given.

    Raises BadSettings, which never quotes the secret.
    """
    place = "The variable QA_SERVE_RELOAD_TOKEN" if file is None else str(file)
    try:
        token = value if file is None else file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BadSettings(f"{file} cannot be read ({reason}): name a file that holds the secret.") from None
    if token is None:
        return None
    if not TOKEN_CHARACTERS[0] <= len(token.strip()) <= TOKEN_CHARACTERS[1]:
        raise BadSettings(f"{place} holds {len(token.strip())} characters: a secret has from 8 to 500.")
    return token.strip()


def _load(model: type[Model], values: dict[str, Any]) -> Model:
    try:
        return model(**values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        known = ", ".join(model.model_fields)
        raise BadSettings(
            f"Setting {place} = {first['input']!r}: {first['msg'].lower()}. The settings are {known}."
        ) from None
