"""The reader as an index carries it: it reads as it was trained to, exactly, alone or with others."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa.answers.answering import Answerer
from qa.answers.verdicts import WantedPromise
from qa.datatypes import Passage, Reading
from qa.errors import ReaderUnusable
from qa.indexing.building import build_index
from qa.indexing.index import open_index
from qa.readers import READER, READERS, Pair, Reader, extractive
from qa.readers.extractive import LONGEST_ANSWER, best_span
from qa.service import Live
from qa.settings import BuildSettings
from qa.web.app import create_app
from tests.conftest import WordLengthEmbedder

HOURS = "The museum opens at nine and closes at six. It was founded in 1911 by Ada Quill."

# Where a processor multiplies bfloat16, which has eight bits of a number, a graph is run so.
_CLOSE = 0.05


def passage_of(text: str, title: str = "", heading: str = "") -> Passage:
    return Passage("p", "d", title, heading, "", text, 0, len(text))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("reader") / READER
    READERS["extractive"].write(made)
    return made


@pytest.fixture(scope="module")
def reader(folder: Path) -> Reader:
    return READERS["extractive"].load(folder)


@pytest.mark.parametrize(
    ("question", "words"),
    [("When does the museum open?", "nine"), ("Who founded the museum?", "Ada Quill"), ("when was it founded", "1911")],
)
def test_it_finds_the_words_that_answer(reader: Reader, question: str, words: str) -> None:
    (found,) = reader.read([(question, passage_of(HOURS, "The museum"))])
    assert words in HOURS[found.start : found.end]
    assert found.log_odds > 0
    assert max(lack.probability for lack in found.lacks) < 0.5


def test_it_knows_what_is_not_answered_and_which_word_is_lacking(reader: Reader) -> None:
    question = "Who founded the quorvex observatory?"
    (found,) = reader.read([(question, passage_of(HOURS, "The museum"))])
    assert found.log_odds < 0
    lacked = {question[lack.start : lack.end] for lack in found.lacks if lack.probability > 0.5}
    assert "observatory" in lacked
    assert not {"Who", "founded"} & lacked


def test_alone_and_together_it_reads_the_same(reader: Reader) -> None:
    pairs = [
        (question, passage_of(text))
        for question in ("When does it open?", "Who was Ada Quill, and what did she do before she came to the museum?")
        for text in (HOURS, "Nothing.", HOURS * 8)
    ]
    together = reader.read(pairs)
    for pair, found in zip(pairs, together, strict=True):
        (alone,) = reader.read([pair])
        assert found.log_odds == pytest.approx(alone.log_odds, abs=1e-3)
        assert (found.start, found.end) == (alone.start, alone.end)
    assert reader.read([]) == []


def test_it_reads_as_the_model_that_was_trained(reader: Reader) -> None:
    torch = pytest.importorskip("torch")
    from qa.embedders.sentence_transformers import model_folder
    from training.examples import UNKNOWN, cutter_of
    from training.reader import Example, PassageReader, collate, placed

    model = PassageReader(model_folder(None), layers=6).eval()
    trained = extractive.trained_weights().items()
    weights = {f"bert.{n}" if n.startswith("encoder.") else n: torch.from_numpy(one) for n, one in trained}
    assert not model.load_state_dict(weights, strict=False).unexpected_keys
    cutter, question = cutter_of(model_folder(None)), "When does the museum open?"
    asked, text = (np.array(cutter.encode(one, add_special_tokens=False).ids) for one in (question, HOURS))
    labels = np.full(len(asked), UNKNOWN, np.int8)
    one = Example(asked, text, UNKNOWN, UNKNOWN, 0.0, labels, np.repeat(labels, 3), "", "")
    batch = placed(collate([one]), torch.device("cpu"))
    with torch.no_grad():
        _, answers, missing, _ = model(batch.ids, batch.types, batch.mask)
    (found,) = reader.read([(question, passage_of(HOURS))])
    assert found.log_odds == pytest.approx(answers.item(), abs=_CLOSE)
    wanted = torch.sigmoid(missing[0, 1 : 1 + len(asked)]).tolist()
    assert [lack.probability for lack in found.lacks] == pytest.approx(wanted, abs=_CLOSE)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=st.text(min_size=1, max_size=200), text=st.text(max_size=600), title=st.text(max_size=80))
def test_the_place_is_within_the_passage(reader: Reader, question: str, text: str, title: str) -> None:
    (found,) = reader.read([(question, passage_of(text, title, title[:9]))])
    assert 0 <= found.start <= found.end <= len(text)
    assert 0 <= found.certainty <= 1
    assert np.isfinite(found.log_odds)
    assert all(0 <= lack.start <= lack.end <= len(question) and 0 <= lack.probability <= 1 for lack in found.lacks)


def test_the_likeliest_span_by_hand() -> None:
    spans = np.log(np.array([[0.1, 0.7, 0.2], [0.6, 0.1, 0.3]], np.float32))
    assert best_span(spans.copy())[:2] == (1, 2)
    assert best_span(spans.copy())[2] == pytest.approx(0.7 * 0.3)
    far = np.full((2, 100), -50.0, np.float32)
    far[0, 0] = far[1, 90] = 0.0
    first, last, _ = best_span(far.copy())
    assert 0 <= last - first < LONGEST_ANSWER


def test_weights_that_are_not_what_was_shipped(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One sentence, and an index without a reader."""
    damaged = tmp_path / "reader.safetensors"
    damaged.write_bytes(extractive.WEIGHTS.read_bytes()[:-1] + b"x")
    for path, reason in ((damaged, "its checksum differs"), (tmp_path / "gone", "No such file or directory")):
        monkeypatch.setattr(extractive, "WEIGHTS", path)
        with pytest.raises(ReaderUnusable, match=reason):
            READERS["extractive"].checksum()
    chosen = BuildSettings(passage_tokens=32, reader="extractive")
    build_index([corpus], tmp_path / "index", chosen, WordLengthEmbedder())
    (said,) = caplog.messages
    assert said.startswith(f"{tmp_path / 'gone'} cannot be used (No such file or directory), so no passage is read: ")
    with open_index(tmp_path / "index", WordLengthEmbedder()) as index:
        assert index.reader is None
        assert (index.manifest.reader, index.manifest.reader_checksum) == ("", "")


