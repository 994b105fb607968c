"""Questions edited so that their passage no longer answers them, in the manner of SQuAD 2.0 (Rajpurkar, Jia and Liang,
"Know what you don't know", ACL 2018), where people wrote such questions.

A name or number becomes another of the passage or of another question, a word its opposite, a noun another noun, a
condition is added ("… in California"), or the question is negated. What is put in is *missing* where the passage does
not have it, and nobody knows where it does: there it is the relation that is wrong.
"""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from training.questions import ENGLISH, Natural

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Edit:
    """An edited question, the stretches that its passage lacks, and those of which nobody knows."""

    text: str
    kind: str
    missing: tuple[Span, ...] = ()
    unsure: tuple[Span, ...] = ()


_OPPOSITES = (
    "first/last most/least more/less fewer/more largest/smallest biggest/smallest highest/lowest longest/shortest "
    "oldest/youngest earliest/latest best/worst fastest/slowest before/after increase/decrease increased/decreased "
    "increases/decreases rise/fall rose/fell north/south east/west northern/southern eastern/western male/female "
    "men/women boys/girls man/woman father/mother brother/sister king/queen husband/wife early/late greater/smaller "
    "higher/lower larger/smaller longer/shorter older/younger won/lost win/lose began/ended begin/end starts/ends "
    "started/stopped start/stop open/close opened/closed inside/outside above/below upper/lower high/low old/new "
    "major/minor public/private legal/illegal allowed/forbidden always/never common/rare possible/impossible "
    "positive/negative strong/weak strengths/weaknesses large/small big/small long/short good/bad causes/prevents "
    "cause/prevent caused/prevented accepted/rejected accept/reject support/oppose supported/opposed founded/dissolved "
    "created/destroyed rich/poor internal/external maximum/minimum majority/minority advantages/disadvantages "
    "benefits/drawbacks arrive/leave arrived/left buy/sell bought/sold born/buried summer/winter day/night hot/cold "
    "liked/disliked like/dislike love/hate loved/hated easy/difficult safe/dangerous full/empty hard/soft heavy/light "
    "left/right top/bottom front/back young/old former/current domestic/foreign formal/informal acute/chronic "
    "voluntary/mandatory required/optional include/exclude includes/excludes gain/loss gained/lost friend/enemy"
)
OPPOSITE = {one: other for pair in _OPPOSITES.split() for one, other in (pair.split("/"), reversed(pair.split("/")))}

_NAME = re.compile(r"(?<=\w )(?:[A-Z][\w'’.-]*\w|[A-Z]{2,})(?: (?:of |the |and )?[A-Z][\w'’-]+)*")
_NUMBER = re.compile(r"\b\d[\d,.]*\b(?<![,.])")
_WORD = re.compile(r"[A-Za-z]{3,}")
_NEGATED = re.compile(r"\b(?:is|are|was|were|did|does|do|can|could|should|will|would|has|have)\b (?=\w+ \w+)")
_BEFORE = re.compile(r"\b(?:in|at|for|during|with|from|under|after|before|among|without)(?: (?:the|a|an|my|your))? $")
_ARTICLE = re.compile(r"(?:the|a|an|there)\b")
_PREFIX = re.compile(r"\w+(?: (?:the|a|an|my|your))? ")
_TAIL_TRIES = 8


