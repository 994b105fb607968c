"""Where the best cosines of answerable and unanswerable questions lie: the origin of confidence.py's bounds.

python -m benchmarks.cosines ../shared/data/clapnq [MORE SETS...]
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.data import batches, open_set_index, read_set
from qa.answering import Answerer

QUANTILES = [5, 25, 50, 75, 95]


def main(folders: Sequence[str]) -> None:
    """Print quantiles of the top cosine, and the share of each verdict, for each set and label."""
    print("| set | answerable | questions | top cosine at 5, 25, 50, 75, 95 % | answered | uncertain | not in corpus |")
    print("|---|---|---|---|---|---|---|")
    for folder in map(Path, folders):
        questions, index = read_set(folder), open_set_index(folder)
        answerer = Answerer(index)
        for label in (True, False):
            asked = [q["text"][:1000] for q in questions.questions if q.get("answerable", True) is label]
            answers = [answer for batch in batches(asked) for answer in answerer.answer_all(batch)]
            if not answers:
                continue
            cosines = [max(quoted.cosine for quoted in answer.passages) for answer in answers]
            quantiles = " ".join(f"{value:.2f}" for value in np.percentile(cosines, QUANTILES))
            shares = [
                np.mean([answer.verdict == verdict for answer in answers])
                for verdict in ("answered", "uncertain", "not_in_corpus")
            ]
            row = " | ".join([questions.name, "yes" if label else "no", str(len(answers)), quantiles])
            print(f"| {row} | {' | '.join(f'{share:.0%}' for share in shares)} |", flush=True)
        index.close()


if __name__ == "__main__":
    main(sys.argv[1:])
