"""Every behaviour over every lexicon; each must give tantivy's numbers."""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa.datatypes import Ranking
from qa.errors import IndexGone
from qa.lexicons import LEXICONS, Entry, Lexicon, PostgresLexicon, Spelling, TantivyLexicon, postgres
from qa.lexicons.postings import LENGTHS as CODED_LENGTHS
from qa.lexicons.postings import best_of_all, common_rows, length_codes
from qa.lexicons.tantivy import CONTEXT_WEIGHT, PHRASE_WEIGHT
from qa.postgres.database import Database, Query, database_of
from tests.english import ENGLISH, stems

Making = Callable[[Sequence[Entry]], Lexicon]

ROWS = [
    Entry(0, 0, ("Family therapy",), "Family therapy treats families."),
    Entry(1, 1, ("Gardens",), "A garden of herbs."),
    Entry(2, 1, ("Action",), "Social action is joint; the social and political action too."),
]
LENGTHS = [len(stems(row.text)) + CONTEXT_WEIGHT * (len(stems(row.context[0])) + 1) for row in ROWS]


def bm25(row: int, frequency: int, passages: int) -> float:
    """A word that so many of the three passages have, so often in this one."""
    idf = math.log(1 + (3 - passages + 0.5) / (passages + 0.5))
    return idf * 2.2 * frequency / (frequency + 1.2 * (1 - 0.75 + 0.75 * LENGTHS[row] / (sum(LENGTHS) / 3)))


def written(kind: type[Lexicon], folder: Path, entries: Sequence[Entry]) -> Lexicon:
    folder.mkdir()
    kind.write(folder, iter(entries), ENGLISH)
    kind.verify(folder)
    return kind.load(folder, ENGLISH)


