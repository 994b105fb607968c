"""The packaged calibration: fitted on several question sets, measured on sets that were left out.

python -m benchmarks.confidence ../shared/data/clapnq ../shared/data/squad2 … [--unread] [--page FILE] [--write]

Prints the tables of benchmarks/README.md. ``--page`` writes reliability plots, ``--write`` the calibration that is part
of the package; ``--unread`` does all that for passages that are not read. Signals are kept in benchmarks/work/ until
the package's code or a set changes.
"""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track
from scipy.optimize import minimize
from scipy.special import expit

from benchmarks.arguments import command_line, question_set
from benchmarks.data import WORK, open_set_index, read_set
from qa.answers.retrieval import gather_evidence
from qa.answers.verdicts import Thresholds, confidence, draw_thresholds, keep_promise, verdict
from qa.embedders import embedder_checksum
from qa.evaluation.calibrating import (
    DIRECTIONS,
    SIGNALS,
    Floats,
    Labelled,
    Model,
    adapt,
    calibration_of,
    count_held_out,
    fit,
    label_questions,
    platt,
)
from qa.evaluation.formats import read_questions
from qa.evaluation.measures import aurc, auroc, brier, ece, reliability_bins
from qa.evaluation.outcomes import Grading
from qa.evaluation.plots import reliability_plot
from qa.evaluation.question import SetQuestion
from qa.indexing.calibration import (
    PACKAGED,
    PACKAGED_UNREAD,
    HeldOut,
    Promise,
    calibration_json,
    packaged_calibration,
    read_calibration,
)
from qa.limits import BUNDLED_RISK
from qa.readers import READERS

CORE = (
    "top_cosine",
    "lead",
    "agreement",
    "shown_coverage",
    "flagged_name",
    "flagged_apart",
    "term_missing",
    "read_answer",
    "read_lacking",
)
"""The signals of the packaged calibration. The others lowered the mean AUROC of sets that were left out."""

CORE_UNREAD = (
    "top_cosine",
    "lead",
    "agreement",
    "shown_coverage",
    "flagged_name",
    "flagged_apart",
    "term_missing",
)
"""The same where passages are not read."""

PENALTY = 0.03
"""Of the weights, against the mean log loss. From a tenth of it to ten times it the mean AUROC of sets left out goes
from .773 to .780, by a script that is not kept; above it squad2 gains what clapnq and cast_answerability lose."""

_FREE = 10.0  # so a set's own intercept is penalised a hundredth as much as a weight; not at all gives the same
FOREIGN = 60  # questions of each other set that are asked of a set's texts
SHARES = {"own": 1.0, "foreign": 0.4, "terms": 2.0}
"""What the questions of a set count together: its own, those of other sets, and those made to have missing terms."""

MOST_ASKED = 600  # questions of a set, drawn by chance
MOST_COUNTED = 400  # questions of a set on which the packaged promises are counted
FOREIGN_COUNTED = 0.1  # and as many of other sets, as a part of these: people also ask what is beside the point
LEAST_GRADES = {"medquad_a": 2}
SPLITS, PROMISES = 20, 100
RISKS = (0.1, 0.2, 0.33)
BUNDLED = Promise(risk=BUNDLED_RISK)
"""What the packaged calibration takes for answered: 12 of 3,047 questions of sets left out are sure enough for .2."""

