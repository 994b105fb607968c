"""How often a question's flagged terms are exactly the ones that the corpus lacks.

    python -m benchmarks.states ../shared/data/termstate_scifact=../shared/data/scifact [MORE SETS=CORPORA...]

A set without ``=`` is asked against its own corpus.
"""

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.data import open_set_index, read_set
from qa.datatypes import TermState
from qa.lexicon import Lexicon
from qa.states import report_terms
from qa.terms import find_terms


def normalised(term: str) -> str:
    """Return a term in lower case without article, edge punctuation and hyphens."""
    return re.sub(r"^(the|an?) ", "", term.lower().strip(" .?!,\"'").replace("-", " "))


def count(question: dict[str, Any], lexicon: Lexicon) -> Counter[str]:
    """Return what happened to one question, as counts to add up."""
    reports = report_terms(find_terms(question["text"]), lexicon)
    flagged = sorted(normalised(r.term.text) for r in reports if r.state is not TermState.KNOWN)
    wanted = sorted(normalised(term) for term in question.get("off_corpus_terms", []))
    return Counter(questions=1, flagged=bool(flagged), all_named=set(wanted) <= set(flagged), exactly=flagged == wanted)


def main(sets: Sequence[str]) -> None:
    """Print a row for each set and kind of question."""
    print("| set | kind | questions | anything flagged | every missing term named | flags exactly right |")
    print("|---|---|---|---|---|---|")
    for name, _, corpus in (entry.partition("=") for entry in sets):
        questions, index = read_set(Path(name)), open_set_index(Path(corpus or name))
        totals: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for question in questions.questions:
            kind = question.get("kind") or question.get("replacementType") or "all"
            totals[kind] += count(question, index.lexicon)
        for kind, total in totals.items():
            shares = [f"{total[key] / total['questions']:.1%}" for key in ("flagged", "all_named", "exactly")]
            print(f"| {questions.name} | {kind} | {total['questions']} | {' | '.join(shares)} |", flush=True)
        index.close()


if __name__ == "__main__":
    main(sys.argv[1:])
