"""Evidence -> Note: the uncertainty in words, as a careful librarian would put it.

Never says that a thing does not exist, only that these texts do not have it. Every sentence rests on a state,
a count or the confidence in the same answer.
"""

import re
from collections.abc import Sequence

from qa.answers.verdicts import is_flagged
from qa.datatypes import EVERYTHING, Answer, Evidence, Note, TermReport, TermState, Verdict
from qa.language import Language, language_name
from qa.wording import ENGLISH, Wording, wording_of

_GREETING = frozenset({
    "hello", "hi", "hey", "greetings", "thanks", "thank", "cheers", "bye", "goodbye", "ok", "okay",
})  # fmt: skip
_BESIDE_GREETING = frozenset({
    "there", "good", "morning", "afternoon", "evening", "day", "you", "a", "lot", "so", "very", "much", "many", "all",
    "everyone", "again", "for", "your", "help", "dear", "and", "how", "are",
})  # fmt: skip
_SMALL_TALK = frozenset({
    "good morning", "good afternoon", "good evening", "good day", "how are you", "who are you", "what are you",
    "what can you do", "test", "testing",
})  # fmt: skip

_WORD = re.compile(r"\w+")
_UNLIKELY = 0.3  # below it an uncertain answer is called improbable: a manner of speaking, no bound of a verdict
_LISTED = 5  # missing terms that a note names before it only counts
_FEW_SENTENCES = 2  # of a note, to which more is added: longer ones are not read


def write_note(evidence: Evidence, certain: float, decided: Verdict, language: Language) -> Note:
    """Return the note on a question with its confidence and verdict, asked of texts in this language; its text is None
    when nothing is uncertain.

    Every term that is missing is named, and how the question was read. What is nearest to these, what stands apart and
    what all of it amounts to is said as long as that makes no more than two sentences.
    """
    said = wording_of(language.code)
    if evidence.language is not None:
        return Note(_language_sentence(evidence.language, language, said), None)
    if is_greeting(evidence):
        return Note(said.text("Hello. Ask these texts a question, in a sentence or in a few words."), None)
    if is_follow_up(evidence, decided, language):
        goes_on = said.text("It seems to go on from something asked before, and each question stands by itself here.")
        return Note(goes_on, said.text("What is it about? Ask it whole."))
    flagged = [report for report in evidence.terms if report.state is not TermState.KNOWN]
    asked = evidence.question.text
    sure = [
        *_absent_sentence(flagged, said),
        *(_term_sentence(report, asked, said) for report in flagged if _has_parts(report)),
        *_misspelled_sentence(flagged, said),
    ]
    more = [
        *_thin_sentences(evidence, decided, said),
        *(_closest_sentence(report, said) for report in flagged if report.closest),
        *_together_sentences(evidence, decided, said),
        *_answer_sentences(evidence, certain, decided, said),
    ]
    kept = list(dict.fromkeys(sure))
    kept += list(dict.fromkeys(more))[: max(_FEW_SENTENCES - len(kept), 0)]
    return Note(" ".join(kept) or None, _clarification(flagged, decided, language, asked, said))


def _language_sentence(asked: str, own: Language, said: Wording) -> str:
    """Return that a question is in another language than the texts."""
    return said.text(
        "Your question seems to be in {asked}. These texts are in {own}, and so is this search.",
        asked=said.text(language_name(asked)),
        own=said.text(language_name(own.code)),
    )


def is_greeting(evidence: Evidence) -> bool:
    """Whether a question is nothing but small talk, which is no term of the texts."""
    words = _words(evidence.question.text)
    greets = not _GREETING.isdisjoint(words) and (_GREETING | _BESIDE_GREETING).issuperset(words)
    is_term = any(report.passage_count and _words(report.term.spelt) == words for report in evidence.terms)
    return (greets or " ".join(words) in _SMALL_TALK) and not is_term


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def is_follow_up(evidence: Evidence, decided: Verdict, language: Language) -> bool:
    """Whether a question that nothing answers leaves open what it is about: "and for adults?"."""
    is_open = decided is not Verdict.ANSWERED and all(one.state is TermState.KNOWN for one in evidence.terms)
    return is_open and language.goes_on(evidence.question)


