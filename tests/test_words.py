"""Words of a text: what is one word, and how it is spelt."""

import pytest

from qa.language.words import ENGLISH_WORDS


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("C++ or C#, not C", ["c++", "or", "c#", "not", "c"]),
        ("C++17", ["c++", "17"]),
        (".NET and the .env file. Next", [".net", "and", "the", ".env", "file", "next"]),
        ("file.txt ... wait..no", ["file", "txt", "wait", "no"]),
        ("a 401(k), a 401k", ["a", "401k", "a", "401k"]),
        ("section 12(a)(1) (b)", ["section", "12", "a", "1", "b"]),
        ("401(k)s, 401(k)'s and C++'s, C#’s", ["401k", "401k", "and", "c++", "c#"]),
        ("We use .NET. It is “.NET”, .NET's.", ["we", "use", ".net", "it", "is", ".net", ".net"]),
        ("a .tar.gz of .env.local", ["a", "tar", "gz", "of", "env", "local"]),
        ("x+++y # z+", ["x", "y", "z"]),
        ("R&D, O'Brien's", ["r", "and", "d", "obrien"]),
    ],
)
def test_a_name_keeps_its_signs(text: str, folded: list[str]) -> None:
    assert ENGLISH_WORDS.folded_words(text) == folded
    words = ENGLISH_WORDS.words(text)
    assert [word.folded for word in words] == folded
    assert all(word.start < word.end <= len(text) for word in words)
