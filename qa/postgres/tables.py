"""A store or a lexicon that is a table of its own: a folder describes it, never with a secret."""

import json
from pathlib import Path
from typing import Any, ClassVar

from qa.errors import QAError
from qa.postgres.database import Query, database_of


class OwnTable:
    """What a store and a lexicon in a table share. A class says what its ``description`` is called, how the name of its
    table ``begins``, and which field of the description has the number of its ``rows``."""

    description: ClassVar[str]
    begins: ClassVar[str]
    rows: ClassVar[str]

    @classmethod
    def describe(cls, folder: Path, said: dict[str, Any]) -> None:
        """Write the description: the name of the table, under "table", and what else there is to say."""
        (folder / cls.description).write_text(json.dumps(said) + "\n", encoding="utf-8")

    @classmethod
    def described(cls, folder: Path) -> dict[str, Any]:
        """Return the description. Raises OSError, or ValueError where it names no table."""
        found = json.loads((folder / cls.description).read_text(encoding="utf-8"))
        if not isinstance(found, dict) or not str(found.get("table", "")).startswith(cls.begins):
            raise ValueError(f"{cls.description} names no table")
        return found

    @classmethod
    def verify(cls, folder: Path) -> None:
        """Compare how many rows the table has with what was written. Raises ValueError where it differs, IndexGone
        where there is none."""
        said, database = cls.described(folder), database_of(folder)
        from psycopg import sql

        counting = sql.SQL("SELECT count(*) FROM {}").format(database.table(said["table"]))
        ((found,),) = database.read(Query(counting))[0]
        if found != said[cls.rows]:
            raise ValueError(f"{said['table']} has {found:,} rows in place of {said[cls.rows]:,}")

    @classmethod
    def remove(cls, folder: Path) -> None:
        """Drop the table. What cannot be dropped now the next build drops."""
        try:
            said, database = cls.described(folder), database_of(folder)
            from psycopg import sql

            with database.session() as connection:
                connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(database.table(said["table"])))
        except (OSError, ValueError, QAError):
            return
