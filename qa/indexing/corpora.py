"""What is named on the command line -> the files to read, and what their owner says of them in ``corpus.toml``."""

import os
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated

from pathspec import GitIgnoreSpec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from qa.datatypes import Signpost
from qa.errors import BadSettings, CorpusMissing
from qa.fetching.mirror import addresses_in
from qa.files import FileTooLarge, NoRegularFile, read_regular
from qa.indexing.question_files import set_files
from qa.language import LANGUAGES
from qa.limits import MAX_QUESTION_CHARACTERS
from qa.parsers import CorpusFile, FoundFiles, find_files
from qa.settings import refusal

CORPUS_FILE = "corpus.toml"
SAID = ("title", "notice", "language", "examples", "signposts", "synonyms")
"""What an index keeps of the settings in the owner's words."""

_LARGEST_SETTINGS = 64_000  # bytes
_EXAMPLES = 8
_SIGNPOSTS = 20
_SIGNPOST_EXAMPLES = 200
_SYNONYMS, _FORMS = 5_000, 20  # groups, and words or phrases of one
_LARGEST_SYNONYMS = 1_000_000  # bytes
_PATTERNS = 'a list of patterns as in a .gitignore, such as ["*.md", "drafts/"]'
_REMARK = re.compile(r"(?:^|\s)#")
_LANGUAGE = re.compile(r"[A-Za-z]{2}(?:-[A-Za-z0-9]{2,8})*")
_OFFICE_LOCK = "~$"  # begins the name of what Word keeps beside a document that is open


def _without_controls(path: Path) -> Path:
    if min(map(ord, str(path)), default=0) < ord(" "):
        raise ValueError("control characters")
    return path


def _as_patterns(lines: tuple[str, ...]) -> tuple[str, ...]:
    GitIgnoreSpec.from_lines(lines)  # raises ValueError
    return lines


def _known_language(tag: str) -> str:
    if not _LANGUAGE.fullmatch(tag) or tag.split("-", maxsplit=1)[0].lower() not in LANGUAGES:
        raise ValueError("not a language that is known")
    return tag


_Question = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUESTION_CHARACTERS)]
_LONGEST_FORM = 100
_Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=_LONGEST_FORM)]
_Group = Annotated[tuple[_Words, ...], Field(min_length=2, max_length=_FORMS)]
_Place = Annotated[Path, AfterValidator(_without_controls)]
_Patterns = Annotated[tuple[str, ...], AfterValidator(_as_patterns)]


class SignpostSettings(BaseModel):
    """A table ``[[signposts]]``: what is said, ``text``, to who asks something like the ``examples``, the more so in
    one of the ``words``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(min_length=1, max_length=1000, description="a text of at most 1,000 characters")
    examples: tuple[_Question, ...] = Field(
        min_length=1, max_length=_SIGNPOST_EXAMPLES, description=f"a list of at most {_SIGNPOST_EXAMPLES} questions"
    )

    words: tuple[_Words, ...] = Field(
        default=(),
        max_length=_SIGNPOST_EXAMPLES,
        description=f"a list of at most {_SIGNPOST_EXAMPLES} words or phrases",
    )

    @field_validator("text")
    @classmethod
    def _one_line(cls, text: str) -> str:
        return " ".join(text.split())


class CorpusSettings(BaseModel):
    """What a ``corpus.toml`` says.

    ``examples`` are questions for a first try; ``synonyms`` are groups of words that mean the same, and
    ``synonyms_file`` has more, one a line, parted by commas; ``prepared`` is a folder of vectors, phrases and a
    calibration that were made of the texts. These, ``folders`` and ``questions``, a judged set, are relative to it;
    ``include`` and ``exclude`` are patterns as in a .gitignore, over paths below a folder; ``name`` stands first in
    the sources of all that lies in its folder; with ``follow_links`` links are read that lead out of the corpus; with
    ``downloads`` who asks may have the files themselves.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        pattern=r"^[^/\\\x00-\x1f]+$",
        description="a text of 1 to 100 characters without / and \\",
    )
    title: str = Field(default="", max_length=200, description="a text of at most 200 characters")
    notice: str = Field(default="", max_length=1000, description="a text of at most 1,000 characters")
    language: Annotated[str, AfterValidator(_known_language)] = Field(
        default="en", description=f'the code of a language, such as "de" or "en-GB": one of {", ".join(LANGUAGES)}'
    )
    examples: tuple[_Question, ...] = Field(
        default=(),
        max_length=_EXAMPLES,
        description=f"a list of at most {_EXAMPLES} questions, each of 1 to {MAX_QUESTION_CHARACTERS:,} characters",
    )
    signposts: tuple[SignpostSettings, ...] = Field(
        default=(),
        max_length=_SIGNPOSTS,
        description=f"at most {_SIGNPOSTS} tables of a text and its examples, as in [[signposts]]",
    )
    synonyms: tuple[_Group, ...] = Field(
        default=(),
        max_length=_SYNONYMS,
        description='lists of 2 to 20 words or phrases that mean the same, as in [["GP", "general practitioner"]]',
    )
    synonyms_file: _Place | None = Field(
        default=None, description='the path of a file of synonyms, such as "synonyms.txt"'
    )
    questions: _Place | None = Field(default=None, description='the path of a judged set, such as "judged.jsonl"')
    prepared: _Place | None = Field(default=None, description='the path of a folder, such as "prepared"')
    folders: tuple[_Place, ...] = Field(
        default=(Path(),), description='a list of folders or files, such as [".", "../minutes"]'
    )
    include: _Patterns = Field(default=(), description=_PATTERNS)
    exclude: _Patterns = Field(default=(), description=_PATTERNS)
    follow_links: bool = Field(default=False, description="true or false")
    downloads: bool = Field(default=False, description="true or false")

    @field_validator("title", "notice")
    @classmethod
    def _one_line(cls, text: str) -> str:
        return " ".join(text.split())


