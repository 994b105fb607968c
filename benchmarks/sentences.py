"""How often the sentence that is marked as a passage's best holds the answer, where questions have ``answers``.

python -m benchmarks.sentences ../shared/data/squad2
"""

import re
from collections.abc import Sequence
from pathlib import Path

from benchmarks.arguments import named_sets
from benchmarks.data import batches, open_set_index, read_set
from qa.answers.answering import Answerer
from qa.datatypes import QuotedPassage


def plain(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower())


def holds(quoted: QuotedPassage, start: int, end: int, answers: list[str]) -> bool:
    return any(plain(answer) in plain(quoted.passage.text[start:end]) for answer in answers)


def main(folders: Sequence[Path]) -> None:
    """Print a line for each set."""
    for folder in folders:
        print(shares(folder), flush=True)


def shares(folder: Path) -> str:
    """Return the share for the marked sentence, for the first one, and for one at random."""
    index = open_set_index(folder)
    asked = [question for question in read_set(folder).questions if question.get("answers")]
    marked, first, chance, count = 0, 0, 0.0, 0
    for batch in batches(asked):
        for question, answer in zip(batch, Answerer(index).answer_all([q["text"] for q in batch]), strict=True):
            for quoted in answer.passages:
                held = [holds(quoted, start, end, question["answers"]) for start, end in quoted.passage.sentences]
                if len(held) > 1 and any(held) and quoted.best_sentence:
                    count += 1
                    marked += holds(quoted, *quoted.best_sentence, question["answers"])
                    first += held[0]
                    chance += sum(held) / len(held)
                    break  # the first passage that has the answer
    told = f"marked {marked / count:.1%}, first {first / count:.1%}, at random {chance / count:.1%}"
    return f"{folder.name}, {count} passages: {told}"


if __name__ == "__main__":
    main(named_sets(__doc__))
