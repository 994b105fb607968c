"""Reports on terms -> the known parts of a question, and the passages for each: what is answered where a term is not.

The passages that have all words of a part are put in order by its vector. That is the mean of its tokens' vectors in
the question, where the model that embeds the texts tells them, so that "treatment" in a question on grief finds the
treatment of grief; it is as good or better than that of the part by itself, and costs nothing (`benchmarks/parts.py`).
"""

from collections.abc import Iterable, Sequence

from qa.answers.candidates import Candidates
from qa.answers.fusions import rank
from qa.answers.ordering import find_copies
from qa.datatypes import Hit, Phrase, Question, Ranking, Term, TermReport, TermState
from qa.finding.tokens import TokenVectors
from qa.indexing.index import Index, Selection
from qa.stores import Vectors

PASSAGES = 3
"""Shown for each part: enough to choose from, and fewer than for the question itself."""

MOST = 8
"""Parts of a question, so that none is dear: each is a search and as many passages to compare."""

_FEW = 3  # known terms beside the flagged ones; more make a text of the question, not a subject
_BOTH = 2
_DEPTH = 200  # passages with a part's words that are compared by cosine
_NEAREST = 50  # of these, among which copies are sought: a sixteenth of the work, unless most of them are copies


def parts_of(reports: Sequence[TermReport]) -> list[tuple[Phrase, ...]]:
    """Return the known parts of the flagged and the thin terms, each alone and then the parts of one term together.

    Where something is flagged and the question has few other terms, these are parts too: "anxiety" in a question on
    "anxiety and the quorvex method". Those that only ask are not, "three facts on …", as far as the finder tells. At
    most MOST in all.
    """
    flagged = [one for one in reports if one.thin or one.state in {TermState.UNKNOWN, TermState.UNESTABLISHED}]
    if not flagged:
        return []
    inside = [part for report in flagged for part in report.thin or report.parts]
    known = [one for one in reports if one.state is TermState.KNOWN and not one.thin]
    nouns = [one for one in known if one.term.noun and _is_needed(one.term)]
    beside = [part for report in nouns for part in report.parts]
    alone = _each_once([*inside, *(beside if len(beside) <= _FEW else [])])
    together = dict.fromkeys(tuple(_each_once(report.thin or report.parts)) for report in flagged)
    return [*((part,) for part in alone), *(parts for parts in together if len(parts) > 1)][:MOST]


def _is_needed(term: Term) -> bool:
    """Whether an answer more likely needs a term than not, or nothing is known of that."""
    return term.scores is None or term.scores.needed > 0


def _each_once(phrases: Iterable[Phrase]) -> list[Phrase]:
    """Return the phrases in order, each as it first comes."""
    found: dict[str, Phrase] = {}
    for phrase in phrases:
        found.setdefault(phrase.text, phrase)
    return list(found.values())


def apart(reports: Sequence[TermReport], index: Index, selection: Selection | None) -> tuple[Phrase, ...]:
    """Return the only two terms that a question asks for where each is known and no passage has both, else nothing: of
    more terms, two that stand apart are the rule."""
    heads = index.language.naming_heads  # "technique" alone is asked of anything
    named = [one for one in reports if one.term.noun and not heads.issuperset(one.stems)]
    asked = [one for one in named if one.term.scores is not None and one.term.scores.needed > 0]
    if len(asked) != _BOTH or not all(one.state is TermState.KNOWN and one.passage_count for one in asked):
        return ()
    together = index.lexicon.rank_with_all([one.stems for one in asked], 1, selection.documents if selection else None)
    return () if together else tuple(Phrase(one.term.spelt.lower(), one.stems) for one in asked)


def part_text(phrases: Sequence[Phrase]) -> str:
    """Return what is embedded for parts where their tokens have no vectors: "psychotherapy and social action"."""
    return " and ".join(phrase.text for phrase in phrases)


def in_context(phrases: Sequence[Phrase], question: Question, tokens: TokenVectors | None) -> Vectors | None:
    """Return the (d,) vector of parts as the question has them; None where it does not say them in these words, or
    nothing is known of its tokens."""
    places = [_place(phrase.stems, question) for phrase in phrases]
    found = [place for place in places if place is not None]
    return tokens.mean_of(found) if tokens is not None and len(found) == len(places) else None


def _place(stems: Sequence[str], question: Question) -> tuple[int, int] | None:
    """Return where in a question's text some words stand side by side, the first time."""
    asked, wanted = question.stems, list(stems)
    for first in range(len(asked) - len(wanted) + 1):
        if list(asked[first : first + len(wanted)]) == wanted:
            return question.words[first].start, question.words[first + len(wanted) - 1].end
    return None


def having_all(phrases: Sequence[Phrase], index: Index, selection: Selection | None) -> Ranking:
    """Return the best passages by BM25 among those that have all words of the parts."""
    among = selection.documents if selection else None
    return index.lexicon.rank_with_all([phrase.stems for phrase in phrases], _DEPTH, among)


def nearest_to(vector: Vectors, having: Ranking, candidates: Candidates) -> Ranking:
    """Return the passages that have all words of a part, the nearest to its (d,) vector first."""
    cosines = candidates.cosines(having, vector)
    return rank({hit.row: cosine for hit, cosine in zip(having, cosines, strict=True)})


def first_of(nearest: Ranking, candidates: Candidates, index: Index) -> tuple[Ranking, dict[int, int]]:
    """Return the first of the passages nearest to a part, none twice, and the row of each copy with that of its better
    one."""
    kept, copies = _without_copies(nearest[:_NEAREST], candidates, index)
    if len(kept) < PASSAGES and len(nearest) > _NEAREST:
        kept, copies = _without_copies(nearest, candidates, index)
    return tuple(Hit(hit.row, hit.score, place) for place, hit in enumerate(kept[:PASSAGES], start=1)), copies


def _without_copies(nearest: Ranking, candidates: Candidates, index: Index) -> tuple[list[Hit], dict[int, int]]:
    copies = find_copies(nearest, candidates, index)
    return [hit for hit in nearest if hit.row not in copies], copies
