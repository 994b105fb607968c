"""Stored records: JSON objects whose fields are of the kinds that a dataclass says."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, get_type_hints

from qa.indexing.generations import parse_object

_LARGEST_NUMBER = 1 << 53


def fields_of(kind: type, content: bytes | str) -> dict[str, Any]:
    """Return the fields of a stored record, each of the kind that it should be. Raises ValueError."""
    fields = parse_object(content)
    check_fields(kind, fields)
    return fields


def check_fields(kind: type, fields: Mapping[str, object]) -> None:
    """Raise ValueError where a field is not of the kind that it should be."""
    for name, hint in _hints(kind).items():
        if name in fields and not _fits(fields[name], hint):
            raise ValueError(f'"{name}" is not of the kind that it should be')


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _fits(value: object, hint: object) -> bool:
    """Whether a value of JSON can stand for a field. Kinds that no rule is known for are left to who reads them."""
    if hint is int:
        return type(value) is int and 0 <= value <= _LARGEST_NUMBER
    if hint in (tuple[str, ...], Sequence[str]):
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if hint == dict[str, str]:
        return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
    if hint == str | None:
        return value is None or isinstance(value, str)
    return isinstance(value, hint) if isinstance(hint, type) else True
