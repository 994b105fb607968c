"""Evidence -> Note: the uncertainty in words, as a careful librarian would put it.

Never says that a thing does not exist, only that these texts do not have it. Every sentence rests on a state,
a count or the confidence in the same answer.
"""

from collections.abc import Sequence

from qa.confidence import verdict
from qa.datatypes import EVERYTHING, Evidence, Note, TermReport, TermState, Verdict

VERDICT_WORDS = {
    Verdict.ANSWERED: "Probably answered",
    Verdict.UNCERTAIN: "Uncertain",
    Verdict.NOT_IN_CORPUS: "Probably not answered",
}

WHOLE_TITLE = "Best for the whole question"


def write_note(evidence: Evidence) -> Note:
    """Return the note on a question, its text None when nothing is uncertain."""
    flagged = [report for report in evidence.terms if report.state is not TermState.KNOWN]
    sentences = [*_absent_sentence(flagged), *(_term_sentence(r) for r in flagged if not _is_absent(r))]
    sentences += _together_sentences(evidence)
    sentences += _answer_sentences(evidence, flagged)
    return Note(" ".join(sentences) or None, _clarification(evidence, flagged))


def _is_absent(report: TermReport) -> bool:
    return report.state is TermState.UNKNOWN and not report.known_parts


def _absent_sentence(flagged: Sequence[TermReport]) -> list[str]:
    """Return one sentence on all terms of which the corpus has no part."""
    absent = list(dict.fromkeys(report.term.text for report in flagged if _is_absent(report)))
    if not absent:
        return []
    return [f"These texts do not have the {'term' if len(absent) == 1 else 'terms'} {quoted(absent)}."]


def _term_sentence(report: TermReport) -> str:
    term, parts = quoted([report.term.text]), quoted(report.known_parts)
    if report.state is TermState.MISSPELLED:
        return f"These texts do not have the word {term}; it was read as {quoted([report.suggestion or ''])}."
    if report.state is TermState.UNESTABLISHED:
        return f"These texts use {parts}, but nowhere {term} as one term."
    return f"These texts do not have the term {term}, though they have {parts}."


def _together_sentences(evidence: Evidence) -> list[str]:
    apart = [part.terms for part in evidence.parts if len(part.terms) > 1 and not part.ranking]
    where = "" if evidence.scope == EVERYTHING else " of the texts that were asked"
    return [f"No passage{where} has {quoted(terms)} together." for terms in apart]


def _answer_sentences(evidence: Evidence, flagged: Sequence[TermReport]) -> list[str]:
    if not evidence.ranking:
        return ["These texts have nothing to show for the question."]
    decided = verdict(evidence)
    if decided is Verdict.NOT_IN_CORPUS:
        return ["The passages shown are the best there are, and probably do not answer the question."]
    if decided is Verdict.UNCERTAIN and not flagged:
        return ["The passages shown are near the question, but may not answer it."]
    return []


def _clarification(evidence: Evidence, flagged: Sequence[TermReport]) -> str | None:
    if not flagged:
        unsure = verdict(evidence) is Verdict.NOT_IN_CORPUS
        return "Can you ask it in other words, or name the subject that it belongs to?" if unsure else None
    report = flagged[0]
    term = quoted([report.term.text])
    if report.state is TermState.MISSPELLED:
        return f"Did you mean {quoted([report.suggestion or ''])}?"
    if len(report.known_parts) > 1:
        parts = quoted(report.known_parts, "or")
        return (
            f"What do you mean by {term}: {parts}, how they go together, or a name that you met somewhere, and where?"
        )
    return f"Is there another name for {term}, or a text that you expected it in?"


def quoted(terms: Sequence[str], last: str = "and") -> str:
    """Return terms in quotation marks as a list in words: “a”, “b” and “c”."""
    marked = [f"“{term}”" for term in terms]
    return f" {last} ".join([", ".join(marked[:-1]), marked[-1]]) if len(marked) > 1 else "".join(marked)


def part_title(terms: Sequence[str]) -> str:
    """Return the heading of a part: “a”, or “a” and “b” together."""
    return f"{quoted(terms)}{' together' if len(terms) > 1 else ''}"
