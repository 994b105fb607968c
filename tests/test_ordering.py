"""What moves a passage after the fusion: rare words, want of own words, and that another says the same."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from qa.answers.answering import Answerer
from qa.answers.candidates import Candidates
from qa.answers.ordering import (
    copies_last,
    empty_loss,
    find_copies,
    is_footer,
    name_gains,
    put_in_order,
    rare_gains,
    wording,
)
from qa.answers.payload import answer_payload
from qa.datatypes import Hit, Passage
from qa.indexing.building import build_index
from qa.indexing.index import Index, open_index
from qa.settings import BuildSettings
from tests.conftest import WordLengthEmbedder
from tests.english import ENGLISH

# "metformin" and "sertraline" are rare in English, "sugar" is not.
TEXTS = [
    ("One", "Metformin is taken with food twice a day."),
    ("Two", "Sertraline and metformin are taken in the morning by most patients."),
    ("Three", "Side effects of most medicines are mild, and go away with sugar."),
    ("Four", "Four."),
    ("Five", "Side effects of most medicines are mild, and go away with sugar."),
]


def opened(folder: Path, embedder: WordLengthEmbedder, records: Sequence[dict[str, str]]) -> Iterator[Index]:
    (folder / "c.jsonl").write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    build_index([folder / "c.jsonl"], folder / "index", BuildSettings(passage_tokens=32), embedder)
    with open_index(folder / "index", embedder) as found:
        yield found


@pytest.fixture
def index(tmp_path: Path, embedder: WordLengthEmbedder) -> Iterator[Index]:
    yield from opened(tmp_path, embedder, [{"_id": title, "title": title, "text": text} for title, text in TEXTS])


@pytest.mark.parametrize(
    ("question", "gains"),
    [
        ("Is metformin sweet?", {0: 1.0, 1: 1.0}),  # two passages share what one would gain
        ("Is sertraline sweet?", {1: 2.0}),
        ("Are sertraline and metformin sweet?", {0: 1.0, 1: 3.0}),
        ("Metformin, metformin!", {0: 1.0, 1: 1.0}),  # a word counts once
        ("Is sugar sweet?", {}),  # it is rare in these texts alone
        ("Is quorvex sweet?", {}),
    ],
)
def test_rare_words_by_hand(index: Index, question: str, gains: dict[int, float]) -> None:
    assert rare_gains(ENGLISH.question(question), index.lexicon) == gains


def test_rare_words_count_among_what_is_asked(index: Index) -> None:
    assert rare_gains(ENGLISH.question("Is metformin sweet?"), index.lexicon, among=[1]) == {1: 2.0}


@pytest.mark.parametrize(
    ("text", "loss"),
    [
        ("Part of the box suite", 1.0),  # "part" and "suite" are its own
        ("box", 2.0),
        ("Boxes hold crates of red apples", 0.0),
        ("box [-q] [-x] [--red] [--ripe]", 1.0),  # a letter says nothing
        ("the box of a box " * 10, 0.0),  # no label is as long
    ],
)
def test_want_of_own_words_by_hand(text: str, loss: float) -> None:
    assert empty_loss(Passage("p", "d", "box(1)", "BOX", "s", text, 0, len(text)), ENGLISH) == loss


def test_a_ranking_is_put_in_order(index: Index) -> None:
    fused = (Hit(3, 1.0, 1), Hit(2, 0.9, 2), Hit(0, 0.8, 3))
    moved = put_in_order(fused, ENGLISH.question("Four side effects of metformin"), index)
    assert moved == (Hit(0, 1.8, 1), Hit(2, 0.9, 2), Hit(3, -1.0, 3))


def test_a_ranking_that_nothing_moves_stays_as_it_is(index: Index) -> None:
    fused = (Hit(2, 0.9, 7), Hit(0, 0.8, 9))
    assert put_in_order(fused, ENGLISH.question("Side effects"), index) is fused


def test_the_same_words_under_another_title_come_last(index: Index) -> None:
    ranking = (Hit(2, 0.9, 1), Hit(4, 0.8, 2), Hit(0, 0.7, 3))
    ordered = copies_last(ranking, find_copies(ranking, Candidates.of([ranking], index.store), index))
    assert ordered == (Hit(2, 0.9, 1), Hit(0, 0.7, 2), Hit(4, 0.8, 3))


def test_other_places_of_the_same_words_are_named_and_not_shown(index: Index) -> None:
    answer = Answerer(index).answer("Do side effects go away with sugar?")
    found = {quoted.passage.title: [copy.title for copy in quoted.copies] for quoted in answer.passages}
    assert found["Three"] == ["Five"]
    assert "Five" not in found
    (payload,) = [one for one in answer_payload(answer)["passages"] if one["title"] == "Three"]
    assert [copy["document_id"] for copy in payload["copies"]] == ["Five"]


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Manual 2019", "Manual 2019\n\nBoats are washed in May. Ropes are dried."),
        ("Manual 2020", "Boats are washed in May. Ropes are dried."),
        ("Manual 2021", "- Boats are washed in May.\n- Ropes are dried!"),
        ("Manual", "BOATS are  washed in May [1]. Ropes are dried[b]."),
        ("Boats", "“Boats are washed in May.” *Ropes* are dried…"),
    ],
)
def test_copies_differ_in_title_lines_and_marks(title: str, text: str) -> None:
    said = " ".join(wording(Passage("p", "d", title, "", "s", text, 0, len(text))))
    assert said == "boats are washed in may ropes are dried"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Boats are washed in May.", "Boats are washed in May?"),
        ("It is -5 degrees.", "It is 5 degrees."),
        ("Adults pay £5.", "Adults pay $5."),
        ("Staff get 25 days.", "Staff get 24 days."),
    ],
)
def test_what_says_something_else_is_no_copy(one: str, other: str) -> None:
    assert len({wording(Passage("p", "d", "T", "", "s", text, 0, len(text))) for text in (one, other)}) == 2


def test_a_passage_that_is_its_title_has_its_words() -> None:
    assert wording(Passage("p", "d", "Opening hours", "", "s", "Opening hours", 0, 13)) == ("opening", "hours")


def test_text_files_with_other_title_lines_are_copies(tmp_path: Path, embedder: WordLengthEmbedder) -> None:
    said = "Oars are kept in the loft. Each crew returns them before dark."
    for year in (2019, 2020, 2021):
        (tmp_path / f"{year}.txt").write_text(f"Rowing rules {year}\n\n{said}\n", encoding="utf-8")
    (tmp_path / "loft.txt").write_text("Loft\n\nOars come back to the loft.\n", encoding="utf-8")
    build_index([tmp_path], tmp_path / "index", BuildSettings(passage_tokens=32), embedder)
    with open_index(tmp_path / "index", embedder) as index:
        passages = Answerer(index).answer("Where are oars kept in the loft?").passages
    assert [len(quoted.copies) for quoted in passages if "crew" in quoted.passage.text] == [2]


PAGES = {
    "kite": "Kites fly on a long line, higher than trees.",
    "drum": "Drums are beaten with two sticks of beech.",
    "boat": "Boats float on ponds when the wind is low.",
}


@pytest.fixture
def pages(tmp_path: Path, embedder: WordLengthEmbedder) -> Iterator[Index]:
    """Three pages with the same footer but for a year, and one section that two of them have in common."""
    for year, (name, said) in enumerate(PAGES.items(), start=2021):
        care = "Wipe it dry." if name == "boat" else "Keep it in a cool, dark loft."
        footer = f"Print this sheet and pin it on your wall, or send us a letter. Made {year}."
        text = f"# Toy {name}\n\n## How\n\n{said}\n\n## Care\n\n{care}\n\n## Print\n\n{footer}\n"
        (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")
    build_index([tmp_path], tmp_path / "index", BuildSettings(passage_tokens=64), embedder)
    with open_index(tmp_path / "index", embedder) as opened:
        yield opened


@pytest.mark.parametrize(
    ("question", "footers"),
    [
        ("How does a toy kite fly?", ["Print"]),
        ("What is a kite for?", ["Print"]),
        ("Can I pin the kite on a wall?", []),  # it asks for what the footer says
        ("How do I print the kite?", []),  # or for what it stands under
        ("Is it higher than trees?", []),  # nothing was found for its title
    ],
)
def test_what_other_documents_say_too_is_a_footer(pages: Index, question: str, footers: list[str]) -> None:
    asked = ENGLISH.question(question)
    own = [passage for passage in map(pages.passage, range(len(pages))) if passage.title == "Toy kite"]
    assert [passage.heading for passage in own if is_footer(passage, asked, pages)] == footers


def test_a_footer_comes_behind_what_its_page_says(pages: Index) -> None:
    rows = {passage.heading: row for row in range(len(pages)) if (passage := pages.passage(row)).title == "Toy kite"}
    how, footer = rows["How"], rows["Print"]
    fused = (Hit(footer, 2.0, 1), Hit(how, 1.0, 2))
    assert put_in_order(fused, ENGLISH.question("How does a toy kite fly?"), pages) == (
        Hit(how, 1.0, 1),
        Hit(footer, 0.0, 2),
    )


@pytest.fixture
def staff(tmp_path: Path, embedder: WordLengthEmbedder) -> Iterator[Index]:
    texts = [
        "Ms Cook teaches the violin on Monday.",  # 0
        "We cook soup in May, and the butcher brings meat.",  # 1
        "The gate is closed by Dr Butcher and Dr Young.",  # 2
        "Young trees are watered; I'm told that they grow. Close it.",  # 3
    ]
    records = [{"_id": str(at), "title": "", "text": text} for at, text in enumerate(texts)]
    yield from opened(tmp_path, embedder, records)


@pytest.mark.parametrize(
    ("question", "gains"),
    [
        ("Who is Ms Cook?", {0: 4.0}),  # "Ms" is a name as well
        ("Who is Mr Butcher?", {2: 2.0}),
        ("Where is Dr. Young?", {2: 3.0, 3: 1.0}),  # "Young" begins the other text
        ("When do we cook?", {}),
        ("Cook or butcher?", {}),  # a question begins with a capital
        ("Is it open? Young people ask.", {}),
        ("Who Is The Cook?", {}),  # capitals name nothing in a headline
        ("WHO IS COOK?", {}),
        ("Is there soup in May or on Monday?", {}),
        ("What have I'm told?", {}),
    ],
)
def test_names_by_hand(staff: Index, question: str, gains: dict[int, float]) -> None:
    assert name_gains(ENGLISH.question(question), staff) == gains


def test_the_passage_with_a_name_that_is_common_comes_first(staff: Index) -> None:
    fused = (Hit(1, 1.0, 1), Hit(2, 0.5, 2))
    moved = put_in_order(fused, ENGLISH.question("Who is Mr Butcher?"), staff)
    assert moved == (Hit(2, 1.0, 1), Hit(1, 0.5, 2))  # the scores stay in their places
