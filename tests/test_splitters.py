from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from semantic_text_splitter import TextSplitter
from tokenizers import Tokenizer

from qa.datatypes import Document, Page, Section
from qa.embedders import load_embedder
from qa.indexing.splitters import Splitter, _windowed, find_sentences, page_label
from qa.parsers.blobs import find_blobs
from tests.conftest import WordLengthEmbedder


def document(text: str, title: str = "", sections: tuple[Section, ...] = ()) -> Document:
    return Document(id="d", title=title, text=text, source="d.txt", sections=sections)


@pytest.fixture(scope="module")
def words_splitter() -> Splitter:
    """A token is a word; 12 tokens, two of them special."""
    return Splitter(WordLengthEmbedder().tokenizer, max_tokens=32, passage_tokens=12, overhead=2)


@pytest.fixture(scope="module")
def real_tokenizer() -> Tokenizer:
    return load_embedder().tokenizer


@pytest.fixture(scope="module")
def real_splitter(real_tokenizer: Tokenizer) -> Splitter:
    return Splitter(real_tokenizer, max_tokens=256, passage_tokens=48, overhead=2)


def test_a_short_text_is_one_passage(words_splitter: Splitter) -> None:
    (passage,) = words_splitter.split(document("  One two three.\n"))
    assert (passage.text, passage.start, passage.end) == ("One two three.", 2, 16)
    assert passage.id == "d#2-16"


def test_splits_at_sentences_into_like_sizes(words_splitter: Splitter) -> None:
    # Twelve words with room for ten: two passages of six rather than one of nine and one of three.
    text = "One two three. Four five six. Seven eight nine. Ten eleven twelve."
    assert [p.text for p in words_splitter.split(document(text))] == [
        "One two three. Four five six.",
        "Seven eight nine. Ten eleven twelve.",
    ]


def test_sentences_run_across_wrapped_lines(words_splitter: Splitter) -> None:
    text = "One two three four\nfive six. Seven eight nine\nten eleven twelve."
    assert [p.text for p in words_splitter.split(document(text))] == [
        "One two three four\nfive six.",
        "Seven eight nine\nten eleven twelve.",
    ]


def test_sentences_run_across_wrapped_lines_of_any_system(words_splitter: Splitter) -> None:
    text = "One two three four\r\nfive six. Seven eight nine\r\nten eleven twelve."
    passages = words_splitter.split(document(text))
    assert [p.text for p in passages] == [
        "One two three four\r\nfive six.",
        "Seven eight nine\r\nten eleven twelve.",
    ]
    assert all(text[p.start : p.end] == p.text for p in passages)


def test_a_run_without_spaces_is_cut_though_it_is_one_token(words_splitter: Splitter) -> None:
    # Ten tokens fit, of ten characters each at the most.
    passages = words_splitter.split(document("x" * 350))
    assert [len(p.text) for p in passages] == [100, 100, 100, 50]
    assert [p.start for p in passages] == [0, 100, 200, 300]


def test_what_the_embedder_adds_takes_room() -> None:
    text = "One two three four five. Six seven eight nine ten."
    tokenizer = WordLengthEmbedder().tokenizer
    assert len(Splitter(tokenizer, 32, 12, overhead=2).split(document(text))) == 1
    assert len(Splitter(tokenizer, 32, 12, overhead=3).split(document(text))) == 2


def test_sections_are_never_joined_and_give_their_heading(words_splitter: Splitter) -> None:
    text = "One two. Three four."
    sections = (Section("A", 2, 0, 8), Section("B", 2, 8, 20))
    passages = words_splitter.split(document(text, sections=sections))
    assert [(p.heading, p.text) for p in passages] == [("A", "One two."), ("B", "Three four.")]


def test_title_and_heading_take_room(words_splitter: Splitter) -> None:
    # Ten words fit alone; with a title of three words and room for seven they do not.
    text = "One two three four five. Six seven eight nine ten."
    assert len(words_splitter.split(document(text))) == 1
    assert len(words_splitter.split(document(text, title="A b c"))) == 2


def test_a_long_title_is_cut_to_a_quarter(words_splitter: Splitter) -> None:
    (passage,) = words_splitter.split(document("One.", title="a b c d e f g h"))
    assert words_splitter.context(passage) == "a b c\n"
    assert passage.title == "a b c d e f g h"


@pytest.mark.parametrize("text", ["", " \n\t ", "\u00a0\u2003\n"])
def test_nothing_to_split(words_splitter: Splitter, text: str) -> None:
    assert words_splitter.split(document(text)) == []


texts = st.one_of(
    st.text(max_size=600),
    st.lists(
        st.sampled_from(["word ", "Dr. ", "end. ", "\n", "\n\n", "- item\n", "é́", "😀‍👩", "漢字", "x" * 90]),
        max_size=120,
    ).map("".join),
)


@settings(max_examples=150, deadline=None)
@given(text=texts, title=st.text(max_size=80))
def test_ranges_are_exact_and_no_passage_is_cut_by_the_model(
    real_splitter: Splitter, real_tokenizer: Tokenizer, text: str, title: str
) -> None:
    source = document(text, title)
    end = 0
    for passage in real_splitter.split(source):
        assert source.text[passage.start : passage.end] == passage.text
        assert passage.start >= end
        end = passage.end
        embedded = real_splitter.context(passage) + passage.text
        assert len(real_tokenizer.encode(embedded).ids) <= real_splitter.passage_tokens


