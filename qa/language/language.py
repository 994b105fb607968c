"""What is known of one language: how its texts are cut, which words it has and how often, which words only ask."""

import re
import unicodedata
from collections.abc import Sequence
from functools import cached_property, lru_cache
from itertools import groupby

from qa.datatypes import Question, Term, Word
from qa.language.words import LONGEST_WORD, Words

_REMEMBERED = 1 << 15  # lemmas
_FUNCTION_WORDS = 100
"""Of the most frequent words of a language, those that join and ask: about as many as are no nouns of any subject."""

QUOTED = re.compile(r"[\"“”„«»]([^\"“”„«»]{2,200})[\"“”„«»]")
"""What stands in quotation marks."""

_CLAUSE = re.compile(r"[^\s\w'’ʼ\-‐‑&]+")


class Language:
    """A language by its code, "de", as the libraries know it that serve many: Snowball's stemmers, simplemma's lemmas
    and wordfreq's frequencies. Its grammar is not known: a term is a run of words that are not among its most frequent.
    """

    british_and_american = False
    """Whether its words are spelt in two ways, as in "colour" and "color"."""

    def __init__(self, code: str, words: Words) -> None:
        """Join a code with what cuts its words."""
        self.code = code
        self.words, self.stems, self.stemmed = words.words, words.stems, words.stemmed
        self.fold, self.folded_words, self.spellings = words.fold, words.folded_words, words.spellings
        self._lemma = lru_cache(maxsize=_REMEMBERED)(self.lemma_anew)

    def question(self, text: str) -> Question:
        """Return a question with its words, cut once for all that looks at them."""
        words = tuple(self.words(text))
        stems = tuple(word.stem for word in words)
        content = tuple(stem for stem in stems if stem not in self.question_words)
        return Question(text, words, stems, content or stems)

    def lemma(self, folded: str) -> str:
        """Return the dictionary form of a folded word, which its inflections share and what is derived from it does
        not: "combative" has its own, though it has the stem of "combat"."""
        return self._lemma(folded) if len(folded) <= LONGEST_WORD else folded

    def lemma_anew(self, folded: str) -> str:
        """Return what ``lemma`` does, without remembering it."""
        from simplemma import lemmatize

        return str(lemmatize(folded, lang=self.code))

    def is_known(self, folded: str) -> bool:
        """Whether a dictionary of the language has a folded word, in any inflection."""
        from simplemma import is_known

        return len(folded) <= LONGEST_WORD and bool(is_known(unicodedata.normalize("NFC", folded), lang=self.code))

    def is_contraction(self, written: str) -> bool:
        """Whether a word is two that are written as one with an apostrophe: it is no error for another."""
        return False

    def is_participle(self, folded: str) -> bool:
        """Whether a folded word is a past participle, which behind a hyphen says how and not what."""
        return False

    def verb_is_called(self, folded: Sequence[str]) -> int | None:
        """Return the place of the word that calls for a verb behind it, of a question's folded words: "does" of "How
        does poverty affect therapy?"; None where none does."""
        return None

    @property
    def subject_pronouns(self) -> frozenset[str]:
        """Return the folded words that stand for a subject, behind which the verb comes next: "they"."""
        return frozenset()

    def as_verb(self, folded: str) -> float | None:
        """Return how often a folded word is a verb, as that of its past form beside its own on Zipf's scale, so 0 or
        less as a rule; None where it is none that is known."""
        return None

    def can_be_verb(self, folded: str) -> bool:
        """Whether a folded word may be a verb, for all that is known."""
        return True

    def frequency(self, written: str) -> float:
        """Return how often the language uses a word, on wordfreq's Zipf scale: 3 is once in a million words, 6 once in
        a thousand, 0 never."""
        from wordfreq import zipf_frequency

        return float(zipf_frequency(written, self.code)) if len(written) <= LONGEST_WORD else 0.0

    def frequent_words(self, most: int) -> Sequence[str]:
        """Return the most frequent words of the language, as they are written."""
        from wordfreq import top_n_list

        return [str(word) for word in top_n_list(self.code, most)]

    @cached_property
    def question_words(self) -> frozenset[str]:
        """Return the stems of words that only ask or join: none of them is what a question is about."""
        return frozenset(stem for word in self.frequent_words(_FUNCTION_WORDS) for stem in self.stems(word))

    @property
    def small_words(self) -> frozenset[str]:
        """Return the stems of words that no term begins or ends with, and that no text is said to lack."""
        return self.question_words

    @cached_property
    def unmarked(self) -> frozenset[str]:
        """Return the stems of words that are not marked in a passage though the question has them."""
        return self.question_words | self.small_words

    @property
    def naming_heads(self) -> frozenset[str]:
        """Return the stems of nouns that say nothing alone: "model" of a "… model"."""
        return frozenset()

    @property
    def saying(self) -> frozenset[str]:
        """Return the stems of nouns that are as often verbs of a question: "work", which is no part by itself."""
        return frozenset()

    @property
    def capital_nouns(self) -> bool:
        """Whether nouns have capitals wherever they stand."""
        return self.code == "de"

    def goes_on(self, question: Question) -> bool:
        """Whether a question leaves open what it is about, as one that goes on from another: none of its words does
        more than ask."""
        return bool(question.stems) and self.question_words.issuperset(question.stems)

    def find_terms(self, question: Question) -> tuple[Term, ...]:
        """Return the terms of a question in order, without overlaps, where nothing else finds them: what stands in
        quotation marks, and each run of other words that do not only ask."""
        quoted = quoted_terms(question.text, question.words)
        within = {place for term in quoted for place in range(term.start, term.end)}
        runs = [
            Term(question.text[start:end], start, end, tuple(self.words(question.text[start:end], start)))
            for start, end in self._runs(question.text)
            if start not in within and end - 1 not in within
        ]
        return tuple(sorted([*quoted, *runs], key=lambda term: term.start))

    def phrases(self, text: str) -> list[str]:
        """Return the stretches of a text that can be terms, in order."""
        return [text[start:end] for start, end in self._runs(text)]

    def _runs(self, text: str) -> list[tuple[int, int]]:
        """Return the ranges of words side by side that are not question words, in order."""
        cuts = [match.start() for match in _CLAUSE.finditer(text)]
        tagged = [
            (sum(cut <= start for cut in cuts), stem in self.question_words, start, end)
            for stem, start, end in self.stemmed(text)
        ]
        runs = []
        for (_, asks), words in groupby(tagged, key=lambda word: word[:2]):
            held = list(words)
            if not asks:
                runs.append((held[0][2], held[-1][3]))
        return runs


_BRACKETS = (("(", ")"), ("[", "]"), ("{", "}"), ("<", ">"))


def with_brackets(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a range with the brackets beside it whose other halves are within it: "denied (publickey)", "(null)
    pointer"."""
    moved = start, end
    for opening, closing in _BRACKETS:
        more = text.count(opening, start, end) - text.count(closing, start, end)
        if more > 0 and text[end : end + 1] == closing:
            moved = start, end + 1
        elif more < 0 and text[max(start - 1, 0) : start] == opening:
            moved = start - 1, end
    return moved if moved == (start, end) else with_brackets(text, *moved)


def quoted_terms(question: str, asked: Sequence[Word]) -> list[Term]:
    """Return what stands in quotation marks in a question with these words; nothing where they are around all of it."""
    terms = []
    for match in QUOTED.finditer(question):
        inside = tuple(word for word in asked if match.start(1) <= word.start < match.end(1))
        if inside and len(inside) < len(asked):
            start, end = with_brackets(question, inside[0].start, inside[-1].end)
            terms.append(Term(question[start:end], start, end, inside, quoted=True))
    return terms
