"""What stands before the text of a Markdown file: YAML between ``---``, TOML between ``+++``, a JSON object, or the
title block of pandoc (lines that begin with ``%``). It is about the text, and no part of it.

Nothing is made of it but texts: to make what YAML can say takes time and memory without bounds.
"""

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

import yaml

from qa.datatypes import NO_DETAILS, Details
from qa.parsers.checks import LONGEST_TITLE
from qa.parsers.text import whole_characters

_MOST_ALIASES = 20
_MOST_LISTED = 100  # references, topics and the like
_LONGEST_REFERENCE = 1000  # characters
_LONGEST = 64_000  # characters; the parser of YAML takes a second for them
# The first is ten times as fast, and not in every PyYAML; the second also takes what JSON escapes.
_LOADERS = [*([yaml.CSafeLoader] if yaml.__with_libyaml__ else []), yaml.SafeLoader]
_TEXT = "tag:yaml.org,2002:str"
_PLAIN = {f"tag:yaml.org,2002:{kind}" for kind in ("timestamp", "int", "float")}

_YAML = re.compile(r"---[ \t]*\n(?P<fields>.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_TOML = re.compile(r"\+\+\+[ \t]*\n(?P<fields>.*?)^\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_GOES_ON = r"[^\n]*+(?:\n[ \t]++[^\n]++)*+"
_PANDOC = re.compile(rf"%(?!%)(?P<fields>{_GOES_ON})(?:\n%{_GOES_ON}){{0,2}}(?:\n|\Z)")

Fields = Mapping[str, object]
"""What is used of the fields: texts, and lists of them."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A number or a date as it is written, which is no title."""

    written: str

    def __str__(self) -> str:
        """Return it as it is written."""
        return self.written


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What it says, "" and () where it does not, and where the text begins after it."""

    title: str = ""
    aliases: tuple[str, ...] = ()
    end: int = 0
    details: Details = NO_DETAILS


def read_front_matter(text: str) -> FrontMatter:
    """Return what stands before a text, whose lines end in "\\n"; nothing where nothing of the kind does."""
    for pattern, fields_of in ((_YAML, _of_yaml), (_TOML, _of_toml), (_PANDOC, _of_pandoc)):
        found = pattern.match(text)
        if found:
            return _front_matter(fields_of, found["fields"], found.end())
    return _json(text) if text.startswith("{") else FrontMatter()


def _front_matter(fields_of: Callable[[str], Fields], written: str, end: int) -> FrontMatter:
    if len(written) > _LONGEST:
        return FrontMatter(end=end)
    try:
        return _said(fields_of(written), end)
    except (ValueError, RecursionError, yaml.YAMLError):  # it is none that can be read, and no text either
        return FrontMatter(end=end)


def _json(text: str) -> FrontMatter:
    """Return what a JSON object says that a line end follows; a text that begins with a brace is none."""
    try:
        fields, end = json.JSONDecoder().raw_decode(text[:_LONGEST])
    except (ValueError, RecursionError):
        return FrontMatter()
    return _said(fields, end + 1) if text[end : end + 1] == "\n" else FrontMatter()


def _said(fields: Fields, end: int) -> FrontMatter:
    details = Details(
        authors=_first(fields, "authors", "author"),
        date=" ".join(_first(fields, "date", "published", "year")[:1]),
        licence=" ".join(_first(fields, "licence", "license")[:1]),
        reviewed=" ".join(_first(fields, "reviewed", "updated", "lastmod")[:1]),
        references=_lines(fields.get("references"), _LONGEST_REFERENCE),
        topics=_first(fields, "topics", "tags", "categories", "keywords"),
        see_also=_lines(fields.get("see_also")),
    )
    aliases = fields.get("aliases")
    names = [_line(name) for name in aliases] if isinstance(aliases, list) else []
    return FrontMatter(_line(fields.get("title")), tuple(name for name in names if name)[:_MOST_ALIASES], end, details)


def _first(fields: Fields, *names: str) -> tuple[str, ...]:
    """Return what the first of some fields says that says anything, as a list."""
    return next((said for name in names if (said := _lines(fields.get(name)))), ())


def _lines(field: object, longest: int = LONGEST_TITLE) -> tuple[str, ...]:
    """Return the texts, numbers and dates of a field that is one or a list of them, each on one line."""
    listed = field if isinstance(field, list) else [field]
    written = (str(item) if isinstance(item, (Plain, date, int)) else item for item in listed)
    return tuple(line for item in written if (line := _line(item, longest)))[:_MOST_LISTED]


def _line(field: object, longest: int = LONGEST_TITLE) -> str:
    """Return a field on one line, "" where it is no text, or too long."""
    line = " ".join(whole_characters(field).split()) if isinstance(field, str) else ""
    return line if len(line) <= longest else ""


def _of_yaml(written: str) -> Fields:
    found = _composed(written)
    if not isinstance(found, yaml.MappingNode):
        return {}
    return {key.value: _of_node(value) for key, value in found.value if isinstance(key, yaml.ScalarNode)}


def _composed(written: str) -> yaml.Node | None:
    *fast, sure = _LOADERS
    for loader in fast:
        with suppress(yaml.YAMLError):
            return yaml.compose(written, Loader=loader)
    return yaml.compose(written, Loader=sure)


def _of_node(node: yaml.Node) -> object:
    if isinstance(node, yaml.SequenceNode):
        return [_of_scalar(item) for item in node.value]
    return _of_scalar(node)


def _of_scalar(node: yaml.Node) -> object:
    if not isinstance(node, yaml.ScalarNode):
        return None
    return node.value if node.tag == _TEXT else Plain(node.value) if node.tag in _PLAIN else None


def _of_toml(written: str) -> Fields:
    return tomllib.loads(written)


def _of_pandoc(written: str) -> Fields:
    return {"title": written}
