"""What the texts have another word for: synonyms of the owner's, times, dates and numbers, and acronyms."""

import re
from collections.abc import Sequence
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.answers.answering import Answerer
from qa.answers.equivalents import find_equivalents, initialled
from qa.answers.moments import find_moments
from qa.datatypes import Ground, TermState
from qa.errors import BadSettings
from qa.graphs.compiled import Texts
from qa.graphs.running import GraphRunner, Outputs, Tokens
from qa.indexing.building import build_index
from qa.indexing.corpora import find_corpora
from qa.indexing.index import open_index
from qa.indexing.synonyms import forms_of, is_acronym
from qa.language import load_language
from qa.settings import BuildSettings
from tests.english import ENGLISH

TEXT = """# Seeing a doctor

Your general practitioner can refer you to art classes or gardening groups. Employees get twenty days of paid time off.

# Phones

The mobile phone plan is paid by the office, and so is a handset. The office also lends a laptop.

# Staff

Information technology mends what is broken. It is open all day.

# Hours

The counter opens at 08:30 and closes at 5 pm. All is shut on 25 December 2025. A form costs 7.45, and 9.30 by post.

# Phases

The rules of phase II are strict. Guests may come to Stage 2, and from there go to step three. Week two is for rest.
"""
SETTINGS = """
synonyms = [
    ["vacation", "holidays", "paid time off"],
    ["cell phone", "mobile phone", "handset"],
    ["IT", "information technology"],
]
synonyms_file = "more.txt"
"""


@pytest.fixture(scope="module")
def answerer(tmp_path_factory: pytest.TempPathFactory) -> Answerer:
    folder: Path = tmp_path_factory.mktemp("equivalents")
    texts = folder / "texts"
    texts.mkdir()
    (texts / "desk.md").write_text(TEXT, encoding="utf-8")
    (texts / "corpus.toml").write_text(SETTINGS, encoding="utf-8")
    (texts / "more.txt").write_text("# ours\nlaptop, notebook computer # portable\n\nC#, C sharp\n", encoding="utf-8")
    build_index([texts], folder / "index", BuildSettings())
    return Answerer(open_index(folder / "index"))


@pytest.mark.parametrize(
    ("question", "written", "meant", "others"),
    [
        ("How many days of vacation do employees get?", "vacation", "paid time off", {"days", "employees"}),
        ("who has holidays", "holidays", "paid time off", set()),
        ("holidays?", "holidays", "paid time off", set()),
        ("Who pays for my cell phone?", "cell phone", "mobile phone", {"pays"}),
        ("Who pays for a hand-set?", "hand-set", "handset", {"pays"}),
        ("Who lends a notebook computer?", "notebook computer", "laptop", {"lends"}),
        ("What can a GP offer, like gardening?", "GP", "general practitioner", {"gardening"}),
    ],
)
def test_a_term_that_the_texts_have_another_word_for_is_known(
    answerer: Answerer, question: str, written: str, meant: str, others: set[str]
) -> None:
    answer = answerer.answer(question)
    (found,) = [one for one in answer.terms if one.term.text == written]
    assert {one.term.text for one in answer.terms} - {written} <= others
    assert question[found.term.start : found.term.end] == written
    assert (found.state, found.passage_count) == (TermState.KNOWN, 1)
    assert found.reason is not None
    assert (found.reason.ground, found.reason.words) == (Ground.SYNONYM, meant)
    assert all(one.state is TermState.KNOWN for one in answer.terms)
    assert written not in (answer.note or "")


