"""A run beside its set -> Outcomes: every question's own numbers, from which all measures are means or pools."""

import re
import string
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ir_measures
import numpy as np
import numpy.typing as npt

from qa.evaluation.judgments import Judgments
from qa.evaluation.question import SetQuestion
from qa.evaluation.runs import ranked_documents

Column = npt.NDArray[np.float64]
"""One number for each question, in the order of the run; NaN where the question has none."""

LABEL_DEPTH = 5
"""An answer is right when one of its first five passages is of a document that answers."""

_FLAGGED = {"unknown", "unestablished"}
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans(dict.fromkeys(string.punctuation + "“”‘’–—", " "))


@dataclass(frozen=True, slots=True)
class Outcomes:
    """``ids`` of the questions, and their columns by name: ranking measures, ``confidence``, ``right``, counts."""

    ids: list[str]
    columns: dict[str, Column]

    def column(self, name: str) -> Column:
        """Return a column, all NaN where the run has none of the name."""
        return self.columns.get(name, np.full(len(self.ids), np.nan))


@dataclass(frozen=True, slots=True)
class Grading:
    """How answers are judged: the judgments, the least grade that answers, and the ranking measures wanted."""

    judgments: Judgments
    ranking_measures: Sequence[str]
    least_grade: int = 1


def collect_outcomes(pairs: Iterable[tuple[SetQuestion, dict[str, Any]]], grading: Grading) -> Outcomes:
    """Return the outcomes of (question, answer) pairs, which are read once and not kept."""
    rank = _ranker(grading)
    ids: list[str] = []
    values: dict[str, array[float]] = {}  # eight bytes a number, whatever the size of the set
    for question, answer in pairs:
        row = {**rank(question.id, answer), **_confidence(question, answer, grading), **_terms(question, answer)}
        if question.answers:
            row["answer_containment"] = float(contains_answer(answer, question.answers))
            row["exact_match"], row["token_f1"] = span_scores(answer, question.answers)
        for name in row:
            values.setdefault(name, array("d", [np.nan]) * len(ids))
        for name, column in values.items():
            column.append(row.get(name, np.nan))
        ids.append(question.id)
    return Outcomes(ids, {name: np.array(column) for name, column in values.items()})


def _ranker(grading: Grading) -> Callable[[str, dict[str, Any]], dict[str, float]]:
    """Return a function to a judged question's ranking measures, from ir_measures; {} for one without judgments.

    A question without a single passage has every measure at 0.
    """
    parsed = {name: _ir_measure(name, grading.least_grade) for name in grading.ranking_measures}
    names = {measure: name for name, measure in parsed.items()}

    def rank(identifier: str, answer: dict[str, Any]) -> dict[str, float]:
        graded = grading.judgments.get(identifier)
        if not graded:
            return {}
        documents = ranked_documents(answer)
        run = {identifier: {document: -float(place) for place, document in enumerate(documents)}}
        found = dict.fromkeys(parsed, 0.0)
        if documents:
            for metric in ir_measures.iter_calc(list(parsed.values()), {identifier: graded}, run):
                found[names[metric.measure]] = float(metric.value)
        return found

    return rank


def _ir_measure(name: str, least_grade: int) -> Any:
    kind, _, cutoff = name.partition("@")
    measure = RANKING_MEASURES[kind] @ int(cutoff)
    return measure if kind == "ndcg" or least_grade == 1 else measure(rel=least_grade)


RANKING_MEASURES: dict[str, Any] = {
    "ndcg": ir_measures.nDCG,
    "recall": ir_measures.R,
    "mrr": ir_measures.RR,
    "map": ir_measures.AP,
    "success": ir_measures.Success,
}
"""The names used here, and those of ir_measures: nDCG (Järvelin and Kekäläinen 2002, with linear gain), recall,
reciprocal rank, average precision, success; each at a cutoff, as in "ndcg@10"."""


def _confidence(question: SetQuestion, answer: dict[str, Any], grading: Grading) -> dict[str, float]:
    """Return the confidence, and whether the answer is right where that is known."""
    row = {"confidence": float(answer["confidence"])}
    if question.answerable is not None:
        row["answerable"] = float(question.answerable)
    documents = [passage["document_id"] for passage in answer["passages"][:LABEL_DEPTH]]
    right = is_right(question, documents, grading)
    if right is not None:
        row["right"] = float(right)
    return row


