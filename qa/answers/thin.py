"""Known terms -> those that are known thinly: a name of several words that a single text uses, others its parts.

Such a name may be one author's alone, so who asks for it is told, and is shown what the texts have on its parts.
"""

from collections.abc import Sequence
from dataclasses import replace

from qa.answers.spans import ANSWERS
from qa.answers.states import JOINERS, is_one_token, passages_alone, spelt_part
from qa.datatypes import Phrase, Reading, TermReport, TermState, Word
from qa.indexing.index import Index
from qa.language import Language

LEAST_DOCUMENTS = 10
"""Of a corpus: in a smaller one it says little that one text alone has a name."""

MOST_PASSAGES = 12
"""With a name that one text alone uses; more are looked at for no name."""


def with_thin(reports: Sequence[TermReport], readings: Sequence[Reading], index: Index) -> tuple[TermReport, ...]:
    """Return the reports, the thin ones with their parts; as they are where a passage that was read answers."""
    answers = any(reading.log_odds >= ANSWERS for reading in readings)
    if answers or index.manifest.documents < LEAST_DOCUMENTS:
        return tuple(reports)
    return tuple(
        replace(one, thin=_thin_parts(one, index)) if _may_be_thin(one, index.language) else one for one in reports
    )


def plain(reports: Sequence[TermReport]) -> tuple[TermReport, ...]:
    """Return the reports with none called thin, as where the question is answered."""
    return tuple(replace(one, thin=()) if one.thin else one for one in reports)


def _may_be_thin(report: TermReport, language: Language) -> bool:
    """Whether a term is made as the name of something of its own, "… method", "… and …", and few passages have it: of a
    plain phrase, as "painful thoughts", it says nothing that one text alone has it."""
    scores = report.term.scores
    is_named = scores is not None and scores.name > 0 and scores.needed > 0
    is_few = 0 < report.passage_count <= MOST_PASSAGES
    if report.state is not TermState.KNOWN or not (is_few and is_named) or is_one_token(report.term):
        return False
    stems = [word.stem for word in report.term.words]
    return stems[-1] in language.naming_heads or any(word.folded in JOINERS for word in report.term.words)


def _thin_parts(report: TermReport, index: Index) -> tuple[Phrase, ...]:
    """Return the parts of a name that one text alone uses, each used by others, where there are two at least; else
    none."""
    language = index.language
    words = [word for word in report.term.words if word.stem not in language.small_words]
    if len(words) < 2 or [word.stem for word in report.term.words] != list(report.stems):
        return ()
    here = _documents(report.stems, index)
    if len(here) != 1:
        return ()
    parts: list[tuple[Word, ...]] = []
    rest = tuple(words)
    while rest:
        longest = range(min(len(rest), len(words) - 1), 0, -1)
        length = next((n for n in longest if _is_used_elsewhere(rest[:n], here, index)), 0)
        if length:
            parts.append(rest[:length])
        rest = rest[max(length, 1) :]
    if len(parts) > 1 and len(parts[-1]) == 1 and parts[-1][0].stem in language.naming_heads | language.saying:
        parts.pop()
    return tuple(spelt_part(part, report.term, index.lexicon) for part in parts) if len(parts) > 1 else ()


def _documents(phrase: Sequence[str], index: Index) -> frozenset[str]:
    """Return the documents of the first passages that use a phrase, one more than may be few."""
    hits = index.lexicon.rank_with_all([tuple(phrase)], MOST_PASSAGES + 1)
    index.bring((), hits)
    return frozenset(index.passage(hit.row).document_id for hit in hits)


def _is_used_elsewhere(stretch: Sequence[Word], here: frozenset[str], index: Index) -> bool:
    if not passages_alone(stretch, index.lexicon):
        return False
    return bool(_documents([word.stem for word in stretch], index) - here)