@pytest.mark.parametrize(
    ("question", "written", "meant"),
    [
        ("What are the rules of phase 2?", "phase 2", "phase II"),
        ("What are the rules of phase two?", "phase two", "phase II"),
        ("Who may come to Stage II?", "Stage II", "Stage 2"),
        ("Who may come to stage-two?", "stage-two", "stage 2"),
        ("Who goes to step 3?", "step 3", "step three"),
        ("What is week 2 for?", "week 2", "week two"),
    ],
)
def test_numbers_are_read_as_the_texts_write_them(answerer: Answerer, question: str, written: str, meant: str) -> None:
    (found,) = find_equivalents(ENGLISH.question(question), answerer.index).readings
    assert (question[found.word.start : found.word.end], found.meant) == (written, meant)
    answer = answerer.answer(question)
    assert all(one.state is TermState.KNOWN for one in answer.terms)


@pytest.mark.parametrize(
    "question",
    [
        "What are the rules of phase II?",  # as the texts have it
        "What are the rules of phase 3?",  # which they have in no way
        "What are the rules of phase i?",  # a letter alone is no number
        "Is this the right one?",
        "Can one come to the stage?",
        "Is step 3.5 there?",
        "Does step 3,000 cost 3%?",
        "Who is at three?",
        "Is it in phases, 2 of them?",
        "Who goes to the 3 steps?",
    ],
)
def test_numbers_that_are_read_as_they_stand(answerer: Answerer, question: str) -> None:
    assert find_equivalents(ENGLISH.question(question), answerer.index).readings == ()


@pytest.mark.parametrize(
    ("question", "written", "meant"),
    [
        ("Does the counter open at 8.30am?", "8.30am", "08:30"),
        ("Does the counter open at 8:30 a.m.?", "8:30 a.m.", "08:30"),
        ("Does the counter open at 8:30?", "8:30", "08:30"),
        ("Does the counter close at 17:00?", "17:00", "5 pm"),
        ("Does the counter close at 5PM?", "5PM", "5 pm"),
        ("Is it shut on 25/12/2025?", "25/12/2025", "25 December 2025"),
        ("Is it shut on 12/25/2025?", "12/25/2025", "25 December 2025"),
        ("Is it shut on 25.12.2025?", "25.12.2025", "25 December 2025"),
        ("Is it shut on 2025-12-25?", "2025-12-25", "25 December 2025"),
        ("Is it shut on December 25, 2025?", "December 25, 2025", "25 December 2025"),
    ],
)
def test_times_and_dates_are_read_as_the_texts_write_them(
    answerer: Answerer, question: str, written: str, meant: str
) -> None:
    (found,) = find_equivalents(ENGLISH.question(question), answerer.index).readings
    assert (question[found.word.start : found.word.end] + "." * written.endswith("."), found.meant) == (written, meant)
    answer = answerer.answer(question)
    assert all(one.state is TermState.KNOWN for one in answer.terms)
    assert answer.passages[0].passage.heading == "Hours"


@pytest.mark.parametrize(
    "question",
    [
        "Does the counter open at 08:30?",  # as they write it
        "Does the counter open at 8.30pm?",
        "What costs 8.30?",  # a price
        "What costs 5?",
        "What weighs 13 am?",
        "Does it open at 25:10?",
        "Does it run version 1.25.12.2025?",
        "Is it shut on 31/02/2025?",
        "Is it shut on 24/12/2025?",
    ],
)
def test_other_figures_are_read_as_they_stand(answerer: Answerer, question: str) -> None:
    assert find_equivalents(ENGLISH.question(question), answerer.index).readings == ()


def test_figures_alone_are_read_in_other_languages() -> None:
    question = load_language("de").question("Ist am 25.12.2025 um 8:30 oder um 5 pm offen?")
    found = find_moments(question, "de")
    assert [len(one.words) for one in found] == [3, 2]
    assert found[1].others == ("08:30", "8:30")
    assert not any("December" in way for way in found[0].others)


@given(st.dates(min_value=date(1000, 1, 1)), st.times())
def test_every_time_and_date_is_found_however_it_is_written(day: date, time: time) -> None:
    text = f"on {day.day} {day:%B} {day.year:04} at {time:%H:%M}"
    found = find_moments(ENGLISH.question(text), "en")
    assert len(found) == 2
    for moment in found:
        for other in moment.others:
            (again,) = find_moments(ENGLISH.question(f"at {other}"), "en")
            assert set(again.others) >= {other}


