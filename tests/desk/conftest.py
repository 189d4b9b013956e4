"""A town with a published month, people who sign in, and handovers carried through: what the tests of duty share."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from zjj_console.desk import handing, rostering, signatures, signing, which
from zjj_console.desk.acts import Act
from zjj_console.desk.desk import Desk
from zjj_console.desk.outcome import Outcome
from zjj_console.desk.session import actor_of
from zjj_console.domain.handover import Handover
from zjj_console.storage import audit

DAY_OFFICER, DAY_OTHER = "0002", "0003"
NIGHT_OFFICER, NIGHT_LEADER = "0312", "0051"  # both of the team that is on duty in the night of 2021-03-01
MONTHS = ("2021-02", "2021-03", "2021-04")


class House:
    """Desks of several officers on one database and one clock."""

    def __init__(self, path: Path, town: Any, clock: Any) -> None:
        self.path, self.town, self.clock = path, town, clock
        self._desks: dict[str, Desk] = {}

    def desk(self, who: str = DAY_OFFICER) -> Desk:
        if who not in self._desks:
            self._desks[who] = Desk(self.path, self.town, actor_of(self.town, who, trial=True), self.clock)
        return self._desks[who]

    @property
    def db(self) -> Any:
        return self.desk().reader

    @property
    def duty(self) -> Any:
        return self.desk().duty

    def close(self) -> None:
        for desk in self._desks.values():
            desk.close()

    def do(self, who: str, act: Act, **more: Any) -> Outcome:
        done = self.desk(who).act(act, **more)
        assert done.ok, f"{done.code} {done.text}"
        return done

    def refuse(self, who: str, act: Act, code: int | None = None) -> Outcome:
        before = self.events
        done = self.desk(who).act(act)
        assert not done.ok, done.text
        assert self.events == before, "a refusal leaves no trace"
        assert code is None or done.code == code, done
        return done

    def line(self, text: str, who: str = DAY_OFFICER, **more: Any) -> Outcome:
        done = self.desk(who).run_line(text, confirmed=True, **more)
        assert done.ok, f"{text}: {done.code} {done.text}"
        return done

    def sign_in(self, *people: str) -> None:
        for person in people:
            self.do(person, signing.sign_in(person))

    @property
    def events(self) -> int:
        return int(self.desk().reader.execute("SELECT count(*) FROM event").fetchone()[0])

    def handover(self, name: str, who: str = DAY_OFFICER) -> Handover:
        desk = self.desk(who)
        h = which.find(desk.reader, desk.facts(), name)
        assert isinstance(h, Handover), h
        return h

    def read_all(self, name: str, who: str) -> None:
        unread = [item.handle for item in self.handover(name).unread]
        if unread:
            self.do(who, handing.read(name, unread, "3"))

    def hand_over(self, name: str, out: str, into: str, codes: str = "") -> Outcome:
        """Prepare, read, choose and sign on both sides."""
        self.do(out, handing.prepare(name))
        self.read_all(name, into)
        h = self.handover(name)
        urgent = [i.handle for i in h.package.items if i.priority <= 2 and i.state not in ("SUBMITTED", "SUSPENDED")]
        if codes and urgent:
            self.do(out, handing.code(name, urgent, codes))
        self.do(out, signatures.sign(name, "out"))
        return self.do(into, signatures.sign(name, "in", tick_all=True))

    def proven(self) -> None:
        """The chain holds, every row is what the journal folds to, and each open case is where custody is."""
        report = audit.verify(self.db, self.duty)
        assert report.bad is None, report
        holder = self.desk().facts().custodian
        found = {row[0] for row in self.db.execute("SELECT custodian FROM case_row WHERE is_open = 1")}
        assert found <= {holder}, (found, holder)


@pytest.fixture(scope="session")
def published(template, copy_db, tmp_path_factory, open_desk, town) -> Path:
    """Three months are published; nothing else has happened."""
    path = copy_db(template, tmp_path_factory.mktemp("published") / "published.db")
    desk, hands = open_desk(path, "0001")
    hands.set("2021-01-25 09:00")
    for month in MONTHS:
        plan = rostering.plan(desk.reader, town, desk.duty, month)
        assert desk.act(rostering.keep(month, plan.assignments)).ok
        done = desk.act(rostering.publish(month, "示例"))
        assert done.ok, done.text
    desk.close()
    return path


@pytest.fixture(scope="session")
def house_on(open_desk, published, town) -> Callable[[Path], tuple[House, Any]]:
    """A house of a longer life than one test, with its own clock; whoever opens it closes it."""

    def open_on(path: Path) -> tuple[House, Any]:
        desk, hands = open_desk(path)
        desk.close()
        return House(path, town, hands), hands

    return open_on


@pytest.fixture
def make_house(published, copy_db, tmp_path, town, clock) -> Iterator[Callable[..., House]]:
    made: list[House] = []

    def make(source: Path = published) -> House:
        house = House(copy_db(source, tmp_path / f"house{len(made)}.db"), town, clock)
        made.append(house)
        return house

    yield make
    for house in made:
        house.close()


@pytest.fixture
def house(make_house, clock) -> House:
    """Monday 2021-03-01, 07:20; the first officers of the day sign in."""
    clock.set("2021-03-01 07:20")
    house = make_house()
    house.sign_in(DAY_OFFICER, DAY_OTHER)
    return house


@pytest.fixture
def evening(house, clock) -> House:
    """The same Monday, 17:25: the night's officers have come."""
    clock.set("2021-03-01 17:25")
    house.sign_in(NIGHT_OFFICER, NIGHT_LEADER)
    return house


@pytest.fixture
def monday() -> date:
    return date(2021, 3, 1)
