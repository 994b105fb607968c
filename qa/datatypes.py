"""The nouns of the service, frozen. Imports nothing of the package; holds no behaviour beyond construction.

Scores, stated once: higher is nearer. ``cosine`` is in [-1, 1]; a fused or lexical score orders and means
nothing else; only ``confidence`` is a probability.
"""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import exp
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Section:
    """The body under one heading: ``text[start:end]`` of its document, without the heading's own line."""

    heading: str
    level: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Page:
    """A page as its source numbers it ("12", "iv"): ``text[start:end]`` of its document. ``number`` is its place in the
    file, counted from 1, 0 where that is not known."""

    label: str
    start: int
    end: int
    number: int = 0


@dataclass(frozen=True, slots=True)
class Details:
    """What a document's file says of it beside its text, as a citation or a catalogue has it; "" and () where it says
    nothing. ``date`` and ``reviewed`` are as they are written there; ``see_also`` are ids or names of other
    documents."""

    authors: tuple[str, ...] = ()
    date: str = ""
    licence: str = ""
    reviewed: str = ""
    references: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    see_also: tuple[str, ...] = ()


NO_DETAILS = Details()


@dataclass(frozen=True, slots=True)
class SourceLines:
    """On which lines of its file a text stands: what begins at ``starts[n]`` of it is on line ``numbers[n]``, counted
    from 1, up to the next start. Both rise."""

    starts: "array[int]" = field(default_factory=lambda: array("I"))
    numbers: "array[int]" = field(default_factory=lambda: array("I"))


NO_LINES = SourceLines()


@dataclass(frozen=True, slots=True)
class Document:
    """One text of the corpus.

    ``source`` is the place a person can open: a path from the corpus's own folder name on, with ``:line``
    for a record of a file. ``sections`` and ``pages`` are in order and do not overlap; empty when the text has no
    headings, or no pages. ``lines`` lead from the text, which is what a reader sees, back to its file; empty where that
    has no lines. ``aliases`` are other names of its subject; ``guess`` is the encoding that was guessed for its file,
    or what guessed the letters of its pictures; "" where nothing had to be. ``details`` are what its file says of it.
    """

    id: str
    title: str
    text: str
    source: str
    sections: tuple[Section, ...] = ()
    pages: tuple[Page, ...] = ()
    aliases: tuple[str, ...] = ()
    guess: str = ""
    lines: SourceLines = NO_LINES
    details: Details = NO_DETAILS


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of one document: always ``document.text[start:end] == passage.text``, in characters.

    ``heading`` is the section's, or "" outside of any section; ``page`` the label of the page it is on, "12–13" when it
    runs over several, "" where there are no pages; ``line`` that of the file on which it begins, 0 where it has none.
    ``sentences`` are [start, end) ranges within ``text``, in order.
    """

    id: str
    document_id: str
    title: str
    heading: str
    source: str
    text: str
    start: int
    end: int
    page: str = ""
    line: int = 0
    sentences: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text: ``text[start:end]`` is how it is written, ``folded`` how it is spelt in lower case without
    accents, ``stem`` how it is looked up."""

    stem: str
    start: int
    end: int
    folded: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it is asked or read, cut once: its words, their stems, and ``content``, those of the stems that do
    not only ask; all where all do."""

    text: str
    words: tuple[Word, ...]
    stems: tuple[str, ...]
    content: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A stretch of words as it is shown, and their stems, by which it is looked up."""

    text: str
    stems: tuple[str, ...]


class Scores(NamedTuple):
    """What the finder makes of a term, each as log odds: that a term begins at its first word, that it is one name,
    and that an answer needs it."""

    begins: float
    name: float
    needed: float


@dataclass(frozen=True, slots=True)
class Term:
    """A word or compound of a question: ``question[start:end] == text``.

    ``words`` are spelt as they were read; ``read`` is the text so where it is another. ``scores`` are the finder's,
    None where the question's words were only grouped; ``noun`` says that it is a noun phrase, as far as that is known;
    ``quoted`` that it stands in quotation marks.
    """

    text: str
    start: int
    end: int
    words: tuple[Word, ...]
    read: str = ""
    scores: Scores | None = None
    noun: bool = True
    quoted: bool = False

    @property
    def spelt(self) -> str:
        """Return the text as it was read."""
        return self.read or self.text