_FEWEST_SETS = 3
_PARTS = ("signals", "right", "flagged")
_CALIBRATORS = ("none", "Platt", "beta", "isotonic")


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions of the set ``source`` asked of the texts of ``texts``; ``kind`` is a key of SHARES."""

    texts: str
    source: str
    kind: str
    labelled: Labelled


# --- signals -------------------------------------------------------------------------------------------------


def collect(folders: Sequence[Path], read: bool = True) -> list[Asked]:
    """Return all questions with their signals, kept from the last run where code and sets are the same."""
    sets = [*folders, *(folder.with_name(f"termstate_{folder.name}") for folder in folders)]
    files = [file for folder in sets for file in sorted(folder.glob("*.jsonl")) + sorted(folder.glob("qrels.tsv"))]
    digest = hashlib.sha256(embedder_checksum().encode())
    weights = [Path("qa/answers/missing.json"), *sorted(Path("qa").rglob("*.safetensors"))]
    code = [*sorted(Path("qa").rglob("*.py")), *sorted(Path("benchmarks").glob("*.py"))]
    for file in [*code, *weights, *files]:
        digest.update(file.read_bytes())
    digest.update(bytes([read]))
    kept = WORK / f"signals-{digest.hexdigest()[:16]}.npz"
    if not kept.exists():
        _keep(kept, [asked for folder in folders for asked in _ask_all(folder, folders, read)])
    stored = np.load(kept)
    names = sorted({name.rsplit("/", 1)[0] for name in stored.files}, key=lambda name: int(name.split("/")[0]))
    found = []
    for name in names:
        _, texts, source, kind = name.split("/")
        found.append(Asked(texts, source, kind, Labelled(*(stored[f"{name}/{part}"] for part in _PARTS))))
    return found


def _keep(path: Path, found: list[Asked]) -> None:
    arrays = {}
    for number, asked in enumerate(found):
        for part in _PARTS:
            arrays[f"{number}/{asked.texts}/{asked.source}/{asked.kind}/{part}"] = getattr(asked.labelled, part)
    np.savez(path, **arrays)


def _ask_all(folder: Path, folders: Sequence[Path], read: bool) -> list[Asked]:
    index, name = open_set_index(folder, with_reader=read), folder.name
    found = []
    with Console(stderr=True).status(f"questions to {name}"):
        grading = Grading(read_set(folder).judgments, (), LEAST_GRADES.get(name, 1))
        found.append(Asked(name, name, "own", label_questions(index, _questions(folder), grading)))
        for other in folders:
            if other != folder:
                drawn = Random(0).sample(_questions(other), FOREIGN)
                unanswerable = [replace(question, answerable=False) for question in drawn]
                found.append(Asked(name, other.name, "foreign", label_questions(index, unanswerable, Grading({}, ()))))
        terms = folder.with_name(f"termstate_{name}")
        if terms.exists():
            made = [question for question in _questions(terms) if question.kind != "misspelling"]
            found.append(Asked(name, name, "terms", label_questions(index, made, Grading({}, ()))))
    index.close()
    return found


def _questions(folder: Path) -> list[SetQuestion]:
    read = [line for line in read_questions(folder / "questions.jsonl") if isinstance(line, SetQuestion)]
    drawn = sorted(Random(0).sample(range(len(read)), min(MOST_ASKED, len(read))))
    return [replace(read[place], text=read[place].text[:1000]) for place in drawn]


# --- the packaged model --------------------------------------------------------------------------------------


def fit_sets(asked: Sequence[Asked], names: Sequence[str] = ()) -> Model:
    """Return the model of the signals in ``names``, or those of the packaged one, fitted on all that was asked, the
    sets counting alike.

    Each set's texts have an intercept of their own in the fit, so that weights come of what tells right from wrong
    within a set, and not of which sets are the easier ones. The intercept that is left is moved by ``calibrated``.
    """
    signals = np.concatenate([one.labelled.signals for one in asked])
    names = names or (CORE if signals[:, SIGNALS.index("read_answer")].any() else CORE_UNREAD)
    right = np.concatenate([one.labelled.right for one in asked])
    shares = np.concatenate([np.full(len(one.labelled), _share(one, asked)) for one in asked])
    means, spread = signals.mean(axis=0), signals.std(axis=0)
    scales = np.where(spread > 0, spread, 1.0)  # where nothing is read, what reading gives is always 0
    columns = [SIGNALS.index(name) for name in names]
    standard = ((signals - means) / scales)[:, columns]
    sets = _FREE * _of_texts(asked)
    directions = [*(DIRECTIONS[column] for column in columns), *([0] * sets.shape[1])]
    intercept, chosen = fit(np.hstack([standard, sets]), right, shares, np.zeros(len(directions)), PENALTY, directions)
    weights = np.zeros(len(SIGNALS))
    weights[columns] = chosen[: len(columns)]
    return Model(intercept, means, scales, weights)


def _of_texts(asked: Sequence[Asked]) -> Floats:
    """Return the (n, sets) matrix that is 1 where a question was asked of a set's texts, else 0."""
    names = list(dict.fromkeys(one.texts for one in asked))
    rows = np.repeat([names.index(one.texts) for one in asked], [len(one.labelled) for one in asked])
    return np.asarray(np.eye(len(names))[rows])


def _share(one: Asked, asked: Sequence[Asked]) -> float:
    together = sum(len(o.labelled) for o in asked if (o.texts, o.kind) == (one.texts, one.kind))
    return SHARES[one.kind] / together


