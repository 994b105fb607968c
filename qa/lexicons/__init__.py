"""The passages of every word and phrase. A new kind of lexicon is one module here and one row of LEXICONS.

Another package adds one as an entry point of the group ``candor.lexicons``.
"""

from qa.lexicons.contract import Entry, Lexicon, Spelling, Stems
from qa.lexicons.postgres import PostgresLexicon
from qa.lexicons.tantivy import TantivyLexicon
from qa.plugins import Table

_OWN: dict[str, type[Lexicon]] = {"tantivy": TantivyLexicon, "postgres": PostgresLexicon}

LEXICONS: Table[type[Lexicon]] = Table("candor.lexicons", _OWN)
"""The lexicons by name."""

__all__ = ["LEXICONS", "Entry", "Lexicon", "PostgresLexicon", "Spelling", "Stems", "TantivyLexicon"]
