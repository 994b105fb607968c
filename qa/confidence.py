"""Evidence -> confidence and verdict. A first, plain measure; it orders questions and is not calibrated yet."""

from qa.datatypes import Evidence, TermState, Verdict

# Cosines of all-MiniLM-L6-v2 between a question and its best passage: `benchmarks/cosines.py` prints where
# the answerable and the unanswerable questions of the development sets lie.
_UNRELATED = 0.2
_CLEAR = 0.7

_READ = {TermState.KNOWN, TermState.MISSPELLED}  # terms that passages were sought for as they were meant

_ANSWERED = 0.6
_NOT_IN_CORPUS = 0.25


def confidence(evidence: Evidence) -> float:
    """Return a number in [0, 1]: how near the best passage is, times the share of terms that are known.

    Nearness is the top cosine on a line from 0 at 0.2 to 1 at 0.7. A term of which only parts are known counts half.
    0 when nothing was found.
    """
    if not evidence.ranking:
        return 0.0
    nearness = min(max((evidence.top_cosine - _UNRELATED) / (_CLEAR - _UNRELATED), 0.0), 1.0)
    return nearness * known_share(evidence)


def known_share(evidence: Evidence) -> float:
    """Return the mean over the terms of 1 for a known one or one read as its suggestion, 0.5 for one with known parts,
    else 0; 1 without terms."""
    worth = [1.0 if report.state in _READ else 0.5 if report.known_parts else 0.0 for report in evidence.terms]
    return sum(worth) / len(worth) if worth else 1.0


def verdict(evidence: Evidence) -> Verdict:
    """Return what the confidence amounts to. A question with a flagged term is never answered outright."""
    certain = confidence(evidence)
    if certain < _NOT_IN_CORPUS:
        return Verdict.NOT_IN_CORPUS
    flagged = any(report.state not in _READ for report in evidence.terms)
    return Verdict.UNCERTAIN if flagged or certain < _ANSWERED else Verdict.ANSWERED
