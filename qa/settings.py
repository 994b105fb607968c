"""Frozen settings: defaults, bounds, and messages that name the setting. Built at the edge, passed down.

The description of a field is what is said of it to whoever gives another value: "it must be …".
"""

from difflib import get_close_matches
from pathlib import Path
from reprlib import Repr
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qa.errors import BadSettings
from qa.limits import PASSAGE_TOKENS, SHARES

_SHOWN_CHARACTERS = 60

_SHARE = f"a number from {SHARES[0]} to {SHARES[1]}"


class BuildSettings(BaseModel):
    """What shapes an index. ``passage_tokens`` are the embedder's own, title and heading included; ``keep`` is how many
    generations stay, the current one among them. With ``workers``, who runs `qa work` for the index embeds too.
    What did not change is taken over from the last generation, or where there is none from the index ``basis``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    passage_tokens: int = Field(
        default=256,
        ge=PASSAGE_TOKENS[0],
        le=PASSAGE_TOKENS[1],
        description=f"a whole number from {PASSAGE_TOKENS[0]} to {PASSAGE_TOKENS[1]:,}",
    )
    store: str = Field(default="faiss", description="the name of a store, as faiss")
    lexicon: str = Field(default="tantivy", description="the name of a lexicon, as tantivy")
    reader: str = Field(default="extractive", description="the name of a reader, as extractive, or none")
    embedder: Path | None = Field(default=None, description="the folder of a model")
    basis: Path | None = Field(default=None, description="the folder of an index")
    workers: bool = Field(default=False, description="true or false")
    keep: int = Field(default=2, ge=1, le=1000, description="a whole number from 1 to 1,000")


class ServeSettings(BaseModel):
    """Where and how the server listens, and what its verdicts promise: None as the index's calibration says (see
    ``confidence.promise_of``).

    ``waiting`` requests may wait in each process for one of its threads; more are turned away. ``allowed_hosts`` are
    names under which the server may be asked beside its own, "*" for any (see ``web.hosts``). What askers say of
    their answers goes into the file ``feedback``, what was not found into ``gaps``, None for nowhere, with their
    questions only where it is so set.

    Where there is a file of ``keys``, only their holders are answered; ``user_header`` names who asks where one of the
    ``trusted_proxies`` (addresses or networks) sends it. ``rate`` is how often each may ask, as "60/min", counted in
    ``limits``, a store of that library. Pages of ``allowed_origins`` may ask from other sites. ``log`` is the form of
    the lines of the log, "text" or "json".
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(default="127.0.0.1", description="an address or a name of this machine")
    port: int = Field(default=8000, ge=0, le=65535, description="a whole number from 0 to 65535")
    threads: int = Field(default=8, ge=1, le=256, description="a whole number from 1 to 256")
    workers: int = Field(default=1, ge=1, le=64, description="a whole number from 1 to 64")
    waiting: int = Field(default=64, ge=1, le=10_000, description="a whole number from 1 to 10,000")
    reader: bool = Field(default=True, description="on or off")
    allowed_hosts: tuple[str, ...] = Field(default=(), description="names of hosts")
    feedback: Path | None = Field(default=None, description="the path of a file")
    keep_questions: bool = Field(default=False, description="true or false")
    gaps: Path | None = Field(default=None, description="the path of a file")
    keys: Path | None = Field(default=None, description="the path of a file of keys")
    user_header: str = Field(default="", max_length=100, pattern=r"^[A-Za-z0-9-]*$", description="the name of a header")
    trusted_proxies: tuple[str, ...] = Field(default=(), description="addresses or networks")
    rate: str = Field(default="", max_length=40, description="a rate, as 60/min")
    limits: str = Field(default="memory://", max_length=400, description="memory:// or redis://HOST:PORT")
    allowed_origins: tuple[str, ...] = Field(default=(), description="origins, as https://intranet.example")
    metrics: bool = Field(default=True, description="true or false")
    log: Literal["text", "json"] = Field(default="text", description="text or json")
    risk: float | None = Field(default=None, ge=SHARES[0], le=SHARES[1], description=_SHARE)
    miss: float | None = Field(default=None, ge=SHARES[0], le=SHARES[1], description=_SHARE)


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
        raise BadSettings(f"The settings cannot be used: {refusal(model, error)}") from None


def refusal(model: type[BaseModel], error: ValidationError) -> str:
    """Return one sentence on the first value that was refused: the setting, the value, and what it must be."""
    first = error.errors(include_url=False)[0]
    name, *inside = map(str, first["loc"])
    if name not in model.model_fields:
        near = get_close_matches(name, model.model_fields, n=1)
        meant = f" (did you mean {near[0]}?)" if near else ""
        return f"there is no setting {shown(name)}{meant}: the settings are {', '.join(model.model_fields)}."
    place = f"{name}, item {int(inside[0]) + 1}" if inside and inside[0].isdigit() else name
    return f"{place} = {shown(first['input'])}: {name} must be {model.model_fields[name].description}."


def shown(value: object) -> str:
    """Return a value as a file of settings has it, cut where it is long or nested."""
    if isinstance(value, bool):
        return str(value).lower()
    short = Repr()
    short.maxlevel, short.maxstring, short.maxother = 2, _SHOWN_CHARACTERS, _SHOWN_CHARACTERS
    text = short.repr(str(value) if isinstance(value, Path) else value)
    return f'"{text[1:-1]}"' if isinstance(value, str | Path) else text