def test_what_the_texts_have_in_both_ways_is_sought_in_both(answerer: Answerer) -> None:
    found = find_equivalents(ENGLISH.question("Who pays for a handset?"), answerer.index)
    assert found.readings == ()
    assert set(found.also) == {"mobil", "phone"}


@pytest.mark.parametrize(
    ("question", "also"),
    [
        ("Who asks IT for help?", {"inform", "technolog"}),
        ("Does it mend this?", set()),  # no acronym, and a word of its own
        ("DOES IT MEND THIS?", set()),  # where all are capitals none shows that it is no word
        ("Who mends information technology?", set()),  # nobody knows which "it" of the texts is meant
        ("WHAT CAN A GP DO?", set()),
        ("What does the ZQX do?", set()),  # of which nothing has the initials
        ("Who lends a zeppelin?", set()),
        ("", set()),
    ],
)
def test_nothing_else_is_read_as_another_word(answerer: Answerer, question: str, also: set[str]) -> None:
    found = find_equivalents(ENGLISH.question(question), answerer.index)
    assert (found.readings, set(found.also)) == ((), also)


def test_a_form_has_the_others_of_all_its_groups() -> None:
    forms = forms_of([("GP", "physician"), ("doctor", "GP"), ("C#", "C sharp"), ("?", "!")], ENGLISH)
    assert forms["gp",].others == ("physician", "doctor")
    assert forms["c#",].others == ("C sharp",)
    assert () not in forms


def test_a_file_of_synonyms_is_no_text(answerer: Answerer) -> None:
    assert [document.source for document in answerer.index.generation.documents()] == ["texts/desk.md"]
    assert answerer.index.manifest.synonyms[-2:] == (("laptop", "notebook computer"), ("C#", "C sharp"))


def test_a_question_with_an_acronym_is_embedded_once(answerer: Answerer, monkeypatch: pytest.MonkeyPatch) -> None:
    run = GraphRunner.run
    rows: list[tuple[int, ...]] = []

    def counted(self: GraphRunner, wanted: Sequence[Tokens], texts: Texts = Texts.SHORT) -> list[Outputs]:
        rows.extend(tuple(row.ids) for row in wanted)
        return run(self, wanted, texts)

    monkeypatch.setattr(GraphRunner, "run", counted)
    answerer.answer("Who may enter Stage 2 by the rules of an MQZ?")
    assert rows
    assert len(rows) == len(set(rows))


NAMED = {
    "lantern.md": ("Lantern therapy", "LTX, HUT", "People meet twice a week. It ends after half a year."),
    "kite.md": ("Ellis House", "EH", "A house by the sea, built by its first guests. HUT is a word that it has."),
    "indoor.md": ("Indoor training", "IT, HUT, SMART", "Training goes on in winter. All is open on Sundays."),
    "post.md": ("Post for all", "PTT, ÉCU, PCT", "Letters come on Mondays."),
    "ptt.md": ("PTT", "", "A kind of lamp."),
    "other.md": ("How long a course takes", "", "Most take a year. How long one takes, nobody can tell."),
}


def write_named(texts: Path, names: dict[str, tuple[str, str, str]]) -> None:
    texts.mkdir(exist_ok=True)
    for name, (title, aliases, text) in names.items():
        written = f"---\ntitle: {title}\naliases: [{aliases}]\n---\n\n{text}\n"
        (texts / name).write_text(written, encoding="utf-8")


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Answerer:
    folder: Path = tmp_path_factory.mktemp("acronyms")
    write_named(folder / "texts", NAMED)
    build_index([folder / "texts"], folder / "index", BuildSettings())
    return Answerer(open_index(folder / "index"))


