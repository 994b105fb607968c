"""Which sentence of a passage is set off: neither a label, nor what stands behind the answer."""

import pytest

from qa.answers.sentences import best_sentence, is_on, past_labels, sentence_to_set_off
from qa.datatypes import Passage, Reading
from qa.indexing.splitters import find_sentences
from qa.language import load_language
from tests.english import ENGLISH, stems


def passage_of(text: str) -> Passage:
    return Passage("p", "d", "T", "", "s", text, 0, len(text), sentences=find_sentences(text))


def read_as(text: str, answer: str) -> Reading:
    return Reading(1.0, text.index(answer), text.index(answer) + len(answer), 0.5, ())


@pytest.mark.parametrize(
    ("text", "weights", "expected"),
    [
        ("An apple. A garden has an apple.", {"appl": 1.0, "garden": 2.0}, "A garden has an apple."),
        ("A garden. An apple, an apple.", {"appl": 1.0, "garden": 2.0}, "A garden."),  # a word counts once
        ("An apple. An apple.", {"appl": 1.0}, "An apple."),  # the first of equals
        ("An apple. A pear.", {"quorvex": 9.0}, None),
        ("An apple.", {"appl": 1.0}, None),  # nothing to choose from
    ],
)
def test_best_sentence(text: str, weights: dict[str, float], expected: str | None) -> None:
    passage = passage_of(text)
    found = best_sentence(passage, weights, ENGLISH)
    assert (None if found is None else text[slice(*found)]) == expected
    assert found is None or found[0] == text.index(expected or "")


@pytest.mark.parametrize(
    ("text", "asked", "expected"),
    [
        ("Bare repository\n\nA bare repository is a folder.", "bare repository", "A bare repository is a folder."),
        ("COLONOSCOPY\n\nColonoscopy. A doctor looks at the bowel.", "colonoscopy", "A doctor looks at the bowel."),
        ("Pears are green. Apple.", "apple", "Apple."),  # nothing stands behind it
        ("Chapter 7 Beekeeping\n\nBees are kept in hives.", "beekeeping", "Bees are kept in hives."),
        ("4. Beekeeping\n\nBees are kept in hives.", "beekeeping", "Bees are kept in hives."),
        ("Beekeeping ..... 31\n\nBees are kept in hives.", "beekeeping", "Bees are kept in hives."),
        ("Visiting hours:\n\nFrom two to four in the afternoon.", "visiting", "From two to four in the afternoon."),
        ("Is the ferry free? Children pay half.", "ferry free", "Children pay half."),
        ("Work permits\n\nThe town hall hands them out.", "work permits", "The town hall hands them out."),
        ("What is a keel\n\nThe lowest beam.", "keel", "The lowest beam."),
        ("Budget 2024\n\nThe council spends nine millions.", "budget 2024", "The council spends nine millions."),
        ("Hives | Home | Contact\n\nBees are kept there.", "hives", "Bees are kept there."),
    ],
)
def test_a_label_is_no_best_sentence(text: str, asked: str, expected: str) -> None:
    passage = passage_of(text)
    stemmed = frozenset(stems(asked))
    best = best_sentence(passage, dict.fromkeys(stemmed, 1.0), ENGLISH)
    assert best is not None
    assert text[slice(*past_labels(passage, best, stemmed, ENGLISH))] == expected


def test_a_sentence_is_on_what_is_asked_where_it_or_one_of_two_before_it_has_a_word_of_it() -> None:
    text = "A pear is green. It is sweet. It is cheap. It is small. An apple is red."
    passage = passage_of(text)
    found = [is_on(passage, sentence, frozenset(stems("pear")), ENGLISH) for sentence in passage.sentences]
    assert found == [True, True, True, False, False]


@pytest.mark.parametrize(
    ("text", "asked", "expected"),
    [
        ("An apple is red. Pears are green.", "apple", "An apple is red."),
        ("The ferry is free. Bicycles cost a pound.", "ferry free", "The ferry is free."),
        ("Parrots can talk. Cats are kept outside.", "parrots talk", "Parrots can talk."),
        ("Close the valve. Towels are dry.", "close valve", "Close the valve."),
        ("We leave on 3 June 2027. Lunch is packed.", "leave 3 june 2027", "We leave on 3 June 2027."),
        ("Soup 3.40\n\nBread 1.10\n\nCheese 2.90", "bread", "Bread 1.10"),
        ("£4 Adults\n\n£2 Children", "adults", "£4 Adults"),
        ("6 pounds: rowing boat\n\n8 pounds: raft", "rowing boat", "6 pounds: rowing boat"),
        ("- Tent: two pounds\n- Hut: six pounds", "tent", "- Tent: two pounds"),
        ("- Dogs are welcome\n- Smoking is forbidden", "dogs welcome", "- Dogs are welcome"),
        ("Sauna | heated\nPool | cold\nGym | closed", "sauna", "Sauna | heated"),
        ("- BRT (Bridge Repair Test)\n- Others", "bridge repair test", "- BRT (Bridge Repair Test)"),
    ],
)
def test_what_says_something_of_its_own_is_no_label(text: str, asked: str, expected: str) -> None:
    passage, stemmed = passage_of(text), frozenset(stems(asked))
    best = next(one for one in passage.sentences if text[slice(*one)].startswith(expected))
    assert text[slice(*past_labels(passage, best, stemmed, ENGLISH))].startswith(expected)


def test_a_statement_in_a_language_whose_grammar_is_not_known_is_no_label() -> None:
    text, german = "Die Sauna ist frei. Handtücher werden verliehen.", load_language("de")
    passage = passage_of(text)
    asked = frozenset(german.stems("Sauna frei"))
    assert past_labels(passage, passage.sentences[0], asked, german) == passage.sentences[0]


@pytest.mark.parametrize(
    ("text", "asked", "read", "expected"),
    [
        ("A pear is green. It is sold in June.", "pear", "June", "It is sold in June."),
        ("A pear is green. The fruit is sold in June.", "pear", "June", "The fruit is sold in June."),
        ("The pear is green. Ripeness takes 9 days.", "pear", "9 days", "Ripeness takes 9 days."),
        ("PEAR\n\nSummer is its season.", "pear", "Summer", "Summer is its season."),
        (
            "The choir is led by Mr Cole. Costumes are sewn elsewhere.",
            "mr cole",
            "Costumes",
            "The choir is led by Mr Cole.",
        ),
        ("- Bolt: a pin with a nut.\n- Nut: a ring for a bolt.", "bolt", "a ring", "- Bolt: a pin with a nut."),
        ("Soup 3.40\n\nBread 1.10", "soup", "1.10", "Soup 3.40"),
    ],
)
def test_the_sentence_of_a_neighbour_is_not_set_off(text: str, asked: str, read: str, expected: str) -> None:
    weights = dict.fromkeys(stems(asked), 1.0)
    found = sentence_to_set_off(passage_of(text), weights, read_as(text, read), ENGLISH)
    assert found is not None
    assert text[slice(*found)].strip() == expected
