"""What a corpus brings along of an index of its texts, in the folder that its ``corpus.toml`` calls ``prepared``: the
vectors of what is embedded of them, the phrases of their passages, and the calibration on its judged questions.

So who gets texts with what was prepared of them need not embed them first, nor look for phrases, nor ask the questions.
Vectors and phrases are known by checksums of what they are of, and a calibration by all that it rests on: what changed
since is made as ever. ``training.prepared`` makes all three.
"""

import gzip
import hashlib
import json
import logging
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import numpy.typing as npt

from qa import __version__
from qa.datatypes import Manifest
from qa.files import read_regular
from qa.indexing.calibration import RULE, Calibration, read_sealed, sealed_json
from qa.indexing.phrases import Keys, places_of
from qa.indexing.question_files import set_checksum
from qa.language import Language
from qa.stores import Vectors

VECTORS = "vectors.npz"
PHRASES = "phrases.json.gz"
CALIBRATION = "calibration.json"

_LARGEST_VECTORS = 1 << 30  # bytes; of a thousand passages 3 million
_LARGEST_CALIBRATION = 1_000_000
_LARGEST_PHRASES = 1 << 28  # bytes, of a thousand passages a million when unpacked
_UNIT = 0.01  # from 1, the most that the length of a vector of halves may be

_UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What reading JSON that is not as it was written raises."""

_Embed = Callable[[Sequence[str]], Vectors]


class PreparedVectors:
    """Vectors of passages and of phrases, which are embedded as questions are, by a checksum of each."""

    def __init__(self, keys: Keys, vectors: npt.NDArray[np.float16]) -> None:
        """Take sorted keys and the (n, d) vectors of each."""
        self._keys, self._vectors = keys, vectors

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._keys)

    def passages(self, texts: Sequence[str], embed: _Embed) -> Vectors:
        """Return the (n, d) vectors of passages, and ``embed`` those that are not known."""
        return self._known(texts, _keys("passage", texts), embed)

    def questions(self, texts: Sequence[str], embed: _Embed) -> Vectors:
        """Return the (n, d) vectors of what is embedded as a question is, and ``embed`` what is not known."""
        return self._known(texts, _keys("question", texts), embed)

    def _known(self, texts: Sequence[str], keys: Keys, embed: _Embed) -> Vectors:
        places = places_of(keys, self._keys)
        new = np.flatnonzero(places < 0)
        if len(new) == len(texts):
            return embed(texts)
        vectors: Vectors = self._vectors[np.maximum(places, 0)].astype(np.float32)
        if len(new):
            vectors[new] = embed([texts[place] for place in new.tolist()])
        return vectors


NOTHING_PREPARED = PreparedVectors(np.empty(0, np.uint64), np.empty((0, 0), np.float16))


def prepared_vectors(folders: Iterable[Path], embedder_checksum: str, dimension: int) -> PreparedVectors:
    """Return the vectors in some folders that this embedder made. What cannot be used is said in the log."""
    keys: list[Keys] = []
    vectors: list[npt.NDArray[np.float16]] = []
    for folder in folders:
        try:
            made_by, found, of = _read_vectors(folder / VECTORS)
        except FileNotFoundError:
            continue
        except Exception as error:  # noqa: BLE001 - what is wrong in an archive, numpy and zipfile tell in many ways
            _unusable(folder / VECTORS, error, "the texts are embedded")
            continue
        if made_by == embedder_checksum and of.shape[1] == dimension:
            keys.append(found)
            vectors.append(of)
    if not keys:
        return NOTHING_PREPARED
    joined, first = np.unique(np.concatenate(keys), return_index=True)
    return PreparedVectors(joined, np.concatenate(vectors)[first])


def _read_vectors(file: Path) -> tuple[str, Keys, npt.NDArray[np.float16]]:
    """Return the checksum of the embedder, the keys and the vectors in a file. Raises OSError, ValueError, KeyError,
    BadZipFile or what else numpy and zipfile raise."""
    content = BytesIO(read_regular(file, _LARGEST_VECTORS))
    with ZipFile(content) as archive:
        if sum(member.file_size for member in archive.infolist()) > _LARGEST_VECTORS:
            raise ValueError("it is larger than it may be")
    with np.load(content, allow_pickle=False) as held:
        made_by, keys, vectors = str(held["embedder"]), held["keys"], held["vectors"]
    if keys.dtype != np.uint64 or vectors.dtype != np.float16 or vectors.ndim != 2 or keys.shape != vectors.shape[:1]:
        raise ValueError("it does not hold keys and vectors")
    lengths = np.linalg.norm(vectors.astype(np.float32), axis=1)
    if not (np.abs(lengths - 1) <= _UNIT).all():
        raise ValueError("its vectors are not of length 1")
    return made_by, keys, vectors


def save_vectors(
    folder: Path, embedder_checksum: str, passages: Mapping[str, Vectors], questions: Mapping[str, Vectors]
) -> None:
    """Write the vectors of passages, and of what is embedded as questions are, by their texts. Raises OSError."""
    keys = np.concatenate([_keys("passage", list(passages)), _keys("question", list(questions))])
    vectors = np.array([*passages.values(), *questions.values()], np.float16)
    ordered, first = np.unique(keys, return_index=True)
    np.savez(folder / VECTORS, embedder=np.array(embedder_checksum), keys=ordered, vectors=vectors[first])


def _keys(role: str, texts: Sequence[str]) -> Keys:
    read = [hashlib.blake2b(f"{role}\n{text}".encode(errors="replace"), digest_size=8).digest() for text in texts]
    return np.frombuffer(b"".join(read), "<u8").astype(np.uint64)


# --- phrases -------------------------------------------------------------------------------------------------


class PreparedPhrases:
    """The phrases of some texts in a language, by a checksum of each text."""

    def __init__(self, language: Language, known: Mapping[str, Sequence[str]]) -> None:
        """Take the language, which finds what is not known, and what is."""
        self._language, self._known = language, known

    def __len__(self) -> int:
        """Return of how many texts they are."""
        return len(self._known)

    def of(self, text: str) -> Sequence[str]:
        """Return the phrases of a text, as ``Language.phrases`` has them."""
        found = self._known.get(_key(text)) if self._known else None
        return self._language.phrases(text) if found is None else found


def prepared_phrases(folders: Iterable[Path], language: Language) -> PreparedPhrases:
    """Return the phrases in some folders that this version found in texts of this language. What cannot be used is said
    in the log."""
    known: dict[str, list[str]] = {}
    for folder in folders:
        try:
            fields = json.loads(_unpacked(read_regular(folder / PHRASES, _LARGEST_PHRASES)))
            if fields["found_by"] == _found_by(language):
                known |= {key: _texts(found) for key, found in fields["phrases"].items()}
        except FileNotFoundError:
            continue
        except (*_UNREADABLE, EOFError, zlib.error) as error:
            _unusable(folder / PHRASES, error, "the texts are looked through")
    return PreparedPhrases(language, known)


def save_phrases(folder: Path, language: Language, phrases: Mapping[str, Sequence[str]]) -> None:
    """Write the phrases of texts, by these. Raises OSError."""
    ordered = sorted((_key(text), list(found)) for text, found in phrases.items())
    fields = {"found_by": _found_by(language), "phrases": dict(ordered)}
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    (folder / PHRASES).write_bytes(gzip.compress(text.encode(errors="replace"), mtime=0))


def _found_by(language: Language) -> list[str]:
    return [language.code, __version__]


def _unpacked(packed: bytes) -> bytes:
    with gzip.open(BytesIO(packed)) as opened:
        content = opened.read(_LARGEST_PHRASES + 1)
    if len(content) > _LARGEST_PHRASES:
        raise ValueError("it is larger than it may be")
    return content


def _texts(phrases: object) -> list[str]:
    """Return a list of texts that can be written. Raises TypeError or ValueError for anything else."""
    if not isinstance(phrases, list) or not all(isinstance(phrase, str) for phrase in phrases):
        raise TypeError("phrases are no list of texts")
    "\n".join(phrases).encode()  # fails on half of a pair of surrogates
    return phrases


def _key(text: str) -> str:
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=8).hexdigest()


# --- calibration ---------------------------------------------------------------------------------------------


def prepared_calibration(folders: Iterable[Path], manifest: Manifest, questions: Path) -> Calibration | None:
    """Return the first calibration in some folders that rests on the texts of an index, on what it was made with, and
    on this judged set; None without one. What cannot be used is said in the log."""
    wanted = _rests_on(manifest, questions)
    for folder in folders:
        try:
            fields = json.loads(read_regular(folder / CALIBRATION, _LARGEST_CALIBRATION))
            if fields["rests_on"] == wanted:
                return read_sealed(fields["calibration"])
        except FileNotFoundError:
            continue
        except _UNREADABLE as error:
            _unusable(folder / CALIBRATION, error, "its questions are asked")
    return None


def save_prepared_calibration(folder: Path, calibration: Calibration, manifest: Manifest, questions: Path) -> None:
    """Write a calibration with all that it rests on. Raises OSError."""
    fields = {"rests_on": _rests_on(manifest, questions), "calibration": sealed_json(calibration)}
    (folder / CALIBRATION).write_text(json.dumps(fields, indent=1) + "\n", encoding="utf-8")


def _rests_on(manifest: Manifest, questions: Path) -> dict[str, str | int]:
    """Return what a calibration rests on: the texts and their synonyms, the set, the models and how they are used."""
    texts = [*sorted(manifest.sources.values()), json.dumps(manifest.synonyms)]
    return {
        "texts": hashlib.sha256("\n".join(texts).encode()).hexdigest(),
        "questions": set_checksum(questions),
        "version": manifest.version,
        "language": manifest.language,
        "store": manifest.store,
        "lexicon": manifest.lexicon,
        "embedder": manifest.embedder_checksum,
        "reader": manifest.reader_checksum,
        "passage_tokens": manifest.passage_tokens,
        "rule": RULE,
    }


def _unusable(file: Path, error: Exception, instead: str) -> None:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    logging.getLogger("qa").warning(
        "%s cannot be used (%s), so %s: make it anew, or leave it out of corpus.toml.", file, reason, instead
    )