@pytest.mark.parametrize(
    ("question", "written", "meant", "document"),
    [
        ("How long does LTX take?", "LTX", "lantern therapy", "Lantern therapy"),
        ("how long does ltx take", "ltx", "lantern therapy", "Lantern therapy"),
        ("HOW LONG DOES LTX TAKE?", "LTX", "lantern therapy", "Lantern therapy"),
        ("What is LTX's end?", "LTX's", "lantern therapy", "Lantern therapy"),
        ("Are LTXs long?", "LTXs", "lantern therapy", "Lantern therapy"),
        ("Who built EH?", "EH", "Ellis House", "Ellis House"),
        ("Is there IT in winter?", "IT", "indoor training", "Indoor training"),
        ("They call it IT. Who does?", "IT", "indoor training", "Indoor training"),
        ("IT?", "IT", "indoor training", "Indoor training"),
        ("What is an ÉCU?", "ÉCU", "post for all", "Post for all"),
        ("Who has PCT, and what is SAM?", "PCT", "post for all", "Post for all"),
    ],
)
def test_an_acronym_of_one_document_is_read_as_its_title(
    named: Answerer, question: str, written: str, meant: str, document: str
) -> None:
    (reading,), also = find_equivalents(ENGLISH.question(question), named.index)
    assert question[reading.word.start : reading.word.end] == written
    assert (reading.meant, reading.ground, reading.passages) == (meant, Ground.SYNONYM, 1)
    assert also == (reading.word.stem,)
    answer = named.answer(question)
    assert answer.passages[0].passage.title == document
    assert [one.state for one in answer.terms if one.term.text == written] == [TermState.KNOWN]


@pytest.mark.parametrize(
    "question",
    [
        "Is it open in winter?",  # a word in small letters
        "IS IT OPEN IN WINTER?",
        "What is HUT?",  # of two documents
        "What is PTT?",  # the title of another
        "Is LTX, lantern therapy, hard?",  # it says itself what that is
        "Who has lent tall xylophones (LTX)?",
        "What are LTX (lent tall xylophones)?",
        "What is RO-LTX?",
        "Is LTX-trained staff needed?",
        "Are ITs good?",
        "Is it smart to wait?",  # words in small letters
        "Do 20 pct of people wait?",
        "What is SMART Recovery?",  # a part of another name
        "SMART Recovery meetings",
        "What did the Sunday SMART do?",
    ],
)
def test_an_acronym_that_may_be_something_else_is_none(named: Answerer, question: str) -> None:
    assert find_equivalents(ENGLISH.question(question), named.index) == ((), ())


@pytest.fixture(scope="module")
def plural(tmp_path_factory: pytest.TempPathFactory) -> Answerer:
    folder: Path = tmp_path_factory.mktemp("plurals")
    (folder / "desk.md").write_text("# Desk\n\nAsk your GP, or the PTA. Some VIPs come by bus.\n", encoding="utf-8")
    build_index([folder / "desk.md"], folder / "index", BuildSettings())
    return Answerer(open_index(folder / "index"))


@pytest.mark.parametrize(
    ("question", "readings"),
    [
        ("Who asks GPs?", [("GPs", "GP")]),
        ("Who asks PTAs or GPs?", [("PTAs", "PTA"), ("GPs", "GP")]),
        ("Who asks a GP?", []),
        ("When do VIPs come?", []),
        ("Are there ZTXs?", []),
        ("Who has a gps?", []),
    ],
)
def test_the_plural_of_an_acronym(plural: Answerer, question: str, readings: list[tuple[str, str]]) -> None:
    found, _ = find_equivalents(ENGLISH.question(question), plural.index)
    assert [(question[one.word.start : one.word.end], one.meant) for one in found] == readings
    states = {one.term.text: one.state for one in plural.answer(question).terms}
    assert all(states.get(written, TermState.KNOWN) is TermState.KNOWN for written, _ in readings)


