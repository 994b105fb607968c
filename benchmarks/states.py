"""How often the terms of a question get the state that they should have: the table of the README, and the worst errors.

    python -m benchmarks.states ../shared/data            every set below, its measures
    python -m benchmarks.states ../shared/data --errors   and the questions that went wrong, by kind

The sets are folders of the one that is named: termstate_counselchat, termstate_scifact, hypotermqa, medquad_a,
dl_typo_q, real_handbook and real_veterans, asked against the indexes of their corpora. The flags of the package were
fitted on some of them: what they are worth on a set that had no say is printed by ``training.missing``.
"""

import re
import string
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.arguments import command_line, folder_of_sets
from benchmarks.data import batches, open_set_index, read_set
from qa.answers.retrieval import gather_evidence, read_questions
from qa.answers.settling import settle
from qa.datatypes import TermReport, TermState
from qa.indexing.index import Index
from qa.language import load_language
from qa.language.vocabulary import NAMING_HEADS

ENGLISH = load_language("en")

CORPORA = {
    "termstate_counselchat": "counselchat",
    "termstate_scifact": "scifact",
    "hypotermqa": "hypotermqa",
    "medquad_a": "medquad_a",
    "dl_typo_q": "clapnq",
}
OWN = ["real_handbook", "real_veterans"]
REAL = ["clapnq", "nomiracl_en", "squad2", "counselchat", "cast_answerability"]
WORST = 10

_WANTED_STATE = {
    "all_known": TermState.KNOWN,
    "known_compound": TermState.KNOWN,
    "misspelling": TermState.MISSPELLED,
    "unknown_word": TermState.UNKNOWN,
    "unknown_compound": TermState.UNESTABLISHED,
}
_GRAVITY = [TermState.KNOWN, TermState.MISSPELLED, TermState.UNKNOWN, TermState.UNESTABLISHED]


@dataclass
class Case:
    """A question of a set with what was reported on its terms."""

    set: str
    kind: str
    question: dict[str, Any]
    reports: tuple[TermReport, ...]
    milliseconds: float

    @property
    def flagged(self) -> list[TermReport]:
        """The terms that are not known."""
        return [report for report in self.reports if report.state is not TermState.KNOWN]

    @property
    def named(self) -> list[str]:
        """The terms that are said to be missing, normalised."""
        return [normalised(report.term.text) for report in self.flagged if report.state is not TermState.MISSPELLED]

    @property
    def wanted(self) -> list[str]:
        """The terms that are labelled as missing, normalised."""
        return [normalised(term) for term in self.question.get("off_corpus_terms") or []]

    def __str__(self) -> str:
        """Return the question with what was wanted and what was flagged."""
        found = ", ".join(f"{r.term.text} = {r.state}{_detail(r)}" for r in self.flagged) or "nothing"
        wanted = self.question.get("off_corpus_terms") or self.question.get("misspelled") or "nothing"
        return (
            f"{self.question['text'][:160]} | wanted {wanted} {self.question.get('known_parts', '')} | flagged {found}"
        )


def _detail(report: TermReport) -> str:
    return f" ({report.suggestion or ', '.join(report.known_parts)})"


def normalised(term: str) -> str:
    """Return a term in lower case without article, edge punctuation and hyphens."""
    plain = " ".join(term.lower().replace("-", " ").split()).strip(string.punctuation + " “”‘’")
    return re.sub(r"^(a|an|the) ", "", plain)


