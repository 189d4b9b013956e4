"""NV-1, 12.4 no. 1 and 18: a process killed with -9 at any moment has lost nothing that it said was done."""

import contextlib
import itertools
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tests.faults import script
from zjj_console.desk import desk as desk_module
from zjj_console.intake import engine
from zjj_console.intake.engine import import_cases
from zjj_console.storage import audit, duty_rows, projections
from zjj_console.storage.backup import quick_check
from zjj_console.storage.db import Connection, connect, writing

GOOD, REFUSED, TWICE = 960, 8, 6
TOLD = (
    "external_id",
    "state",
    "flow",
    "priority",
    "category",
    "place",
    "text",
    "source",
    "reported_at",
    "lead",
    "is_open",
)
FOLDED = ("case_row", "timer", "dispatch", *duty_rows.TABLES)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of cases; every sixteenth row cannot be read, and the first few stand in it twice."""
    lines = ["编号,上报时间,地点,类别,描述,来源,级别"]
    for n in range(GOOD):
        lines.append(
            f"WX-{n:04},2021-03-01 2{n % 3}:1{n % 10},{('东湖街', '张马村')[n % 2]},暴露垃圾,第{n}处(示例),电话,{1 + n % 4}"
        )
        if n % (GOOD // REFUSED) == 0:
            lines.append(f"BAD-{n},昨天,东湖街,暴露垃圾,时间读不懂(示例),电话,3")
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    path.write_text("\n".join([*lines, *lines[1:2], *lines[3 : 2 + TWICE]]) + "\n", "utf-8")
    return path


def imported(db: Connection) -> list[Any]:
    wanted = f"SELECT {', '.join(TOLD)} FROM case_row WHERE external_id <> '' ORDER BY external_id"
    return list(db.execute(wanted).fetchall())


def folded(db: Connection) -> dict[str, list[Any]]:
    return {table: duty_rows.contents(db, table) for table in FOLDED}


class Dying:
    """Kills the script at a share of the time it takes, and looks at what is left."""

    def __init__(self, make: Callable[[], Path], open_desk: Any, rows: Path) -> None:
        self.make, self.open_desk, self.rows = make, open_desk, rows
        whole = self.make()
        said, first = script.killed(open_desk, whole, rows, 0, None)
        self.takes = min(first, script.killed(open_desk, make(), rows, 1, None)[1])
        assert {"begun", "case", "event", "draft", "batch", "imported"} == {kind for kind, _ in said}
        self.wanted = self.again(whole)

    def again(self, path: Path) -> list[Any]:
        """The import once more: its figures add up, and it says which cases there are then."""
        desk, _ = self.open_desk(path)
        done = import_cases(desk, self.rows)
        assert done.rows == done.new + done.same + done.changed + done.rejected
        assert (done.new + done.same, done.changed, done.rejected) == (GOOD + TWICE, 0, REFUSED)
        found = imported(desk.reader)
        desk.close()
        return found

    def one(self, seed: int, share: float) -> str:
        """Kill at a share of the script's duration; returns what it had reached."""
        path = self.make()
        said, _ = script.killed(self.open_desk, path, self.rows, seed, share * self.takes)
        desk, _ = self.open_desk(path)
        there = {row[0] for row in desk.reader.execute("SELECT id FROM event")}
        lost = [event for kind, event in said if kind == "event" and event not in there]
        assert not lost, f"{len(lost)} acknowledged events are gone"
        for case, version in (what.split() for kind, what in said if kind == "case"):
            kept = projections.load(desk.reader, case)
            assert kept is not None and kept.version >= int(version), "the desk said that it was done"
        assert quick_check(path) == ""
        report = audit.verify(desk.reader, desk.duty)
        assert report.bad is None, report.message
        self.typed(desk.drafts(), [what for kind, what in said if kind == "draft"])
        before = folded(desk.reader)
        with contextlib.closing(connect(path)) as db, writing(db):
            audit.rebuild(db, desk.duty)
        assert folded(desk.reader) == before
        assert desk.run_line("xj dhj js 3").ok
        desk.close()
        assert self.again(path) == self.wanted, "the import that was repeated"
        path.unlink()  # hundreds of them would fill the memory in which they stand
        kinds = [kind for kind, _ in said if kind != "event"]
        return "done" if kinds.count("draft") == script.STEPS else kinds[-1]

    @staticmethod
    def typed(drafts: dict[str, Any], said: list[str]) -> None:
        """The last line that was said to be kept, or the next one, which was kept and not yet said."""
        steps = [script.LINE[: len(script.LINE) * (n + 1) // script.STEPS] for n in range(script.STEPS)]
        may = {said[-1] if said else None, *steps[len(said) : len(said) + 1]}
        assert drafts.get("console-line", {}).get("line") in may


@pytest.fixture(scope="module")
def dying(
    template: Path, copy_db: Any, open_desk: Any, rows: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Dying]:
    folder, numbers = tmp_path_factory.mktemp("dying"), itertools.count()
    with patch.object(engine, "BATCH", 60):
        yield Dying(lambda: copy_db(template, folder / f"zjj{next(numbers)}.db"), open_desk, rows)


def moments(count: int, first: int = 0) -> list[tuple[int, float]]:
    """Seeds, each with its moment; one in each stretch of the script, so that few reach all of it as well."""
    return [(first + n, (n + random.Random(first + n).random()) / count) for n in range(count)]


def tried(dying: Dying, count: int) -> dict[str, int]:
    reached: dict[str, int] = {}
    for seed, share in moments(count):
        try:
            where = dying.one(seed, share)
        except AssertionError as error:
            raise AssertionError(f"seed {seed} killed at {share:.4f} of {dying.takes:.3f} s: {error}") from error
        reached[where] = reached.get(where, 0) + 1
    return reached


def test_NV_1_killed_at_any_moment_every_acknowledged_action_is_there_and_everything_else_is_whole(
    dying: Dying,
) -> None:
    assert len(tried(dying, 8)) > 1


@pytest.mark.slow
def test_NV_1_killed_at_two_hundred_moments(dying: Dying) -> None:
    reached = tried(dying, 200)
    assert {"draft", "batch"} <= reached.keys(), reached
    print(f"\nkilled after: {reached} of {dying.takes:.3f} s")


def test_a_desk_that_answers_before_it_has_committed_is_found_out(
    dying: Dying, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A planted fault: each transaction is committed with the next one."""

    @contextlib.contextmanager
    def late(db: Connection) -> Iterator[Connection]:
        if db.in_transaction:
            db.execute("COMMIT")
        db.execute("BEGIN IMMEDIATE")
        yield db

    monkeypatch.setattr(desk_module, "writing", late)
    monkeypatch.setattr(script, "duty", script.one_case)
    with pytest.raises(AssertionError, match="the desk said"):
        dying.one(1, 10.0)
