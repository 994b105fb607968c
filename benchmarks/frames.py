"""Whether a term is told in questions of other wording than the sets': their terms, asked for in frames of our own.

    python -m benchmarks.frames ../shared/data

The rules were mended while the first frames were looked at. The second were written after that and asked once, before
they too were looked at: what the rules gave then is in the README, and is the honest figure for wording never seen.
"""

import random
import sys
from collections import Counter
from pathlib import Path

from benchmarks.data import open_set_index, read_set
from benchmarks.states import normalised
from qa.answers.states import report_terms
from qa.datatypes import TermState
from qa.language.terms import find_terms
from qa.lexicons import Lexicon

SETS = {"termstate_counselchat": "counselchat", "termstate_scifact": "scifact"}
KINDS = ["unknown_word", "unknown_compound", "known_compound"]
TERMS = 50  # of each kind and set, for each frame; the same for all frames

FIRST = [
    "What does the literature say about {}?", "Could you give me an overview of {}?", "What is meant by {}?",
    "I would like to know more about {}", "Where does {} come from?", "Which studies support {}?", "Is {} effective?",
    "What are the criticisms of {}?", "How long does {} take?", "When was {} invented?", "define {}", "{}", "{}?",
    "what's {}", "Do you have anything on {}?", "How do you use {}?", "Who came up with {}?", "Why is {} important?",
    "Explain {} in simple words.", "What do you know about {}?", "Does {} really work?",
    "What research is there on {}?", "Give me some information about {}, please", "Are there any side effects of {}?",
    "What is the history of {}?", "How is {} different from meditation?", "Describe {}", "What are the steps of {}?",
    "What are the principles of {}?", "Has {} been tested?", "Can {} be learned?",
    "In which cases should one use {}?", "I heard about {} yesterday. What is it?",
    "My doctor mentioned {}. What is that?",
]  # fmt: skip

SECOND = [
    "Can someone tell me what {} means?", "Please summarize {} for me", "Who is behind {}?", "What stands behind {}?",
    "How was {} discovered?", "On what is {} based?", "What evidence do we have for {}?",
    "Is there such a thing as {}?",
    "Tell me everything about {}!", "I need a short definition of {}", "What problems does {} solve?",
    "Is {} a real thing?", "What are examples of {}?", "Have you ever heard of {}?", "Where can I read about {}?",
    "How common is {}?", "What exactly is {}?", "Do experts recommend {}?", "What do critics say about {}?",
    "How would you describe {} to a child?", "What makes {} special?", "When did {} first appear?",
    "So, what about {}?", "Looking for information on {}", "{}: what is it?", "What is the purpose of {}?",
]  # fmt: skip


def is_right(kind: str, term: str, frame: str, lexicon: Lexicon) -> bool:
    """Whether exactly the term is flagged as missing; for one that the texts use, whether nothing is flagged."""
    flagged = [r for r in report_terms(find_terms(frame.format(term)), lexicon) if r.state is not TermState.KNOWN]
    if kind == "known_compound":
        return not flagged
    missing = [r for r in flagged if r.state is not TermState.MISSPELLED]
    return [normalised(report.term.text) for report in missing] == [normalised(term)]


def main(folder: Path) -> None:
    """Print the share that is right for each frame, and the means of the first and of the second ones."""
    right: Counter[tuple[str, str]] = Counter()
    for name, corpus in SETS.items():
        index = open_set_index(folder / corpus)
        questions = read_set(folder / name).questions
        for kind in KINDS:
            labels = [(q["off_corpus_terms"] or q["known_parts"])[0] for q in questions if q["kind"] == kind]
            for term in random.Random(0).sample(labels, TERMS):
                for frame in (*FIRST, *SECOND):
                    right[frame, kind] += is_right(kind, term, frame, index.lexicon)
        index.close()
    print(f"| frame | {' | '.join(KINDS)} |\n|---|---|---|---|")
    count = TERMS * len(SETS)
    for title, frames in (("first", FIRST), ("second", SECOND)):
        for frame in frames:
            print(f"| {frame.format('…')} | {' | '.join(f'{right[frame, kind] / count:.0%}' for kind in KINDS)} |")
        means = [sum(right[frame, kind] for frame in frames) / count / len(frames) for kind in KINDS]
        print(f"| **{title}: mean of {len(frames)}** | {' | '.join(f'**{mean:.1%}**' for mean in means)} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