@settings(max_examples=100, deadline=None)
@given(text=texts)
def test_no_word_is_lost(real_splitter: Splitter, text: str) -> None:
    passages = real_splitter.split(document(text))
    assert all(end - start >= 64 for start, end in find_blobs(text))
    for start, end in reversed(find_blobs(text)):
        text = text[:start] + text[end:]
    assert "".join("".join(p.text.split()) for p in passages) == "".join(text.split())


def test_data_is_in_no_passage(words_splitter: Splitter) -> None:
    picture = f"![x](data:image/png;base64,{'iVBOR' * 50_000})"
    text = f"One two {picture} three.\n\n{picture}\n"
    passages = words_splitter.split(document(text))
    assert [p.text for p in passages] == ["One two", "three."]
    assert all(text[p.start : p.end] == p.text for p in passages)
    assert words_splitter.split(document(picture)) == []


class Counted:
    """A tokenizer of words that keeps account of how many characters it was given."""

    def __init__(self) -> None:
        self.tokenizer = WordLengthEmbedder().tokenizer
        self.characters = 0
        self.longest = 0

    def encode(self, text: str, add_special_tokens: bool) -> object:
        self.characters += len(text)
        self.longest = max(self.longest, len(text))
        return self.tokenizer.encode(text, add_special_tokens=add_special_tokens)


@pytest.mark.parametrize(
    "piece",
    [
        "word ",
        "a\n",
        "a\n\n",
        "word. ",
        "漢字",
        "é",
        "e\u0301",
        "a\u200b",
        " ",
        "\n",
        "x" * 299 + " ",
        "😀\u200d",
        ". ",
    ],
)
def test_the_work_grows_with_the_text_and_not_with_its_square(piece: str) -> None:
    work = []
    for characters in (40_000, 160_000):
        counted = Counted()
        splitter = Splitter(counted, max_tokens=64, passage_tokens=64, overhead=2)  # type: ignore[arg-type]
        text = "Begin. " + piece * (characters // len(piece)) + " end."
        passages = splitter.split(document(text))
        assert all(text[p.start : p.end] == p.text for p in passages)
        assert "".join("".join(p.text.split()) for p in passages) == "".join(text.split())
        assert counted.longest <= 50_000
        work.append(counted.characters)
    assert work[1] < 4 * 1.5 * work[0]


@pytest.mark.parametrize("size", [40, 3_000])
@pytest.mark.parametrize("piece", ["One two three. Four five! ", "word ", "a\n\nb c d.\n", "漢字。漢字 "])
def test_windows_give_what_the_whole_text_does(piece: str, size: int) -> None:
    text = piece * ((40_000 if size < 100 else 150_000) // len(piece))
    tokenizer = WordLengthEmbedder().tokenizer
    splitter = TextSplitter.from_callback(lambda part: len(tokenizer.encode(part)), size)
    assert list(_windowed(splitter, text, size)) == splitter.chunk_indices(text)


PAGES = (Page("iv", 0, 10), Page("5", 12, 20), Page("6", 22, 30))


@pytest.mark.parametrize(
    ("start", "end", "label"),
    [(0, 10, "iv"), (3, 12, "iv"), (3, 13, "iv–5"), (12, 20, "5"), (9, 30, "iv–6"), (10, 12, ""), (30, 40, "")],
)
def test_page_label(start: int, end: int, label: str) -> None:
    assert page_label(PAGES, start, end) == label


def test_passages_have_their_page_and_sentences(words_splitter: Splitter) -> None:
    text = "One two. Three four.\n\nFive six. Seven eight nine."
    pages = (Page("1", 0, 20), Page("2", 22, len(text)))
    (passage,) = words_splitter.split(Document("d", "", text, "d.pdf", pages=pages))
    assert passage.page == "1–2"
    assert [passage.text[a:b] for a, b in passage.sentences] == [
        "One two.",
        "Three four.",
        "Five six.",
        "Seven eight nine.",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n ", []),
        ("Dr. Low met Mr. Hay at 5 p.m. today. It rained!", ["Dr. Low met Mr. Hay at 5 p.m. today.", "It rained!"]),
        ("A line\nwrapped. Next.", ["A line\nwrapped.", "Next."]),
        ("No stop\n\nNew paragraph", ["No stop", "New paragraph"]),
        ("- item one\n- item two", ["- item one", "- item two"]),
        ("x" * 400 + ". After.", ["x" * 400 + ". After."]),
    ],
)
def test_find_sentences(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in find_sentences(text)] == expected


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet='aB .!?\n\t"()1-é。', max_size=120))
def test_sentences_are_in_order_and_hold_every_character_that_is_no_space(text: str) -> None:
    spans = find_sentences(text)
    assert "".join("".join(text[a:b].split()) for a, b in spans) == "".join(text.split())
    assert all(text[a:b] == text[a:b].strip() != "" for a, b in spans)
    assert all(left[1] <= right[0] for left, right in pairwise(spans))
