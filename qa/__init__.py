"""Candor: answers questions by quoting a corpus, and says what the corpus does not cover."""

__version__ = "0.1.0"
