"""Makes the dictionaries of ``qa/language/data`` from the libraries that hold them.

pip install simplemma==2.0.0 wordfreq==3.1.1 textblob==0.20.1 && python -m training.dictionaries
"""

import json
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import marisa_trie
from simplemma.strategies import DefaultDictionaryFactory
from wordfreq import get_frequency_list, top_n_list

from qa.language import LANGUAGES
from qa.language.dictionaries import FOLDER

FREQUENT_WORDS = 50_000  # of English; the last of them stand at a Zipf frequency of 2.9
MOST_FREQUENT = 200  # of each language, by which it is told from others


def main() -> None:
    """Write the four tries and the list, and print where each came from and how large it is."""
    made = {
        "lemmas": (_lemmas(), "simplemma"),
        "tags": (_tags(), "textblob"),
        "frequencies": (_frequencies(), "wordfreq"),
        "frequent": (marisa_trie.Trie(top_n_list("en", FREQUENT_WORDS)), "wordfreq"),
    }
    FOLDER.mkdir(exist_ok=True)
    for name, (trie, library) in made.items():
        file = FOLDER / f"{name}.marisa"
        trie.save(str(file))
        print(f"{file.name}: {len(trie):,} words of {library} {version(library)}, {file.stat().st_size:,} bytes")
    lists = {code: " ".join(sorted(top_n_list(code, MOST_FREQUENT))) for code in LANGUAGES}
    text = json.dumps(lists, ensure_ascii=False, indent=1) + "\n"
    (FOLDER / "frequent.json").write_text(text, encoding="utf-8")
    print(f"frequent.json: {MOST_FREQUENT} words of {len(lists)} languages")


def _lemmas() -> marisa_trie.BytesTrie:
    found = DefaultDictionaryFactory().get_dictionary("en")
    return marisa_trie.BytesTrie((word, lemma.encode()) for word, lemma in found.items())


def _frequencies() -> marisa_trie.RecordTrie:
    steps = enumerate(get_frequency_list("en", "best"))  # each a hundredth of a power of ten
    return marisa_trie.RecordTrie("<H", ((word, (step,)) for step, words in steps for word in words))


def _tags() -> marisa_trie.BytesTrie:
    """Return the lexicon of Brill's tagger, the copy that textblob has."""
    spec = find_spec("textblob")
    assert spec is not None and spec.origin is not None
    lines = (Path(spec.origin).parent / "en" / "en-lexicon.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split(" ")[:2] for line in map(str.strip, lines) if line and not line.startswith(";;;"))
    return marisa_trie.BytesTrie((pair[0], pair[1].encode()) for pair in dict(pairs).items())


if __name__ == "__main__":
    main()
