"""Fits when a term that no passage has as it stands is missing: asked for, and not in the texts.

    python -m training.missing material ../shared/data --out run            prints how well it does
    python -m training.missing material ../shared/data --out run --write    and writes ``qa/answers/missing.json``

Labels come of exchange, none by hand: of the part of the reader's data that neither the reader nor the finder learned
from, the questions as they were asked lack nothing, and those with a term exchanged for something invented lack that.
They are asked of an index of their passages among many others. So are those of the other part that have a number which
says which of several is meant ("Windows 10"), as they were asked and with a number that no passage has there, in two
halves by their passages. Beside them stand the question sets of the benchmarks, each left out in turn: what is printed
for one is of a fit that saw nothing of it, nor, but for these halves, of its kind.
"""

import argparse
import gzip
import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.data import batches, open_set_index, read_set
from benchmarks.states import CORPORA, normalised
from qa.answers.missing import KINDS, NUMBERED, VARIANTS, Weighing, Weighings, kind_of
from qa.answers.retrieval import Found, look_up
from qa.answers.settling import Places, read_facts
from qa.answers.states import Suspect
from qa.indexing.building import build_index
from qa.indexing.index import Index, open_index
from qa.language import load_language
from qa.language.numbers import number_behind
from qa.settings import BuildSettings

ENGLISH = load_language("en")

PASSAGES = 7_000
"""Of the training part, beside those of its questions with numbers and all of the part that was left out: what a
question is not asked of."""

LABELLED = ("termstate_counselchat", "hypotermqa", "real_handbook", "real_veterans")
CLEAR = ("clapnq", "nomiracl_en", "squad2", "counselchat", "cast_answerability")
"""Sets of which the terms are labelled, and sets of which only the questions that their texts answer are taken, in
which nothing is missing."""

NUMBERED_SETS = "numbers"
"""What the names of the two sets begin with whose questions have a number that says which of several is meant."""

_TRIES = 20  # to find a number that no passage has behind a word
MOST = 400  # questions of a set of the second sort
LEAST_WEIGHT = 150  # suspects as which a set counts at least
PENALTY = 1.0
SIGNS = {
    **dict.fromkeys(("name", "needed", "beside", "capitals", "quoted", "headed", "joined"), 1),
    **dict.fromkeys(("about", "nearer", "lacking", "lacking_most", "answer_lacks"), 1),
    **dict.fromkeys(("plain", "frequency", "head_used", "answers"), -1),
}
"""Whether more of a fact speaks for a missing term or against it; of the others either may be so."""

ALL = "borne and read"  # the variant with all facts
THRESHOLDS = tuple(share / 20 for share in range(5, 16))

_BOUNDS = {1: (0.0, None), -1: (None, 0.0), 0: (None, None)}

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """A suspect: its text, what was counted and read of it, and whether it is missing."""

    text: str
    facts: dict[str, float]
    lacks_word: bool
    missing: bool


@dataclass(frozen=True, slots=True)
class Case:
    """A question with its suspects, and the terms that should be named."""

    suspects: tuple[Judged, ...]
    wanted: frozenset[str]


