"""What the vectors say on the suspects of a question: how much the question is about one, and whether it leads away
from the texts.

A question without a term that the texts do not have comes nearer to them: "What is the quorvex method in family
therapy?" without its method is a question on family therapy. Without one that only describes it comes no nearer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from qa.answers.missing import packaged_weighings
from qa.answers.states import Counted, Suspect
from qa.datatypes import Question
from qa.language import Language
from qa.stores import Vectors

UNSURE = (0.05, 0.95)
"""Between which bounds the counts leave it open whether a suspect is missing: of others the vectors change nothing, and
a third of the questions has one that is left open."""

MOST_LEFT_OUT = 4
"""Suspects of a question without which it is embedded: those that an answer needs most. Each costs as much as the
question itself. Chosen for what that costs, as the next one, and not fitted."""

LONG = 300
"""Characters from which on a question hardly changes by a term, and is not embedded without it."""


def texts_to_weigh(question: Question, suspects: Sequence[Suspect]) -> list[str]:
    """Return what is to be embedded: the suspects that are not written as names, and the question without each."""
    plain = [one for one in suspects if not _is_named(one)]
    return [one.term.spelt for one in plain] + [rest for rest in _rests(question, plain) if rest]


def suspects_to_weigh(
    question: Question, counted: Sequence[Counted], language: Language, every: bool = False
) -> list[Suspect]:
    """Return the suspects that the counts leave open, or ``every`` one. A word that is all that is asked for is none:
    what is left of "What is melancholy?" is near to nothing."""
    suspects = [one for one in counted if isinstance(one, Suspect) and one.facts is not None]
    return [one for one in suspects if every or (_is_open(one) and not _is_all(one, question, language))]


def _is_open(suspect: Suspect) -> bool:
    probability = packaged_weighings().probability(suspect.facts or {}, lacks_word=bool(suspect.lacking))
    return UNSURE[0] <= probability <= UNSURE[1]


def _is_all(suspect: Suspect, question: Question, language: Language) -> bool:
    others = [word.stem for word in question.words if word.start not in {own.start for own in suspect.term.words}]
    return len(suspect.term.words) == 1 and language.unmarked.issuperset(others)


def weigh(
    question: Question, suspects: Sequence[Suspect], vectors: Mapping[str, Vectors], own: Vectors, found: Vectors
) -> list[Suspect]:
    """Return suspects with the facts of ``missing.BORNE``, by the vectors of ``texts_to_weigh``, their question's own,
    and the (n, d) vectors of the passages that were found."""

    def nearest(vector: Vectors) -> float:
        return float((found @ vector).max(initial=-1.0))

    plain = [one for one in suspects if not _is_named(one)]
    rests = iter(_rests(question, plain))

    def weighed(one: Suspect) -> Suspect:
        about = nearer = 0.0
        if not _is_named(one):
            rest = next(rests)
            about = float(vectors[one.term.spelt] @ own)
            nearer = nearest(vectors[rest]) - nearest(own) if rest else 0.0
        return replace(one, facts={**(one.facts or {}), "about": about, "nearer": nearer})

    return [weighed(one) for one in suspects]


def _is_named(suspect: Suspect) -> bool:
    """Whether a suspect is written as a name: it is asked for, whatever the question is like without it."""
    return (suspect.facts or {})["capitals"] > 0


def _rests(question: Question, suspects: Sequence[Suspect]) -> list[str]:
    """Return the question without each suspect, empty where it is not embedded so, or nothing would be left."""
    if len(question.text) > LONG:
        return [""] * len(suspects)
    needed = sorted(suspects, key=lambda one: -(one.facts or {})["needed"])[:MOST_LEFT_OUT]
    return [_without(question, one) if any(one is other for other in needed) else "" for one in suspects]


def _without(question: Question, suspect: Suspect) -> str:
    start, end = suspect.term.start, suspect.term.end
    has_more = any(not start <= word.start < end for word in question.words)
    return (question.text[:start] + question.text[end:]).strip() if has_more else ""
