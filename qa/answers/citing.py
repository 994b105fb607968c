"""Passage -> citation: as text, BibTeX, RIS and CSL-JSON, with its place, its link and the checksum of its source.

What a document's file does not say is left out, never made up: there are no authors of "Unknown".
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date as calendar_date
from typing import Any

from qa.answers.places import place_of
from qa.datatypes import Details, Passage

_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)")
_ISO = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?(?!\d)")
_WORD = re.compile(r"[a-z0-9]+")
_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip
_KEY_WORDS = 3  # of a title in the key of a BibTeX entry
_SHOWN_SUM = 16  # hexadecimal digits of a checksum in a citation for people


@dataclass(frozen=True, slots=True)
class Citation:
    """What is cited: a passage, what its file says of the document, the collection's title, the SHA-256 of the file as
    it was read, a link that leads back here, the day on which it was read, and the address that it was fetched from, ""
    for a text that lives here."""

    passage: Passage
    details: Details
    collection: str
    checksum: str
    link: str
    accessed: calendar_date
    address: str = ""

    @property
    def title(self) -> str:
        """Return the title of the document."""
        return self.passage.title or self.passage.document_id

    @property
    def year(self) -> str:
        """Return the year of the document, "" where its file has no date."""
        found = _YEAR.search(self.details.date)
        return found[0] if found else ""


def as_text(cited: Citation) -> str:
    """Return the citation in one paragraph, the quote first."""
    passage, details = cited.passage, cited.details
    heading = f", section “{passage.heading}”" if passage.heading else ""
    reviewed = f"Reviewed {details.reviewed}." if details.reviewed and details.reviewed != details.date else ""
    parts = [
        f"“{' '.join(passage.text.split())}”",
        f"{'; '.join(details.authors)}." if details.authors else "",
        f"{cited.title}{heading}.",
        f"{cited.collection}." if cited.collection else "",
        f"{details.date}." if details.date else "",
        reviewed,
        f"{place_of(passage)}.",
        f"{cited.address}." if cited.address else "",
        f"SHA-256 {cited.checksum[:_SHOWN_SUM]}…" if cited.checksum else "",
        f"{cited.link} (read {cited.accessed.isoformat()})." if cited.link else "",
    ]
    return " ".join(part for part in parts if part)


def as_bibtex(cited: Citation) -> str:
    """Return the citation as a BibTeX entry."""
    fields = {
        "title": cited.title,
        "author": " and ".join(f"{{{_latex(author)}}}" for author in cited.details.authors),
        "year": cited.year,
        "howpublished": cited.collection,
        "pages": cited.passage.page.replace("–", "--"),
        "note": "; ".join(_notes(cited)),
        "url": cited.link,
        "urldate": cited.accessed.isoformat() if cited.link else "",
    }
    plain = {"author", "url", "urldate", "pages"}  # written already, or taken as they are
    lines = [f"  {name} = {{{said if name in plain else _latex(said)}}}" for name, said in fields.items() if said]
    return f"@misc{{{_key(cited)},\n" + ",\n".join(lines) + "\n}\n"


def as_ris(cited: Citation) -> str:
    """Return the citation in the RIS format."""
    details, passage = cited.details, cited.passage
    rows = [
        ("TY", "GEN"),
        *(("AU", author) for author in details.authors),
        ("TI", cited.title),
        ("T2", cited.collection),
        ("PY", cited.year),
        ("DA", "/".join(_date_parts(details.date)) + "/" if _date_parts(details.date) else ""),
        ("SE", passage.heading),
        ("SP", passage.page),
        ("AB", " ".join(passage.text.split())),
        *(("N1", note) for note in _notes(cited)),
        ("UR", cited.link),
        ("Y2", cited.accessed.strftime("%Y/%m/%d/") if cited.link else ""),
    ]
    return "".join(f"{tag}  - {' '.join(said.split())}\n" for tag, said in rows if said) + "ER  - \n"


def as_csl(cited: Citation) -> str:
    """Return the citation as CSL-JSON: a list of one item."""
    details, passage = cited.details, cited.passage
    issued = _date_parts(details.date)
    year = [[int(cited.year)]] if cited.year else None
    item: dict[str, Any] = {
        "id": _key(cited),
        "type": "document",
        "title": cited.title,
        "author": [{"literal": author} for author in details.authors],
        "container-title": cited.collection,
        "issued": {"date-parts": [[int(part) for part in issued]] if issued else year} if issued or year else None,
        "section": passage.heading,
        "page": passage.page,
        "abstract": " ".join(passage.text.split()),
        "note": "; ".join(_notes(cited)),
        "URL": cited.link,
        "accessed": {"date-parts": [[cited.accessed.year, cited.accessed.month, cited.accessed.day]]},
    }
    return json.dumps([{name: said for name, said in item.items() if said}], ensure_ascii=False, indent=2) + "\n"


@dataclass(frozen=True, slots=True)
class CitationFormat:
    """A format: what writes it, its media type, and the ending of a file of it."""

    write: Callable[[Citation], str]
    media_type: str
    ending: str


FORMATS: Mapping[str, CitationFormat] = {
    "text": CitationFormat(as_text, "text/plain", ".txt"),
    "bibtex": CitationFormat(as_bibtex, "application/x-bibtex", ".bib"),
    "ris": CitationFormat(as_ris, "application/x-research-info-systems", ".ris"),
    "csl": CitationFormat(as_csl, "application/vnd.citationstyles.csl+json", ".json"),
}
"""The formats by the names that they are asked for by."""


def _notes(cited: Citation) -> list[str]:
    """Return what no field of a format is made for."""
    passage, details = cited.passage, cited.details
    heading = f"Section “{passage.heading}”" if passage.heading else ""
    reviewed = f"Reviewed {details.reviewed}" if details.reviewed and details.reviewed != details.date else ""
    licence = f"Licence: {details.licence}" if details.licence else ""
    checksum = f"SHA-256 of the source: {cited.checksum}" if cited.checksum else ""
    address = f"Fetched from {cited.address}" if cited.address else ""
    return [note for note in (heading, place_of(passage), address, reviewed, licence, checksum) if note]


def _date_parts(written: str) -> list[str]:
    """Return year, month and day of a date as ISO 8601 writes it, as far as it goes; [] where it is no such date."""
    found = _ISO.match(written)
    parts = [part for part in found.groups() if part] if found else []
    try:
        numbers = [int(part) for part in parts]
        calendar_date(*[*numbers, 1, 1][:3]) if numbers else None
    except ValueError:
        return []
    return [f"{number:02}" for number in numbers]


def _key(cited: Citation) -> str:
    """Return the key of an entry: the first words of its title, its year, and where the passage begins."""
    words = _WORD.findall(cited.title.lower())[:_KEY_WORDS] or ["text"]
    return "-".join([*words, *([cited.year] if cited.year else []), str(cited.passage.start)])


def _latex(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in " ".join(text.split()))