def without(asked: Sequence[Asked], *names: str) -> list[Asked]:
    """Return what neither asks the texts of a set nor has its questions."""
    return [one for one in asked if one.texts not in names and one.source not in names]


def own(asked: Sequence[Asked]) -> dict[str, Labelled]:
    """Return the questions that sets ask of their own texts, by set."""
    return {one.texts: one.labelled for one in asked if one.kind == "own"}


def left_out_odds(asked: Sequence[Asked], names: Sequence[str] = ()) -> tuple[Floats, Floats, Floats]:
    """Return the log odds of all own questions by a fit without their set, whether they are right, and their shares."""
    odds, right, shares = [], [], []
    for name, labelled in own(asked).items():
        odds.append(fit_sets(without(asked, name), names).log_odds(labelled.signals))
        right.append(labelled.right)
        shares.append(np.full(len(labelled), 1 / len(labelled)))
    return np.concatenate(odds), np.concatenate(right), np.concatenate(shares)


def calibrated(asked: Sequence[Asked], names: Sequence[str] = ()) -> Model:
    """Return the fitted model with its log odds made probable by Platt's method on sets left out of fits: what is sure
    within a set is less so on another one."""
    model = fit_sets(asked, names)
    slope, shift = platt(*left_out_odds(asked, names))
    return replace(model, intercept=slope * model.intercept + shift, weights=slope * model.weights)


# --- other calibrators ---------------------------------------------------------------------------------------


def calibrators(odds: Floats, right: Floats, shares: Floats) -> dict[str, Callable[[Floats], Floats]]:
    """Return functions from log odds to probabilities: Platt (1999), beta (Kull et al. 2017), isotonic regression."""
    from sklearn.isotonic import IsotonicRegression

    slope, shift = platt(odds, right, shares)
    stairs = IsotonicRegression(y_min=0.01, y_max=0.99, out_of_bounds="clip").fit(odds, right, sample_weight=shares)
    return {
        "none": expit,
        "Platt": lambda values: np.asarray(expit(slope * values + shift)),
        "beta": _beta(odds, right, shares / shares.sum()),
        "isotonic": lambda values: np.asarray(stairs.predict(values)),
    }


def _beta(odds: Floats, right: Floats, shares: Floats) -> Callable[[Floats], Floats]:
    def scaled(values: Floats, by: Floats) -> Floats:
        upper, lower = -np.logaddexp(0, -values), -np.logaddexp(0, values)  # log p and log(1 - p)
        return np.asarray(by[0] * upper - by[1] * lower + by[2])

    def loss(by: Floats) -> float:
        logits = scaled(odds, by)
        return float(shares @ (np.logaddexp(0, logits) - right * logits))

    found = minimize(loss, [1.0, 1.0, 0.0], method="L-BFGS-B", bounds=[(0, None), (0, None), (None, None)]).x
    return lambda values: np.asarray(expit(scaled(values, found)))


def compare_calibrators(asked: Sequence[Asked]) -> None:
    """Print what each calibrator gives on sets left out, the mean over the sets."""
    rows: dict[str, list[list[float]]] = {name: [] for name in _CALIBRATORS}
    for name, labelled in own(asked).items():
        rest = without(asked, name)
        odds = fit_sets(rest).log_odds(labelled.signals)
        for kind, function in calibrators(*left_out_odds(rest)).items():
            found = function(odds)
            rows[kind].append([measure(found, labelled.right) for measure in (auroc, ece, brier)])
    print("\n| calibrator | AUROC | ECE | Brier |\n|---|---|---|---|")
    for kind, values in rows.items():
        print(f"| {kind} | {' | '.join(f'{value:.3f}' for value in np.nanmean(values, axis=0))} |")


# --- tables --------------------------------------------------------------------------------------------------


def floor(probabilities: Floats) -> float:
    """Return the mean ECE of outcomes drawn from these very probabilities: what chance alone makes of perfection."""
    draws = np.random.default_rng(0).random((200, len(probabilities)))
    return float(np.mean([ece(probabilities, (draw < probabilities).astype(float)) for draw in draws]))