@dataclass
class Table:
    """The measures with the cases that went wrong."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)
    errors: dict[str, list[Case]] = field(default_factory=lambda: defaultdict(list))

    def share(self, name: str, goal: str, cases: Iterable[Case], right: Callable[[Case], bool]) -> None:
        """Add the share of cases that are right."""
        listed = list(cases)
        wrong = [case for case in listed if not right(case)]
        self.rows.append((f"{name}, of {len(listed)}", f"{1 - len(wrong) / max(len(listed), 1):.1%}", goal))
        self.errors[name] = wrong


def read_cases(folder: Path) -> list[Case]:
    """Return the cases of all sets, with the time that a question's states take beside its embedding and reading."""
    cases = []
    for name, corpus in [*CORPORA.items(), *((name, name) for name in (*OWN, *REAL))]:
        with open_set_index(folder / corpus) as index:
            questions = [q for q in read_set(folder / name).questions if name not in REAL or q.get("answerable", True)]
            reports = [reports for batch in batches(questions) for reports in reports_on(batch, index)]
            for question, found in zip(questions, reports, strict=True):
                start = time.perf_counter()
                settle(read_questions([question["text"]], index)[0].counted, ())
                spent = 1000 * (time.perf_counter() - start)
                kind = question.get("kind") or question.get("replacementType") or ("real" if name in REAL else "typo")
                cases.append(Case(name, kind, question, found, spent))
    return cases


def reports_on(questions: Sequence[dict[str, Any]], index: Index) -> list[tuple[TermReport, ...]]:
    """Return what is reported on the terms of questions, their first passages read."""
    found = gather_evidence([question["text"] for question in questions], index, 1, with_parts=False)
    return [evidence.terms for evidence in found]


def measure(cases: Sequence[Case]) -> Table:
    """Return the table of the measures."""
    table = Table()
    termstate = [case for case in cases if case.set.startswith("termstate")]
    missing = [case for case in termstate if case.kind in {"unknown_word", "unknown_compound"}]
    table.rows.append((f"flagged terms, exact span, F1, of {len(missing)}", f"{span_f1(missing):.3f}", ".95"))
    table.rows.append((f"state, macro F1 over five kinds, of {len(termstate)}", f"{macro_f1(termstate):.3f}", ".95"))
    for kind in _WANTED_STATE:
        table.share(f"{kind}: state right", "-", [c for c in termstate if c.kind == kind], state_right)
    table.share("unknown_word: span exact", "-", [c for c in missing if c.kind == "unknown_word"], exactly_named)
    table.share(
        "unknown_compound: span exact", "-", [c for c in missing if c.kind == "unknown_compound"], exactly_named
    )
    known = [case for case in termstate if case.kind in {"all_known", "known_compound"}]
    table.share("nothing flagged, all_known and known_compound", "over 98%", known, lambda case: not case.flagged)
    spelt = [case for case in termstate if case.kind == "misspelling"]
    table.share("suggestion right, misspelling", "95%", spelt, suggestions_right)
    table.share("suggestion right, dl_typo_q", "-", [c for c in cases if c.set == "dl_typo_q"], suggestions_right)
    compounds = [case for case in termstate if case.kind == "unknown_compound"]
    table.share("known parts right, unknown_compound", "95%", compounds, parts_right)
    hypo = [case for case in cases if case.set == "hypotermqa"]
    table.share("hypotermqa: invented term named", "97%", [c for c in hypo if c.kind == "none"], invented_named)
    twins = [case for case in hypo if case.kind != "none"]
    table.share("hypotermqa: nothing flagged among real terms", "over 97%", twins, lambda case: not case.flagged)
    table.rows.append(("hypotermqa: AUROC of the gravest state", f"{auroc(hypo):.3f}", ".98"))
    medquad = [case for case in cases if case.kind == "focus_missing"]
    table.share("medquad_a focus_missing: disease named", "95%", medquad, focus_named)
    answerable = [case for case in cases if case.set == "medquad_a" and case.kind == "answerable"]
    table.share("medquad_a answerable: nothing flagged", "-", answerable, lambda case: not case.flagged)
    for name in OWN:
        own = [case for case in cases if case.set == name]
        lacking, clear = [c for c in own if c.wanted], [c for c in own if not c.wanted]
        table.rows.append((f"{name}: flagged terms, exact, F1, of {len(own)}", f"{span_f1(own):.3f}", "-"))
        table.share(f"{name}: missing term named, exact or by its head", "90%", lacking, named_by_head)
        table.share(f"{name}: nothing flagged where nothing is missing", "97%", clear, lambda case: not case.named)
    real = [case for case in cases if case.kind == "real"]
    table.share("answerable questions of five other sets: nothing flagged", "97%", real, lambda case: not case.named)
    times = [case.milliseconds for case in termstate]
    table.rows.append(("milliseconds for a question's states, median", f"{np.median(times):.2f}", "2"))
    return table