def write_corpus(material: Path, folder: Path) -> None:
    """Write the passages that questions are asked of as a corpus."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "corpus.jsonl").open("w", encoding="utf-8") as out:
        for part, most in (("valid", None), ("train", PASSAGES)):
            passages, rows = _read_part(material, part)
            numbered = {row["c"] for row in rows if part == "train" and "natural" in row and _numbers_in(row["q"])}
            kept = range(len(passages)) if most is None else random.Random(0).sample(range(len(passages)), most)
            for number in sorted({*kept, *numbered}):
                title, text = passages[number]
                out.write(json.dumps({"_id": f"{part}{number}", "title": title, "text": text}) + "\n")


def _read_part(material: Path, part: str) -> tuple[list[tuple[str, str]], list[dict[str, Any]]]:
    """Return the passages of a part of the material, each with its title, and the rows of its questions."""
    with gzip.open(material / f"{part}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return json.loads(next(lines)), [json.loads(line) for line in lines]


def _numbers_in(text: str) -> list[tuple[int, int, int]]:
    """Return of each number in a question that says which of several is meant where the word before it begins, and
    where the number begins and ends."""
    question = ENGLISH.question(text)
    found = []
    for place, word in enumerate(question.words):
        number = number_behind(question, place)
        if number and word.stem not in ENGLISH.small_words:
            found.append((word.start, question.words[number.start].start, question.words[number.stop - 1].end))
    return found


def material_cases(material: Path, index: Index) -> list[Case]:
    """Return the questions of the part that was left out, as they were asked and with a term exchanged."""
    asked: list[tuple[str, list[tuple[int, int]]]] = []
    for row in _read_part(material, "valid")[1]:
        if "natural" in row:
            asked.append((row["q"], []))
            asked += [(one["t"], [(start, end) for start, end in one["m"]]) for one in row["exchanged"]]
    found = _look_up([text for text, _ in asked], index)
    return [
        Case(tuple(_judged(one, spans)), frozenset(normalised(text[start:end]) for start, end in spans))
        for one, (text, spans) in zip(found, asked, strict=True)
    ]


def number_cases(material: Path, index: Index, half: int) -> list[Case]:
    """Return the questions with a number that says which of several is meant, of every second passage: as they were
    asked, and those whose passage has it behind the same word with another number, too. Of these what is missing is the
    suspect that has it, in whatever borders, for how much of what stands before it is of the name is not known."""
    asked: list[tuple[str, list[tuple[int, int]]]] = []
    chance = random.Random(0)
    passages, rows = _read_part(material, "train")
    for row in (row for row in rows if "natural" in row and row["c"] % 2 == half):
        text = row["q"]
        for start, number, end in _numbers_in(text)[:1]:
            asked.append((text, []))
            if text[start:end].lower() in passages[row["c"]][1].lower():
                others = [_other_number(text[number:end], chance) for _ in range(_TRIES)]
                free = (other for other in others if not _has(index, text[start:number] + other))
                asked += [(text[:number] + other + text[end:], [(start, end)]) for other in islice(free, 1)]
    cases = []
    for found, (text, spans) in zip(_look_up([text for text, _ in asked], index), asked, strict=True):
        judged = tuple(_judged(found, spans))
        wanted = {normalised(one.text) for one in judged if one.missing}
        cases.append(Case(judged, frozenset(wanted or {normalised(text[start:end]) for start, end in spans})))
    return cases


def _has(index: Index, written: str) -> bool:
    return index.lexicon.passage_count(ENGLISH.stems(written)) > 0


def _other_number(number: str, chance: random.Random) -> str:
    """Return a number with as many digits and points, of which one digit is another."""
    place = chance.choice([place for place, digit in enumerate(number) if digit.isdigit()])
    other = chance.choice([digit for digit in "123456789" if digit != number[place]])
    return number[:place] + other + number[place + 1 :]


def set_cases(name: str, data: Path) -> list[Case]:
    """Return the questions of a set, those with an error in a word left out."""
    questions = [question for question in read_set(data / name).questions if question.get("kind") != "misspelling"]
    if name in CLEAR:
        questions = [question for question in questions if question.get("answerable", True)][:MOST]
    with open_set_index(data / CORPORA.get(name, name)) as index:
        found = list(_look_up([question["text"] for question in questions], index))
    wanted = [frozenset(map(normalised, question.get("off_corpus_terms") or ())) for question in questions]
    return [Case(tuple(_named(one, terms)), terms) for one, terms in zip(found, wanted, strict=True)]


def _look_up(questions: Sequence[str], index: Index) -> Iterator[Found]:
    for batch in batches(list(questions)):
        yield from look_up(batch, index)


def _judged(found: Found, spans: Sequence[tuple[int, int]]) -> Iterator[Judged]:
    """Yield the suspects of a question whose missing stretches are known."""
    places = Places(found.asked.corrections)
    for suspect in _suspects(found):
        start, end = places.written(suspect.term.start), places.written_end(suspect.term.end)
        yield _of(suspect, found, any(a < end and start < z for a, z in spans))


def _named(found: Found, wanted: Iterable[str]) -> Iterator[Judged]:
    """Yield the suspects of a question whose missing terms are known: missing is one that is such a term, or a part of
    one, or has one in it."""
    for suspect in _suspects(found):
        named = normalised(_written(suspect, found))
        yield _of(suspect, found, any(f" {named} " in f" {term} " or f" {term} " in f" {named} " for term in wanted))


def _suspects(found: Found) -> list[Suspect]:
    return [one for one in found.asked.counted if isinstance(one, Suspect)]


def _written(suspect: Suspect, found: Found) -> str:
    places = Places(found.asked.corrections)
    return found.asked.question.text[places.written(suspect.term.start) : places.written_end(suspect.term.end)]


def _of(suspect: Suspect, found: Found, missing: bool) -> Judged:
    facts = {**(suspect.facts or {}), **read_facts(suspect.term, found.readings)}
    return Judged(_written(suspect, found), facts, bool(suspect.lacking), missing)


# --- fitting -------------------------------------------------------------------------------------------------


def fit(sets: Mapping[str, Sequence[Case]], threshold: float = 0.5) -> Weighings:
    """Return the regressions fitted on sets, each of the same weight."""
    rows = {kind: _rows(sets, kind) for kind in KINDS}
    fitted = {variant: {kind: _regression(*rows[kind], names) for kind in KINDS} for variant, names in VARIANTS.items()}
    return Weighings(fitted, threshold)


def _rows(sets: Mapping[str, Sequence[Case]], kind: str) -> tuple[list[Judged], Floats]:
    """Return the suspects of a kind with their weights. The questions with numbers teach of their own kind alone: of
    the others they would say how seldom a suspect is missing where a question was chosen for its number."""
    rows, weights = [], []
    for name, cases in sets.items():
        own = [one for case in cases for one in case.suspects]
        held = [one for one in own if kind_of(one.facts, lacks_word=one.lacks_word) == kind]
        if kind == NUMBERED or not name.startswith(NUMBERED_SETS):
            rows += held
            weights += [1 / max(len(own), LEAST_WEIGHT)] * len(held)
    return rows, np.array(weights) / np.mean(weights)


def _regression(rows: Sequence[Judged], weights: Floats, names: Sequence[str]) -> Weighing:
    """Return a logistic regression on standardized facts with an L2 penalty."""
    from scipy.optimize import minimize

    facts = np.array([[one.facts[name] for name in names] for one in rows])
    mean, scale = facts.mean(axis=0), np.maximum(facts.std(axis=0), 1e-6)
    standard = (facts - mean) / scale
    sign = np.array([1.0 if one.missing else -1.0 for one in rows])

    def loss(values: Floats) -> tuple[float, Floats]:
        margins = sign * (values[0] + standard @ values[1:])
        pull = -weights * sign / (1 + np.exp(np.clip(margins, -50, 50)))
        gradient = np.concatenate([[pull.sum()], standard.T @ pull + PENALTY * values[1:]])
        return float((weights * np.logaddexp(0, -margins)).sum() + PENALTY / 2 * (values[1:] ** 2).sum()), gradient

    bounds = [(None, None), *(_BOUNDS[SIGNS.get(name, 0)] for name in names)]
    found = minimize(loss, np.zeros(len(names) + 1), jac=True, method="L-BFGS-B", bounds=bounds).x
    raw = found[1:] / scale
    return Weighing(
        round(float(found[0] - raw @ mean), 4),
        {name: round(float(weight), 4) for name, weight in zip(names, raw, strict=True)},
    )


# --- measuring -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Measures:
    """Of a set: F1 of the flagged terms, exact; the share of questions with missing terms that have all named, and of
    the others in which nothing is flagged."""

    f1: float
    named: float
    clear: float

    def __str__(self) -> str:
        """Return the measures in one cell."""
        return f"{self.f1:.3f}, {self.named:.3f}, {self.clear:.3f}"


def measure(cases: Sequence[Case], weighings: Weighings, threshold: float, variant: str = ALL) -> Measures:
    """Return the measures of a set by regressions that did not see it, of a variant."""
    right = flagged = wanted = 0
    named: list[bool] = []
    clear: list[bool] = []
    for case in cases:
        found = {normalised(one.text) for one in case.suspects if _probability(one, weighings, variant) >= threshold}
        right, flagged, wanted = right + len(found & case.wanted), flagged + len(found), wanted + len(case.wanted)
        if case.wanted:
            named.append(case.wanted <= found)
        else:
            clear.append(not found)
    f1 = 2 * right / max(flagged + wanted, 1)
    return Measures(f1, float(np.mean(named or [False])), float(np.mean(clear or [False])))


def _probability(one: Judged, weighings: Weighings, variant: str) -> float:
    facts = {name: one.facts[name] for name in (*VARIANTS[variant], NUMBERED)}
    return weighings.probability(facts, lacks_word=one.lacks_word)


def left_out(name: str, sets: dict[str, list[Case]]) -> dict[str, list[Case]]:
    """Return the sets from which one is to be judged: neither itself nor others of its texts."""
    own = CORPORA.get(name, name)
    return {other: cases for other, cases in sets.items() if other != name and CORPORA.get(other, other) != own}


def choose_threshold(sets: dict[str, list[Case]]) -> float:
    """Return the threshold with the best mean, over the labelled sets, each left out, of F1 and of the share of
    questions without a missing term in which nothing is flagged: a flag without cause costs as much as a term that is
    passed over. The thresholds beside one count with it, for a single question moves a share by a hundredth."""
    fitted = {name: fit(left_out(name, sets)) for name in LABELLED}

    def worth(threshold: float) -> float:
        measured = [measure(sets[name], fitted[name], threshold) for name in LABELLED]
        return float(np.mean([(each.f1 + each.clear) / 2 for each in measured]))

    worths = [worth(threshold) for threshold in THRESHOLDS]
    smoothed = [sum(worths[place - 1 : place + 2]) for place in range(1, len(worths) - 1)]
    return THRESHOLDS[1 + int(np.argmax(smoothed))]


def print_tables(sets: dict[str, list[Case]], threshold: float) -> None:
    """Print the measures of each set, left out, with all facts and with fewer; then by what the material alone
    teaches."""
    print(f"| set, left out | questions | {' | '.join(VARIANTS)} |")
    print(f"|{'---|' * (2 + len(VARIANTS))}")
    for name, cases in sets.items():
        weighings = fit(left_out(name, sets))
        cells = [str(measure(cases, weighings, threshold, variant)) for variant in VARIANTS]
        print(f"| {name} | {len(cases)} | {' | '.join(cells)} |")
    alone = fit({name: cases for name, cases in sets.items() if name == "material" or name.startswith(NUMBERED_SETS)})
    print("\n| set, fitted on the material and the numbers | F1, all named, nothing flagged |\n|---|---|")
    for name, cases in sets.items():
        print(f"| {name} | {measure(cases, alone, threshold)} |")


def weighings_json(weighings: Weighings) -> str:
    """Return the regressions as the package has them."""
    stored: dict[str, Any] = {
        variant: {kind: {"intercept": one.intercept, "weights": dict(one.weights)} for kind, one in fitted.items()}
        for variant, fitted in weighings.fitted.items()
    }
    return json.dumps({"threshold": weighings.threshold, **stored}, indent=1) + "\n"


def main() -> None:
    """Fit, print how well it does, and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("material", type=Path, help="folder that `python -m training.material` wrote")
    parser.add_argument("data", type=Path, help="folder with the question sets of the benchmarks")
    parser.add_argument("--out", type=Path, required=True, help="folder for the index of the material")
    parser.add_argument("--write", action="store_true", help="write qa/answers/missing.json")
    chosen = parser.parse_args()
    if not (chosen.out / "index").exists():
        write_corpus(chosen.material, chosen.out)
        build_index([chosen.out / "corpus.jsonl"], chosen.out / "index", BuildSettings())
    with open_index(chosen.out / "index") as index:
        sets = {
            "material": material_cases(chosen.material, index),
            **{f"{NUMBERED_SETS}, half {half}": number_cases(chosen.material, index, half) for half in (0, 1)},
        }
    for name in (*LABELLED, *CLEAR):
        sets[name] = set_cases(name, chosen.data)
    threshold = choose_threshold(sets)
    print_tables(sets, threshold)
    print(f"\nthreshold: {threshold}")
    if chosen.write:
        file = Path(__file__).parents[1] / "qa" / "answers" / "missing.json"
        file.write_text(weighings_json(fit(sets, threshold)), encoding="utf-8")


if __name__ == "__main__":
    main()