@dataclass(frozen=True, slots=True)
class Corpora:
    """The files of all corpora, and what is said of them together: the first title, language, examples and set of
    judged questions, every notice, signpost, group of synonyms and folder of what is ``prepared``. ``originals`` has
    the paths of the files that may be downloaded, ``addresses`` where those were fetched that live elsewhere, by their
    sources."""

    found: FoundFiles
    title: str = ""
    notice: str = ""
    language: str = "en"
    examples: tuple[str, ...] = ()
    signposts: tuple[Signpost, ...] = ()
    synonyms: tuple[tuple[str, ...], ...] = ()
    questions: Path | None = None
    prepared: tuple[Path, ...] = ()
    originals: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Root:
    """A folder or file to search, and the settings that it stands under.

    ``label`` is what the sources below it begin with, and ``path_label`` the path that tells it from another of the
    same label. The path is absolute, so that a message says where was looked.
    """

    path: Path
    label: str
    path_label: tuple[str, ...]
    settings: CorpusSettings


@dataclass(frozen=True, slots=True)
class Named:
    """A corpus as it is named, the folder or file that its settings are about, and these."""

    corpus: Path
    base: Path
    settings: CorpusSettings

    def roots(self) -> list[Root]:
        """Return what is to be searched for this corpus."""
        return [_root(self.base, folder, self.settings) for folder in self.settings.folders]

    @classmethod
    def without_settings(cls, corpus: Path) -> "Named":
        """Return a corpus as if it had no settings."""
        return cls(corpus, corpus.parent if corpus.name == CORPUS_FILE else corpus, CorpusSettings())

    def synonyms(self) -> list[tuple[str, ...]]:
        """Return the groups of words that mean the same. Raises BadSettings where their file cannot be used."""
        return [*self.settings.synonyms, *(_synonyms_in(self.synonyms_file) if self.synonyms_file else ())]

    @property
    def synonyms_file(self) -> Path | None:
        """Return the file of more synonyms."""
        return self.base / self.settings.synonyms_file if self.settings.synonyms_file else None

    @property
    def questions(self) -> Path | None:
        """Return the judged set of the corpus."""
        return self.base / self.settings.questions if self.settings.questions else None

    @property
    def prepared(self) -> Path | None:
        """Return the folder of what was prepared of the texts. Raises BadSettings where it is none of its own."""
        if self.settings.prepared is None:
            return None
        folder = self.base / self.settings.prepared
        try:
            place, roots = folder.resolve(), [self.base, *(root.path for root in self.roots())]
            is_its_own = not (folder.is_file() or any(root.resolve().is_relative_to(place) for root in roots))
        except (OSError, RuntimeError):  # a name that is too long, or links that lead to each other
            is_its_own = False
        if not is_its_own:
            raise BadSettings(
                f"{self.base / CORPUS_FILE}: prepared is to name a folder of its own beside the texts, such as "
                f'"prepared", and not {str(self.settings.prepared)[:100]!r}.'
            )
        return folder


@dataclass(frozen=True, slots=True)
class _Apart:
    """What is found in a corpus and is none of its texts: the ``files`` of judged sets and of synonyms, and the
    ``folders`` of the index and of what is prepared."""

    files: frozenset[Path]
    folders: tuple[Path, ...]

    def __contains__(self, path: Path) -> bool:
        """Whether a file is one of these, or what an office program keeps beside an open file."""
        if path.name.startswith(_OFFICE_LOCK) or any(path.is_relative_to(folder) for folder in self.folders):
            return True
        # To resolve every path would take long.
        may_be = path.name in {file.name for file in self.files} or (self.files and path.is_symlink())
        return bool(may_be) and path.resolve() in self.files