def span_f1(cases: Sequence[Case]) -> float:
    right = sum(len(set(case.named) & set(case.wanted)) for case in cases)
    return 2 * right / sum(len(case.named) + len(case.wanted) for case in cases)


def state_of(case: Case) -> TermState:
    return max((report.state for report in case.reports), key=_GRAVITY.index, default=TermState.KNOWN)


def state_right(case: Case) -> bool:
    return state_of(case) is _WANTED_STATE[case.kind]


def macro_f1(cases: Sequence[Case]) -> float:
    """Return the mean F1 of the five kinds, a question counting for a kind by its gravest state. The two kinds that
    call for ``known`` are told apart by their questions, so that only what was flagged can be wrong about them."""
    scores = []
    for kind, wanted in _WANTED_STATE.items():
        own = [case for case in cases if case.kind == kind]
        others = [case for case in cases if _WANTED_STATE[case.kind] is not wanted]
        right = sum(state_of(case) is wanted for case in own)
        scores.append(2 * right / (len(own) + right + sum(state_of(case) is wanted for case in others)))
    return float(np.mean(scores))


def exactly_named(case: Case) -> bool:
    return sorted(case.named) == sorted(case.wanted)


def suggestions_right(case: Case) -> bool:
    given = {(normalised(r.term.text), normalised(r.suggestion or "")) for r in case.flagged}
    return all((normalised(m["term"]), normalised(m["correction"])) in given for m in case.question["misspelled"])


def parts_right(case: Case) -> bool:
    """Whether the term's known parts are those labelled, generic heads counted either way."""

    def plain(parts: Iterable[str]) -> list[str]:
        return [normalised(part) for part in parts if not NAMING_HEADS.issuperset(ENGLISH.stems(part))]

    expected = plain(case.question["known_parts"])
    return any(normalised(r.term.text) in case.wanted and plain(r.known_parts) == expected for r in case.flagged)


def invented_named(case: Case) -> bool:
    return set(case.wanted) <= set(case.named)


def focus_named(case: Case) -> bool:
    """Whether the disease is named whole or by one of its missing words."""
    if set(case.wanted) & set(case.named):
        return True
    missing = {stem for word in case.question["words_not_in_corpus"] for stem in ENGLISH.stems(word)}
    named = {stem for report in case.flagged for stem in ENGLISH.stems(report.term.text)}
    return bool(missing) and bool(missing & named)


def named_by_head(case: Case) -> bool:
    """Whether each missing term is named, or a stretch that ends as it does."""
    ends = {term.split()[-1] for term in case.named if term}
    return all(term in case.named or term.split()[-1] in ends for term in case.wanted)


def auroc(cases: Sequence[Case]) -> float:
    """Return the chance that a question with an invented term has a graver state than one without, ties half."""
    score = {True: [], False: []}  # type: dict[bool, list[int]]
    for case in cases:
        score[case.kind == "none"].append(_GRAVITY.index(state_of(case)))
    positive, negative = np.array(score[True])[:, None], np.array(score[False])[None]
    return float(((positive > negative) + 0.5 * (positive == negative)).mean())


def main() -> None:
    """Print the table, and the errors where they are asked for."""
    options = command_line(__doc__)
    options.add_argument("data", type=folder_of_sets, metavar="DATA", help="folder that all question sets are in")
    options.add_argument("--errors", type=int, nargs="?", const=WORST, help=f"the first so many of each kind ({WORST})")
    given = options.parse_args()
    table = measure(read_cases(given.data))
    print("| measure | found | to reach |")
    print("|---|---|---|")
    for row in table.rows:
        print(f"| {' | '.join(row)} |")
    if given.errors is not None:
        for name, wrong in table.errors.items():
            print(f"\n{name}: {len(wrong)} wrong")
            for case in wrong[: given.errors]:
                print(f"  {case}")


if __name__ == "__main__":
    main()