@pytest.mark.parametrize("question", ["Who has a gps?", "Are there ZTXs?", "What is a bu?"])
def test_a_note_names_parts_only_where_there_are_some(plural: Answerer, question: str) -> None:
    answer = plural.answer(question)
    assert "have ," not in (answer.note or "")
    assert all(one.known_parts for one in answer.terms if one.state is TermState.UNESTABLISHED)


def test_acronyms_follow_the_texts(tmp_path: Path) -> None:
    write_named(tmp_path / "texts", NAMED)
    build_index([tmp_path / "texts"], tmp_path / "index", BuildSettings())
    assert open_index(tmp_path / "index").manifest.acronyms == {
        "EH": "Ellis House", "IT": "Indoor training", "LTX": "Lantern therapy",
        "PCT": "Post for all", "SMART": "Indoor training", "ÉCU": "Post for all",
    }  # fmt: skip
    write_named(tmp_path / "texts", {"indoor.md": ("Indoor training", "", "Training goes on in winter.")})
    build_index([tmp_path / "texts"], tmp_path / "index", BuildSettings())
    assert open_index(tmp_path / "index").manifest.acronyms == {
        "EH": "Ellis House", "HUT": "Lantern therapy", "LTX": "Lantern therapy",
        "PCT": "Post for all", "ÉCU": "Post for all",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "so"),
    [("AB", True), ("ABCDE", True), ("A", False), ("ABCDEF", False), ("Ab", False), ("A1", False), ("A B", False)],
)
def test_what_an_acronym_is(name: str, so: bool) -> None:
    assert is_acronym(name) is so


@pytest.mark.parametrize(
    ("acronym", "text", "runs"),
    [
        ("GP", "Ask your general practitioner. Good people", ["general practitioner", "good people"]),
        ("MOU", "a memorandum of understanding", ["memorandum of understanding"]),
        ("DA", "the department of agriculture", ["department of agriculture"]),
        ("WWI", "World War II, then World War I", ["world war i"]),
        ("GPI", "your general practitioner in town", []),  # a small word is no last one
        ("DAA", "the department of art and architecture", ["department of art and architecture"]),
        ("GP", "general. Practice", []),
        ("GP", "general care practice", []),
        ("GP", "", []),
    ],
)
def test_initials(acronym: str, text: str, runs: list[str]) -> None:
    assert list(initialled(acronym, text, ENGLISH.words(text), ENGLISH)) == runs


@given(st.text(alphabet="abc of.\n", max_size=60), st.text(alphabet="ABCO", min_size=2, max_size=4))
def test_runs_begin_with_the_initials(text: str, acronym: str) -> None:
    for run in initialled(acronym, text, ENGLISH.words(text), ENGLISH):
        initials = [word[0] for word in run.split()]
        assert initials[0] == acronym[0].lower()
        assert set(acronym.lower()) <= set(initials)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('synonyms = "GP"', "synonyms"),
        ('synonyms = [["GP"]]', "synonyms"),
        ('synonyms = [["GP", ""]]', "synonyms"),
        ('synonyms_file = "none.txt"', "none.txt, which has synonyms, cannot be read"),
        ('synonyms_file = "one.txt"', "one.txt, line 2: a group is of 2 to 20"),
        ('synonyms_file = "latin.txt"', "latin.txt is not UTF-8"),
        ('synonyms_file = "large.txt"', "large.txt, which has synonyms, cannot be read"),
    ],
)
def test_settings_that_cannot_be_used(tmp_path: Path, written: str, said: str) -> None:
    (tmp_path / "corpus.toml").write_text(written, encoding="utf-8")
    (tmp_path / "a.md").write_text("A text.", encoding="utf-8")
    (tmp_path / "one.txt").write_text("GP, general practitioner\nalone\n", encoding="utf-8")
    (tmp_path / "latin.txt").write_bytes("café, coffee".encode("latin-1"))
    (tmp_path / "large.txt").write_text("a, b\n" * 300_000, encoding="utf-8")
    with pytest.raises(BadSettings, match=re.escape(said)):
        find_corpora([tmp_path])
