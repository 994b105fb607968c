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

import yaml

from qa.parsers.checks import LONGEST_TITLE
from qa.parsers.text import whole_characters

_MOST_ALIASES = 20
_LONGEST = 64_000  # characters; the parser of YAML takes a second for them
# The first is ten times as fast, and not in every PyYAML; the second also takes what JSON escapes.
_LOADERS = [*([yaml.CSafeLoader] if yaml.__with_libyaml__ else []), yaml.SafeLoader]
_TEXT = "tag:yaml.org,2002:str"

_YAML = re.compile(r"---[ \t]*\n(?P<fields>.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_TOML = re.compile(r"\+\+\+[ \t]*\n(?P<fields>.*?)^\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_GOES_ON = r"[^\n]*+(?:\n[ \t]++[^\n]++)*+"
_PANDOC = re.compile(rf"%(?!%)(?P<fields>{_GOES_ON})(?:\n%{_GOES_ON}){{0,2}}(?:\n|\Z)")

Fields = Mapping[str, object]
"""What is used of the fields: texts, and lists of them."""


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What it says, "" and () where it does not, and where the text begins after it."""

    title: str = ""
    aliases: tuple[str, ...] = ()
    end: int = 0


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
    title = _line(fields.get("title"))
    aliases = fields.get("aliases")
    names = [_line(name) for name in aliases] if isinstance(aliases, list) else []
    return FrontMatter(title, tuple(name for name in names if name)[:_MOST_ALIASES], end)


def _line(field: object) -> str:
    """Return a field on one line, "" where it is no text, or too long to be a name."""
    line = " ".join(whole_characters(field).split()) if isinstance(field, str) else ""
    return line if len(line) <= LONGEST_TITLE else ""


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
    return node.value if isinstance(node, yaml.ScalarNode) and node.tag == _TEXT else None


def _of_toml(written: str) -> Fields:
    return tomllib.loads(written)


def _of_pandoc(written: str) -> Fields:
    return {"title": written}