def _is_absent(report: TermReport) -> bool:
    return report.state is TermState.UNKNOWN and not report.known_parts


def _has_parts(report: TermReport) -> bool:
    return report.state is not TermState.MISSPELLED and not _is_absent(report)


def _misspelled_sentence(flagged: Sequence[TermReport], said: Wording) -> list[str]:
    """Return one sentence on all words that were read as another."""
    read = [r for r in flagged if r.state is TermState.MISSPELLED and r.suggestion]
    pairs = dict.fromkeys((report.term.text, report.suggestion or "") for report in read)
    as_others = [
        said.text("{written} was read as {meant}", written=said.quoted([written]), meant=said.quoted([meant]))
        for written, meant in pairs
    ]
    return [f"{said.listed(as_others)}."] if as_others else []


def _absent_sentence(flagged: Sequence[TermReport], said: Wording) -> list[str]:
    """Return one sentence on all terms of which the corpus has no part."""
    absent = list(dict.fromkeys(report.term.spelt for report in flagged if _is_absent(report)))
    if not absent:
        return []
    if len(absent) > _LISTED:
        listed = ", ".join(said.quoted([term]) for term in absent[:_LISTED])
        more = len(absent) - _LISTED
        return [
            said.counted(
                "These texts do not mention {terms} and one more.",
                "These texts do not mention {terms} and {number} more.",
                more,
                terms=listed,
            )
        ]
    return [said.text("These texts do not mention {terms}.", terms=said.quoted(absent, "or"))]


def _term_sentence(report: TermReport, asked: str, said: Wording) -> str:
    term, parts = said.quoted([report.term.spelt]), said.quoted(as_asked(report.known_parts, asked))
    if report.state is TermState.UNESTABLISHED:
        return said.text("These texts have {parts}, but nowhere {term} as one term.", parts=parts, term=term)
    return said.text("These texts do not mention {term}, though they have {parts}.", parts=parts, term=term)


def as_asked(parts: Sequence[str], question: str) -> list[str]:
    """Return known parts with the capitals that the asker gave them."""
    found = [(part, question.lower().find(part)) for part in parts]
    return [question[at : at + len(part)] if at >= 0 else part for part, at in found]


def _thin_sentences(evidence: Evidence, decided: Verdict, said: Wording) -> list[str]:
    """Return which names a single text uses, where nothing answers."""
    thin = [report.term.spelt for report in evidence.terms if report.thin] if decided is not Verdict.ANSWERED else []
    return [said.text("Only one of these texts uses {term}.", term=said.quoted([term])) for term in thin]


def _closest_sentence(report: TermReport, said: Wording) -> str:
    """Return what the texts say in place of an unknown term, as far as vectors measure meaning."""
    term, closest = said.quoted([report.term.spelt]), said.quoted(report.closest)
    return said.text("Nearest to {term} in meaning, they have {closest}.", term=term, closest=closest)


def _together_sentences(evidence: Evidence, decided: Verdict, said: Wording) -> list[str]:
    """Return which terms no passage has together, where that is why nothing answers."""
    apart = [part.terms for part in evidence.parts if len(part.terms) > 1 and not part.ranking]
    if evidence.apart and decided is not Verdict.ANSWERED:
        apart.append(evidence.apart)
    quoted = [said.quoted(as_asked(terms, evidence.question.text)) for terms in apart]
    if evidence.scope == EVERYTHING:
        return [said.text("No passage has {terms} together.", terms=terms) for terms in quoted]
    return [said.text("No passage of the texts that were asked has {terms} together.", terms=terms) for terms in quoted]


