"""What the dearest questions cost: ``python -m benchmarks.dearest INDEX``.

Questions of 1,000 characters of each kind below are answered on one core, ``--times`` times with other letters, and
the dearest is printed in milliseconds of processor time. Then ``--many`` questions of all kinds are asked, and what the
process's memory has grown by since the first round of them is printed.
"""

import os
import random
import string
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path

from benchmarks.arguments import command_line
from qa.answers.answering import Answerer
from qa.cores import leave_cores
from qa.indexing.index import Index, open_index
from qa.limits import MAX_QUESTION_CHARACTERS

_PASSAGES = 300  # that words are taken from
_LIGATURE = "\ufdfa"  # the letter that folds to most: eighteen

Make = Callable[[], str]


def kinds(index: Index, chance: random.Random) -> dict[str, Make]:
    """Return makers of questions by kind."""
    known = " ".join(index.passage(row).text for row in range(min(len(index), _PASSAGES))).split()
    nouns = [word for word in known if word.isalpha() and len(word) > 5]

    def letters(length: int, among: str = string.ascii_lowercase) -> str:
        return "".join(chance.choices(among, k=length))

    def from_range(first: int, last: int) -> str:
        return "".join(chr(chance.randint(first, last)) for _ in range(MAX_QUESTION_CHARACTERS))

    def filled(word: Make) -> Make:
        return lambda: "".join(f"{word()} " for _ in range(MAX_QUESTION_CHARACTERS))[:MAX_QUESTION_CHARACTERS]

    def misspelled() -> str:
        word = chance.choice(known)
        place = chance.randrange(len(word))
        return word[:place] + word[place + 1 :]

    unknown = {f"unknown words of {n}": filled(lambda n=n: letters(n)) for n in (2, 4, 7, 12, 30, 45, 100, 999)}  # type: ignore[misc]
    return {
        **unknown,
        "letters that fold to eighteen": lambda: _LIGATURE * 990 + letters(5),
        "words of such letters": filled(lambda: _LIGATURE * chance.randint(1, 8)),
        "misspelled words": filled(misspelled),
        "misspelled names": filled(lambda: misspelled().capitalize()),
        "invented names": filled(lambda: letters(9).capitalize()),
        "possessors": filled(lambda: f"{letters(4)}'s"),
        "shouted": filled(lambda: letters(9).upper()),
        "words with many e": filled(lambda: letters(40, "aeo")),
        "words of the texts": filled(lambda: chance.choice(known)),
        "one long name": lambda: f"What is {filled(lambda: chance.choice(nouns))()[:980]} model?",
        "one word again and again": lambda: f"What is {(chance.choice(nouns) + ' ') * 200}"[:990] + " model?",
        "many names": filled(lambda: f"What is {letters(8)} and {chance.choice(nouns)} model?"),
        "many quotations": filled(lambda: f"“{letters(3)}”"),
        "quoted words of the texts": filled(lambda: f"“{chance.choice(known)} {chance.choice(known)}”"),
        "Chinese": lambda: from_range(0x4E00, 0x9FFF),
        "Arabic": lambda: from_range(0x620, 0x64A),
        "marks on one letter": lambda: "a" + "\u0301" * 990 + letters(5),
        "apostrophes": lambda: (letters(3) + "'a") * 200,
        "hyphens": lambda: f"{letters(3)}-" * 249,
        "emoji": lambda: "😀" * 990 + letters(5),
    }


def memory() -> float:
    """Return what the process holds of its own, in megabytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def cost(answerer: Answerer, question: str) -> float:
    """Return the processor time of an answer in milliseconds."""
    start = time.process_time()
    answerer.answer(question[:MAX_QUESTION_CHARACTERS])
    return 1000 * (time.process_time() - start)


def grown(answerer: Answerer, makers: dict[str, Make], many: int) -> Iterator[tuple[int, float]]:
    """Yield (questions so far, megabytes) after every hundred questions."""
    for number, make in enumerate(islice(cycle(makers.values()), many), start=1):
        answerer.answer(make()[:MAX_QUESTION_CHARACTERS])
        if number % 100 == 0:
            yield number, memory()


def main() -> None:
    """Print the table."""
    parser = command_line(__doc__)
    parser.add_argument("index", type=Path, help="the folder of an index")
    parser.add_argument("--times", type=int, default=5, help="rounds of each kind (5)")
    parser.add_argument("--many", type=int, default=1000, help="questions in a row for the memory (1,000)")
    chosen = parser.parse_args()
    leave_cores()
    os.environ["QA_ENCODER_THREADS"] = "1"
    answerer = Answerer(open_index(chosen.index))
    answerer.answer("What is anxeity, and what is quorvex?")
    makers = kinds(answerer.index, random.Random(1))
    for kind, make in makers.items():
        costs = sorted(cost(answerer, make()) for _ in range(chosen.times))
        print(f"{kind:32} {costs[len(costs) // 2]:6.0f} ms, at most {costs[-1]:.0f}", flush=True)
    for number, held in grown(answerer, makers, chosen.many):
        print(f"{number:5} questions: {held:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