def test_an_index_carries_it_on(corpus: Path, tmp_path: Path) -> None:
    """The next generation has it as a link to the same bytes; without one nothing is read."""
    folder, chosen = tmp_path / "index", BuildSettings(passage_tokens=32, reader="extractive")
    first = build_index([corpus], folder, chosen, WordLengthEmbedder()).generation
    (corpus / "new.txt").write_text("Cats purr.", encoding="utf-8")
    second = build_index([corpus], folder, chosen, WordLengthEmbedder()).generation
    assert (first / READER / "model.bin").samefile(second / READER / "model.bin")
    with open_index(folder, WordLengthEmbedder()) as index:
        assert index.reader is not None
        assert index.calibration.reader_checksum == index.reader.checksum == extractive.CHECKSUM
    with open_index(folder, WordLengthEmbedder(), with_reader=False) as index:
        assert index.reader is None
        assert index.calibration.reader_checksum == ""
    third = build_index([corpus], folder, BuildSettings(passage_tokens=32, reader="none"), WordLengthEmbedder())
    assert not (third.generation / READER).exists()


@pytest.mark.parametrize(("language", "name"), [("en", "extractive"), ("en-GB", "extractive"), ("de", "")])
def test_texts_in_a_language_that_it_does_not_read_have_none(
    corpus: Path, tmp_path: Path, language: str, name: str
) -> None:
    (corpus / "corpus.toml").write_text(f'language = "{language}"\n', encoding="utf-8")
    chosen = BuildSettings(passage_tokens=32, reader="extractive")
    build_index([corpus], tmp_path / "index", chosen, WordLengthEmbedder())
    again = build_index([corpus], tmp_path / "index", chosen, WordLengthEmbedder())
    with open_index(tmp_path / "index", WordLengthEmbedder()) as index:
        assert index.manifest.reader == name
    assert again.embedded == 0
    assert again.generation.name == "000001"  # nothing is built anew for want of a reader


def test_the_verdict_does_not_hang_on_how_many_passages_are_shown(real_folder: Path) -> None:
    """Only the second passage may answer: asked for one passage or for five, it counts."""

    class OfTheSecond:
        name, checksum = "second", "2" * 64

        def __init__(self, log_odds: float) -> None:
            self.log_odds, self.read_before = log_odds, 0

        def read(self, pairs: Sequence[Pair]) -> list[Reading]:
            places = range(self.read_before, self.read_before + len(pairs))
            self.read_before += len(pairs)
            return [Reading(-3.0 if at % 2 == 0 else self.log_odds, 0, 0, 0.0, ()) for at in places]

    confidences = []
    for log_odds in (-3.0, 2.0):
        with open_index(real_folder, with_own_calibration=False) as index:
            index.reader = OfTheSecond(log_odds)
            answerer = Answerer(index, WantedPromise(risk=0.4))
            one, five = (answerer.answer("What is mutual aid?", k) for k in (1, 5))
        assert (one.confidence, one.verdict) == (five.confidence, five.verdict)
        assert [quoted.answers for quoted in five.passages[:3]] == [False, log_odds > 0, None]
        confidences.append(five.confidence)
    assert confidences[0] < confidences[1]


def test_the_answer_stands_on_page_and_in_json_where_it_says(real_folder: Path) -> None:
    with open_index(real_folder) as index:
        client = create_app(Live.of(Answerer(index))).test_client()
        asked = {"q": "What is narrative therapy?", "k": 3}
        answer = client.get("/api/ask", query_string=asked).json
        page = client.get("/", query_string=asked).text
    assert answer is not None
    found = answer["answer"]
    assert found is not None
    by_rank = {passage["rank"]: passage for passage in answer["passages"]}
    for place in found["places"]:
        passage = by_rank[place["rank"]]
        assert passage["text"][place["start"] : place["end"]].lower() == found["text"].lower()
        assert (place["document_start"], place["document_end"]) == (
            passage["start"] + place["start"],
            passage["start"] + place["end"],
        )
    assert re.search(rf"<blockquote[^>]*>[^<]*<mark>{re.escape(found['text'])}</mark>[^<]*</blockquote>", page)
    assert f'href="#passage-{found["places"][0]["rank"]}"' in page
