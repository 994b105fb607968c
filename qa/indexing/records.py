"""Stored records: JSON objects whose fields are of the kinds that a dataclass says."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, get_type_hints

from qa.indexing.generations import parse_object

_LARGEST_NUMBER = 1 << 53

Fits = Callable[[object], bool]
"""Whether a value of JSON can stand for a field."""


def fields_of(kind: type, content: bytes | str) -> dict[str, Any]:
    """Return the fields of a stored record, each of the kind that it should be. Raises ValueError."""
    fields = parse_object(content)
    check_fields(kind, fields)
    return fields


def check_fields(kind: type, fields: Mapping[str, object]) -> None:
    """Raise ValueError where a field is not of the kind that it should be."""
    for name, fits in _checks(kind):
        if name in fields and not fits(fields[name]):
            raise ValueError(f'"{name}" is not of the kind that it should be')


@cache  # every document and passage is checked, of a large corpus at each build
def _checks(kind: type) -> tuple[tuple[str, Fits], ...]:
    """Return what the fields of a dataclass must be. Kinds that no rule is known for are left to who reads them."""
    found = ((name, _fits(hint)) for name, hint in get_type_hints(kind).items())
    return tuple((name, fits) for name, fits in found if fits)


def _fits(hint: object) -> Fits | None:
    if hint is str:
        return _is_text
    if hint is int:
        return _is_count
    if hint in (tuple[str, ...], Sequence[str]):
        return _are_texts
    if hint == dict[str, str]:
        return lambda value: isinstance(value, dict) and _are_texts([*value.values()])
    if hint == str | None:
        return lambda value: value is None or isinstance(value, str)
    return (lambda value: isinstance(value, hint)) if isinstance(hint, type) else None


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= _LARGEST_NUMBER


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
