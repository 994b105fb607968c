"""What the vectors say on the suspects of a question: how much the question is about one, and whether it leads away
from the texts.

A question without a term that the texts do not have comes nearer to them: "What is the quorvex method in family
therapy?" without its method is a question on family therapy. Without one that only describes it comes no nearer.

A question's vector is the mean of its tokens', so the mean of a term's tokens stands for the term, and that of the
others for the question without it. Each token has seen the whole question; to embed both apart tells hardly better, and
costs more than the question itself (`benchmarks/README.md`, States of terms).
"""

from collections.abc import Sequence
from dataclasses import replace

from qa.answers.states import Suspect
from qa.datatypes import Question
from qa.finding.tokens import TokenVectors
from qa.stores import Vectors

COPIED = 0.25
"""The share of a term's words with capitals up to which it is not written as a name: one of four is that of a line that
was copied ("Psychotherapy and social action model"). Chosen among five on the sets that the fit leaves out in turn."""


def weigh(
    question: Question, suspects: Sequence[Suspect], tokens: TokenVectors, own: Vectors, found: Vectors
) -> list[Suspect]:
    """Return suspects with the facts of ``missing.BORNE``, by the vectors of their question's tokens, its own, and the
    (n, d) vectors of the passages that were found."""

    def nearest(vector: Vectors) -> float:
        return float((found @ vector).max(initial=-1.0))

    before = nearest(own)

    def weighed(one: Suspect) -> Suspect:
        about = nearer = 0.0
        if not _is_named(one):
            term, rest = tokens.parted(one.term.start, one.term.end)
            about = float(term @ own)
            nearer = max(nearest(rest) - before, 0.0) if _has_more(question, one) else 0.0
        return replace(one, facts={**(one.facts or {}), "about": about, "nearer": nearer})

    return [weighed(one) for one in suspects]


def _is_named(suspect: Suspect) -> bool:
    """Whether a suspect is written as a name: it is asked for, whatever the question is like without it."""
    return (suspect.facts or {})["capitals"] > COPIED


def _has_more(question: Question, suspect: Suspect) -> bool:
    return any(not suspect.term.start <= word.start < suspect.term.end for word in question.words)
