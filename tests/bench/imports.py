"""Import of 100,000 rows through the whole pipeline against `sqlite-utils insert --csv` with its defaults."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.common import NIGHT, Figure, alternating, scratch, timed, write_cases, zjj

ROWS = int(os.environ.get("ZJJ_BENCH_ROWS", "100000"))


def run() -> Iterator[Figure]:
    with scratch() as folder:
        source = folder / "cases.csv"
        write_cases(source, ROWS)
        env = {"ZJJ_TEST": "1", "ZJJ_NOW": NIGHT}

        def ours() -> float:
            db = _fresh(folder / "ours.db")
            return timed(zjj("--db", str(db), "--quiet", "import", "cases", str(source)), env)

        def peer() -> float:
            db = _fresh(folder / "peer.db")
            tool = str(Path(sys.executable).with_name("sqlite-utils"))
            return timed([tool, "insert", str(db), "cases", str(source), "--csv"])

        mine, theirs = alternating(ours, peer, 3)
        yield Figure(f"import of {ROWS:,} rows", mine, theirs, "s", 0.33, f"{ROWS / mine:,.0f} rows/s")


def _fresh(path: Path) -> Path:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return path
