"""Evidence -> Note: the uncertainty in words, as a careful librarian would put it.

Never says that a thing does not exist, only that these texts do not have it. Every sentence rests on a state,
a count or the confidence in the same answer.
"""

import re
from collections.abc import Sequence

from qa.answers.verdicts import is_flagged
from qa.datatypes import EVERYTHING, Answer, Evidence, Note, TermReport, TermState, Verdict
from qa.language import Language, language_name

_GREETINGS = frozenset({
    "hello", "hi", "hey", "hello there", "hi there", "good morning", "good afternoon", "good evening", "good day",
    "thanks", "thank you", "bye", "goodbye", "how are you", "hello how are you",
})  # fmt: skip

VERDICT_WORDS = {
    Verdict.ANSWERED: "Probably answered",
    Verdict.UNCERTAIN: "Uncertain",
    Verdict.NOT_IN_CORPUS: "Probably not answered",
}

_WORD = re.compile(r"\w+")
_UNLIKELY = 0.3  # below it an uncertain answer is called improbable: a manner of speaking, no bound of a verdict
_LISTED = 5  # missing terms that a note names before it only counts
_FEW_SENTENCES = 2  # of a note, to which more is added: longer ones are not read

WHOLE_TITLE = "On the whole question"

GREETING = "Hello. Ask these texts a question, in a sentence or in a few words."


def write_note(evidence: Evidence, certain: float, decided: Verdict, language: Language) -> Note:
    """Return the note on a question with its confidence and verdict, asked of texts in this language; its text is None
    when nothing is uncertain.

    Every term that is missing is named, and how the question was read. What is nearest to these, what stands apart and
    what all of it amounts to is said as long as that makes no more than two sentences.
    """
    if evidence.language is not None:
        return Note(_language_sentence(evidence.language, language), None)
    if is_greeting(evidence):
        return Note(GREETING, None)
    flagged = [report for report in evidence.terms if report.state is not TermState.KNOWN]
    asked = evidence.question.text
    said = [
        *_absent_sentence(flagged),
        *(_term_sentence(report, asked) for report in flagged if _has_parts(report)),
        *_misspelled_sentence(flagged),
    ]
    more = [
        *(_closest_sentence(report) for report in flagged if report.closest),
        *_together_sentences(evidence, decided),
        *_answer_sentences(evidence, certain, decided),
    ]
    kept = list(dict.fromkeys(said))
    kept += list(dict.fromkeys(more))[: max(_FEW_SENTENCES - len(kept), 0)]
    return Note(" ".join(kept) or None, _clarification(flagged, decided, language, asked))


def _language_sentence(asked: str, own: Language) -> str:
    """Return that a question is in another language than the texts."""
    name = language_name(own.code)
    return f"Your question seems to be in {language_name(asked)}. These texts are in {name}, and so is this search."


def is_greeting(evidence: Evidence) -> bool:
    """Whether a question only greets, and the texts have nothing on that."""
    said = " ".join(_WORD.findall(evidence.question.text.lower()))
    return said in _GREETINGS and not any(report.passage_count for report in evidence.terms)


def _is_absent(report: TermReport) -> bool:
    return report.state is TermState.UNKNOWN and not report.known_parts


def _has_parts(report: TermReport) -> bool:
    return report.state is not TermState.MISSPELLED and not _is_absent(report)


def _misspelled_sentence(flagged: Sequence[TermReport]) -> list[str]:
    """Return one sentence on all words that were read as another."""
    read = [r for r in flagged if r.state is TermState.MISSPELLED and r.suggestion]
    pairs = dict.fromkeys((report.term.text, report.suggestion or "") for report in read)
    as_others = [f"{quoted([written])} was read as {quoted([meant])}" for written, meant in pairs]
    return [f"{_listed(as_others)}."] if as_others else []


def _absent_sentence(flagged: Sequence[TermReport]) -> list[str]:
    """Return one sentence on all terms of which the corpus has no part."""
    absent = list(dict.fromkeys(report.term.spelt for report in flagged if _is_absent(report)))
    if not absent:
        return []
    more = len(absent) - _LISTED
    if more > 0:
        return [f"These texts do not mention {', '.join(map(_mark, absent[:_LISTED]))} and {more:,} more."]
    return [f"These texts do not mention {quoted(absent, 'or')}."]


def _term_sentence(report: TermReport, asked: str) -> str:
    term, parts = quoted([report.term.spelt]), quoted(_as_asked(report.known_parts, asked))
    if report.state is TermState.UNESTABLISHED:
        return f"These texts have {parts}, but nowhere {term} as one term."
    return f"These texts do not mention {term}, though they have {parts}."