class TermState(StrEnum):
    """What the corpus knows of a term.

    KNOWN: it uses the term. MISSPELLED: an error for a word that it or English has. UNKNOWN: it does not use
    the term. UNESTABLISHED: it uses every part, and never the whole as one term.
    """

    KNOWN = "known"
    MISSPELLED = "misspelled"
    UNKNOWN = "unknown"
    UNESTABLISHED = "unestablished"


class Ground(StrEnum):
    """What gave a term its state.

    USED: passages use it. SPELT_OTHERWISE: they spell it in another way. SYNONYM: they have another word for it. ERROR:
    it is an error for a word. LACKING: words of it are in no passage. APART: each part is used, the whole nowhere.
    """

    USED = "used"
    SPELT_OTHERWISE = "spelt_otherwise"
    SYNONYM = "synonym"
    ERROR = "error"
    LACKING = "lacking"
    APART = "apart"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a term has its state: the ground; in how many passages it is used; and the ``words`` that it was read as, or
    that the texts lack."""

    ground: Ground
    passages: int = 0
    words: str = ""


@dataclass(frozen=True, slots=True)
class TermReport:
    """A term with its state. ``passage_count`` is how many passages use the whole term; ``meant`` is the word that a
    misspelled one was read as; ``parts`` are the longest parts that the corpus does use, in order, as the asker wrote
    them in lower case; ``closest`` are terms of the corpus that mean nearly what an unknown one does; ``reason`` is
    what gave the state, and ``probability`` in [0, 1] how likely it is that the question asks for the
    term and the texts do not have it; ``corpora`` are the names of those that have it, where several were asked;
    ``thin`` are the parts, as others use them, of a name that a single text uses.
    """

    term: Term
    state: TermState
    passage_count: int
    meant: Phrase | None = None
    parts: tuple[Phrase, ...] = ()
    closest: tuple[str, ...] = ()
    reason: Reason | None = None
    probability: float = 0.0
    corpora: tuple[str, ...] = ()
    thin: tuple[Phrase, ...] = ()

    @property
    def suggestion(self) -> str | None:
        """Return the word that was meant, as it is shown."""
        return self.meant.text if self.meant else None

    @property
    def known_parts(self) -> tuple[str, ...]:
        """Return the known parts as they are shown."""
        return tuple(part.text for part in self.parts)

    @property
    def stems(self) -> tuple[str, ...]:
        """Return the stems of the term: of a misspelled one as it was meant, of a known one as the texts have it."""
        if self.meant:
            return self.meant.stems
        if self.state is TermState.KNOWN and self.parts:
            return self.parts[0].stems
        return tuple(word.stem for word in self.term.words)


class Hit(NamedTuple):
    """A passage's row number in the index with its score; ``rank`` counts from 1."""

    row: int
    score: float
    rank: int


Ranking = tuple[Hit, ...]
"""Hits, best first. A row stands in a ranking once."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which documents are asked: those whose source, and whose title, begin with these, that have this topic, this
    ending of their file ("pdf") and this year; "" takes all.

    Case does not matter.
    """

    source: str = ""
    title: str = ""
    topic: str = ""
    type: str = ""
    year: str = ""


EVERYTHING = Scope()


