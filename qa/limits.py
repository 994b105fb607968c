"""Bounds and defaults of what can be asked and set, and the check of a question against them.

Nothing heavy is imported to know them.
"""

import unicodedata

from qa.errors import BadQuestion
from qa.wording import marked

MAX_QUESTION_CHARACTERS = 1000
MAX_PREFIX_CHARACTERS = 500
MAX_K = 1000
DEFAULT_K = 5
MAX_BODY_BYTES = 64 * 1024
PASSAGE_TOKENS = (32, 8192)
SHARES = (0.01, 0.5)
DEFAULT_RISK = 0.2
BUNDLED_RISK = 0.33  # where a calibration is of other texts, on which next to none is sure enough for less
DEFAULT_MISS = 0.15


def check_question(question: str) -> str:
    """Return the question without white space around it.

    Raises BadQuestion when it is empty, over 1,000 characters, or has no letter, digit or symbol to go by.
    """
    text = question.strip()
    if not text:
        raise BadQuestion(marked("The question is empty: ask it in a few words."))
    if len(text) > MAX_QUESTION_CHARACTERS:
        raise BadQuestion(
            f"The question has {len(text):,} characters, and at most {MAX_QUESTION_CHARACTERS:,} are read: shorten it."
        )
    categories = {unicodedata.category(character) for character in text if character not in "\t\r\n"}
    if categories & {"Cc", "Cs"}:
        raise BadQuestion(marked("The question has control characters: send it as plain text."))
    if not any(category[0] in "LN" or category == "So" for category in categories):
        raise BadQuestion(marked("The question has only punctuation: ask it in words."))
    return text


def check_k(k: int) -> int:
    """Return k. Raises BadQuestion when it is not from 1 to 1,000."""
    if not 1 <= k <= MAX_K:
        raise BadQuestion(f"k is {k}, and can be from 1 to {MAX_K:,}: it is how many passages to show.")
    return k
