"""Whether a term is told in questions of other wording than the sets': their terms, asked for in frames of our own.

    python -m benchmarks.frames ../shared/data

No frame was learned from, but for those that people's questions have too.
"""

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.arguments import named_folder_of_sets
from benchmarks.data import batches, open_set_index, read_set
from benchmarks.states import normalised, reports_on
from qa.datatypes import TermReport, TermState

SETS = {"termstate_counselchat": "counselchat", "termstate_scifact": "scifact"}
KINDS = ["unknown_word", "unknown_compound", "known_compound"]
TERMS = 5  # of each kind and set, for each frame

FRAMES = [
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
    "Can someone tell me what {} means?", "Please summarize {} for me", "Who is behind {}?", "What stands behind {}?",
    "How was {} discovered?", "On what is {} based?", "What evidence do we have for {}?",
    "Is there such a thing as {}?",
    "Tell me everything about {}!", "I need a short definition of {}", "What problems does {} solve?",
    "Is {} a real thing?", "What are examples of {}?", "Have you ever heard of {}?", "Where can I read about {}?",
    "How common is {}?", "What exactly is {}?", "Do experts recommend {}?", "What do critics say about {}?",
    "How would you describe {} to a child?", "What makes {} special?", "When did {} first appear?",
    "So, what about {}?", "Looking for information on {}", "{}: what is it?", "What is the purpose of {}?",
]  # fmt: skip


def is_right(kind: str, term: str, reports: Sequence[TermReport]) -> bool:
    """Whether exactly the term is flagged as missing; for one that the texts use, whether nothing is flagged."""
    flagged = [report for report in reports if report.state is not TermState.KNOWN]
    if kind == "known_compound":
        return not flagged
    missing = [report for report in flagged if report.state is not TermState.MISSPELLED]
    return [normalised(report.term.text) for report in missing] == [normalised(term)]


def main(folder: Path) -> None:
    """Print the share that is right for each frame, and the means."""
    right: Counter[tuple[str, str]] = Counter()
    for name, corpus in SETS.items():
        questions = read_set(folder / name).questions
        chance = random.Random(0)
        asked = []
        for kind in KINDS:
            labels = [(q["off_corpus_terms"] or q["known_parts"])[0] for q in questions if q["kind"] == kind]
            asked += [(frame, kind, term) for frame in FRAMES for term in chance.sample(labels, TERMS)]
        with open_set_index(folder / corpus) as index:
            for batch in batches(asked):
                found = reports_on([{"text": frame.format(term)} for frame, _, term in batch], index)
                for (frame, kind, term), reports in zip(batch, found, strict=True):
                    right[frame, kind] += is_right(kind, term, reports)
    print(f"| frame | {' | '.join(KINDS)} |\n|---|---|---|---|")
    count = TERMS * len(SETS)
    for frame in FRAMES:
        print(f"| {frame.format('…')} | {' | '.join(f'{right[frame, kind] / count:.0%}' for kind in KINDS)} |")
    means = [sum(right[frame, kind] for frame in FRAMES) / count / len(FRAMES) for kind in KINDS]
    print(f"| **mean of {len(FRAMES)}** | {' | '.join(f'**{mean:.1%}**' for mean in means)} |")


if __name__ == "__main__":
    main(named_folder_of_sets(__doc__))
