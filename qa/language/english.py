"""English: its dictionaries in the package, its grammar in ``tagging`` and ``phrases``."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from math import log10

from qa.datatypes import Question
from qa.language.dictionaries import Dictionary, frequencies, frequent_words, lemmas, tags
from qa.language.language import Language
from qa.language.phrases import noun_phrases
from qa.language.tagging import NOUN_TAGS, tag
from qa.language.vocabulary import (
    BEFORE_CALLING,
    CALLING_VERBS,
    JOINING,
    JOINING_PAIRS,
    NAMING_HEADS,
    POINTING_BACK,
    QUESTION_WORDS,
    SAYING,
    SMALL_WORDS,
    SUBJECT_PRONOUNS,
)
from qa.language.words import ENGLISH_WORDS, LONGEST_WORD

_CONTRACTED = re.compile(r"(?:['’ʼ](?:re|ve|ll|d|m)|n['’ʼ]t)$", re.IGNORECASE)
_PLAIN_VERBS = frozenset({"VB", "VBP"})
_PAST_VERBS = frozenset({"VBD", "VBN", "JJ"})
_FEW_NAMED = 2  # words of a question that goes on from another: with more it stands by itself


class English(Language):
    """English, which is known best."""

    british_and_american = True
    question_words = QUESTION_WORDS
    small_words = SMALL_WORDS
    naming_heads = NAMING_HEADS
    saying = SAYING
    subject_pronouns = SUBJECT_PRONOUNS

    def __init__(self) -> None:
        """Join the code with what cuts English words."""
        super().__init__("en", ENGLISH_WORDS)

    @cached_property
    def _simplemma(self) -> tuple[Callable[[str], str], Callable[[str], str | None]]:
        """Return what lemmatizes a word, and what does so by the dictionary alone, None where that has no such word."""
        from simplemma import Lemmatizer  # a tenth of a second, which most questions need not spend
        from simplemma.strategies import DefaultStrategy, DictionaryFactory, DictionaryLookupStrategy

        class Packaged(DictionaryFactory):
            def get_dictionary(self, lang: str) -> Dictionary[str]:
                return lemmas()

        strategy = DefaultStrategy(dictionary_factory=Packaged())
        lemmatizer = Lemmatizer(0, lemmatization_strategy=strategy)
        known = DictionaryLookupStrategy(Packaged())
        return partial(lemmatizer.lemmatize, lang="en"), partial(known.get_lemma, lang="en")

    def lemma_anew(self, folded: str) -> str:
        """Return the dictionary form of a word, by simplemma's rules and the packaged dictionary."""
        return self._simplemma[0](folded)

    def is_known(self, folded: str) -> bool:
        """Whether simplemma's dictionary of English has a folded word, in any inflection."""
        return len(folded) <= LONGEST_WORD and self._simplemma[1](unicodedata.normalize("NFC", folded)) is not None

    def is_contraction(self, written: str) -> bool:
        """Whether a word is two that are written as one with an apostrophe ("they're"), other than by an "'s"."""
        return _CONTRACTED.search(written) is not None

    def is_participle(self, folded: str) -> bool:
        """Whether a folded word is a past participle, by Brill's lexicon, or by its ending where that lacks it."""
        found = tags().get(folded)
        return found == "VBN" if found else folded.endswith("ed")

    def verb_is_called(self, folded: Sequence[str]) -> int | None:
        """Return the place of the first "do" or the like, where the question begins with it or with "how" before it."""
        place = next((at for at, word in enumerate(folded) if word in CALLING_VERBS), None)
        return place if place is not None and BEFORE_CALLING.issuperset(folded[:place]) else None

    def as_verb(self, folded: str) -> float | None:
        """Return 0 for what Brill's lexicon has as a verb first of all, else how often its past form is one: "shaped"
        beside "shape"."""
        known, stem = tags(), folded[:-1]
        if known.get(folded) in _PLAIN_VERBS:
            return 0.0
        pasts = (f"{folded}ed", f"{folded}{folded[-1:]}ed", f"{stem}ed" if folded.endswith("e") else f"{stem}ied")
        shares = [self.frequency(past) - self.frequency(folded) for past in pasts if known.get(past) in _PAST_VERBS]
        return max(shares, default=None)

    def can_be_verb(self, folded: str) -> bool:
        """Whether a folded word is a verb in its plain form, or in its past ("Did she knew?"), or in no dictionary."""
        return tags().get(folded, "VB") in _PLAIN_VERBS | _PAST_VERBS - {"JJ"} or self.as_verb(folded) is not None

    def frequency(self, written: str) -> float:
        """Return how often English uses a word, on wordfreq's Zipf scale."""
        share = frequencies().get(written.lower()) if len(written) <= LONGEST_WORD else None
        return round(log10(share) + 9, 2) if share else 0.0

    def frequent_words(self, most: int) -> Sequence[str]:
        """Return the most frequent words of English, in no order, whatever the most: the package has 50,000."""
        return frequent_words()

    def goes_on(self, question: Question) -> bool:
        """Whether a question leaves open what it is about: none of its words does more than ask, or two at most, and it
        begins with a word that joins it to another, or has one that points back."""
        words = [word.folded for word in question.words]
        is_joined = not JOINING.isdisjoint(words[:1]) or tuple(words[:2]) in JOINING_PAIRS
        points_back = not POINTING_BACK.isdisjoint(words)
        named = set(question.stems) - self.question_words - self.small_words
        return bool(words) and (not named or ((is_joined or points_back) and len(named) <= _FEW_NAMED))

    def phrases(self, text: str) -> list[str]:
        """Return the noun phrases of a text, without determiners, in order."""
        runs = noun_phrases(tag(text))
        return [text[run[0].start : run[-1].end] for run in runs if run[-1].tagged(*NOUN_TAGS)]
