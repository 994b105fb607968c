"""The files themselves: handed out only where their owner says so, and only as they were indexed; pages of PDFs."""

import struct
import threading
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from flask.testing import FlaskClient

from qa.answers.answering import Answerer
from qa.errors import UnreadableDocument
from qa.files import open_regular
from qa.indexing.building import BuildReport, build_index
from qa.indexing.index import open_index
from qa.indexing.shelf import quote_of
from qa.parsers.pdf_pictures import draw_page
from qa.service import Live
from qa.settings import BuildSettings
from qa.web.app import create_app
from tests.conftest import WordLengthEmbedder
from tests.data.make_samples import pdf

PAGES = [["Herons nest in March", "on the east bank."], ["Rowing boats are hired", "by the hour near the pier."]]


class Lender:
    """A corpus whose files are handed out, or not, and a client of what serves it."""

    def __init__(self, folder: Path, embedder: WordLengthEmbedder) -> None:
        self.texts, self.index, self.embedder = folder / "lake", folder / "index", embedder
        self.texts.mkdir()
        (self.texts / "lake.pdf").write_bytes(pdf(PAGES))
        (self.texts / "notes.md").write_text("# Notes\n\nHerons eat fish.\n", encoding="utf-8")
        (self.texts / "page.html").write_text("<title>Page</title><p>Herons \u202e wade.</p>", encoding="utf-8")
        self.allow(True)

    def allow(self, allowed: bool) -> None:
        (self.texts / "corpus.toml").write_text(f"downloads = {str(allowed).lower()}\n", encoding="utf-8")

    def build(self) -> BuildReport:
        return build_index([self.texts], self.index, BuildSettings(passage_tokens=32), self.embedder)

    def client(self) -> FlaskClient:
        self.build()
        return create_app(Live.of(Answerer(open_index(self.index, self.embedder)))).test_client()


@pytest.fixture
def lender(tmp_path: Path, embedder: WordLengthEmbedder) -> Lender:
    return Lender(tmp_path, embedder)


def dots(png: bytes) -> npt.NDArray[np.uint8]:
    """Return the (h, w, 3) dots of a PNG whose rows are not filtered."""
    width, height = struct.unpack(">II", png[16:24])
    start = png.index(b"IDAT") + 4
    (length,) = struct.unpack(">I", png[start - 8 : start - 4])
    rows = np.frombuffer(zlib.decompress(png[start : start + length]), np.uint8).reshape(height, 1 + 3 * width)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, 3)


def marked(png: bytes) -> npt.NDArray[np.bool_]:
    """Return which dots are yellow."""
    shown = dots(png)
    return np.asarray((shown[:, :, 0] > 240) & (shown[:, :, 2] < 140))


def test_a_file_is_handed_out_as_it_is(lender: Lender) -> None:
    client = lender.client()
    with client.get("/file?id=lake/lake.pdf") as response:
        assert response.data == (lender.texts / "lake.pdf").read_bytes()
        assert response.mimetype == "application/pdf"
        assert response.headers["Content-Disposition"] == "attachment; filename=lake.pdf"
    with client.get("/file?id=lake/page.html") as response:  # no page of ours: nothing in it is altered
        assert response.data == (lender.texts / "page.html").read_bytes()
    assert "Download the file" in client.get("/document/lake/notes.md").text
    assert client.get("/api/documents/lake/notes.md").get_json()["download"] == "/file?id=lake/notes.md"


def test_nothing_is_handed_out_unless_the_owner_says_so(lender: Lender) -> None:
    lender.allow(False)
    client = lender.client()
    for address in ("/file?id=lake/lake.pdf", "/picture?id=lake/lake.pdf&page=1", "/file?id=lake/corpus.toml", "/file"):
        assert client.get(address).status_code == 404
    assert "Download" not in client.get("/document/lake/lake.pdf").text
    assert client.get("/api/documents/lake/lake.pdf").get_json()["download"] is None


def test_a_file_that_has_changed_is_not_handed_out(lender: Lender) -> None:
    client = lender.client()
    (lender.texts / "notes.md").write_text("# Notes\n\nHerons eat frogs.\n", encoding="utf-8")
    response = client.get("/file?id=lake/notes.md")
    assert response.status_code == 404
    assert "has changed since it was indexed" in response.get_json()["error"]["message"]
    (lender.texts / "notes.md").unlink()
    assert "no longer where it was" in client.get("/file?id=lake/notes.md").get_json()["error"]["message"]
    (lender.texts / "notes.md").symlink_to("/etc/hostname")
    assert client.get("/file?id=lake/notes.md").status_code == 404


