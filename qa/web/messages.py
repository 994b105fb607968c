"""What is said of refusals by the application and by the server around it alike."""

from qa.limits import MAX_BODY_BYTES, MAX_QUESTION_CHARACTERS

RETRY_SECONDS = 1
"""When a client that was turned away may ask again: those that wait are answered by then."""

BODY_TOO_LARGE = (
    f"The body is over {MAX_BODY_BYTES // 1024} KiB: a question has up to {MAX_QUESTION_CHARACTERS:,} characters."
)

INTERNAL = "Something went wrong here, not with the question: it was logged. Try again later."
