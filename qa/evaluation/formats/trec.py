"""Topics of TREC, in the old tags (``<top><num> Number: 1 <title> ...``) and as XML (``<topic number="1">``).

Old topics are not XML: their tags are mostly not closed. A topic's title is its question, or its query.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from qa.errors import UnreadableDocument
from qa.evaluation.formats.text import question_of, read_all
from qa.evaluation.question import SetLine

_TOPIC = re.compile(r"<top(?:ic)?\b([^>]*)>(.*?)(?=</top(?:ic)?>|<top(?:ic)?\b|\Z)", re.DOTALL | re.IGNORECASE)
_NUMBER = re.compile(r"<num(?:ber)?>\s*(?:number:)?\s*([\w.\-]+)", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""number\s*=\s*["']([^"']+)["']""", re.IGNORECASE)
_TITLE = re.compile(r"<(title|query|question)>\s*(?:topic:)?(.*?)(?=<|\Z)", re.DOTALL | re.IGNORECASE)


def read_topics(path: Path) -> Iterator[SetLine]:
    """Yield the question of each topic."""
    for order, topic in enumerate(_TOPIC.finditer(read_all(path)), start=1):
        attributes, body = topic.groups()
        place = f"{path.name}, topic {order}"
        number = _ATTRIBUTE.search(attributes) or _NUMBER.search(body)
        title = _TITLE.search(body)
        if number is None or title is None:
            yield UnreadableDocument(place, "has no number or no title")
            continue
        yield question_of({"_id": number[1], "text": " ".join(title[2].split())}, place, "")