class Lack(NamedTuple):
    """A stretch of a question, ``question[start:end]``, with the probability in [0, 1] that a passage lacks what it
    says."""

    start: int
    end: int
    probability: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading makes of one passage for a question: ``log_odds`` that it answers; where the answer would stand,
    ``passage.text[start:end]``, and how likely that is of all places in it, in [0, 1]; and what of the question it
    lacks, token by token. ``start`` and ``end`` are the same where it would stand outside of the text."""

    log_odds: float
    start: int
    end: int
    certainty: float
    lacks: tuple[Lack, ...]

    def moved(self, by: int) -> "Reading":
        """Return it for a passage that begins so many characters before what was read."""
        return replace(self, start=self.start + by, end=self.end + by)

    @property
    def probability(self) -> float:
        """Return the probability that the passage answers."""
        return 1 / (1 + exp(-self.log_odds))


@dataclass(frozen=True, slots=True)
class Part:
    """What the corpus says on one known part, or on several together."""

    phrases: tuple[Phrase, ...]
    ranking: Ranking

    @property
    def terms(self) -> tuple[str, ...]:
        """Return the parts as they are shown."""
        return tuple(phrase.text for phrase in self.phrases)


@dataclass(frozen=True, slots=True)
class Signals:
    """What the confidence of a question is computed from: each a number, measured on its first five passages.

    "Weight" is the inverse document frequency of a word that does not only ask, as BM25 has it (Robertson and Zaragoza
    2009); a coverage is the share in [0, 1] of the question's weight that is found. Carmel and Yom-Tov, "Estimating the
    query difficulty for information retrieval", 2010, survey predictors of this kind.

    - ``top_cosine``: of the nearest passage, in [-1, 1].
    - ``rise``: the nearest passage's cosine less the median of the hundred nearest; near 0 where nothing stands out.
    - ``coherence``: the mean cosine of the five with each other.
    - ``lead``: the first passage's score in the fusion, in standard deviations above the mean of the n candidates, over
      √(2 ln n), near which the highest of n normal draws lies: so it means the same where texts are few.
    - ``lexical_share``: the best BM25 score over the highest that the question's words alone allow; phrases, and what
      else its words are called, can lift it above 1.
    - ``agreement``: the mean of the first passage's reciprocal ranks in the dense and in the lexical ranking.
    - ``corpus_coverage``: by the words of all texts.
    - ``passage_coverage``: by the first passage; ``shown_coverage``: by the five together.
    - ``sentence_coverage``: by the best sentence of the first passage, with its title and heading.
    - ``title_coverage``: by the best title and heading of the five.
    - ``missing_word``: the weight of the heaviest word that the first passage lacks, over that of a word in no text.
    - ``matched_weight``: the weight that the first passage has, in nats; a longer question can have more.
    - ``noun_coverage``: the share of terms ending in a noun that have all words in the first passage, 1 without any.
    - ``flagged_weight``: the share of the weight that lies in unknown and unestablished terms.
    - ``flagged_name``: 1 where there is one, else 0.
    - ``flagged_unknown``: 1 where one is unknown, else 0.
    - ``flagged_apart``: 1 where none of the five passages has all words of one of them, else 0.
    - ``length``: log(1 + the number of different words that do not only ask).
    - ``read_answer``: the highest log odds of the passages read that they answer, 0 where none was read.
    - ``read_lacking``: of the question's words that do not only ask the one that each passage read lacks most surely:
      the least probability of these, in [0, 1]; 0 where none was read.
    - ``term_missing``: of the terms that no passage has as they stand, the highest probability that the question asks
      for one and the texts do not have it; 0 without any.
    """

    top_cosine: float
    rise: float
    coherence: float
    lead: float
    lexical_share: float
    agreement: float
    corpus_coverage: float
    passage_coverage: float
    shown_coverage: float
    sentence_coverage: float
    title_coverage: float
    missing_word: float
    matched_weight: float
    noun_coverage: float
    flagged_weight: float
    flagged_name: float
    flagged_unknown: float
    flagged_apart: float
    length: float
    read_answer: float
    read_lacking: float
    term_missing: float


NOTHING_MEASURED = Signals(**dict.fromkeys(Signals.__slots__, 0.0))
"""The signals of a question for which nothing was found."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything measured about one question on one index; confidence and note are pure functions of it.

    ``ranking`` is what is shown, ``cosines`` the cosine of each of its hits, in its order. Passages are of the
    ``scope`` that was asked; states are of all texts. ``language`` is that of the question where it is another one than
    that of the texts, whose terms then say nothing. ``readings`` are of the first hits, in
    their order, however few are shown. ``copies`` has the row of each passage that says the same as a better one, with
    the row of that. ``apart`` are the only two terms that are asked for, where each is in some passage and no passage
    of the scope has both.
    """

    question: Question
    ranking: Ranking
    cosines: tuple[float, ...]
    signals: Signals = NOTHING_MEASURED
    terms: tuple[TermReport, ...] = ()
    parts: tuple[Part, ...] = ()
    scope: Scope = EVERYTHING
    language: str | None = None
    readings: tuple[Reading, ...] = ()
    copies: Mapping[int, int] = field(default_factory=dict)
    apart: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """The stated uncertainty: ``text`` in sentences, None when nothing is uncertain, and the ``clarification``
    asked back, or None."""

    text: str | None
    clarification: str | None


class Verdict(StrEnum):
    """What the service makes of a question."""

    ANSWERED = "answered"
    UNCERTAIN = "uncertain"
    NOT_IN_CORPUS = "not_in_corpus"


@dataclass(frozen=True, slots=True)
class QuotedPassage:
    """A passage in an answer. ``highlights`` are [start, end) character ranges within ``passage.text``;
    ``best_sentence`` is the one that has most of the question's words, None where none has any; ``copies`` are other
    passages that say the same, which are not shown; ``corpus`` is the name of the one it is from, where several were
    asked; ``answers`` is whether it more likely answers than not, None where it was not read."""

    rank: int
    passage: Passage
    cosine: float
    highlights: tuple[tuple[int, int], ...] = ()
    best_sentence: tuple[int, int] | None = None
    copies: tuple[Passage, ...] = ()
    corpus: str = ""
    answers: bool | None = None


@dataclass(frozen=True, slots=True)
class AnsweredPart:
    """The passages on one known part, or on several together; none when no passage has them all."""

    terms: tuple[str, ...]
    passages: tuple[QuotedPassage, ...]


class Place(NamedTuple):
    """Where an answer stands: in the passage of this rank, ``passage.text[start:end]``."""

    rank: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Span:
    """The words of a passage that answer, the ``probability`` in [0, 1] that they are right, and where they stand:
    first where they were read, then in other passages shown that answer in the same words."""

    text: str
    probability: float
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service returns. ``confidence`` is in [0, 1]; ``note`` is None when nothing is uncertain; ``answer`` is
    the words that answer, None where no passage does or was read, and where they are more likely wrong; ``notice`` is
    what the owner of the texts wants to be read with every answer, ``signpost`` what he wants to be read first by who
    asks such a question; ``corpus`` is the name of the corpus, of several the one that most probably answers, "" where
    it has none."""

    question: str
    confidence: float
    verdict: Verdict
    note: str | None
    terms: tuple[TermReport, ...] = ()
    passages: tuple[QuotedPassage, ...] = ()
    parts: tuple[AnsweredPart, ...] = ()
    clarification: str | None = None
    notice: str | None = None
    answer: Span | None = None
    signpost: str | None = None
    corpus: str = ""


