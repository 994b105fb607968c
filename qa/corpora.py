"""What is named on the command line -> the files to read, and what their owner says of them in ``corpus.toml``."""

import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pathspec import GitIgnoreSpec
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from qa.errors import BadSettings, CorpusMissing
from qa.files import FileTooLarge, NoRegularFile, read_regular
from qa.limits import MAX_QUESTION_CHARACTERS
from qa.readers import CorpusFile, FoundFiles, find_files

CORPUS_FILE = "corpus.toml"

_LARGEST_SETTINGS = 64_000  # bytes
_EXAMPLES = 8
_Question = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUESTION_CHARACTERS)]


class CorpusSettings(BaseModel):
    """What a ``corpus.toml`` says.

    ``examples`` are questions for a first try. ``folders`` and ``questions``, a judged set, are relative to it;
    ``include`` and ``exclude`` are patterns as in a .gitignore, over paths below a folder; ``name`` stands first in
    every source; with ``follow_links`` links are read that lead out of the corpus.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str | None = Field(default=None, min_length=1, max_length=100, pattern=r"^[^/\\\x00-\x1f]+$")
    title: str = Field(default="", max_length=200)
    notice: str = Field(default="", max_length=1000)
    language: str = Field(default="en", pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
    examples: tuple[_Question, ...] = Field(default=(), max_length=_EXAMPLES)
    questions: Path | None = None
    folders: tuple[Path, ...] = (Path(),)
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    follow_links: bool = False

    @field_validator("title", "notice")
    @classmethod
    def _one_line(cls, text: str) -> str:
        return " ".join(text.split())


@dataclass(frozen=True, slots=True)
class Corpora:
    """The files of all corpora, and what is said of them together: the first title, language, examples and set of
    judged questions, every notice."""

    found: FoundFiles
    title: str = ""
    notice: str = ""
    language: str = "en"
    examples: tuple[str, ...] = ()
    questions: Path | None = None


def find_corpora(corpora: Sequence[Path]) -> Corpora:
    """Return the files of the corpora: files, folders, and folders or files of settings named ``corpus.toml``.

    Where two corpora have one name, their paths stand in the sources in its place. Raises CorpusMissing, and
    BadSettings for settings that cannot be used.
    """
    told = [(corpus, *_settings_of(corpus)) for corpus in corpora]
    names = Counter(_name(corpus, settings) for corpus, _, settings in told)
    parts: list[FoundFiles] = []
    for corpus, base, settings in told:
        name = _name(corpus, settings)
        shown = corpus.as_posix() if names[name] > 1 else name if settings.name else None
        parts += [_find(base, folder, shown, settings) for folder in settings.folders]
    said = [settings for _, _, settings in told]
    return Corpora(
        found=_joined(parts, corpora),
        title=next((settings.title for settings in said if settings.title), ""),
        notice=" ".join(dict.fromkeys(settings.notice for settings in said if settings.notice)),
        language=said[0].language if said else "en",
        examples=next((settings.examples for settings in said if settings.examples), ()),
        questions=next((base / settings.questions for _, base, settings in told if settings.questions), None),
    )


def _name(corpus: Path, settings: CorpusSettings) -> str:
    return settings.name or (corpus.parent if corpus.name == CORPUS_FILE else corpus).resolve().name


def _settings_of(corpus: Path) -> tuple[Path, CorpusSettings]:
    """Return the folder or file that settings are about, and the settings, the defaults where there are none."""
    path = corpus if corpus.name == CORPUS_FILE else corpus / CORPUS_FILE
    try:
        fields = tomllib.loads(read_regular(path, _LARGEST_SETTINGS).decode("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        if path == corpus:
            raise CorpusMissing(
                f"{corpus} does not exist: name a folder, a file of texts, or a {CORPUS_FILE}."
            ) from None
        return corpus, CorpusSettings()
    except (FileTooLarge, NoRegularFile) as error:
        raise BadSettings(f"{path} cannot be used ({error.strerror}): write it anew.") from error
    except OSError as error:
        if path != corpus:  # told where the folder is listed
            return corpus, CorpusSettings()
        raise CorpusMissing(f"{path} cannot be opened ({error.strerror}): mend its permissions.") from error
    except RecursionError:
        raise BadSettings(f"{path} nests its values too deeply: mend it.") from None
    except ValueError as error:
        raise BadSettings(f"{path} is not TOML ({error}): mend it.") from error
    try:
        return path.parent, CorpusSettings(**fields)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        known = ", ".join(CorpusSettings.model_fields)
        raise BadSettings(f"{path}: {place}: {first['msg'].lower()}. The settings are {known}.") from error


def _find(base: Path, folder: Path, name: str | None, settings: CorpusSettings) -> FoundFiles:
    root = base if folder == Path() else base / folder
    shown = name if folder == Path() or name is None else f"{name}/{folder.as_posix()}"
    found = find_files(root, shown, settings.follow_links)
    if not (settings.include or settings.exclude):
        return found
    include = GitIgnoreSpec.from_lines(settings.include) if settings.include else None
    exclude = GitIgnoreSpec.from_lines(settings.exclude)

    def is_wanted(file: CorpusFile) -> bool:
        below = file.path.relative_to(root).as_posix() if root.is_dir() else file.path.name
        return (include is None or include.match_file(below)) and not exclude.match_file(below)

    return FoundFiles(tuple(filter(is_wanted, found.files)), (), found.unreadable)


def _joined(parts: Sequence[FoundFiles], corpora: Sequence[Path]) -> FoundFiles:
    """Return all that was found, a file that two corpora name once; settings are not among what was left out."""
    files = tuple({file.source: file for part in parts for file in part.files}.values())
    if not files:
        named = ", ".join(str(corpus) for corpus in corpora)
        raise CorpusMissing(f"{named}: the patterns of {CORPUS_FILE} leave no text to index: mend include and exclude.")
    left_out = (source for part in parts for source in part.left_out if Path(source).name != CORPUS_FILE)
    return FoundFiles(files, tuple(left_out), tuple(error for part in parts for error in part.unreadable))
