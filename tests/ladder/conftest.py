"""Fast-forward: a real database, a clock that a test moves, and who has been called by then, and nobody else.

night.line("pd 1001 y1")
night.at("23:34:00")
night.calls("E1 0031 03-01 23:34")
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from msgspec.structs import replace

from zjj_console.desk import alarming, climbing
from zjj_console.desk.desk import Desk
from zjj_console.desk.session import actor_of
from zjj_console.domain.climb import TIMER, Climb
from zjj_console.storage import audit, duty_rows, journal
from zjj_console.storage.db import writing

OFFICER = "0001"
_SPAN = re.compile(r"(\d+)([smhd])")
_UNIT = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def span(text: str) -> timedelta:
    """`90s`, `10m`, `2h30m`, `3d`."""
    return sum((timedelta(**{_UNIT[unit]: int(n)}) for n, unit in _SPAN.findall(text)), timedelta())


class Night:
    """One desk on one file. Time moves by leaps (`at`, `forward`) that end in one sweep, or by steps (`tick`)."""

    def __init__(self, path: Any, town: Any, hands: Any) -> None:
        self.path, self.town, self.hands = path, town, hands
        self._desks: dict[str, Desk] = {}
        self._read = 0
        self.over = False

    @property
    def desk(self) -> Desk:
        return self.desk_of(OFFICER)

    def desk_of(self, who: str) -> Desk:
        if who not in self._desks:
            self._desks[who] = Desk(self.path, self.town, actor_of(self.town, who, trial=True), self.hands)
        return self._desks[who]

    def close(self) -> None:
        for desk in self._desks.values():
            desk.close()
        self._desks = {}

    def restart(self) -> None:
        """The process ends; another one begins on the same file."""
        self.close()
        self.desk.sweep()

    # time -----------------------------------------------------------------------------------------------------------

    def leap(self, text: str) -> None:
        """To the next time the town's clocks show `23:34:55`, or to `2021-03-02 06:00`; nobody looks meanwhile."""
        if "-" in text:
            self.hands.set(text)
            return
        now = datetime.fromtimestamp(self.hands.now / 1e6, self.town.tz)
        then = datetime.combine(now.date(), datetime.strptime(f"{text}:00"[:8], "%H:%M:%S").time(), self.town.tz)
        self.hands.now = round((then if then >= now else then + timedelta(days=1)).timestamp()) * 1_000_000

    def at(self, text: str) -> None:
        self.leap(text)
        self.desk.sweep()

    def asleep(self, text: str) -> None:
        self.hands.now += round(span(text).total_seconds()) * 1_000_000

    def forward(self, text: str) -> None:
        self.asleep(text)
        self.desk.sweep()

    def tick(self, text: str, until: str) -> None:
        """Sweep at every step, the last one at `until`."""
        step, start = round(span(text).total_seconds()) * 1_000_000, self.hands.now
        self.leap(until)
        for at in range(start + step, self.hands.now, step):
            end, self.hands.now = self.hands.now, at
            self.desk.sweep()
            self.hands.now = end
        self.desk.sweep()

    # what is done -----------------------------------------------------------------------------------------------------

    def line(self, text: str, who: str = OFFICER) -> Any:
        done = self.desk_of(who).run_line(text, confirmed=True)
        assert done.ok, f"{text}: {done.code} {done.text}"
        return done

    def refused(self, text: str, who: str = OFFICER) -> str:
        done = self.desk_of(who).run_line(text, confirmed=True)
        assert not done.ok, done.text
        return str(done.text)

    def act(self, act: Any, who: str = OFFICER) -> Any:
        done = self.desk_of(who).act(act)
        assert done.ok, done.text
        return done

    # what came of it --------------------------------------------------------------------------------------------------

    def sql(self, query: str, *params: Any) -> list[Any]:
        return list(self.desk.reader.execute(query, params).fetchall())

    def moment(self, at: int) -> str:
        then = datetime.fromtimestamp(at / 1e6, self.town.tz)
        return f"{then:%m-%d %H:%M:%S}".removesuffix(":00") if at % 60_000_000 == 0 else f"{then:%m-%d %H:%M:%S}"

    def events(self, *kinds: str, after: int = 0) -> list[Any]:
        rows = self.sql("SELECT lseq, body FROM event WHERE stream LIKE 'ladder:%' AND lseq > ? ORDER BY lseq", after)
        found = [(lseq, journal.decode(body)) for lseq, body in rows]
        self._last = found[-1][0] if found else after
        return [event for _, event in found if not kinds or event.kind in kinds]

    def called(self, after: int = 0) -> list[str]:
        """`E1 0031 03-01 23:34` of every rung raised, oldest first; the number of a case that is not 1001 before it."""
        handles = dict(self.sql("SELECT id, serial FROM case_row"))
        found = []
        for event in self.events("escalated", after=after):
            rung = event.data["climb"]["rungs"][-1]
            who = rung["person"] or rung["missing"] or "-"
            case = handles[event.stream.removeprefix("ladder:")]
            head = "" if case == 1001 else f"{case} "
            found.append(f"{head}E{rung['n']} {who} {self.moment(rung['at'])}")
        return found

    def calls(self, *expected: str) -> None:
        """Since the last time of asking these have been called, in this order, and nobody else."""
        assert self.heard() == list(expected)

    def heard(self) -> list[str]:
        """Whoever has been called since the last time of asking, whatever it was."""
        found = self.called(after=self._read)
        self._read = max(self._read, self._last)
        return found

    def climb(self, ref: str = "1001") -> Climb | None:
        case = self.desk.case(ref)
        assert case is not None
        return duty_rows.load_climb(self.desk.reader, case.id)

    def cleared(self, ref: str = "1001") -> str:
        """Why the climb is over; empty while it is not."""
        climb = self.climb(ref)
        assert climb is not None
        return climb.cleared_why if not climb.open else ""

    def next(self, ref: str = "1001") -> str:
        """When the climb goes on, as its row in `timer` says."""
        rows = self.sql("SELECT t.due_at FROM timer t JOIN case_row c ON c.rid = t.rid WHERE c.serial = ? AND code = ?",
                        int(ref), TIMER)  # fmt: skip
        return self.moment(rows[0][0]) if rows else ""

    def messages(self) -> list[tuple[str, str]]:
        """(recipient, not before) of what the ladder has to say by message."""
        waiting = "kind = 'escalation' AND status = 'PENDING'"
        rows = self.sql(f"SELECT recipient, not_before FROM outbox WHERE {waiting} ORDER BY id")
        return [(who, self.moment(at)) for who, at in rows]

    def alarms(self) -> list[Any]:
        return list(self.desk.alarms().alarms)

    def rings(self, before: int) -> bool:
        return alarming.rings(self.desk.reader, self.desk.facts(), before, self.desk.alarms())

    def rows(self) -> dict[str, list[Any]]:
        found = {table: duty_rows.contents(self.desk.reader, table) for table in ("ladder", "alarm_ack")}
        return {**found, "timer": sorted(self.sql("SELECT * FROM timer"))}

    def proven(self) -> None:
        """The journal holds, and folded again it gives the same rows."""
        report = audit.verify(self.desk.reader, self.desk.duty)
        assert report.bad is None, report
        before = self.rows()
        with writing(self.desk._writer) as db:
            audit.rebuild(db, self.desk.duty)
        assert self.rows() == before

    def end(self) -> None:
        """Proven and closed."""
        if not self.over:
            self.proven()
            self.close()
            self.over = True


