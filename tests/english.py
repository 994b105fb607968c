"""English, as tests look at it."""

from qa.language import load_language

ENGLISH = load_language("en")
stems, words, stemmed, fold = ENGLISH.stems, ENGLISH.words, ENGLISH.stemmed, ENGLISH.fold
