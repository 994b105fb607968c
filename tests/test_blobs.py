import base64
import random

import pytest

from qa.parsers.blobs import find_blobs, without_blobs

DATA = base64.b64encode(random.Random(1).randbytes(900)).decode()
URI = f"data:image/png;base64,{DATA}"
LINES = "\n".join(DATA[start : start + 64] for start in range(0, len(DATA), 64))
FULL_LINES = "\n".join(DATA[start : start + 64] for start in range(0, 64 * 18, 64))
CHINESE = "心理療法とは何ですか" * 500
SENTENCE = "A sentence with words. " * 100


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        (f"Text ![x]({URI}) more", "Text  more"),
        (f'Text ![a picture](<{URI}> "Title") more', "Text  more"),
        (f"Text\n\n[image1]: <{URI}>\n\nmore", "Text\n\n\n\nmore"),
        (f'Text <img alt="x" src="{URI}" width="3"> more', "Text  more"),
        (f"Text {URI} more", "Text  more"),
        (f"word![x]({URI})word", "wordword"),
        (f"Text url({URI}) more", "Text url() more"),
        (f"Text {DATA} more", "Text  more"),
        (f"Key\n{LINES}\nmore", "Key\n\nmore"),
        (f"Key\n{FULL_LINES}\nThis explains it.", "Key\nThis explains it."),
        (f"Key {FULL_LINES.replace(chr(10), ' ')} so.", "Key so."),
        (f"-----BEGIN KEY-----\n{FULL_LINES}\n-----END KEY-----", "-----BEGIN KEY-----\n-----END KEY-----"),
        (f"> {LINES.replace(chr(10), chr(10) + '> ')}\n> quoted", "> \n> quoted"),
        (f"[x]:\n{URI}", "[x]:\n"),
        ("Code " + '{"a":1,"b":[true,false]},' * 50 + " more", "Code  more"),
        ("wordword" * 200, ""),
    ],
)
def test_data_is_found_with_its_markup(text: str, rest: str) -> None:
    for start, end in reversed(find_blobs(text)):
        text = text[:start] + text[end:]
    assert text == rest


@pytest.mark.parametrize(
    "text",
    [
        "",
        SENTENCE,
        CHINESE,
        "é" * 5000,
        "https://example.org/" + "path/" * 100,
        "\n".join(f"https://example.org/{number:060}" for number in range(20)),
        "The field data: it has a colon, and data:text/plain,short too.",
        "| a | b |\n|---|---|\n" * 50,
        "\n".join(f"/articles/what-is-person-centred-therapy-and-how-does-it-help-{number}" for number in range(20)),
        "\n".join(["Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft"] * 7),
    ],
)
def test_text_is_no_data(text: str) -> None:
    assert find_blobs(text) == []
    assert without_blobs(text) == text


def test_a_heading_without_its_picture() -> None:
    assert without_blobs(f"Before ![x]({URI}) after").split() == ["Before", "after"]