@dataclass(frozen=True, slots=True)
class Signpost:
    """What the owner of the texts wants to be read, in place of a verdict, by who asks something like the
    ``examples``; a question that has one of the ``words`` need not be as near to these."""

    text: str
    examples: tuple[str, ...]
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """How an index was made. Two indexes with equal manifests, but for ``created``, answer alike.

    ``title``, ``notice``, ``language``, ``examples``, questions for a first try, ``signposts`` and ``synonyms``, groups
    of words that mean the same, are the owner's words, as are the ``acronyms`` of single documents' subjects, with the
    titles of these; ``originals`` has, by their sources, the paths of the files that
    he hands out, ``addresses`` where those were fetched that live elsewhere.
    ``sources`` are the checksums of the files that were read, ``imperfect`` those of which something was left out;
    ``files`` are the checksums of the generation's own; ``libraries``, and ``plugins`` that add to Candor, have their
    versions. ``requested_tokens`` is the setting from which ``passage_tokens`` came. ``reader`` is what reads the
    passages, "" where nothing does.
    """

    format: int
    version: str
    created: str
    embedder: str
    embedder_path: str | None
    embedder_checksum: str
    dimension: int
    max_tokens: int
    passage_tokens: int
    requested_tokens: int
    store: str
    lexicon: str
    documents: int
    passages: int
    corpora: tuple[str, ...] = ()
    title: str = ""
    notice: str = ""
    language: str = "en"
    examples: tuple[str, ...] = ()
    signposts: tuple[Signpost, ...] = ()
    synonyms: tuple[tuple[str, ...], ...] = ()
    acronyms: dict[str, str] = field(default_factory=dict)
    originals: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    imperfect: tuple[str, ...] = ()
    libraries: dict[str, str] = field(default_factory=dict)
    plugins: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    reader: str = ""
    reader_checksum: str = ""
