"""How often a question with an acronym, which the owner gave as another name of a document's subject, finds that
document: ``python -m benchmarks.acronyms INDEX``.

Seven questions are made with each acronym of an index and asked as they are, in small letters, as they are but with the
acronym read as it stands, and with the title in its place. No passage is read. Printed is the mean reciprocal rank of
the first passage of the document among five, and of how many questions that is the first passage of all.
"""

from collections.abc import Callable
from pathlib import Path

from benchmarks.arguments import command_line
from qa.answers.answering import Answerer
from qa.service import open_answerer

FORMS = (
    "what is {}",
    "How long does {} take?",
    "Who developed {}?",
    "Is {} effective?",
    "What are the criticisms of {}?",
    "what happens in {}",
    "{} for teenagers",
)


def ranks(answerer: Answerer, acronyms: dict[str, str], name: Callable[[str], str]) -> list[int]:
    """Return the place of the first passage of the document that is meant for each question, 0 where it is not among
    the five, with what an acronym is called in the question."""
    found = []
    for acronym, title in acronyms.items():
        answers = [answerer.answer(form.format(name(acronym))) for form in FORMS]
        titles = [[quoted.passage.title for quoted in answer.passages] for answer in answers]
        found += [next((place for place, one in enumerate(own, start=1) if one == title), 0) for own in titles]
    return found


def main() -> None:
    """Print a table."""
    parser = command_line(__doc__)
    parser.add_argument("index", type=Path, help="the folder of an index")
    answerer = open_answerer(parser.parse_args().index, read=False)
    acronyms = answerer.index.manifest.acronyms
    if not acronyms:
        parser.error("no document of this index has an acronym among its other names")
    measured = {
        "the acronym": ranks(answerer, acronyms, lambda acronym: acronym),
        "in small letters": ranks(answerer, acronyms, lambda acronym: acronym.lower()),
        "the title": ranks(answerer, acronyms, lambda acronym: acronyms[acronym]),
    }
    answerer.index.acronyms = {}
    measured["the acronym, read as it stands"] = ranks(answerer, acronyms, lambda acronym: acronym)
    print(f"{len(acronyms)} acronyms, {len(acronyms) * len(FORMS)} questions\n")
    print("| asked with | mean reciprocal rank | first |\n|---|---|---|")
    for name, places in measured.items():
        reciprocal = sum(1 / place for place in places if place) / len(places)
        print(f"| {name} | {reciprocal:.3f} | {places.count(1) / len(places):.1%} |")


if __name__ == "__main__":
    main()
