"""NV-3: several processes on one database never dispatch one case twice."""

import json
import subprocess
import sys

import pytest

from zjj_console.storage import audit

WORKER = """
import json, sys
from pathlib import Path
from zjj_console.desk.desk import Desk
from zjj_console.domain.model import Actor
from zjj_console.town.load import builtin, load_town
town = load_town(builtin())
person = town.people[sys.argv[2]]
actor = Actor(person.work_no, person.name, person.unit, frozenset(person.roles), True)
desk = Desk(Path(sys.argv[1]), town, actor, lambda: int(sys.argv[3]))
print("ready", flush=True)
for wish in map(json.loads, sys.stdin):
    expect = tuple(wish["expect"]) if wish["expect"] else None
    done = desk.run_line(wish["line"], expect=expect, confirmed=wish["confirmed"])
    print(json.dumps([done.code, done.text]), flush=True)
"""
ROUNDS = 25


@pytest.fixture
def pair(db_path, clock):
    """Two officers in two processes; `race` lets them act in the same moment."""
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(db_path), who, str(clock.now)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )
        for who in ("0001", "0002")
    ]  # fmt: skip
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"

    def race(lines, expect=None, confirmed=False):
        for worker, line in zip(workers, lines, strict=True):
            worker.stdin.write(json.dumps({"line": line, "expect": expect, "confirmed": confirmed}) + "\n")
            worker.stdin.flush()
        return [json.loads(worker.stdout.readline()) for worker in workers]

    yield race
    for worker in workers:
        worker.stdin.close()
        worker.wait(timeout=10)
        worker.stdout.close()


@pytest.mark.parametrize("how", ["expecting", "not expecting", "same unit", "confirmed"])
def test_NV_3_two_processes_dispatch_the_same_case_and_one_wins(pair, do, desk, how):
    for n in range(ROUNDS):
        case = do("xj dhj js 3").case
        lines = [f"pd {case.handle} cg", f"pd {case.handle} {'cg' if how == 'same unit' else 'sc'}"]
        expect = (case.id, case.version) if how in ("expecting", "confirmed") else None
        answers = pair(lines if n % 2 else lines[::-1], expect, how == "confirmed")
        codes = sorted(code for code, _ in answers)
        assert codes[0] == 0, answers
        assert codes[1] in ((5,) if expect else (5, 8)), answers
        kinds = [r[0] for r in desk.reader.execute("SELECT kind FROM event WHERE stream = ?", (case.id,)).fetchall()]
        assert kinds == ["reported", "accepted", "dispatched"]
        orders = desk.reader.execute("SELECT count(*) FROM dispatch WHERE case_id = ?", (case.id,)).fetchone()[0]
        messages = desk.reader.execute("SELECT count(*) FROM outbox WHERE case_id = ?", (case.id,)).fetchone()[0]
        assert (orders, messages) == (1, 1)
    assert audit.verify(desk.reader, desk.duty).bad is None


def test_two_processes_report_at_once_and_no_number_is_given_twice(pair, desk):
    for _ in range(ROUNDS):
        answers = pair(["xj dhj js 3", "xj zmc js 3"])
        assert [code for code, _ in answers] == [0, 0]
    serials = [row[0] for row in desk.reader.execute("SELECT serial FROM case_row ORDER BY serial").fetchall()]
    assert serials == list(range(1001, 1001 + 2 * ROUNDS))
    assert audit.verify(desk.reader, desk.duty).bad is None


def test_the_other_process_is_noticed(pair, do, desk):
    do("xj dhj js 3")
    desk.changed()
    assert not desk.changed()
    pair(["bz 1001 别处写的", "bz 1001 又一条"])
    assert desk.changed()
    assert not desk.changed()