def _as_asked(parts: Sequence[str], question: str) -> list[str]:
    """Return known parts with the capitals that the asker gave them."""
    found = [(part, question.lower().find(part)) for part in parts]
    return [question[at : at + len(part)] if at >= 0 else part for part, at in found]


def _closest_sentence(report: TermReport) -> str:
    """Return what the texts say in place of an unknown term, as far as vectors measure meaning."""
    return f"Nearest to {quoted([report.term.spelt])} in meaning, they have {quoted(report.closest)}."


def _together_sentences(evidence: Evidence, decided: Verdict) -> list[str]:
    """Return which terms no passage has together, where that is why nothing answers."""
    apart = [part.terms for part in evidence.parts if len(part.terms) > 1 and not part.ranking]
    if evidence.apart and decided is not Verdict.ANSWERED:
        apart.append(evidence.apart)
    where = "" if evidence.scope == EVERYTHING else " of the texts that were asked"
    asked = evidence.question.text
    return [f"No passage{where} has {quoted(_as_asked(terms, asked))} together." for terms in apart]


def _answer_sentences(evidence: Evidence, certain: float, decided: Verdict) -> list[str]:
    """Return what the confidence amounts to in words; nothing where the terms have said it."""
    if not evidence.ranking:
        return ["These texts have nothing on this question."]
    passages, do, are = ("passages", "do", "are") if len(evidence.ranking) > 1 else ("passage", "does", "is")
    this = "These" if len(evidence.ranking) > 1 else "This"
    if decided is Verdict.NOT_IN_CORPUS:
        return [f"{this} {are} the nearest {passages}, and probably {do} not answer it."]
    if decided is Verdict.UNCERTAIN and certain < _UNLIKELY:
        return [f"The nearest {passages} probably {do} not answer it."]
    if decided is Verdict.UNCERTAIN and not is_flagged(evidence.terms):
        return [f"The {passages} below {are} on the subject, but may not answer it."]
    return []


def _clarification(flagged: Sequence[TermReport], decided: Verdict, language: Language, asked: str) -> str | None:
    if not flagged:
        unsure = decided is Verdict.NOT_IN_CORPUS
        return "Can you put it in other words, or name the field it belongs to?" if unsure else None
    report = next((report for report in flagged if report.state is not TermState.MISSPELLED), flagged[0])
    term = quoted([report.term.spelt])
    if report.state is TermState.MISSPELLED:
        only_asks = language.question_words.issuperset(report.stems)  # "waht": nothing hangs on it
        meant = dict.fromkeys(one.suggestion for one in flagged if one.suggestion)
        return None if only_asks else f"Did you mean {quoted(list(meant))}?"
    if report.closest:
        return f"Do you mean {quoted(report.closest, 'or')}?"
    if len(report.known_parts) > 1:
        parts = _listed([_mark(part) for part in _as_asked(report.known_parts, asked)], "or")
        return f"Is {term} a name that you read somewhere, or do you mean {parts}, or both together?"
    return f"Does {term} go by another name, or do you know of a text that has it?"


def quoted(terms: Sequence[str], last: str = "and") -> str:
    """Return terms in quotation marks as a list in words: “a”, “b” and “c”."""
    return _listed([_mark(term) for term in terms], last)


def _mark(term: str) -> str:
    return f"“{term}”"


def _listed(items: Sequence[str], last: str = "and") -> str:
    return f" {last} ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def headline_words(answer: Answer) -> str:
    """Return the verdict as the beginning of a sentence on the texts that were asked."""
    if not answer.passages:
        return "Nothing found"
    if answer.verdict is Verdict.ANSWERED:
        return "Probably answered"
    if answer.verdict is Verdict.UNCERTAIN:
        return "Not found as asked" if is_flagged(answer.terms) else "Perhaps answered"
    return "Not found" if is_flagged(answer.terms) else "Probably not answered"


def answer_places(answer: Answer) -> str:
    """Return in words where an answer stands: "in passage 1", or "in the passages 1 and 2". It has one."""
    ranks = [f"{place.rank:,}" for place in answer.answer.places] if answer.answer else []
    return f"in passage {ranks[0]}" if len(ranks) == 1 else f"in the passages {_listed(ranks)}"


def part_title(terms: Sequence[str]) -> str:
    """Return the heading of a part: “a”, or “a” and “b” together."""
    return f"{quoted(terms)}{' together' if len(terms) > 1 else ''}"
