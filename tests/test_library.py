import shutil
import threading
from pathlib import Path

import pytest

from qa.errors import BadSettings, CorpusUnknown, IndexMissing, QAError
from qa.library import Library, Shelf, parse_shelves, read_library
from qa.service import Live


def test_corpora_from_the_command_line() -> None:
    assert parse_shelves(["index"]) == [Shelf("", Path("index"))]
    assert parse_shelves(["a=one", "b=two/x=y"]) == [Shelf("a", Path("one")), Shelf("b", Path("two/x=y"))]
    assert parse_shelves(["a=one"]) == [Shelf("a", Path("one"))]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["one", "two"], "each needs a name"),
        (["a=one", "two"], "write --index NAME=two"),
        (["a=", "b=x"], "each needs"),
        (["a=one", "a=two"], "Two corpora are called a"),
        (["A=one"], "cannot be the name"),
        (["api=one"], "means something else"),
        (["a b=one"], "cannot be the name"),
        (["x" * 41 + "=one"], "cannot be the name"),
    ],
)
def test_names_that_cannot_be(given: list[str], words: str) -> None:
    with pytest.raises(BadSettings, match=words):
        parse_shelves(given)


def test_corpora_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "candor.toml"
    path.write_text('[corpora.b]\nindex = "two"\ntitle = "B"\nopen = true\n[corpora.a]\nindex = "/one"\n')
    one, other = read_library(path)
    assert (one.name, one.index, one.title, one.is_open) == ("b", tmp_path / "two", "B", True)
    assert (other.name, other.index, other.title, other.is_open) == ("a", Path("/one"), "", False)


def test_how_a_corpus_is_indexed(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    path = tmp_path / "candor.toml"
    path.write_text(
        '[corpora.a]\nindex = "x"\ntexts = ["t", "https://h/"]\nevery = "1 day"\nallow_private = true\n'
        'reader = "none"\nembedder = "model"\nmost_pages = 7\npassage_tokens = 100\n'
        '[corpora.b]\nindex = "y"\nembedder = "named"\n'
    )
    one, other = read_library(path)
    assert (one.texts, one.every) == ((str(tmp_path / "t"), "https://h/"), "1 day")
    assert dict(one.building) == {
        "allow_private": True, "most_pages": 7, "reader": "none", "passage_tokens": 100, "embedder": tmp_path / "model",
    }  # fmt: skip
    assert dict(other.building)["embedder"] == Path("named")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no corpus"),
        ("[corpora]\n", "names no corpus"),
        ("[corpora.a]\n", 'needs index = "FOLDER"'),
        ("corpora = 3\n", "names no corpus"),
        ("corpora = [1]\n", "names no corpus"),
        ("[corpora]\na = 3\n", "needs index"),
        ('[corpora.A]\nindex = "x"\n', "cannot be the name"),
        ('[corpora.a]\nindex = "x"\nopne = true\n', "did you mean open"),
        ('[corpora.a]\nindex = "x"\nopen = 3\n', "open must be"),
        ('host = "x"\n[corpora.a]\nindex = "x"\n', "no setting host"),
        ('[corpora.a]\nindex = "x"\ntexts = ["t"]\nevery = "often"\n', "every must be how often"),
        ('[corpora.a]\nindex = "x"\nevery = "1 day"\n', "names none"),
        ('[corpora.a]\nindex = "x"\npassage_tokens = 1\n', "passage_tokens must be"),
        ("[corpora.a\n", "not TOML"),
        ('[corpora.a]\nindex = "x"\n[corpora.a]\nindex = "y"\n', "not TOML"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "candor.toml"
    path.write_text(text)
    with pytest.raises(BadSettings, match=words) as caught:
        read_library(path)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="cannot be read"):
        read_library(tmp_path / "candor.toml")


class _Opened(Live):
    """One that only remembers what was done with it."""

    done: list[tuple[str, str]]

    def open(self) -> None:
        self.done.append(("open", self.folder.name))
        if not self.folder.is_dir():
            raise IndexMissing(f"There is no index in {self.folder}.")

    def follow(self) -> None:
        self.done.append(("follow", self.folder.name))

    def close(self) -> None:
        self.done.append(("close", self.folder.name))


def test_corpora_come_and_go_with_their_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[tuple[str, str]] = []
    monkeypatch.setattr(_Opened, "done", done, raising=False)
    monkeypatch.setattr("qa.library.Live", _Opened)
    for name in "xyz":
        (tmp_path / name).mkdir()
    file = tmp_path / "candor.toml"
    file.write_text('[corpora.a]\nindex = "x"\n[corpora.b]\nindex = "y"\n')
    library = Library(read_library(file), file=file)
    library.open()
    assert not library.reread()
    done.clear()

    file.write_text('[corpora.c]\nindex = "z"\n[corpora.b]\nindex = "y"\ntitle = "Two"\n')
    assert library.reread()
    assert done == [("close", "x"), ("open", "z"), ("follow", "z")]
    assert [(shelf.name, shelf.title) for shelf in library.shelves] == [("c", ""), ("b", "Two")]
    with pytest.raises(CorpusUnknown, match="no corpus “a”"):
        library.live("a")

    done.clear()
    file.write_text("[corpora.b")
    assert not library.reread()
    assert done == []
    assert [shelf.name for shelf in library.shelves] == ["c", "b"]

    file.write_text('[corpora.b]\nindex = "x"\n')  # another index under the same name
    assert library.reread()
    assert done == [("close", "z"), ("close", "y"), ("open", "x"), ("follow", "x")]


def test_one_that_cannot_be_opened_does_not_keep_the_others(tiny_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(QAError):
        Library([Shelf("a", tmp_path / "none")]).open()
    library = Library.holding(
        {
            Shelf("a", tmp_path / "none"): Live(tmp_path / "none"),
            Shelf("b", tiny_folder): _sound(tiny_folder),
        }
    )
    library.open()
    with pytest.raises(IndexMissing):
        library.live("a").answerer  # noqa: B018


def _sound(folder: Path) -> Live:
    class Sound(Live):
        def open(self) -> None:
            pass

    return Sound(folder)


def test_one_model_is_compiled_once(real_folder: Path, tmp_path: Path) -> None:
    """An index elsewhere that carries the same encoder shares it, although its files are others."""
    from qa.graphs.compiled import begin_compiling, graph_in
    from qa.indexing.generations import current_generation

    copy = tmp_path / "copy"
    shutil.copytree(current_generation(real_folder) / "encoder", copy)
    one = graph_in(current_generation(real_folder) / "encoder")
    other = graph_in(copy, private=True)
    assert one == other
    assert begin_compiling(one) is begin_compiling(other)


def test_a_closed_one_stops_following(tiny_folder: Path) -> None:
    live, before = Live(tiny_folder), set(threading.enumerate())
    live.follow()
    (thread,) = set(threading.enumerate()) - before
    live.close()
    thread.join(5)
    assert not thread.is_alive()
    with pytest.raises(IndexMissing, match="not asked any more"):
        live.answerer  # noqa: B018
