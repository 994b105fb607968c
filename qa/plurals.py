"""A number with its noun."""


def count(number: int, noun: str) -> str:
    """Return a number and its noun, in the plural unless it is one: "1 question", "1,204 questions"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