class Editor:
    """Edits questions with what other questions have."""

    def __init__(self, questions: Sequence[Natural], chance: random.Random) -> None:
        """Take names, numbers, nouns and conditions from these."""
        self._chance = chance
        self._names, self._numbers, self._nouns = set[str](), set[str](), set[str]()
        plain, named = set[str](), set[str]()
        for question in questions:
            text = question.labelled.text
            self._names.update(_NAME.findall(text))
            self._numbers.update(_NUMBER.findall(text))
            for slot in question.slots:
                start, end = question.labelled.words[slot.first][0], question.labelled.words[slot.end - 1][1]
                self._nouns.add(text[question.labelled.words[slot.end - 1][0] : end])
                before = _BEFORE.search(text[:start])
                if before and slot.end == len(question.labelled.words):
                    tail = text[before.start() : end]
                    (named if text[start].isupper() else plain).add(tail)
        self._listed = {
            "names": sorted(self._names),
            "numbers": sorted(self._numbers),
            "plain": sorted(plain),
            "named": sorted(named),
        }

    def edits(self, question: Natural, context: str, answer: str) -> list[Edit]:
        """Return edits of a question that its passage answers with ``answer``, "" where it does so without a span: at
        most one of each kind."""
        stems = frozenset(ENGLISH.stems(context))
        makers: tuple[Callable[[], Iterator[Edit]], ...] = (
            lambda: self._other_name(question, context, answer, stems),
            lambda: self._opposite(question),
            lambda: self._other_noun(question, context, answer),
            lambda: self._condition(question, stems),
            lambda: self._negation(question),
        )
        return [edit for make in makers for edit in make()]

    def _other_name(self, question: Natural, context: str, answer: str, stems: frozenset[str]) -> Iterator[Edit]:
        text = question.labelled.text
        for pattern, others in ((_NAME, "names"), (_NUMBER, "numbers")):
            places = list(pattern.finditer(text))
            if not places or not self._listed[others]:
                continue
            place = self._chance.choice(places)
            near = {name for name in pattern.findall(context) if _is_other(name, text, answer)}
            if near and self._chance.random() < 0.6:
                yield _put(text, place.span(), self._chance.choice(sorted(near)), "name of the passage", known=True)
            else:
                name = self._chance.choice(self._listed[others])
                if _is_other(name, text, answer) and stems.isdisjoint(ENGLISH.stems(name)):
                    yield _put(text, place.span(), name, "name")

    def _opposite(self, question: Natural) -> Iterator[Edit]:
        text = question.labelled.text
        places = [place for place in _WORD.finditer(text) if place[0] in OPPOSITE]
        if places:
            place = self._chance.choice(places)
            yield _put(text, place.span(), OPPOSITE[place[0]], "opposite", known=True)

    def _other_noun(self, question: Natural, context: str, answer: str) -> Iterator[Edit]:
        text, words = question.labelled.text, question.labelled.words
        if not question.slots:
            return
        slot = self._chance.choice(question.slots)
        place = words[slot.end - 1]
        within = {word for word in _WORD.findall(context) if word in self._nouns and _is_other(word, text, answer)}
        if within:
            yield _put(text, place, self._chance.choice(sorted(within)), "noun of the passage", known=True)

    def _condition(self, question: Natural, stems: frozenset[str]) -> Iterator[Edit]:
        text = question.labelled.text
        for _ in range(_TAIL_TRIES):
            tails = self._listed[self._chance.choice(["named", "named", "plain"])]
            if not tails:
                continue
            tail = self._chance.choice(tails)
            if self._chance.random() < 0.1:
                tail = f"in {self._chance.randint(1900, 2030)}"
            prefix = _PREFIX.match(tail)
            named = prefix.end() if prefix else 0
            lacking = [
                word for word in ENGLISH.words(tail) if word.start >= named and word.stem not in ENGLISH.question_words
            ]
            if not lacking or any(word.stem in stems for word in lacking) or tail.casefold() in text.casefold():
                continue
            body = text.rstrip(" ?.!")
            if self._chance.random() < 0.75 or not text[1:2].islower():
                made, start = f"{body} {tail}{text[len(body) :]}", len(body) + 1
            else:
                made, start = f"{tail[0].upper()}{tail[1:]}, {text[0].lower()}{text[1:]}", 0
            missing = tuple((start + word.start, start + word.end) for word in lacking)
            yield Edit(made, "condition", missing)
            return

    def _negation(self, question: Natural) -> Iterator[Edit]:
        text = question.labelled.text
        found = _NEGATED.search(text)
        if found and self._chance.random() < 0.3:
            article = _ARTICLE.match(text, found.end())
            end = found.end() - 1 if article else text.index(" ", found.end())
            yield Edit(f"{text[:end]} not{text[end:]}", "negation", (), ((end + 1, end + 4),))


def _put(text: str, place: Span, other: str, kind: str, *, known: bool = False) -> Edit:
    """Return an edit with something put in place of a stretch; ``known`` where the passage has it."""
    put = (place[0], place[0] + len(other))
    return Edit(text[: place[0]] + other + text[place[1] :], kind, () if known else (put,), (put,) if known else ())


def _is_other(name: str, text: str, answer: str) -> bool:
    """Whether a name is neither in the question nor of the answer."""
    low, answer = name.casefold(), answer.casefold()
    return low not in text.casefold() and low not in answer and not (answer and answer in low)
