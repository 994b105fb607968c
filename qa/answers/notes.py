"""Evidence -> Note: the uncertainty in words, as a careful librarian would put it.

Never says that a thing does not exist, only that these texts do not have it. Every sentence rests on a state,
a count or the confidence in the same answer.
"""

from collections.abc import Sequence

from qa.answers.verdicts import is_flagged
from qa.datatypes import EVERYTHING, Answer, Evidence, Note, TermReport, TermState, Verdict
from qa.language import Language, language_name

VERDICT_WORDS = {
    Verdict.ANSWERED: "Probably answered",
    Verdict.UNCERTAIN: "Uncertain",
    Verdict.NOT_IN_CORPUS: "Probably not answered",
}

_UNLIKELY = 0.3  # below it an uncertain answer is called improbable: a manner of speaking, no bound of a verdict
_LISTED = 5  # missing terms that a note names before it only counts

WHOLE_TITLE = "Best for the whole question"


def write_note(evidence: Evidence, certain: float, decided: Verdict, language: Language) -> Note:
    """Return the note on a question with its confidence and verdict, asked of texts in this language; its text is None
    when nothing is uncertain."""
    flagged = [report for report in evidence.terms if report.state is not TermState.KNOWN]
    sentences = [*_language_sentence(evidence, language), *_misspelled_sentence(flagged), *_absent_sentence(flagged)]
    sentences += [_term_sentence(report) for report in flagged if _has_parts(report)]
    sentences += [_closest_sentence(report) for report in flagged if report.closest]
    sentences += _together_sentences(evidence, decided)
    sentences += _answer_sentences(evidence, certain, decided)
    return Note(" ".join(dict.fromkeys(sentences)) or None, _clarification(flagged, decided, language))


def _language_sentence(evidence: Evidence, language: Language) -> list[str]:
    """Return that a question is in another language than the texts, where it is."""
    if evidence.language is None:
        return []
    asked, own = language_name(evidence.language), language_name(language.code)
    return [f"The question seems to be in {asked}, and these texts are in {own}."]


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
        return [f"These texts do not have the terms {', '.join(map(_mark, absent[:_LISTED]))} and {more:,} more."]
    return [f"These texts do not have the {'term' if len(absent) == 1 else 'terms'} {quoted(absent)}."]


def _term_sentence(report: TermReport) -> str:
    term, parts = quoted([report.term.spelt]), quoted(report.known_parts)
    if report.state is TermState.UNESTABLISHED:
        return f"These texts use {parts}, but nowhere {term} as one term."
    return f"These texts do not have the term {term}, though they have {parts}."


def _closest_sentence(report: TermReport) -> str:
    """Return what the texts say in place of an unknown term, as far as vectors measure meaning."""
    return f"Close to {quoted([report.term.spelt])} in meaning, they have {quoted(report.closest)}."


def _together_sentences(evidence: Evidence, decided: Verdict) -> list[str]:
    """Return which terms no passage has together, where that is why nothing answers."""
    apart = [part.terms for part in evidence.parts if len(part.terms) > 1 and not part.ranking]
    if evidence.apart and decided is not Verdict.ANSWERED:
        apart.append(evidence.apart)
    where = "" if evidence.scope == EVERYTHING else " of the texts that were asked"
    return [f"No passage{where} has {quoted(terms)} together." for terms in apart]


def _answer_sentences(evidence: Evidence, certain: float, decided: Verdict) -> list[str]:
    """Return what the confidence amounts to in words; nothing where the terms have said it."""
    if not evidence.ranking:
        return ["These texts have nothing to show for the question."]
    if decided is Verdict.NOT_IN_CORPUS:
        return ["The passages shown are the best there are, and probably do not answer the question."]
    if decided is Verdict.UNCERTAIN and certain < _UNLIKELY:
        return ["The passages shown are near the question, and probably do not answer it."]
    if decided is Verdict.UNCERTAIN and not is_flagged(evidence.terms):
        return ["The passages shown are near the question, but may not answer it."]
    return []


def _clarification(flagged: Sequence[TermReport], decided: Verdict, language: Language) -> str | None:
    if not flagged:
        unsure = decided is Verdict.NOT_IN_CORPUS
        return "Can you ask it in other words, or name the subject that it belongs to?" if unsure else None
    report = next((report for report in flagged if report.state is not TermState.MISSPELLED), flagged[0])
    term = quoted([report.term.spelt])
    if report.state is TermState.MISSPELLED:
        asks = language.question_words.issuperset(report.stems)  # "waht": nothing hangs on it
        return None if asks else f"If {quoted([report.suggestion or ''])} is not what you meant, what is?"
    if report.closest:
        return f"Do you mean {quoted(report.closest, 'or')}, or something else by {term}?"
    if len(report.known_parts) > 1:
        parts = quoted(report.known_parts, "or")
        return (
            f"What do you mean by {term}: {parts}, how they go together, or a name that you met somewhere, and where?"
        )
    return f"Is there another name for {term}, or a text that you expected it in?"


def quoted(terms: Sequence[str], last: str = "and") -> str:
    """Return terms in quotation marks as a list in words: “a”, “b” and “c”."""
    return _listed([_mark(term) for term in terms], last)


def _mark(term: str) -> str:
    return f"“{term}”"


def _listed(items: Sequence[str], last: str = "and") -> str:
    return f" {last} ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def answer_places(answer: Answer) -> str:
    """Return in words where an answer stands: "in passage 1", or "in the passages 1 and 2". It has one."""
    ranks = [f"{place.rank:,}" for place in answer.answer.places] if answer.answer else []
    return f"in passage {ranks[0]}" if len(ranks) == 1 else f"in the passages {_listed(ranks)}"


def part_title(terms: Sequence[str]) -> str:
    """Return the heading of a part: “a”, or “a” and “b” together."""
    return f"{quoted(terms)}{' together' if len(terms) > 1 else ''}"
