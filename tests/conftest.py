"""A corpus, an embedder and an index that a reader can compute by hand, and one real index for all."""

import fcntl
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from click.testing import CliRunner
from tokenizers import Tokenizer, models, pre_tokenizers

from qa.answers.answering import Answerer
from qa.command.cli import cli
from qa.embedders import export_finder
from qa.graphs.compiled import share_graph
from qa.indexing.building import build_index
from qa.indexing.index import Index, open_index
from qa.library import Library, Shelf
from qa.readers import NO_READER
from qa.service import Live
from qa.settings import BuildSettings
from tests.databases import database_folder, database_server, place, store_folder  # noqa: F401

ROOT = Path(__file__).resolve().parent.parent

TEXTS = {
    "apple.md": "# Apple\n\nAn apple is a fruit. Apple trees bear it in autumn.\n\n## Storage\n\nKeep it cool.\n",
    "family-therapy.md": "# Family therapy\n\nFamily therapy treats a family as a whole.\n",
    "social-action.txt": (
        "Social action\n\nSocial action is joint effort. Psychotherapy can go along with social action.\n"
    ),
    "psychotherapy.txt": "Psychotherapy\n\nPsychotherapy treats distress by talking.\n",
    "garden.txt": "Garden\n\nA garden model shows beds and paths.\n",
}


# What takes long: the real model and what it serves, processes that are killed, files made to harm, whole dictionaries.
_SLOW_FIXTURES = frozenset({"real_folder", "real_answerer", "server", "own_server", "builders", "small_disk", "model"})
_SLOW_ROOMS = (
    "clients", "cost", "description", "dictionaries", "document_formats", "embedders", "endurance", "exported",
    "generations", "language", "package", "readers", "splitters", "watching",
)  # fmt: skip
_SLOW_MODULES = frozenset(f"test_{room}" for room in _SLOW_ROOMS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `nox -s test` leaves out."""
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        if used & _SLOW_FIXTURES or Path(item.fspath).stem in _SLOW_MODULES:
            item.add_marker(pytest.mark.slow)


# What tests build has no reader unless they ask for one: it takes a second, and 45 MB.
BuildSettings.model_fields["reader"].default = NO_READER
BuildSettings.model_rebuild(force=True)


class WordLengthEmbedder:
    """Component i of a text's vector is how many of its words have i letters, up to 15; then length 1.

    "a bee" has words of 1 and 3 letters: components 1 and 3 are 1 / sqrt(2), the others 0.
    """

    name = "word-length"
    path: str | None = None
    checksum = "0" * 64
    dimension = 16
    max_tokens = 32
    passage_overhead = 2

    def __init__(self) -> None:
        tokenizer = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
        tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        self.tokenizer = tokenizer
        self.embedded: list[str] = []

    def export_to(self, folder: Path, sample: Sequence[str]) -> "WordLengthEmbedder":
        return self

    def embed_passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.embedded += texts
        return self.embed_questions(texts)

    def embed_questions(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text) or ["x" * 15]:
                vectors[row, min(len(word), 15)] += 1
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


@pytest.fixture(scope="session", autouse=True)
def shared_finder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What finds terms, written once for all that tests build with another embedder: it takes two seconds."""
    written = tmp_path_factory.mktemp("finder") / "finder"

    def share(folder: Path) -> None:
        if not written.exists():
            export_finder(written)
        share_graph(written, folder)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qa.indexing.building.export_finder", share)
        yield


@pytest.fixture
def embedder() -> WordLengthEmbedder:
    return WordLengthEmbedder()


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "texts"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    (folder / "texts").mkdir()
    for name, text in TEXTS.items():
        (folder / "texts" / name).write_text(text, encoding="utf-8")
    build_index([folder / "texts"], folder / "index", BuildSettings(passage_tokens=32), WordLengthEmbedder())
    return folder / "index"


@pytest.fixture
def tiny_index(tiny_folder: Path, embedder: WordLengthEmbedder) -> Iterator[Index]:
    index = open_index(tiny_folder, embedder)
    yield index
    index.close()


@pytest.fixture
def tiny_answerer(tiny_index: Index) -> Answerer:
    return Answerer(tiny_index)


OTHER_TEXTS = {
    "zebra.md": "# Zebra\n\nA zebra is striped. It eats grass and bark.\n",
    "psychotherapy.txt": "Psychotherapy\n\nPsychotherapy of zebras is unheard of.\n",
}


@pytest.fixture(scope="session")
def other_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another corpus, of which one document has the id of one of the first."""
    folder = tmp_path_factory.mktemp("other")
    (folder / "texts").mkdir()
    for name, text in OTHER_TEXTS.items():
        (folder / "texts" / name).write_text(text, encoding="utf-8")
    build_index([folder / "texts"], folder / "index", BuildSettings(passage_tokens=32), WordLengthEmbedder())
    return folder / "index"


@pytest.fixture
def two_answerers(
    tiny_answerer: Answerer, other_folder: Path, embedder: WordLengthEmbedder
) -> Iterator[dict[str, Answerer]]:
    with Answerer(open_index(other_folder, embedder)) as other:
        yield {"fruit": tiny_answerer, "animals": other}


@pytest.fixture
def library(two_answerers: dict[str, Answerer]) -> Library:
    """Two corpora: "fruit", which anybody may ask, and "animals"."""
    return Library.holding(
        {
            Shelf(name, answerer.index.folder, name.title(), is_open=name == "fruit"): Live.of(answerer)
            for name, answerer in two_answerers.items()
        }
    )


@pytest.fixture(scope="session")
def real_folder(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """An index of the project's own corpus, made by the real model as a user makes it, once for all processes that
    test. Takes half a minute."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if hasattr(request.config, "workerinput") else own
    folder = shared / "real" / "index"
    with (shared / "real.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "CURRENT").exists():
            command = ["index", str(ROOT / "corpus"), "--index", str(folder), "--reader", "extractive"]
            made = CliRunner().invoke(cli, command)
            assert made.exit_code == 0, made.output
    return folder


@pytest.fixture(scope="session")
def real_answerer(real_folder: Path) -> Iterator[Answerer]:
    index = open_index(real_folder)
    yield Answerer(index)
    index.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 160 MB, where this user may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    options = ["-t", "tmpfs", "-o", "size=160m", "candor"]
    if shutil.which("mount") is None or subprocess.run(["mount", *options, str(disk)], check=False).returncode:
        pytest.skip("mounting a file system is not permitted here")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)