def print_left_out(asked: Sequence[Asked]) -> dict[str, Floats]:
    """Print how each set fares with a calibration made without it. Returns its confidences."""
    print("\n| set | questions | right | AUROC | top cosine alone | ECE | by chance | Brier | AURC |")
    print("|---|---|---|---|---|---|---|---|---|")
    found = {}
    for name, labelled in track(own(asked).items(), console=Console(stderr=True), transient=True):
        p = found[name] = calibrated(without(asked, name)).confidence(labelled.signals)
        right, cosine = labelled.right, labelled.signals[:, SIGNALS.index("top_cosine")]
        values = [right.mean(), auroc(p, right), auroc(cosine, right), ece(p, right), floor(p), brier(p, right)]
        numbers = " | ".join(f"{value:.3f}" for value in [*values, aurc(p, right)])
        print(f"| {name} | {len(labelled)} | {numbers} |", flush=True)
    return found


def print_refitted(asked: Sequence[Asked]) -> None:
    """Print what ``qa calibrate`` makes of a set left out, on its questions that had no part in it."""
    print("\n| set | calibrated on | AUROC before | after | ECE before | after | by chance | Brier before | after |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, labelled in own(asked).items():
        model = calibrated(without(asked, name))
        for count in (50, 100, 200):
            if count <= len(labelled) * 2 / 3:
                values = np.mean([_split_gain(model, labelled, count, seed) for seed in range(SPLITS)], axis=0)
                print(f"| {name} | {count} | {' | '.join(f'{value:.3f}' for value in values)} |", flush=True)


def _split_gain(model: Model, labelled: Labelled, count: int, seed: int) -> list[float]:
    order = np.random.default_rng(seed).permutation(len(labelled))
    rest = labelled.take(order[count:])
    before = model.confidence(rest.signals)
    after = adapt(model, labelled.take(order[:count]))[0].confidence(rest.signals)
    pairs = [(measure(before, rest.right), measure(after, rest.right)) for measure in (auroc, ece, brier)]
    return [*pairs[0], *pairs[1], floor(after), *pairs[2]]


def print_promises(asked: Sequence[Asked]) -> None:
    """Print how often a promise made on one half of a set's questions was kept on the other half, and what is answered
    there by a threshold that is proven or not."""
    print("\n| set | risk | proven | kept of these | answered | wrong of these | with a miss | kept |")
    print("|---|---|---|---|---|---|---|---|")
    for name, labelled in own(asked).items():
        model = calibrated(without(asked, name))
        halves = [_halves(model, labelled, seed) for seed in range(PROMISES)]
        for risk in RISKS:
            splits = [_keep_half(*half, Promise(risk, 0.15)) for half in halves]
            proven = [split for split in splits if split.is_proven]
            kept = sum(split.wrong <= risk for split in proven)
            share = float(np.mean([split.answered for split in splits]))
            wrong = sum(split.wrong * split.answered for split in splits) / len(splits) / share if share else np.nan
            missing = [split for split in splits if split.missing]
            row = f"{len(proven)} | {kept} | {share:.2f} | {wrong:.3f} | {len(missing)}"
            print(f"| {name} | {risk} | {row} | {sum(split.right <= 0.15 for split in missing)} |", flush=True)


def print_packaged_promises(asked: Sequence[Asked]) -> None:
    """Print what the thresholds of the packaged kind are worth on a set that had no part in them."""
    print("\n| set | answered from | share | wrong of these | not in corpus below | share | right of these |")
    print("|---|---|---|---|---|---|---|")
    for name, labelled in track(own(asked).items(), console=Console(stderr=True), transient=True):
        rest = without(asked, name)
        left_out = {one: calibrated(without(rest, one)).confidence(asked_.signals) for one, asked_ in own(rest).items()}
        at = _bundled(count_left_out(rest, left_out, foreign_confidence(rest)))
        found = calibrated(rest).confidence(labelled.signals)
        answered = (found >= (2 if at.answered is None else at.answered)) & (labelled.flagged == 0)
        missing = found < (at.not_in_corpus or 0)
        print(
            f"| {name} | {at.answered} | {answered.mean():.2f} | {_share_of(1 - labelled.right[answered])} "
            f"| {at.not_in_corpus} | {missing.mean():.2f} | {_share_of(labelled.right[missing])} |",
            flush=True,
        )


def _bundled(held_out: HeldOut) -> Thresholds:
    """Return the thresholds of a calibration that is bundled, where these were held out."""
    return draw_thresholds(replace(packaged_calibration(), held_out=held_out), BUNDLED, is_own=False)


def _share_of(values: Floats) -> str:
    return f"{values.mean():.2f}" if len(values) else "-"


def _halves(model: Model, labelled: Labelled, seed: int) -> tuple[Floats, Labelled, Floats, Labelled]:
    order = np.random.default_rng(seed).permutation(len(labelled))
    here, there = (labelled.take(rows) for rows in np.array_split(order, 2))
    adapted, held_out, _ = adapt(model, here)
    return held_out, here, adapted.confidence(there.signals), there


class _Kept(NamedTuple):
    """What thresholds of one half of a set's questions do on the other: whether that of ``answered`` is proven, the
    share answered and the share of these that is wrong, the share called missing by a proven threshold and of these
    right."""

    is_proven: bool
    answered: float
    wrong: float
    missing: float
    right: float


def _keep_half(held_out: Floats, here: Labelled, found: Floats, there: Labelled, promise: Promise) -> _Kept:
    at = keep_promise(count_held_out(held_out, here), promise)
    answered = (found >= (2 if at.answered is None else at.answered)) & (there.flagged == 0)
    missing = found < ((at.missing_proven and at.not_in_corpus) or 0)
    wrong = float(1 - there.right[answered].mean()) if answered.any() else 0.0
    right = float(there.right[missing].mean()) if missing.any() else 0.0
    return _Kept(at.answered_proven, float(answered.mean()), wrong, float(missing.mean()), right)


def foreign_confidence(asked: Sequence[Asked]) -> dict[tuple[str, str], Floats]:
    """Return the confidences of questions of other sets by (texts, source), by calibrations that saw neither set."""
    models: dict[frozenset[str], Model] = {}
    found = {}
    for one in track([one for one in asked if one.kind == "foreign"], console=Console(stderr=True), transient=True):
        pair = frozenset((one.texts, one.source))
        if pair not in models:
            models[pair] = calibrated(without(asked, *pair))
        found[one.texts, one.source] = models[pair].confidence(one.labelled.signals)
    return found


def print_foreign(found: Mapping[tuple[str, str], Floats], threshold: float) -> None:
    """Print how often a question of another set is called not in the corpus."""
    names = list(dict.fromkeys(texts for texts, _ in found))
    print(f"\nquestions of others below {threshold}, by calibrations without both (rows: texts, columns: questions)\n")
    print(f"| | {' | '.join(names)} |\n|{'---|' * (len(names) + 1)}")
    for texts in names:
        shares = ["" if texts == source else f"{(found[texts, source] < threshold).mean():.0%}" for source in names]
        print(f"| {texts} | {' | '.join(shares)} |")


# --- the packaged file ---------------------------------------------------------------------------------------


def packaged_json(asked: Sequence[Asked], held_out: HeldOut, command: str, file: Path) -> str:
    """Return the packaged calibration as text; the date stays where nothing else changes."""
    told = {"made": datetime.now(UTC).date().isoformat(), "command": command, "embedder_checksum": embedder_checksum()}
    told["reader_checksum"] = READERS["extractive"].checksum() if file == PACKAGED else ""
    counts = {name: len(labelled) for name, labelled in own(asked).items()}
    found = replace(calibration_of(calibrated(asked), held_out, counts, told), promise=BUNDLED)
    if file.exists():
        before = read_calibration(file.read_text(encoding="utf-8"))
        if replace(found, made=before.made) == before:
            found = before
    return calibration_json(found)


def count_left_out(
    asked: Sequence[Asked], left_out: Mapping[str, Floats], foreign: Mapping[tuple[str, str], Floats]
) -> HeldOut:
    """Return the questions on which the packaged promises are counted: up to MOST_COUNTED of each set, and a tenth as
    many of other sets, each with the confidence of a calibration without its sets."""
    parts = []
    for name, labelled in own(asked).items():
        drawn = _draw(len(labelled), MOST_COUNTED)
        parts.append((left_out[name][drawn], labelled.take(drawn)))
        others = [one for one in asked if (one.kind, one.texts) == ("foreign", name)]
        for one in others:
            rows = _draw(len(one.labelled), round(FOREIGN_COUNTED * len(drawn) / len(others)))
            parts.append((foreign[name, one.source][rows], one.labelled.take(rows)))
    found = np.concatenate([confidences for confidences, _ in parts])
    columns = (np.concatenate([getattr(labelled, part) for _, labelled in parts]) for part in _PARTS)
    return count_held_out(found, Labelled(*columns))


def _draw(size: int, most: int) -> npt.NDArray[np.int64]:
    return np.random.default_rng(0).permutation(size)[:most]


def print_packaged(read: bool) -> None:
    """Print what the packaged calibration promises at the default."""
    packaged = packaged_calibration(read)
    for risk in (0.1, 0.2, 0.33, 0.4):
        print(f"risk {risk}, miss 0.15: {draw_thresholds(packaged, Promise(risk, 0.15), is_own=False)}")


def print_cost(folder: Path, read: bool) -> None:
    """Print what a confidence costs from its signals on, and what measuring the signals does."""
    from qa.answers import retrieval

    index, texts = open_set_index(folder, read), [question.text for question in _questions(folder)][:400]
    times: list[float] = []
    measure = retrieval.measure_signals  # type: ignore[attr-defined]

    def timed(*given: Any) -> Any:
        started = time.perf_counter()
        found = measure(*given)
        times.append(time.perf_counter() - started)
        return found

    gather_evidence(texts, index, 5)
    retrieval.measure_signals = timed  # type: ignore[attr-defined, assignment]
    found = gather_evidence(texts, index, 5)
    retrieval.measure_signals = measure  # type: ignore[attr-defined]
    packaged = packaged_calibration(read)
    at = draw_thresholds(packaged, BUNDLED, is_own=False)
    started = time.perf_counter()
    for evidence in found:
        verdict(evidence, confidence(evidence, packaged), at)
    each = (time.perf_counter() - started) / len(found)
    print(f"\n{folder.name}: signals {np.median(times) * 1e3:.2f} ms, confidence and verdict {each * 1e3:.3f} ms")
    index.close()


def write_page(path: Path, asked: Sequence[Asked], left_out: dict[str, Floats]) -> None:
    """Write the reliability plots of all sets, each by a calibration without it."""
    plots = "".join(
        f"<figure><figcaption>{name}</figcaption>{reliability_plot(left_out[name], labelled.right)}</figure>"
        for name, labelled in own(asked).items()
    )
    style = "body{display:flex;flex-wrap:wrap;font-family:sans-serif}"
    path.write_text(f"<!doctype html><meta charset=utf-8><title>Reliability</title><style>{style}</style>{plots}\n")


def print_bins(asked: Sequence[Asked], left_out: dict[str, Floats]) -> None:
    """Print the share right by mean confidence, in bins of equal mass."""
    print("\n| set | mean confidence: share right, by fifteenths |\n|---|---|")
    for name, labelled in own(asked).items():
        bins = reliability_bins(left_out[name], labelled.right)
        print(f"| {name} | {', '.join(f'{mean:.2f}: {share:.2f}' for mean, share, _ in bins)} |")


def main() -> None:
    """Print all tables; write what was asked for."""
    options = command_line(__doc__)
    options.add_argument("sets", type=question_set, nargs="+", metavar="SET", help="folder of a question set")
    options.add_argument("--page", type=Path, help="write reliability plots to this file")
    options.add_argument("--write", action="store_true", help="write the calibration that is part of the package")
    options.add_argument("--unread", action="store_true", help="all of it for passages that are not read")
    given = options.parse_args()
    folders, read = given.sets, not given.unread
    if len(folders) < _FEWEST_SETS:
        options.error(f"name {_FEWEST_SETS} sets or more: each is judged by a fit on the others")
    asked = collect(folders, read)
    left_out, foreign = print_left_out(asked), foreign_confidence(asked)
    if given.write:
        written = "--write" if read else "--unread --write"
        command = f"python -m benchmarks.confidence {' '.join(folder.name for folder in folders)} {written}"
        file = PACKAGED if read else PACKAGED_UNREAD
        made = packaged_json(asked, count_left_out(asked, left_out, foreign), command, file)
        file.write_text(made, encoding="utf-8")
        packaged_calibration.cache_clear()
    if given.page:
        write_page(given.page, asked, left_out)
    print_bins(asked, left_out)
    compare_calibrators(asked)
    print_packaged(read)
    print_foreign(foreign, _bundled(packaged_calibration(read).held_out).not_in_corpus or 0.0)
    print_packaged_promises(asked)
    print_refitted(asked)
    print_promises(asked)
    for folder in folders:
        print_cost(folder, read)


if __name__ == "__main__":
    main()
