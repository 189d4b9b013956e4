"""Many rows at once. One statement takes some thousand as JSON, so that the interpreter is free while it runs."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

import msgspec

from zjj_console.storage.db import Connection, meta, set_meta, writing

_TOGETHER = 5000  # rows of a statement
_TO_COME = "indexes_to_come"  # in meta while a first import goes on: SQL of each index, in JSON
_encode = msgspec.json.encode


def insert(db: Connection, table: str, columns: Sequence[str], fixed: Mapping[str, Any], rows: Iterable[Any]) -> None:
    """Each row holds the values of `columns`, text for a BLOB; `fixed` are values that all of them share."""
    statement = _statement(table, tuple(columns), tuple(fixed.items()))
    left = iter(rows)
    while some := list(islice(left, _TOGETHER)):
        db.execute(statement, (_encode(some).decode(),))


@cache
def _statement(table: str, columns: tuple[str, ...], fixed: tuple[tuple[str, Any], ...]) -> str:
    values = [
        f"value ->> {n}" if name not in _BLOBS else f"CAST(value ->> {n} AS BLOB)" for n, name in enumerate(columns)
    ]
    names = ", ".join([*columns, *(name for name, _ in fixed)])
    return f"INSERT INTO {table}({names}) SELECT {', '.join([*values, *(_literal(v) for _, v in fixed)])} FROM jsonb_each(?)"


_BLOBS = frozenset({"parts"})


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    return "'{}'".format(value.replace("'", "''")) if isinstance(value, str) else str(int(value))


def put_off(db: Connection, *tables: str) -> None:
    """Take most indexes off empty tables: they are made faster when the rows are there. `catch_up` brings them back.

    Inside a transaction. What dies in between leaves the note, and whoever opens the file next makes them (`recover`).
    """
    marks = ", ".join("?" * len(tables))
    sql = f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({marks})"
    wanted = [(name, text) for name, text in db.execute(sql, tables) if name not in _NEEDED]
    set_meta(db, **{_TO_COME: _encode([text for _, text in wanted]).decode()})
    for name, _ in wanted:
        db.execute(f"DROP INDEX {name}")


_NEEDED = frozenset({"ix_case_external", "ix_case_number"})  # an import asks them for every row or batch


def catch_up(db: Connection) -> None:
    """Make the indexes that were put off, if any. Inside a transaction."""
    cache = db.execute("PRAGMA cache_size").fetchone()[0]
    db.execute("PRAGMA cache_size=-16384")  # sorting takes as much again
    for text in msgspec.json.decode(meta(db, _TO_COME) or "[]"):
        db.execute(text)
    db.execute("DELETE FROM meta WHERE k = ?", (_TO_COME,))
    db.execute(f"PRAGMA cache_size={cache}")


def lacking(db: Connection) -> bool:
    """Whether indexes are put off: by an import that goes on, or by one that died."""
    return bool(meta(db, _TO_COME))


def recover(db: Connection) -> None:
    """Make what an import left behind. Raises StorageError where the file cannot be written."""
    if lacking(db):
        with writing(db):
            catch_up(db)
