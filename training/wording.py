"""``python -m training.wording``: bring the catalogues of the page's words in step with the messages in the code.

New messages come into each ``.po`` without a translation, those that are no longer said go, and each ``.mo`` is
compiled anew. Says what is still to be translated. A new language begins with an empty ``qa/wording/<code>.po``.
"""

import argparse
import ast
import io
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment
from jinja2.ext import extract_from_ast

from qa.language import TOLD_LANGUAGES, language_name
from qa.wording import CATALOGUES

ROOT = Path(__file__).resolve().parent.parent
KEYWORDS = {"text": 1, "counted": 2, "html": 1, "marked": 1}
"""The functions whose messages are translated, and how many forms of one they take."""

_CONTENT = "text/plain; charset=utf-8"


def messages() -> Catalog:
    """Return every message in the code, without translations."""
    found = Catalog(charset="utf-8", fuzzy=False, project="Candor")
    for path in sorted((ROOT / "qa").rglob("*.py")):
        for said in in_code(path.read_text(encoding="utf-8")):
            found.add(said)
    for path in sorted((ROOT / "qa" / "web" / "templates").glob("*.html")):
        parsed = Environment().parse(path.read_text(encoding="utf-8"))
        for _, name, message in extract_from_ast(parsed, list(KEYWORDS)):
            said = tuple(one for one in (message if isinstance(message, tuple) else (message,)) if one)
            if len(said) == KEYWORDS[name]:
                found.add(said if KEYWORDS[name] > 1 else said[0])
    for code in TOLD_LANGUAGES:
        found.add(language_name(code))
    return found


def in_code(source: str) -> Iterator[str | tuple[str, ...]]:
    """Yield the messages of a module: one as it is, or its forms by number."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and (forms := KEYWORDS.get(_called(node.func), 0)):
            given = [arg.value for arg in node.args[:forms] if isinstance(arg, ast.Constant)]
            said = tuple(one for one in given if isinstance(one, str) and one)
            if len(said) == forms:
                yield said if forms > 1 else said[0]


def _called(function: ast.expr) -> str:
    """Return the name of what is called."""
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def compiled(catalogue: Catalog) -> bytes:
    """Return a catalogue as it is read at run time."""
    written = io.BytesIO()
    write_mo(written, catalogue)
    return written.getvalue()


class Bare(Catalog):
    """A catalogue that says no more of itself than what reading it needs, so that it changes with its messages only."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """Return what stands in its head."""
        language = str(self.locale_identifier)
        return [("Language", language), ("Content-Type", _CONTENT), ("Plural-Forms", self.plural_forms)]

    @mime_headers.setter
    def mime_headers(self, headers: Iterable[tuple[str, str]]) -> None:
        """Take none."""


def read(path: Path) -> Catalog:
    """Return a catalogue as it stands."""
    with path.open("rb") as content:
        found = read_po(content, locale=path.stem)
    bare = Bare(locale=path.stem, fuzzy=False, header_comment="# The words of the page, see training/wording.py.")
    for message in found:
        if message.id:
            bare.add(message.id, message.string)
    return bare


def untranslated(catalogue: Catalog) -> list[str]:
    """Return the messages that a catalogue does not translate."""
    return [str(one.id) for one in catalogue if one.id and not all(forms(one))]


def forms(message: Message) -> list[str]:
    """Return the translation of a message, in each of its numbers."""
    said = message.string
    return [str(form) for form in said] if isinstance(said, list | tuple) else [str(said or "")]


def ids(catalogue: Catalog) -> set[str]:
    """Return the messages of a catalogue."""
    return {str(one.id) for one in catalogue if one.id}


def out_of_step(path: Path, template: Catalog) -> list[str]:
    """Return what is not as it should be in a catalogue, beside all messages."""
    catalogue, compiled_file = read(path), path.with_suffix(".mo")
    wanted, found = ids(template), ids(catalogue)
    is_compiled = compiled_file.exists() and compiled_file.read_bytes() == compiled(catalogue)
    return [
        *(f"not translated: {one}" for one in sorted((wanted - found) | set(untranslated(catalogue)))),
        *(f"no longer said: {one}" for one in sorted(found - wanted)),
        *([] if is_compiled else ["it is not compiled anew"]),
    ]


def update(path: Path, template: Catalog) -> None:
    """Bring a catalogue in step with all messages, and compile it."""
    catalogue = read(path)
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    with path.open("wb") as written:
        write_po(written, catalogue, width=120, sort_output=True, no_location=True, omit_header=False)
    path.with_suffix(".mo").write_bytes(compiled(catalogue))


def main() -> int:
    """Update and compile every catalogue, or only check them; return 1 where one is out of step."""
    parser = argparse.ArgumentParser(description="Bring the catalogues of the page's words in step with the code.")
    parser.add_argument("--check", action="store_true", help="change nothing, and fail where one is out of step")
    only_checks = parser.parse_args().check
    template, status = messages(), 0
    for path in sorted(CATALOGUES.glob("*.po")):
        if not only_checks:
            update(path, template)
        problems = out_of_step(path, template)
        print(f"{path.name}: {len(ids(template)):,} messages, {len(problems):,} out of step")
        print("".join(f"  {problem}\n" for problem in problems), end="")
        status = 1 if problems else status
    return status


if __name__ == "__main__":
    sys.exit(main())
