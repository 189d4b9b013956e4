"""Finding any piece of text: an index of short runs of characters, made beside the work, narrows down what is looked at.

A run is two characters where it begins with a Chinese one, three where it begins with a letter or digit, fewer at the end of
a word. The index only proposes rows; the words themselves decide (`instr`), so it may lag behind and may propose too much,
but what it has not read yet is always proposed. SQLite's own FTS5, without the words (contentless) and without positions.
"""

import re
from collections.abc import Iterator
from string import ascii_letters, ascii_uppercase
from typing import Any

from msgspec import Struct

from zjj_console.storage.db import Connection, meta, set_meta

SLICE = 2_000  # rows of a transaction beside the work: some 30 ms
_UPTO = "search_upto"  # in meta: the last row that the index has read
_FEW = 4_000  # rows that are fetched one by one
_MANY = 60_000  # of so many a set is made that the walk along the queue asks; beyond, the walk alone is quicker
_SAMPLE = 400
_MOST_RUNS = 16  # of a query that are weighed
_TOGETHER = 3  # of these, that are looked for together
_WORD = re.compile("[0-9A-Za-z\u4e00-\u9fff]+")
_HANDLE = re.compile("[A-Za-z]?[0-9]{1,15}")
_LETTERS = ", ".join(f"'{letter}'" for letter in ascii_uppercase)
_NUMBERED = f"SELECT rid FROM case_row WHERE console IN ({_LETTERS}) AND serial = ?"
_ROWS = "SELECT rowid FROM case_words WHERE case_words MATCH ?"
_PROPOSED = f"{_ROWS} UNION ALL SELECT rid FROM search_todo UNION ALL SELECT rid FROM case_row WHERE rid > ?"


def runs(text: str) -> Iterator[tuple[str, bool]]:
    """(run, whole) at every place of every word; one that the end of its word cuts short is not whole."""
    for word in _WORD.findall(text.casefold()):
        for at, char in enumerate(word):
            size = 2 if char > "z" else 3
            run = word[at : at + size]
            yield run, len(run) == size


class Narrow(Struct, frozen=True):
    """How to look: the table, and a condition with its parameters beside those of the filter."""

    table: str = "case_row"
    condition: str = "1"
    params: tuple[Any, ...] = ()


def narrow(db: Connection, text: str, *, first: bool) -> Narrow:
    """The cheapest way to the rows that may hold a text. `first`: the first few of the queue's order are wanted, not all."""
    upto, last = int(meta(db, _UPTO, "0")), _last(db)
    match, expected = _match(db, text, upto)
    expected += last - upto  # what the index has not read is proposed whole
    if not match or expected > (_MANY if first else last // 2):
        return Narrow()
    proposed, params = _PROPOSED, tuple[Any, ...]((match, upto))
    if may_be_handle(text):
        proposed += f" UNION ALL {_NUMBERED}"
        params += (int(text.lstrip(ascii_letters)),)
    if first and _count(db, match, _FEW + 1) > _FEW:
        return Narrow("case_row", f"+rid IN ({proposed})", params)
    return Narrow("case_row NOT INDEXED", f"rid IN ({proposed})", params)


def may_be_handle(text: str) -> bool:
    """Whether a text may be a case's number, with or without its console's letter."""
    return _HANDLE.fullmatch(text) is not None


def _match(db: Connection, text: str, upto: int) -> tuple[str, int]:
    """The rarest runs of a text as a query, and about how many rows have the very rarest; empty where none helps."""
    found = list(dict.fromkeys(f'"{run}"' for run, whole in runs(text) if whole))
    if not found:  # what the end of a word cuts short stands for all runs that begin so: dear, but the best there is
        found = [f'"{run}" *' for run, _ in runs(text)][:1]
    weighed = sorted((_weight(db, run, upto), run) for run in found[:_MOST_RUNS])
    if not weighed:
        return "", 0
    rarest, first = weighed[0]
    return " AND ".join([first, *(run for weight, run in weighed[1:_TOGETHER] if weight <= _MANY)]), rarest


def _weight(db: Connection, run: str, upto: int) -> int:
    """About how many rows have a run: counted where they are few, else from how densely the first and the last ones lie.

    The thinner end counts, for numbers that were given one after the other lie close together.
    """
    count = _count(db, run, _SAMPLE)
    if count < _SAMPLE:
        return count
    first, last = (
        db.execute(f"SELECT {end}(rowid) FROM ({_ROWS} ORDER BY rowid {way} LIMIT ?)", (run, _SAMPLE)).fetchone()[0]
        for end, way in (("max", "ASC"), ("min", "DESC"))
    )
    return int(_SAMPLE * upto // max(first, upto - last + 1))


def _count(db: Connection, match: str, limit: int) -> int:
    return int(db.execute(f"SELECT count(*) FROM ({_ROWS} LIMIT ?)", (match, limit)).fetchone()[0])


def _last(db: Connection) -> int:
    return int(db.execute("SELECT coalesce(max(rid), 0) FROM case_row").fetchone()[0])


def behind(db: Connection) -> int:
    """How many rows the index has still to read."""
    changed = db.execute("SELECT count(*) FROM search_todo").fetchone()[0]
    return int(changed) + max(_last(db) - int(meta(db, _UPTO, "0")), 0)


def index(db: Connection, limit: int = SLICE) -> int:
    """Read some rows that are new or changed, inside a transaction; returns how many."""
    upto = int(meta(db, _UPTO, "0"))
    wanted = "SELECT rid, text, place, external_id FROM case_row WHERE rid"
    new = db.execute(f"{wanted} > ? ORDER BY rid LIMIT ?", (upto, limit)).fetchall()
    todo = [row[0] for row in db.execute("SELECT rid FROM search_todo LIMIT ?", (limit,)).fetchall()]
    changed = [row for rid in todo for row in db.execute(f"{wanted} = ?", (rid,)).fetchall()]
    rows = ((rid, " ".join(run for run, _ in runs("\n".join(texts)))) for rid, *texts in (*changed, *new))
    db.executemany("INSERT INTO case_words(rowid, runs) VALUES (?, ?)", rows)
    db.executemany("DELETE FROM search_todo WHERE rid = ?", [(rid,) for rid in todo])
    if new:
        set_meta(db, **{_UPTO: str(new[-1][0])})
    return len(new) + len(todo)


def forget(db: Connection) -> None:
    """All rows have been made anew: begin again."""
    db.execute("INSERT INTO case_words(case_words) VALUES ('delete-all')")
    db.execute("DELETE FROM search_todo")
    set_meta(db, **{_UPTO: "0"})