def is_right(question: SetQuestion, documents: Sequence[str], grading: Grading) -> bool | None:
    """Return whether the documents of the first passages answer: never where the set calls the question
    unanswerable, else by its judgments, else as the set says; None where nothing is known."""
    graded = grading.judgments.get(question.id)
    if question.answerable is False or not graded:
        return question.answerable
    return any(graded.get(document, 0) >= grading.least_grade for document in documents)


def contains_answer(answer: Mapping[str, Any], wanted: Sequence[str]) -> bool:
    """Whether a passage of an answer contains one of the wanted answers, both without case, articles and punctuation
    (the normalisation of SQuAD, Rajpurkar et al. 2016)."""
    texts = [f" {_plain(passage['text'])} " for passage in answer["passages"]]
    return any(f" {_plain(one)} " in text for one in wanted for text in texts if _plain(one))


def span_scores(answer: Mapping[str, Any], wanted: Sequence[str]) -> tuple[float, float]:
    """Return whether the words that answer are one of those wanted, and the highest F1 of their words with one: 0 and 0
    where there are none (both as SQuAD measures them, Rajpurkar et al. 2016)."""
    if answer.get("answer") is None:
        return 0.0, 0.0
    found = _plain(answer["answer"]["text"])
    return float(any(found == _plain(one) for one in wanted)), max(_word_f1(found, _plain(one)) for one in wanted)


def _word_f1(found: str, wanted: str) -> float:
    shared = (Counter(found.split()) & Counter(wanted.split())).total()
    return 2 * shared / (len(found.split()) + len(wanted.split())) if shared else float(found == wanted)


def _plain(text: str) -> str:
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def normalised_term(term: str) -> str:
    """Return a term in lower case, hyphens as spaces, without article and edge punctuation."""
    plain = " ".join(term.lower().replace("-", " ").split()).strip(string.punctuation + " “”‘’")
    return re.sub(r"^(a|an|the) ", "", plain)


# --- terms -------------------------------------------------------------------------------------------------


def _terms(question: SetQuestion, answer: dict[str, Any]) -> dict[str, float]:
    """Return the counts that the term measures pool, for a question whose missing terms are labelled."""
    if question.off_corpus_terms is None and question.misspelled is None:
        return {}
    flagged = [normalised_term(t["text"]) for t in answer["terms"] if t["state"] in _FLAGGED]
    wanted = [normalised_term(term) for term in question.off_corpus_terms or ()]
    row = {
        "terms_flagged": float(len(flagged)),
        "terms_wanted": float(len(wanted)),
        "terms_right": float(len(set(flagged) & set(wanted))),
    }
    if not wanted and not question.misspelled:
        row["false_flag"] = float(any(term["state"] != "known" for term in answer["terms"]))
    if question.misspelled:
        row["suggestion_right"] = float(_suggestions_right(question.misspelled, answer["terms"]))
    if wanted and question.known_parts:
        row["known_parts_right"] = float(_parts_right(question, wanted, answer["terms"]))
    row.update(_states(question, answer["terms"]))
    return row


def _suggestions_right(wanted: Sequence[tuple[str, str]], terms: Sequence[Mapping[str, Any]]) -> bool:
    given = {(normalised_term(t["text"]), normalised_term(t["suggestion"] or "")) for t in terms}
    return all((normalised_term(term), normalised_term(correction)) in given for term, correction in wanted)


def _parts_right(question: SetQuestion, wanted: Sequence[str], terms: Sequence[Mapping[str, Any]]) -> bool:
    found = [list(t["known_parts"]) for t in terms if normalised_term(t["text"]) in wanted]
    expected = [normalised_term(part) for part in question.known_parts or ()]
    return any([normalised_term(part) for part in parts] == expected for parts in found)


STATES = ("known", "misspelled", "unknown", "unestablished")
_KIND_STATES = {
    "all_known": "known",
    "known_compound": "known",
    "misspelling": "misspelled",
    "unknown_word": "unknown",
    "unknown_compound": "unestablished",
}


def _states(question: SetQuestion, terms: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, float]]:
    """Yield the state that a question's kind calls for and the gravest one that it got, by their number in STATES."""
    wanted = _KIND_STATES.get(question.kind or "")
    if wanted is not None:
        got = max((STATES.index(term["state"]) for term in terms), default=0)
        yield "state_wanted", float(STATES.index(wanted))
        yield "state_got", float(got)