def _answer_sentences(evidence: Evidence, certain: float, decided: Verdict, said: Wording) -> list[str]:
    """Return what the confidence amounts to in words; nothing where the terms have said it."""
    shown = len(evidence.ranking)
    if not shown:
        return [said.text("These texts have nothing on this question.")]
    if decided is Verdict.NOT_IN_CORPUS:
        return [
            said.counted(
                "This is the nearest passage, and probably does not answer it.",
                "These are the nearest passages, and probably do not answer it.",
                shown,
            )
        ]
    if decided is Verdict.UNCERTAIN and certain < _UNLIKELY:
        return [
            said.counted(
                "The nearest passage probably does not answer it.",
                "The nearest passages probably do not answer it.",
                shown,
            )
        ]
    if decided is Verdict.UNCERTAIN and not is_flagged(evidence.terms):
        return [
            said.counted(
                "The passage below is on the subject, but may not answer it.",
                "The passages below are on the subject, but may not answer it.",
                shown,
            )
        ]
    return []


def _clarification(
    flagged: Sequence[TermReport], decided: Verdict, language: Language, asked: str, said: Wording
) -> str | None:
    if not flagged:
        unsure = decided is Verdict.NOT_IN_CORPUS
        return said.text("Can you put it in other words, or name the field it belongs to?") if unsure else None
    report = next((report for report in flagged if report.state is not TermState.MISSPELLED), flagged[0])
    term = said.quoted([report.term.spelt])
    if report.state is TermState.MISSPELLED:
        only_asks = language.question_words.issuperset(report.stems)  # "waht": nothing hangs on it
        meant = dict.fromkeys(one.suggestion for one in flagged if one.suggestion)
        return None if only_asks else said.text("Did you mean {terms}?", terms=said.quoted(list(meant)))
    if report.closest:
        return said.text("Do you mean {terms}?", terms=said.quoted(report.closest, "or"))
    if len(report.known_parts) > 1:
        return said.text(
            "Is {term} a name that you read somewhere, or do you mean {parts}, or both together?",
            term=term,
            parts=said.quoted(as_asked(report.known_parts, asked), "or"),
        )
    return said.text("Does {term} go by another name, or do you know of a text that has it?", term=term)


# --- verdicts and places -------------------------------------------------------------------------------------


def verdict_words(verdict: Verdict, said: Wording = ENGLISH) -> str:
    """Return a verdict in words."""
    words = {
        Verdict.ANSWERED: said.text("Probably answered"),
        Verdict.UNCERTAIN: said.text("Uncertain"),
        Verdict.NOT_IN_CORPUS: said.text("Probably not answered"),
    }
    return words[verdict]


def shown_confidence(confidence: float) -> float:
    """Return a confidence to two places, as people are shown it: .01 to .99, for nothing here is certain; 0 where
    nothing was found."""
    return min(max(round(confidence, 2), 0.01), 0.99) if confidence else 0.0


def headline_words(answer: Answer, said: Wording = ENGLISH) -> str:
    """Return the verdict as the beginning of a sentence on the texts that were asked."""
    if not answer.passages:
        return said.text("Nothing found")
    if answer.verdict is Verdict.ANSWERED:
        return said.text("Probably answered")
    if answer.verdict is Verdict.UNCERTAIN:
        return said.text("Not found as asked") if is_flagged(answer.terms) else said.text("Perhaps answered")
    return said.text("Not found") if is_flagged(answer.terms) else said.text("Probably not answered")


def answer_places(answer: Answer) -> str:
    """Return in words where an answer stands: "in passage 1", or "in the passages 1 and 2". It has one."""
    ranks = [f"{place.rank:,}" for place in answer.answer.places] if answer.answer else []
    return f"in passage {ranks[0]}" if len(ranks) == 1 else f"in the passages {ENGLISH.listed(ranks)}"


def whole_title(said: Wording = ENGLISH) -> str:
    """Return the heading of the passages for the whole question, where its parts have theirs."""
    return said.text("On the whole question")


def part_title(terms: Sequence[str], said: Wording = ENGLISH) -> str:
    """Return the heading of a part: “a”, or “a” and “b” together."""
    quoted = said.quoted(terms)
    return said.text("{terms} together", terms=quoted) if len(terms) > 1 else quoted