def test_what_may_be_downloaded_is_kept_in_step(lender: Lender) -> None:
    assert lender.build().changes
    assert not lender.build().changes
    lender.allow(False)
    assert lender.build().changes.rebuild_reason == "other files may be downloaded"
    (lender.texts / "more.md").write_text("# More\n\nMore.\n", encoding="utf-8")
    assert lender.build().changes.rebuild_reason is None
    lender.allow(True)
    assert lender.build().changes.rebuild_reason == "other files may be downloaded"
    (lender.texts / "even-more.md").write_text("# More\n\nMore.\n", encoding="utf-8")
    assert lender.build().changes.rebuild_reason is None  # a file came, no rule changed
    with open_index(lender.index, lender.embedder) as index:
        assert set(index.manifest.originals) == {
            f"lake/{n}" for n in ("lake.pdf", "notes.md", "page.html", "more.md", "even-more.md")
        }


def test_a_file_that_cannot_be_opened_builds_nothing_anew(lender: Lender, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> object:
        if path.name == "notes.md":
            raise PermissionError(None, "Permission denied", str(path))
        return open_regular(path)

    monkeypatch.setattr("qa.indexing.building.open_regular", refuse)
    assert lender.build().changes
    assert not lender.build().changes


def test_only_so_many_pages_are_drawn_at_a_time(lender: Lender, monkeypatch: pytest.MonkeyPatch) -> None:
    client, waiting, going_on = lender.client(), threading.Semaphore(0), threading.Event()

    def draw(*_: object) -> bytes:
        waiting.release()
        going_on.wait(30)
        return b"PNG"

    monkeypatch.setattr("qa.web.originals.draw_page", draw)
    address = "/picture?id=lake/lake.pdf&page=1"
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(client.application.test_client().get(address).status_code))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
        waiting.acquire(timeout=30)
    refused = client.get(address)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    going_on.set()
    for thread in threads:
        thread.join()
    assert found == [200, 200]


def test_a_page_is_shown_with_the_words_of_its_passage_marked(lender: Lender) -> None:
    client = lender.client()
    document = client.get("/api/documents/lake/lake.pdf").get_json()
    last = client.get("/api/passages/" + document["passages"][-1].replace("#", "%23")).get_json()
    page = client.get(f"/document/lake/lake.pdf?passage={quote_of(last['text'])}").text
    assert "Page 2 as it is printed" in page or "Page 1 as it is printed" in page
    response = client.get(f"/picture?id=lake/lake.pdf&page=2&passage={quote_of(last['text'])}")
    assert response.mimetype == "image/png"
    assert marked(response.data).any()
    assert not marked(client.get("/picture?id=lake/lake.pdf&page=2").data).any()
    for address in ("page=3", "page=0", "page=x", ""):
        assert client.get(f"/picture?id=lake/lake.pdf&{address}").status_code == 404
    assert client.get("/picture?id=lake/notes.md&page=1").status_code == 404


def test_only_the_words_that_are_looked_for_are_marked(lender: Lender) -> None:
    with (lender.texts / "lake.pdf").open("rb") as content:
        both = marked(draw_page(content, 1, "Herons nest in\nMarch on the east bank.", "lake.pdf"))
        first = marked(draw_page(content, 1, "Herons nest in March", "lake.pdf"))
        hyphen = marked(draw_page(content, 1, "Her-ons nest in March", "lake.pdf"))
        none = marked(draw_page(content, 1, "Rowing boats are hired", "lake.pdf"))
        short = marked(draw_page(content, 1, "Herons", "lake.pdf"))
    rows = np.flatnonzero(both.any(axis=1))
    middle = (rows[0] + rows[-1]) // 2
    assert first[:middle].any()
    assert not first[middle + 1 :].any()
    assert (hyphen == first).all()
    assert not none.any()
    assert not short.any()  # a word alone may be another one


def test_what_cannot_be_drawn_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4 nothing")
    with (tmp_path / "a.pdf").open("rb") as content, pytest.raises(UnreadableDocument, match="cannot be drawn"):
        draw_page(content, 1, "", "a.pdf")
