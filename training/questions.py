"""Questions to learn from, with what of each its answering passage has: the labels of the term finder.

Nothing is labelled by hand. A question of the reader's data is answered by its passage, so the passage's words say what
the question names and what it only describes:

- a noun phrase that the passage uses as one phrase is a *term*, and a *unit*;
- a noun phrase that it does not use so, though it answers, is no unit: it describes;
- a content word that the passage has is *needed*, one that it lacks is not (Zhao and Callan, "Term necessity
  prediction", CIKM 2010).

Of each such question others are made, in which a term is exchanged for something invented. What is invented keeps the
labels of what it replaces.
"""

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa.datatypes import Word
from qa.language import load_language
from qa.language.tagging import NOUN_TAGS, tag

ENGLISH = load_language("en")

UNKNOWN = -1
OUTSIDE, BEGINS, GOES_ON = 0, 1, 2

_LONGEST_TERM = 6  # words
_LONGEST_RUN = 8
_NEAR = 2


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question with the range of each word, and three labels of each, UNKNOWN where nothing is known: where a term
    begins and goes on, whether it is of a unit, whether an answer needs it."""

    text: str
    words: tuple[tuple[int, int], ...]
    border: tuple[int, ...]
    unit: tuple[int, ...]
    need: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """A term of a natural question: the places of its first word and of the one after its last."""

    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Natural:
    """A natural question, its words, and which of its terms can be exchanged."""

    labelled: Labelled
    slots: tuple[Slot, ...]


def label(text: str, context: str) -> Natural | None:
    """Return a question labelled by a passage that answers it; None for one without words."""
    words = ENGLISH.words(text)
    if not words:
        return None
    places: dict[str, list[int]] = {}
    for place, stem in enumerate(ENGLISH.stems(context)):
        places.setdefault(stem, []).append(place)
    border = [OUTSIDE] * len(words)
    unit = [UNKNOWN] * len(words)
    need = [UNKNOWN if word.stem in ENGLISH.question_words else int(word.stem in places) for word in words]
    slots = []
    for first, end in _nominal_runs(text, words):
        border[first:end] = [UNKNOWN] * (end - first)
        used = list(_used_stretches(words, first, end, places))
        for start, stop in used:
            border[start:stop] = [BEGINS] + [GOES_ON] * (stop - start - 1)
            slots.append(Slot(start, stop))
        if end - first > 1 and not any(stop - start > 1 for start, stop in used):
            unit[first:end] = [0] * (end - first)
        for start, stop in used:
            if stop - start > 1:
                unit[start:stop] = [1] * (stop - start)
    spans = tuple((word.start, word.end) for word in words)
    return Natural(Labelled(text, spans, tuple(border), tuple(unit), tuple(need)), tuple(slots))


def _nominal_runs(text: str, words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """Yield the places of nouns and what may stand before them, side by side: from the first to the one after the last,
    which is a noun."""
    nouns, others = set(), set()
    for token in tag(text):
        kept = {word.start for word in token.words if word.stem not in ENGLISH.question_words}
        if token.tagged(*NOUN_TAGS) or token.capital:
            nouns |= kept
        elif token.tagged("JJ", "VBN", "VBG", "CD"):
            others |= kept
    first = None
    for place in range(len(words) + 1):
        is_in = place < len(words) and words[place].start in nouns | others
        if is_in and first is not None and text[words[place - 1].end : words[place].start].strip("-' "):
            yield from _ending_in_noun(words, first, place, nouns)
            first = place
        elif is_in and first is None:
            first = place
        elif not is_in and first is not None:
            yield from _ending_in_noun(words, first, place, nouns)
            first = None


def _ending_in_noun(words: Sequence[Word], first: int, end: int, nouns: set[int]) -> Iterator[tuple[int, int]]:
    while end > first and words[end - 1].start not in nouns:
        end -= 1
    if 0 < end - first <= _LONGEST_RUN:
        yield first, end


def _used_stretches(
    words: Sequence[Word], first: int, end: int, places: dict[str, list[int]]
) -> Iterator[tuple[int, int]]:
    """Yield the longest stretches of a run that a passage uses as phrases, from the left, and its single words."""
    while first < end:
        lengths = range(min(end - first, _LONGEST_TERM), 0, -1)
        length = next((n for n in lengths if _uses([word.stem for word in words[first : first + n]], places)), 0)
        if length:
            yield first, first + length
        first += max(length, 1)


def _uses(stems: Sequence[str], places: dict[str, list[int]]) -> bool:
    """Whether a text has the stems in their order, all within two words more than they are."""
    for start in places.get(stems[0], ()):
        at, latest = start, start + len(stems) - 1 + _NEAR
        for stem in stems[1:]:
            at = next((place for place in places.get(stem, ()) if at < place <= latest), -1)
            if at < 0:
                break
        else:
            return True
    return False


# --- inventions ----------------------------------------------------------------------------------------------


def _listed(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_HEADS = _listed(
    "model theory method approach technique therapy framework system test effect syndrome scale cycle rule principle "
    "strategy formula project practice school movement hypothesis program initiative protocol index law algorithm "
    "process doctrine act plan network certificate allowance scheme benefit policy standard fund award procedure "
    "service tool engine pattern license grant agreement module unit station committee board office league festival"
)

# Of which words that are none are made.
_ONSETS = _listed("b bl br c ch cl cr d dr f fl fr g gl gr h j k kl l m n p ph pl pr qu r s sh sk st str t th tr v w z")
_VOWELS = _listed("a e i o u ai ea oo ia ou")
_CODAS = ("", "", *_listed("n r s t x l m nt rk sk th ck rn ft lm"))
_ENDINGS = ("", "", "", *_listed("ism ine ol ix or us ia ex ify ium ase ora o y"))


class Inventor:
    """Makes names that nobody uses of the words and phrases of many questions, and of no words at all."""

    def __init__(self, questions: Sequence[Natural], rare: Sequence[str], chance: random.Random) -> None:
        """Take the questions whose words are to be mixed, and words that few texts have."""
        self._chance, self._rare = chance, rare
        nouns: Counter[str] = Counter()
        modifiers: Counter[str] = Counter()
        pairs: Counter[str] = Counter()
        for question in questions:
            text = question.labelled.text
            for slot in question.slots:
                parts = [text[start:end].lower() for start, end in question.labelled.words[slot.first : slot.end]]
                nouns[parts[-1]] += 1
                modifiers.update(parts[:-1])
                if len(parts) == 2:
                    pairs[" ".join(parts)] += 1
        self._nouns = [word for word in nouns if word.isalpha() and len(word) > 2]
        self._modifiers = [word for word in modifiers if word.isalpha() and len(word) > 2]
        self._pairs = list(pairs)
        self._common = frozenset(self._nouns)

    def pseudo(self) -> str:
        """Return a word that is none."""
        pick = self._chance.choice
        made = "".join(pick(_ONSETS) + pick(_VOWELS) + pick(_CODAS) for _ in range(pick([1, 2, 2, 3])))
        return made + pick(_ENDINGS)

    def invent(self) -> str:
        """Return a name that nobody uses: one word or several, in lower case."""
        pick, chance = self._chance.choice, self._chance.random()
        noun, modifier, pair = pick(self._nouns), pick(self._modifiers), pick(self._pairs)
        head = pick(_HEADS) if self._chance.random() < 0.5 else pick(self._nouns)
        other = pick([pick(self._nouns), pick(self._pairs)])
        kinds = (
            (0.12, self.pseudo()),
            (0.10, f"{self.pseudo()} {head}"),
            (0.04, f"{modifier} {self.pseudo()}"),
            (0.10, pick(self._rare)),
            (0.06, f"{pick(self._rare)} {head}"),
            (0.12, f"{pick([noun, modifier])} {head}"),
            (0.10, f"{modifier} {noun}"),
            (0.10, f"{pair} {head}"),
            (0.10, f"{noun} and {other} {head}"),
            (0.06, f"{modifier} {noun} {head}"),
            (0.03, f"{noun}-{modifier} {head}"),
            (0.03, f"{head} of {modifier} {noun}"),
            (0.02, f"{head} of {noun} and {pick(self._nouns)}"),
            (1.00, pair),
        )
        for share, name in kinds:
            if chance < share:
                return name
            chance -= share
        return pair

    def invent_of(self, context: str) -> str | None:
        """Return a name of words that a passage has and does not use together, in lower case; None where it has too few
        nouns: what its parts are is known, and what it is called so is not."""
        have = ENGLISH.stems(context)
        places: dict[str, list[int]] = {}
        for place, stem in enumerate(have):
            places.setdefault(stem, []).append(place)
        held = sorted({word for word in re.findall(r"[a-z]{3,}", context) if word in self._common})
        if len(held) < 2:
            return None
        one, other = self._chance.sample(held, 2)
        head = self._chance.choice(_HEADS)
        made = self._chance.choice(
            (
                *(f"{one} {other}", f"{one} {other}", f"{one} {other} {head}", f"{one} and {other} {head}"),
                *(f"{one} {head}", f"{one}-{other} {head}", f"{other} of {one}", f"{one}-based {other}"),
            )
        )
        return None if _uses([word.stem for word in ENGLISH.words(made)], places) else made

    def dressed(self, name: str) -> str:
        """Return a name as it may be written: in capitals, in quotation marks, with a letter wrong."""
        chance = self._chance.random()
        if chance < 0.35:
            small = {"and", "of"}
            name = " ".join(word if word in small else word[:1].upper() + word[1:] for word in name.split())
        elif chance < 0.38:
            name = name.upper()
        if self._chance.random() < 0.1:
            name = self.mistyped(name)
        return name

    def mistyped(self, name: str) -> str:
        """Return a name with one letter left out, doubled, swapped with the next, or another."""
        letters = [at for at, letter in enumerate(name) if letter.isalpha() and at and name[at - 1].isalpha()]
        if not letters:
            return name
        at, kind = self._chance.choice(letters), self._chance.randrange(4)
        other = self._chance.choice("etaoinsrhl")
        swapped = name[at] + name[at - 1]
        return {
            0: name[:at] + name[at + 1 :],
            1: name[:at] + name[at] + name[at:],
            2: name[: at - 1] + swapped + name[at + 1 :],
            3: name[:at] + other + name[at + 1 :],
        }[kind]


def exchanged(question: Natural, slot: Slot, name: str) -> Labelled:
    """Return a question with a term exchanged for a name, which is a term, a unit, and needed."""
    old = question.labelled
    start, end = old.words[slot.first][0], old.words[slot.end - 1][1]
    text = old.text[:start] + name + old.text[end:]
    moved = len(name) - (end - start)
    inside = [(word.start, word.end) for word in ENGLISH.words(name, start)]
    after = [(a + moved, b + moved) for a, b in old.words[slot.end :]]
    count = len(inside)

    def around(labels: Sequence[int], new: Sequence[int]) -> tuple[int, ...]:
        return (*labels[: slot.first], *new, *labels[slot.end :])

    return Labelled(
        text,
        (*old.words[: slot.first], *inside, *after),
        around(old.border, [BEGINS] + [GOES_ON] * (count - 1)),
        around(old.unit, [1 if count > 1 else UNKNOWN] * count),
        around(old.need, [1] * count),
    )


def rare_words() -> list[str]:
    """Return words of English that few texts have."""
    from wordfreq import top_n_list

    return [word for word in top_n_list("en", 120_000)[20_000:] if word.isalpha() and word.isascii() and len(word) > 3]
