"""What libraries know of English, as tries on disk that processes map and share.

As the libraries load them, lemmas, frequencies and parts of speech take half a second and 75 MB of each process. Each
is written once into the user's cache folder, 3 MB in all; where that cannot be done, it is kept in memory.
"""

import hashlib
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import marisa_trie
from platformdirs import user_cache_path

# textblob's lexicon is filled when it is first read, and another thread would find half of it.
_turn = threading.RLock()

_FREQUENT_WORDS = 50_000  # of wordfreq's; the last of them stand at a Zipf frequency of 2.9

_V = TypeVar("_V")


class Dictionary(Mapping[str, _V]):
    """A trie of words as a mapping: of each word's first value, as ``read`` gives it."""

    def __init__(self, trie: Any, read: Callable[[Any], _V]) -> None:
        """Keep the two."""
        self._trie = trie
        self._read = read

    def __getitem__(self, word: str) -> _V:
        """Return the value of a word. Raises KeyError."""
        if "\0" in word:  # where a trie ends reading
            raise KeyError(word)
        try:
            return self._read(self._trie[word][0])
        except UnicodeEncodeError:  # a lone surrogate
            raise KeyError(word) from None

    def __iter__(self) -> Iterator[str]:
        """Yield the words."""
        return iter(self._trie.keys())

    def __len__(self) -> int:
        """Return how many words there are."""
        return len(self._trie)


@lru_cache(maxsize=1)
def lemmas() -> Dictionary[str]:
    """Return the lemma of each word that simplemma's dictionary of English has."""

    def build() -> marisa_trie.BytesTrie:
        from simplemma.strategies import DefaultDictionaryFactory

        # Not the library's own trie: it is read into memory, and written so that another process may find half of it.
        found = DefaultDictionaryFactory().get_dictionary("en")
        return marisa_trie.BytesTrie((word, lemma.encode()) for word, lemma in found.items())

    return Dictionary(_mapped("lemmas", "simplemma", marisa_trie.BytesTrie, build), bytes.decode)


@lru_cache(maxsize=1)
def tags() -> Dictionary[str]:
    """Return the part of speech of each word in textblob's lexicon, by the Penn treebank."""

    def build() -> marisa_trie.BytesTrie:
        lexicon = import_textblob().lexicon
        return marisa_trie.BytesTrie((word, tag.encode()) for word, tag in lexicon.items())

    return Dictionary(_mapped("tags", "textblob", marisa_trie.BytesTrie, build), bytes.decode)


def import_textblob() -> Any:
    """Return ``textblob.en`` without the rest of textblob, which imports nltk, scipy and pandas for two seconds."""
    with _turn:
        spec = find_spec("textblob")
        if spec is None or "textblob" in sys.modules:
            from textblob import en
        else:
            sys.modules["textblob"] = module_from_spec(spec)  # a package that has its folder, and has run nothing
            try:
                from textblob import en
            finally:
                del sys.modules["textblob"]
        return en


@lru_cache(maxsize=1)
def frequencies() -> Dictionary[float]:
    """Return how often English uses a word, by wordfreq, as a share of all words."""

    def build() -> marisa_trie.RecordTrie:
        from wordfreq import get_frequency_list

        steps = enumerate(get_frequency_list("en", "best"))  # each a hundredth of a power of ten
        return marisa_trie.RecordTrie("<H", ((word, (step,)) for step, words in steps for word in words))

    trie = _mapped("frequencies", "wordfreq", lambda: marisa_trie.RecordTrie("<H"), build)
    return Dictionary(trie, lambda step: float(10 ** (-step[0] / 100)))


def frequent_words() -> list[str]:
    """Return wordfreq's 50,000 most frequent words of English, in no order."""

    def build() -> marisa_trie.Trie:
        from wordfreq import top_n_list

        return marisa_trie.Trie(top_n_list("en", _FREQUENT_WORDS))

    return list(_mapped("frequent", "wordfreq", marisa_trie.Trie, build).keys())


def _mapped(name: str, library: str, empty: Callable[[], Any], build: Callable[[], Any]) -> Any:
    """Return a trie from its file, which is made where it is missing or damaged."""
    file = user_cache_path("candor") / f"{name}-{library}-{version(library)}.marisa"
    with _turn:
        try:
            return _open(empty(), file)
        except (OSError, ValueError, RuntimeError):  # missing, or not what was written
            built = build()
        try:
            _write(built, file)
            return _open(empty(), file)
        except (OSError, ValueError, RuntimeError):  # a folder that cannot be written, a full disk
            return built


def _open(trie: Any, file: Path) -> Any:
    """Map a trie's file. Raises ValueError where it is not what was written: of a damaged one the library may crash."""
    if _checksum_file(file).read_text(encoding="ascii") != hashlib.sha256(file.read_bytes()).hexdigest():
        raise ValueError(f"{file} is damaged")
    return trie.mmap(str(file))


def _write(trie: Any, file: Path) -> None:
    """Write a trie so that another process finds all of it or nothing, and its checksum beside it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=file.parent) as folder:
        written = Path(folder, file.name)
        trie.save(str(written))
        checksum = _checksum_file(written)
        checksum.write_text(hashlib.sha256(written.read_bytes()).hexdigest(), encoding="ascii")
        for one in (written, checksum):
            one.replace(file.parent / one.name)


def _checksum_file(file: Path) -> Path:
    return file.with_suffix(".sha256")