def find_corpora(corpora: Sequence[Path], index: Path | None = None) -> Corpora:
    """Return the files of the corpora: files, folders, and folders or files of settings named ``corpus.toml``.

    A file stands in them once, however many folders lead to it. A judged set that a corpus names is none of its
    documents, nor is what lies in the ``index`` that is built, or is prepared of it. Raises CorpusMissing, and
    BadSettings for settings that cannot be used.
    """
    named_corpora = read_settings(corpora)
    roots = [root for named in named_corpora for root in named.roots()]
    sets = [named.questions for named in named_corpora if named.questions]
    judged = {file.resolve() for questions in sets for file in set_files(questions)}
    glossaries = {named.synonyms_file.resolve() for named in named_corpora if named.synonyms_file}
    prepared = tuple(folder for named in named_corpora if (folder := named.prepared))
    places = {place for folder in prepared for place in (absolute(folder), folder.resolve())}
    apart = _Apart(frozenset(judged | glossaries), (*(own_folders(absolute(index)) if index else ()), *places))
    parts = [_find(root, name, apart) for root, name in zip(roots, _unique_names(roots), strict=True)]
    said = [named.settings for named in named_corpora]
    found = _joined(parts, corpora)
    allowed = (part for root, part in zip(roots, parts, strict=True) if root.settings.downloads)
    given = {file.path for part in allowed for file in part.files}
    return Corpora(
        found=found,
        title=next((settings.title for settings in said if settings.title), ""),
        notice=" ".join(dict.fromkeys(settings.notice for settings in said if settings.notice)),
        language=said[0].language if said else "en",
        examples=next((settings.examples for settings in said if settings.examples), ()),
        signposts=tuple(Signpost(one.text, one.examples, one.words) for settings in said for one in settings.signposts),
        synonyms=tuple(dict.fromkeys(group for named in named_corpora for group in named.synonyms())),
        questions=next(iter(sets), None),
        prepared=prepared,
        originals={file.source: str(file.path) for file in found.files if file.path in given},
        addresses=_addresses(roots, found.files),
    )


def _addresses(roots: Sequence[Root], files: Sequence[CorpusFile]) -> dict[str, str]:
    """Return where files are from, by their sources: of those in folders of copies."""
    fetched = {root.path / name: place for root in roots for name, place in addresses_in(root.path).items()}
    return {file.source: fetched[file.path] for file in files if file.path in fetched} if fetched else {}


def read_settings(corpora: Sequence[Path]) -> list[Named]:
    """Return each corpus with its settings. Raises CorpusMissing or BadSettings."""
    return [Named(corpus, *_settings_of(corpus)) for corpus in corpora]


def absolute(path: Path) -> Path:
    """Return a path from the root of the file system on, without "..", its last part as it is, link or not."""
    return path.resolve() if path.name in {"", ".."} else path.parent.resolve() / path.name


def own_folders(index: Path) -> tuple[Path, Path]:
    """Return the folders in which an index has files that look like texts: its generations and unfinished runs."""
    return index / "generations", index / "runs"


def _root(base: Path, folder: Path, settings: CorpusSettings) -> Root:
    path = absolute(base / folder)
    below = Path(os.path.relpath(os.path.abspath(base / folder), os.path.abspath(base)))  # noqa: PTH100 - links stay
    if settings.name and below.parts[:1] != ("..",):
        label = (Path(settings.name) / below).as_posix()
        return Root(path, label, (*absolute(base).parts[:-1], *Path(label).parts), settings)
    return Root(path, path.name, path.parts, settings)


def _unique_names(roots: Sequence[Root]) -> list[str]:
    """Return what the sources of each root begin with: its label, after as many folders above it as it takes to tell it
    from the others."""
    names, above = [root.label for root in roots], 0
    while clashing := _clashing(names, roots):
        above += 1
        for number in clashing:
            label, path = Path(roots[number].label), roots[number].path_label
            names[number] = "/".join(path[-(len(label.parts) + above) :]).lstrip("/")
    return names


def _clashing(names: Sequence[str], roots: Sequence[Root]) -> list[int]:
    """Return the numbers of the roots that have the name of another one and can have a longer one."""
    paths = {(name, root.path) for name, root in zip(names, roots, strict=True)}
    counts = Counter(name for name, _ in paths)
    return [
        number
        for number, (name, root) in enumerate(zip(names, roots, strict=True))
        if counts[name] > 1 and len(Path(name).parts) < len(root.path_label) - 1
    ]


