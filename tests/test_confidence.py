import pytest

from qa.confidence import confidence, known_share, verdict
from qa.datatypes import Evidence, Hit, Term, TermReport, TermState, Verdict


def report(state: TermState, *parts: str) -> TermReport:
    return TermReport(Term("t", 0, 1, ()), state, 0, known_parts=parts)


KNOWN = report(TermState.KNOWN, "t")
UNKNOWN = report(TermState.UNKNOWN)
MISSPELLED = report(TermState.MISSPELLED)
UNESTABLISHED = report(TermState.UNESTABLISHED, "a", "b")


def evidence(top_cosine: float, *terms: TermReport, hits: int = 1) -> Evidence:
    ranking = tuple(Hit(row, 0.1, row + 1) for row in range(hits))
    return Evidence("q", ranking, (top_cosine,) * hits, top_cosine, terms)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (evidence(0.7, KNOWN), 1.0),
        (evidence(0.9, KNOWN), 1.0),
        (evidence(0.45, KNOWN), (0.45 - 0.2) / (0.7 - 0.2)),
        (evidence(0.2, KNOWN), 0.0),
        (evidence(-0.3), 0.0),
        (evidence(0.7, UNKNOWN), 0.0),
        (evidence(0.7, UNESTABLISHED), 0.5),
        (evidence(0.7, KNOWN, UNKNOWN), 0.5),
        (evidence(0.7, MISSPELLED), 1.0),
        (evidence(0.9, KNOWN, hits=0), 0.0),
    ],
)
def test_confidence_by_hand(found: Evidence, expected: float) -> None:
    assert confidence(found) == pytest.approx(expected)


def test_known_share_without_terms() -> None:
    assert known_share(evidence(0.5)) == 1.0


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (evidence(0.7, KNOWN), Verdict.ANSWERED),
        (evidence(0.4, KNOWN), Verdict.UNCERTAIN),
        (evidence(0.25, KNOWN), Verdict.NOT_IN_CORPUS),
        (evidence(0.9, KNOWN, KNOWN, UNKNOWN), Verdict.UNCERTAIN),
        (evidence(0.9, UNKNOWN), Verdict.NOT_IN_CORPUS),
        (evidence(0.9, MISSPELLED), Verdict.ANSWERED),  # as it was read
    ],
)
def test_verdict(found: Evidence, expected: Verdict) -> None:
    assert verdict(found) is expected
