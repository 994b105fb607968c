"""Frozen settings: defaults, bounds, and messages that name the setting. Built at the edge, passed down."""

from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qa.errors import BadSettings

MAX_QUESTION_CHARACTERS = 1000
MAX_PREFIX_CHARACTERS = 500
MAX_K = 1000
DEFAULT_K = 5
MAX_BODY_BYTES = 64 * 1024
PASSAGE_TOKENS = (32, 8192)
SHARES = (0.01, 0.5)
DEFAULT_RISK = 0.33
DEFAULT_MISS = 0.15


class BuildSettings(BaseModel):
    """What shapes an index. ``passage_tokens`` are the embedder's own, title and heading included; ``keep`` is how many
    generations stay, the current one among them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    passage_tokens: int = Field(default=256, ge=PASSAGE_TOKENS[0], le=PASSAGE_TOKENS[1])
    store: str = "faiss"
    vectors: Literal["float32", "float16", "int8"] = "float32"
    embedder: Path | None = None
    keep: int = Field(default=2, ge=1, le=1000)


class ServeSettings(BaseModel):
    """Where and how the server listens, and what its verdicts promise (see ``confidence.Promise``)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    threads: int = Field(default=8, ge=1, le=256)
    workers: int = Field(default=1, ge=1, le=64)
    reload_token: str | None = Field(default=None, min_length=8, max_length=500)
    risk: float = Field(default=DEFAULT_RISK, ge=SHARES[0], le=SHARES[1])
    miss: float = Field(default=DEFAULT_MISS, ge=SHARES[0], le=SHARES[1])


Model = TypeVar("Model", bound=BaseModel)


def load_build_settings(**values: Any) -> BuildSettings:
    """Return the settings, defaults where no value is given.

    Raises BadSettings that names the first setting which is unknown or out of bounds.
    """
    return _load(BuildSettings, values)


def load_serve_settings(**values: Any) -> ServeSettings:
    """Return the settings, defaults where no value is given. Raises BadSettings as above."""
    return _load(ServeSettings, values)


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