def _settings_of(corpus: Path) -> tuple[Path, CorpusSettings]:
    """Return the folder or file that settings are about, and the settings, the defaults where there are none."""
    path = corpus if corpus.name == CORPUS_FILE else corpus / CORPUS_FILE
    try:
        fields = tomllib.loads(read_regular(path, _LARGEST_SETTINGS).decode("utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        if path == corpus:
            raise CorpusMissing(
                f"{absolute(corpus)} does not exist: name a folder, a file of texts, or a {CORPUS_FILE}."
            ) from None
        return corpus, CorpusSettings()
    except (FileTooLarge, NoRegularFile) as error:
        raise BadSettings(f"{path} cannot be used ({error.strerror}): write it anew.") from error
    except OSError as error:
        if path != corpus:  # reported where the folder is listed
            return corpus, CorpusSettings()
        raise CorpusMissing(f"{path} cannot be opened ({error.strerror}): mend its permissions.") from error
    except UnicodeDecodeError as error:
        raise BadSettings(f"{path} is not UTF-8 (at byte {error.start}): save it as UTF-8.") from error
    except RecursionError:
        raise BadSettings(f"{path} nests its values too deeply: mend it.") from None
    except ValueError as error:
        raise BadSettings(f"{path} is not TOML ({error}): mend it.") from error
    try:
        return path.parent, CorpusSettings(**fields)
    except ValidationError as error:
        raise BadSettings(f"{path}: {refusal(CorpusSettings, error)}") from None


def _synonyms_in(file: Path) -> list[tuple[str, ...]]:
    """Return the groups of a file, one a line, parted by commas; a # that begins a line or stands after a space begins
    a remark. Raises BadSettings."""
    try:
        lines = read_regular(file, _LARGEST_SYNONYMS).decode("utf-8-sig").splitlines()
    except OSError as error:
        raise BadSettings(
            f"{file}, which has synonyms, cannot be read ({error.strerror}): mend it, or its path."
        ) from error
    except UnicodeDecodeError as error:
        raise BadSettings(f"{file} is not UTF-8 (at byte {error.start}): save it as UTF-8.") from error
    groups = []
    for number, line in enumerate(lines, start=1):
        forms = tuple(dict.fromkeys(" ".join(form.split()) for form in _REMARK.split(line, maxsplit=1)[0].split(",")))
        if forms == ("",):
            continue
        if not 1 < len(forms) <= _FORMS or not all(0 < len(form) <= _LONGEST_FORM for form in forms):
            raise BadSettings(
                f"{file}, line {number}: a group is of 2 to {_FORMS} words or phrases, each of 1 to {_LONGEST_FORM} "
                "characters, parted by commas: mend it."
            )
        groups.append(forms)
    if len(groups) > _SYNONYMS:
        raise BadSettings(f"{file} has {len(groups):,} groups, and {_SYNONYMS:,} are allowed: leave some out.")
    return groups


def _find(root: Root, name: str, apart: _Apart) -> FoundFiles:
    """Return what is below a root, but for what its patterns leave out and what is of a judged set."""
    found = find_files(root.path, name, root.settings.follow_links)
    settings = root.settings
    include = GitIgnoreSpec.from_lines(settings.include) if settings.include else None
    exclude = GitIgnoreSpec.from_lines(settings.exclude)

    def is_wanted(file: CorpusFile) -> bool:
        below = file.path.relative_to(root.path).as_posix() if root.path.is_dir() else file.path.name
        return (include is None or include.match_file(below)) and not exclude.match_file(below)

    files = tuple(file for file in found.files if is_wanted(file) and file.path not in apart)
    if settings.include or settings.exclude:
        return FoundFiles(files, (), found.unreadable)
    left_out = tuple(source for source in found.left_out if root.path / Path(source).relative_to(name) not in apart)
    return FoundFiles(files, left_out, found.unreadable)


def _joined(parts: Sequence[FoundFiles], corpora: Sequence[Path]) -> FoundFiles:
    """Return all that was found; settings are not among what was left out."""
    files = tuple(_each_once(file for part in parts for file in part.files))
    if not files:
        named = ", ".join(str(absolute(corpus)) for corpus in corpora)
        raise CorpusMissing(
            f"{named}: {CORPUS_FILE} leaves no text to index, for its questions are none: mend its folders, include "
            "and exclude."
        )
    left_out = dict.fromkeys(source for part in parts for source in part.left_out)
    unreadable = {str(error): error for part in parts for error in part.unreadable}
    kept = tuple(source for source in left_out if Path(source).name != CORPUS_FILE)
    return FoundFiles(files, kept, tuple(unreadable.values()))


def _each_once(files: Iterable[CorpusFile]) -> Iterator[CorpusFile]:
    """Yield each file by the first way that leads to it, under a source that no other one has."""
    resolved = cache(Path.resolve)
    places: set[Path] = set()
    sources: set[str] = set()
    for file in files:
        place = resolved(file.path.parent) / file.path.name
        if place in places:
            continue
        source = place.as_posix().lstrip("/") if file.source in sources else file.source
        places.add(place)
        sources.add(source)
        yield file if source == file.source else CorpusFile(file.path, source)