@pytest.fixture(params=["postgres", "tantivy"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Making:
    """What makes a lexicon of entries, one of each kind."""
    kind = LEXICONS[request.param]
    numbers = count()
    folder = tmp_path if kind is TantivyLexicon else request.getfixturevalue("database_folder")
    return lambda entries: written(kind, folder / f"lexicon-{next(numbers)}", entries)


@pytest.fixture
def lexicon(make: Making) -> Lexicon:
    return make(ROWS)


@pytest.fixture
def make_both(database_folder: Path, tmp_path: Path) -> Callable[[Sequence[Entry]], tuple[PostgresLexicon, Lexicon]]:
    """What makes a lexicon in the database, and tantivy's of the same entries."""
    numbers = count()

    def making(entries: Sequence[Entry]) -> tuple[PostgresLexicon, Lexicon]:
        name = f"both-{next(numbers)}"
        own = written(PostgresLexicon, database_folder / name, entries)
        assert isinstance(own, PostgresLexicon)
        return own, written(TantivyLexicon, tmp_path / name, entries)

    return making


Both = Callable[[Sequence[Entry]], tuple[PostgresLexicon, Lexicon]]


@pytest.mark.parametrize(
    ("phrase", "slop", "count"),
    [
        ("family", 0, 1),
        ("therapies", 0, 1),
        ("garden", 0, 1),  # title and text of one passage are one passage
        ("social action", 0, 1),
        ("Social-Action", 0, 1),
        ("action social", 0, 0),
        ("family families", 0, 0),
        ("therapy family", 0, 0),  # not from the end of a title into a text
        ("social political", 0, 0),
        ("social political", 1, 1),
        ("unheard", 0, 0),
        ("", 0, 0),
    ],
)
def test_passage_count(lexicon: Lexicon, phrase: str, slop: int, count: int) -> None:
    assert lexicon.passage_count(stems(phrase), slop) == count


def test_length(lexicon: Lexicon) -> None:
    assert len(lexicon) == 3


def test_bm25_by_hand(lexicon: Lexicon) -> None:
    (hit,) = lexicon.rank(stems("herbs"), 10)
    assert (hit.row, hit.rank) == (1, 1)
    assert hit.score == pytest.approx(bm25(1, frequency=1, passages=1), rel=1e-3)


def test_a_title_counts_twice(lexicon: Lexicon) -> None:
    (hit,) = lexicon.rank(stems("garden"), 10)
    assert hit.score == pytest.approx(bm25(1, frequency=1 + 2, passages=1), rel=1e-3)


def test_a_phrase_counts_beside_its_words(lexicon: Lexicon) -> None:
    # "social" twice; "action" twice and in the title, which counts twice; "social action" once, of the weight of both.
    words, phrase = stems("social action"), tuple(stems("social action"))
    (alone,) = lexicon.rank(words, 10)
    (both,) = lexicon.rank(words, 10, [phrase])
    assert alone.score == pytest.approx(bm25(2, 2, 1) + bm25(2, 2 + 2, 1), rel=1e-3)
    assert both.score - alone.score == pytest.approx(PHRASE_WEIGHT * 2 * bm25(2, 1, 1), rel=1e-3)


def test_only_among_the_documents_given(lexicon: Lexicon) -> None:
    assert [hit.row for hit in lexicon.rank(stems("families action"), 10, among=[0])] == [0]
    assert [hit.row for hit in lexicon.rank(stems("families action"), 10, among=[1])] == [2]
    (alone,) = lexicon.rank(stems("action"), 10)
    assert lexicon.rank(stems("action"), 10, among=[1])[0].score == pytest.approx(alone.score)
    assert lexicon.rank_with_all([stems("social action")], 5, among=[0]) == ()


@pytest.mark.parametrize(
    ("word", "edits", "expected"),
    [
        ("famly", 1, [Spelling("family", 1, 1)]),
        ("actoin", 1, [Spelling("action", 1, 1)]),  # two neighbours swapped are one edit
        ("gardn", 2, [Spelling("garden", 1, 1), Spelling("gardens", 2, 1)]),
        ("family", 1, []),  # itself is no other spelling
        ("quorvex", 2, []),
    ],
)
def test_near_spellings(lexicon: Lexicon, word: str, edits: int, expected: list[Spelling]) -> None:
    assert lexicon.near_spellings(word, edits) == expected


def test_a_lexicon_without_words(make: Making) -> None:
    lexicon = make([Entry(0, 0, (), "!")])
    assert lexicon.near_spellings("word", 2) == []
    assert (len(lexicon), lexicon.passage_count(["word"]), lexicon.rank(["word"], 10)) == (1, 0, ())


def test_words_beginning(lexicon: Lexicon) -> None:
    assert lexicon.words_beginning("Ga", 5, 1) == ["garden", "gardens"]
    assert lexicon.words_beginning("ga", 1, 1) == ["garden"]
    assert lexicon.words_beginning("ga", 5, 2) == []


def test_has_word(lexicon: Lexicon) -> None:
    assert all(map(lexicon.has_word, ("family", "families", "herbs", "herb")))
    assert not lexicon.has_word("unheard")


def test_weight(lexicon: Lexicon) -> None:
    lexicon.prepare(["famili", "action", "unheard"])
    assert lexicon.weight(stems("family")[0]) == pytest.approx(math.log(1 + 2.5 / 1.5))
    assert lexicon.weight("") == lexicon.weight("unheard") == pytest.approx(math.log(1 + 3.5 / 0.5))


def test_rank_orders_and_cuts(lexicon: Lexicon) -> None:
    ranking = lexicon.rank(stems("families action"), 10)
    assert {hit.row for hit in ranking} == {0, 2}
    assert ranking[0].score >= ranking[1].score
    assert len(lexicon.rank(stems("families action"), 1)) == 1
    assert lexicon.rank([], 10) == ()


def test_rank_with_all(lexicon: Lexicon) -> None:
    assert [hit.row for hit in lexicon.rank_with_all([stems("social action"), stems("joint")], 5)] == [2]
    assert lexicon.rank_with_all([stems("social action"), stems("garden")], 5) == ()
    assert lexicon.rank_with_all([], 5) == ()


vocabulary = st.sampled_from(["ant", "bee", "cow", "dog"])
phrases = st.lists(vocabulary, min_size=1, max_size=5)
texts = st.lists(st.lists(vocabulary, max_size=14), min_size=1, max_size=12)
several_times = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # of the fixtures only what makes a new lexicon is used again


def entries_of(texts: Sequence[Sequence[str]]) -> list[Entry]:
    """One for each text, two to a document, under its first two words."""
    return [Entry(row, row // 2, (" ".join(text[:2]),), " ".join(text)) for row, text in enumerate(texts)]


@several_times
@given(texts=texts.filter(any), phrase=st.lists(vocabulary, min_size=1, max_size=3))
def test_counts_equal_a_plain_count(make: Making, texts: list[list[str]], phrase: list[str]) -> None:
    lexicon = make([Entry(row, row, (), " ".join(text)) for row, text in enumerate(texts)])
    expected = sum(f" {' '.join(phrase)} " in f" {' '.join(text)} " for text in texts)
    assert lexicon.passage_count(stems(" ".join(phrase))) == expected


def assert_same(found: Ranking, expected: Ranking) -> None:
    """The same scores in the same order, and the same row where no other has nearly its score."""
    assert [hit.score for hit in found] == pytest.approx([hit.score for hit in expected], rel=1e-5)
    assert [hit.rank for hit in found] == [hit.rank for hit in expected]
    scores = {hit.row: hit.score for hit in expected}
    least = min(scores.values(), default=0) * (1 + 1e-5)
    assert {hit.row for hit in found if hit.score > least} <= scores.keys()
    assert all(hit.score == pytest.approx(scores[hit.row], rel=1e-5) for hit in found if hit.row in scores)
    assert sorted(found, key=lambda hit: (-hit.score, hit.row)) == list(found)


@several_times
@given(texts=texts, asked=st.lists(st.tuples(phrases, st.integers(0, 6)), min_size=10, max_size=10))
def test_counts_equal_those_of_tantivy(
    make_both: Both, texts: list[list[str]], asked: list[tuple[list[str], int]]
) -> None:
    own, other = make_both(entries_of(texts))
    for phrase, slop in asked:
        assert own.passage_count(phrase, slop) == other.passage_count(phrase, slop), (phrase, slop)


@several_times
@given(
    texts=texts,
    asked=st.tuples(st.lists(vocabulary, max_size=4), st.lists(phrases, max_size=4)),
    k=st.integers(1, 15),
    among=st.none() | st.lists(st.integers(0, 8), max_size=4),
)
def test_rankings_equal_those_of_tantivy(
    make_both: Both,
    texts: list[list[str]],
    asked: tuple[list[str], list[list[str]]],
    k: int,
    among: list[int] | None,
) -> None:
    own, other = make_both(entries_of(texts))
    words, sought = asked
    assert_same(own.rank(words, k, sought, among), other.rank(words, k, sought, among))
    assert_same(own.rank_with_all(sought, k, among), other.rank_with_all(sought, k, among))


def test_scores_equal_those_of_tantivy_at_every_length(make_both: Both) -> None:
    lengths = [*range(1, 130), *range(130, 600, 7), *range(600, 9_000, 123)]
    own, other = make_both([Entry(row, row, (), "ant " + "bee " * (n - 1)) for row, n in enumerate(lengths)])
    found, expected = own.rank(["ant"], len(lengths)), other.rank(["ant"], len(lengths))
    assert_same(found, expected)
    assert {hit.row: hit.score for hit in found} == pytest.approx({hit.row: hit.score for hit in expected}, rel=1e-6)


def test_the_byte_of_a_length() -> None:
    assert CODED_LENGTHS[[0, 1, 40, 41, 42, 255]].tolist() == [0, 1, 40, 42, 44, 2_013_265_944]
    assert length_codes(CODED_LENGTHS).tolist() == list(range(256))
    assert length_codes(CODED_LENGTHS[41:] - 1).tolist() == list(range(40, 255))


@pytest.mark.parametrize("rows", [1, 1_000, 300_000])
@pytest.mark.parametrize("k", [1, 7, 100, 400])
@pytest.mark.parametrize("scored", [0.0, 0.0001, 0.5, 1.0])
def test_the_best_of_many_scores(rows: int, k: int, scored: float) -> None:
    chance = np.random.default_rng(rows + k)
    scores = (chance.integers(1, 900, rows) * (chance.random(rows) < scored)).astype(np.float32)
    expected = [row for row in np.lexsort((np.arange(rows), -scores)).tolist() if scores[row]][:k]
    found, its = best_of_all(scores, k)
    assert found.tolist() == expected
    assert its.tolist() == scores[expected].tolist()


@pytest.mark.parametrize("sizes", [(0, 5), (1, 400_000), (3, 200, 90_000), (50_000, 60_000, 300_000), (0, 0)])
def test_common_rows(sizes: tuple[int, ...]) -> None:
    chance = np.random.default_rng(0)
    lists = [np.sort(chance.choice(500_000, size, replace=False)).astype(np.int32) for size in sizes]
    assert common_rows(lists).tolist() == sorted(set.intersection(*(set(rows.tolist()) for rows in lists)))


def test_several_segments(make_both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "SEGMENT", 3)
    texts = ["ant bee", "bee ant cow", "cow", "ant bee bee", "", "dog ant bee", "bee", "ant", "cow ant bee", "dog"]
    own, other = make_both(entries_of([text.split() for text in texts]))
    for phrase in ("ant bee", "bee", "ant bee bee", "dog"):
        assert own.passage_count(phrase.split()) == other.passage_count(phrase.split()), phrase
        assert_same(own.rank(phrase.split(), 10, [phrase.split()]), other.rank(phrase.split(), 10, [phrase.split()]))


def test_a_passage_of_many_tokens(make_both: Both) -> None:
    own, other = make_both([Entry(0, 0, ("Title",), "ant bee " * 35_000 + "cow dog"), Entry(1, 1, (), "dog cow ant")])
    for phrase in ("cow dog", "bee cow dog", "dog cow", "ant cow", "bee ant"):
        assert own.passage_count(stems(phrase)) == other.passage_count(stems(phrase)), phrase
        assert own.passage_count(stems(phrase), 2) == other.passage_count(stems(phrase), 2), phrase
    assert_same(own.rank(["ant", "cow"], 5, [("bee", "ant")]), other.rank(["ant", "cow"], 5, [("bee", "ant")]))


@pytest.mark.parametrize("text", ["x" * 5_000, "\u0430" * 2_000, "\ufdfa", "\u037a", "caf\u00e9 & c++"])
def test_words_out_of_the_ordinary(make_both: Both, text: str) -> None:
    own, other = make_both([Entry(0, 0, (), f"one {text} two"), Entry(1, 1, (), "one two")])
    for phrase in (stems(text), stems(f"one {text}"), stems("one two"), stems(text)[:1]):
        assert own.passage_count(phrase) == other.passage_count(phrase)


def test_only_whole_rows_from_0(database_folder: Path) -> None:
    (database_folder / "lexicon").mkdir()
    with pytest.raises(ValueError, match="row 1 comes where 0 should"):
        PostgresLexicon.write(database_folder / "lexicon", [Entry(1, 0, (), "ant")], ENGLISH)


# --- what a lexicon in a database asks of it -----------------------------------------------------------------------


@pytest.fixture
def own(database_folder: Path) -> PostgresLexicon:
    lexicon = written(PostgresLexicon, database_folder / "lexicon", ROWS)
    assert isinstance(lexicon, PostgresLexicon)
    return lexicon


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many queries each round trip had."""
    made: list[int] = []
    read = Database.read

    def counted(database: Database, *queries: Query) -> list[list[tuple[object, ...]]]:
        made.append(len(queries))
        return read(database, *queries)

    monkeypatch.setattr(Database, "read", counted)
    yield made


def test_what_was_prepared_needs_no_round_trip(own: PostgresLexicon, trips: list[int]) -> None:
    words = stems("family therapy social action unheard")
    own.prepare(words)
    assert trips == [1]
    own.prepare(words)
    own.rank(words, 5, [words[:2], words[2:4]])
    own.rank_with_all([words[2:4]], 5)
    assert [own.passage_count([word]) for word in words] == [1, 1, 1, 1, 0]
    assert own.passage_count(words[:2]) == own.passage_count(words[2:4]) == 1
    own.weight("unheard")
    assert trips == [1]


def test_each_question_is_one_round_trip(own: PostgresLexicon, trips: list[int]) -> None:
    own.rank(stems("family action"), 5, [stems("social action")])
    assert own.rank_with_all([stems("joint"), stems("too")], 5)
    assert own.passage_count(stems("garden of herbs"), 2) == 1
    assert trips == [1, 1, 1]


def test_what_is_kept_stays_within_its_bound(
    database_folder: Path, monkeypatch: pytest.MonkeyPatch, trips: list[int]
) -> None:
    monkeypatch.setattr(postgres, "KEPT_BYTES", 3_000)
    words = [a + b for a in "bcdfghjklm" for b in "aeiou"]
    entries = [Entry(row, row, (), " ".join(words[: row % 50 + 1])) for row in range(100)]
    own = written(PostgresLexicon, database_folder / "lexicon", entries)
    assert isinstance(own, PostgresLexicon)
    for _ in range(2):
        for place, word in enumerate(words):
            assert own.passage_count([word]) == 2 * (50 - place)
            assert 0 < own._kept.nbytes <= 3_000
    trips.clear()
    assert own.passage_count(words) == 2  # all of them at once are more than is kept
    own.passage_count([words[-1]])
    assert own._kept.nbytes <= 3_000
    assert len(trips) <= 2


def test_postings_that_are_gone_or_fewer(database_folder: Path, own: PostgresLexicon) -> None:
    from psycopg import sql

    folder, database = database_folder / "lexicon", database_of(database_folder)
    with database.session() as connection:
        connection.execute(sql.SQL("DELETE FROM {} WHERE stem = 'joint'").format(own._table))
    with pytest.raises(ValueError, match="rows in place of"):
        PostgresLexicon.verify(folder)
    PostgresLexicon.remove(folder)
    with pytest.raises(IndexGone):
        PostgresLexicon.verify(folder)
    with pytest.raises(IndexGone):
        own.passage_count(["joint"])
    PostgresLexicon.remove(folder)


def test_an_unfinished_lexicon_leaves_no_table(database_folder: Path) -> None:
    def failing() -> Iterator[Entry]:
        yield ROWS[0]
        raise OSError("no more")

    folder, database = database_folder / "lexicon", database_of(database_folder)
    folder.mkdir()
    with pytest.raises(OSError, match="no more"):
        PostgresLexicon.write(folder, failing(), ENGLISH)
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = %s AND tablename LIKE 'postings%%'"
    assert count_of(database, tables) == 0
    with pytest.raises((OSError, ValueError)):
        PostgresLexicon.load(folder, ENGLISH)
    PostgresLexicon.remove(folder)


def count_of(database: Database, statement: str) -> int:
    from psycopg import sql

    ((found,),) = database.read(Query(sql.SQL(statement), [database.address.schema]))[0]
    return int(found)


@pytest.mark.parametrize("content", ["", "[]", '{"table": "other"}', '{"table": "postings_0"}'])
def test_a_folder_that_is_no_lexicon(database_folder: Path, own: PostgresLexicon, content: str) -> None:
    folder = database_folder / "lexicon"
    (folder / "postings.json").write_text(content)
    with pytest.raises((ValueError, LookupError)):
        PostgresLexicon.load(folder, ENGLISH)
    (folder / "postings.json").unlink()
    with pytest.raises(OSError, match=r"postings\.json"):
        PostgresLexicon.load(folder, ENGLISH)
