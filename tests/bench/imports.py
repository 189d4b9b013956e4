"""Import of 100,000 and of a million rows through the whole pipeline, against `sqlite-utils insert --csv` with its defaults,
and against the physical mark: the `.import` of the sqlite3 shell into a table with a primary key, which checks nothing."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.bench.common import HEADER, NIGHT, ROUNDS, Figure, measured, scratch, timed, write_cases, zjj

SIZES = tuple(map(int, os.environ.get("ZJJ_BENCH_ROWS", "100000,1000000").split(",")))
ENV = {"ZJJ_TEST": "1", "ZJJ_NOW": NIGHT}
MEMORY = 300.0  # MB that an import of any size may take


def run() -> Iterator[Figure]:
    for rows in SIZES:
        with scratch() as folder:
            yield from _imported(folder, rows)


def _imported(folder: Path, rows: int) -> Iterator[Figure]:
    source = folder / "cases.csv"
    write_cases(source, rows)
    ours, peers, marks, memory = [], [], [], []
    for _ in range(ROUNDS):  # in turns, so that a busy machine slows all alike
        db = _fresh(folder / "ours.db")
        timed(zjj("--db", str(db), "init"), ENV)  # a database is made once, and imported into often
        seconds, mb = measured(zjj("--db", str(db), "--quiet", "import", "cases", str(source)), ENV)
        ours.append(seconds)
        memory.append(mb)
        tool = str(Path(sys.executable).with_name("sqlite-utils"))
        peers.append(timed([tool, "insert", str(_fresh(folder / "peer.db")), "cases", str(source), "--csv"]))
        if shutil.which("sqlite3"):
            marks.append(_bare(_fresh(folder / "bare.db"), source))
    mine = median(ours)
    yield Figure(f"import of {rows:,} rows", mine, median(peers), "s", 0.33, f"{rows / mine:,.0f} rows/s")
    if marks:
        yield Figure("  the same beside .import", mine, median(marks), "s", 4)
    yield Figure("  its peak memory", max(memory), MEMORY, "MB", 1)


def _bare(db: Path, source: Path) -> float:
    first, *rest = HEADER.split(",")
    columns = ", ".join([f'"{first}" TEXT PRIMARY KEY', *(f'"{name}" TEXT' for name in rest)])
    return timed(
        ["sqlite3", str(db), f"CREATE TABLE cases({columns})", ".mode csv", f".import --skip 1 {source} cases"]
    )


def _fresh(path: Path) -> Path:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return path
