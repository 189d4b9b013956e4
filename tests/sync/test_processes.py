"""The whole of it as processes: officers, exchanges, a hub on a real PostgreSQL, lines that fail, and kill -9 of any of them (§6.7).

After healing every desk holds the same rows, every acknowledged act is in the order once, every chain holds, and what does not
apply is a conflict that everybody sees. `ZJJ_SOAK_SECONDS` is how long it is played; `make soak` plays ten minutes.
"""

import os
import random
import subprocess
import sys
import time
import uuid
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from tests.conftest import fresh
from tests.hub.served import Process, free_port
from tests.sync.consoles import picture
from tests.sync.line import STATES, Line
from zjj_console.domain.duty import DutyTime
from zjj_console.hub import doors, setup
from zjj_console.hub.store import Store
from zjj_console.hub.tables import EVENT
from zjj_console.hub.verify import verify
from zjj_console.storage import audit
from zjj_console.storage.db import connect, set_meta
from zjj_console.sync import joining
from zjj_console.sync.link import Link

SHORT = 12
SKEW = (0, 3600, -3600, 0, 0)


def zjj(database, *words):
    return [sys.executable, "-m", "zjj_console.cli", "--db", str(database), *words]


class Station:
    """One console: its file, its line to the hub, an officer and an exchange, each a process that can be killed."""

    def __init__(self, folder, template, letter, number, hub, store, town, duty):
        self.letter, self.number = letter, number
        self.path = fresh(template, folder / f"{letter}.db")
        self.duty, self.acknowledged = duty, set()
        self.line = Line(("127.0.0.1", urlsplit(hub.url).port))
        db = connect(self.path)
        set_meta(db, device=str(uuid.uuid5(uuid.NAMESPACE_DNS, letter)))
        code = store.writing(lambda rows: doors.new_code(rows, "console", 1, time.time_ns() // 1000))
        joining.join(self.path, db, duty, Link(self.line.url, connect_seconds=1, read_seconds=2), code, "", letter)
        db.close()
        self.said = folder / f"{letter}.said"
        self.officer = self.exchange = None
        self.begin()

    def begin(self):
        if self.officer is None:
            words = [sys.executable, "-m", "tests.sync.officer", self.path, "0001" if self.number % 2 else "0002",
                     random.randrange(1 << 30), SKEW[self.number], 0.3]  # fmt: skip
            self.officer = subprocess.Popen([str(word) for word in words], stdout=self.said.open("ab"))
        if self.exchange is None:
            self.exchange = subprocess.Popen(zjj(self.path, "--quiet", "sync", "run"), stderr=subprocess.DEVNULL)

    def kill(self, which):
        process = getattr(self, which)
        if process is not None:
            assert process.poll() is None, f"{which} of {self.letter} ended by itself"
            process.kill()
            process.wait()
        setattr(self, which, None)

    def acted(self):
        """Whole lines only: a process that was killed may have left half of one, and that was not acknowledged."""
        return set(self.said.read_text().rpartition("\n")[0].split())

    def heal(self):
        self.line.state = "whole"
        done = subprocess.run(zjj(self.path, "--json", "sync", "run", "--once"), capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def play(folder, town, template, duty, pg, seconds, seed):
    chance = random.Random(seed)
    random.seed(seed)
    url, port = pg.database(), free_port()
    store = Store(url)
    setup.create(store, town.code, time.time_ns() // 1000)
    hub = Process(url, port).ready()
    stations = [Station(folder, template, "ABCDE"[n], n, hub, store, town, duty) for n in range(chance.randint(3, 4))]
    end, faults = time.monotonic() + seconds, 0
    try:
        while time.monotonic() < end:
            time.sleep(chance.random() * 0.8)
            one, what = chance.choice(stations), chance.random()
            faults += 1
            if what < 0.5:
                one.line.state = chance.choice(STATES)
            elif what < 0.7:
                one.kill("officer")
            elif what < 0.9:
                one.kill("exchange")
            elif what < 0.97:
                hub.kill()
                hub = Process(url, port).ready()
            else:
                pg.crash()
                hub.ready()
            one.begin()
        for one in stations:
            one.kill("officer")
            one.kill("exchange")
        for _ in range(3):
            for one in stations:
                one.heal()
        events, conflicts = agree(store, stations)
    finally:
        for one in stations:
            for which in ("officer", "exchange"):
                process = getattr(one, which)
                if process is not None:
                    process.kill()
            one.line.close()
        hub.kill()
        store.close()
    return {"faults": faults, "events": events, "conflicts": conflicts, "consoles": len(stations)}


def agree(store, stations):
    with store.reading() as db:
        proof = verify(db)
        assert proof.bad is None, proof
        rows = db.execute(select(EVENT.c.id, EVENT.c.verdict).order_by(EVENT.c.hub_seq)).all()
    ids = [row.id for row in rows]
    assert len(ids) == len(set(ids))
    acted = set().union(*(one.acted() for one in stations))
    assert acted and acted <= set(ids), "an acknowledged act is not in the order"
    apart = {row.id for row in rows if row.verdict}
    first = None
    for one in stations:
        db = connect(one.path, readonly=True)
        report = audit.verify(db, one.duty)
        assert report.bad is None, report.message
        assert db.execute("SELECT count(*) FROM event WHERE hub_seq IS NULL").fetchone()[0] == 0
        assert {row[0] for row in db.execute("SELECT event_id FROM conflict")} == apart
        rows = picture(db)
        db.close()
        first = first or rows
        for table, found in rows.items():
            assert found == first[table], f"{table} of {one.letter} differs"
    return len(ids), len(apart)


@pytest.fixture
def duty(town) -> DutyTime:
    from zjj_console.town.calendar import day_type

    return DutyTime(town, lambda day: day_type(town, day)[0] == "workday")


def test_6_7_processes_agree_after_faults_of_every_kind(tmp_path, town, template, duty, pg):
    played = play(tmp_path, town, template, duty, pg, SHORT, 7)
    assert played["faults"] > 5 and played["events"] > 20


@pytest.mark.slow
def test_6_7_processes_agree_after_ten_minutes_of_faults(tmp_path, town, template, duty, pg):
    seconds = int(os.environ.get("ZJJ_SOAK_SECONDS", "600"))
    print(f"\n{seconds} s: {play(tmp_path, town, template, duty, pg, seconds, time.time_ns())}")
