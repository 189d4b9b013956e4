"""Torn files and flipped bits: either the program notices, or what it says is right; never a trace. And the way back."""

import contextlib
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import Zjj
from tests.faults.conftest import DAY, events
from zjj_console.storage import duty_rows
from zjj_console.storage.db import SqliteError, StorageError, connect, set_meta

Make = Callable[[Path], Zjj]
LINES = (
    "qs 1001",
    "tj 1001 1",
    "xj dhj js 3",
    "xj zmc zy 2 dh cg",
    "sl 1002",
    "pd 1002 cg",
    "bz 1001 示例备注",
    "ss 东湖",
)
FOLDED = ("event", "case_row", "timer", "dispatch", "conflict", *duty_rows.TABLES)
LOCAL = (
    "meta",
    "draft",
    "line_history",
    "used_key",
    "outbox",
    "operator",
    "roster_plan",
    "import_batch",
    "import_reject",
)
LOOKS = (("doctor",), ("db", "check"), ("audit", "verify"))
PAGE = 4096


@pytest.fixture(scope="module")
def lived(evening: Path, tmp_path_factory: pytest.TempPathFactory, copy_db: Any) -> Path:
    """A database with something in most tables, all of it in its own file."""
    zjj = Zjj(copy_db(evening, tmp_path_factory.mktemp("lived") / "lived.db"), "03-01 17:26")
    for line in LINES:
        zjj("do", line)
    db = connect(zjj.db)
    set_meta(db, file="")  # its copies go on in its epoch, so that looking at them changes nothing
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return zjj.db


def contents(path: Path, tables: tuple[str, ...] = FOLDED) -> dict[str, Any]:
    """Rows of tables, and what a desk would list in the order of the list."""
    with contextlib.closing(connect(path)) as db:
        found: dict[str, Any] = {table: duty_rows.contents(db, table) for table in tables}
        found["list"] = db.execute("SELECT id FROM case_row WHERE is_open = 1 ORDER BY rank, next_due, rid").fetchall()
        return found


def look(zjj: Zjj) -> list[str]:
    """What doctor, check and verify say is wrong; empty where all three are content. None of them breaks."""
    said = []
    for words in LOOKS:
        code, out, err = zjj.run(*words)
        assert "Traceback" not in err and "E_UNEXPECTED" not in err, (words, err)
        assert code == 0 or (err.strip() and code in (1, 2, 7, 11, 13)), (words, code, err)
        if code:
            said.append(f"{words[0]} {err}")
    return said


def judge(zjj: Zjj, wanted: dict[str, Any], local: dict[str, Any]) -> str:
    """Who noticed it first, or `right`, or `local`: only in what this machine keeps for itself; anything else is an error."""
    said = look(zjj)
    if said:
        return said[0].split(" ", 1)[0]
    assert contents(zjj.db) == wanted, "nobody noticed, and what is there is not what was"
    code, _, err = zjj.run("case", "list")
    assert code == 0, err
    return "right" if contents(zjj.db, LOCAL) == local else "local"


# flipped bits ---------------------------------------------------------------------------------------------------------


def flipped(lived: Path, folder: Path, seeds: range) -> dict[str, int]:
    """One bit for each seed, among the bytes that hold something; how many were noticed by whom."""
    wanted, local, whole = contents(lived), contents(lived, LOCAL), lived.read_bytes()
    used = [place for place, byte in enumerate(whole) if byte]
    found: dict[str, int] = {}
    zjj = Zjj(folder / "flipped.db", "03-01 17:30")
    for seed in seeds:
        chance = random.Random(seed)
        place, bit = chance.choice(used), chance.randrange(8)
        body = bytearray(whole)
        body[place] ^= 1 << bit
        for path in folder.glob("flipped.db*"):
            path.unlink()
        zjj.db.write_bytes(body)
        try:
            verdict = judge(zjj, wanted, local)
        except (AssertionError, SqliteError, StorageError) as error:
            raise AssertionError(
                f"seed {seed}: bit {bit} of byte {place} (page {place // PAGE + 1}): {error}"
            ) from error
        found[verdict] = found.get(verdict, 0) + 1
    return found


def test_a_flipped_bit_is_noticed_or_changes_nothing(lived: Path, tmp_path: Path) -> None:
    found = flipped(lived, tmp_path, range(60))
    assert found["doctor"] + found["db"] > 30


@pytest.mark.slow
def test_four_hundred_flipped_bits_are_noticed_or_change_nothing(lived: Path, tmp_path: Path) -> None:
    print(f"\nflipped: {flipped(lived, tmp_path, range(1000, 1400))}")