@pytest.fixture
def make_night(template, copy_db, tmp_path, town, clock) -> Iterator[Callable[..., Night]]:
    """Nights of any town, each on a file of its own; every one of them ends with its journal proven."""
    made: list[Night] = []
    numbers = count()

    def make(its_town: Any = None, source: Any = template) -> Night:
        night = Night(copy_db(source, tmp_path / f"night{next(numbers)}.db"), its_town or town, clock)
        made.append(night)
        return night

    yield make
    for night in made:
        night.end()


@pytest.fixture
def night(make_night) -> Night:
    """Monday 2021-03-01 23:24, an empty desk."""
    return make_night()


@pytest.fixture
def urgent(night) -> Night:
    """A first-priority case sent to the night's team at 23:24, to be acknowledged by 23:34."""
    night.line("xj dhj zy 1 dh")
    night.line("pd 1001 y1")
    return night


@pytest.fixture
def second(night) -> Night:
    """A second-priority case sent at 23:24, to be acknowledged by 23:44."""
    night.line("xj dhj zy 2 dh")
    night.line("pd 1001 y1")
    return night


@pytest.fixture(scope="session")
def without(town) -> Callable[..., Any]:
    """The town with some holders of a post gone, others acting."""

    def change(*posts: tuple[str, str], acting: tuple[tuple[str, str, str], ...] = (), no_phone: tuple[str, ...] = ()):
        kept = tuple(p for p in town.posts if (p.unit, p.role) not in posts)
        more = tuple(type(town.posts[0])(unit, role, who, True) for unit, role, who in acting)
        people = {k: replace(p, phone="") if k in no_phone else p for k, p in town.people.items()}
        return replace(town, posts=kept + more, people=people)

    return change


@pytest.fixture(scope="session")
def sweep() -> Callable[[Desk], Any]:
    """The act that one sweep of a desk would run now."""
    return lambda desk: climbing.sweep(climbing.due(desk.reader, desk.now()))
