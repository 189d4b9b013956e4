"""Two towns, a clock that stands until it is moved, a desk on a fresh database, and the rules without any database."""

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import argon2
import pytest
import typer
from hypothesis import HealthCheck, settings

from zjj_console.desk.desk import Desk
from zjj_console.desk.outcome import Outcome
from zjj_console.domain import lifecycle
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import Actor, Case, Command, Event, Refusal, State
from zjj_console.domain.report import report
from zjj_console.storage import setup
from zjj_console.storage.db import connect, file_identity, set_meta
from zjj_console.town import load
from zjj_console.town.calendar import day_type
from zjj_console.town.load import builtin, load_town
from zjj_console.town.models import Town

settings.register_profile(
    "zjj", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("zjj")

MEMORY = Path("/dev/shm")
ROOM = 1 << 30  # bytes; a container often has 64 MB there


def pytest_configure(config: pytest.Config) -> None:
    """The tests' files stand in memory where there is room: waiting for a disk to flush was a third of their time.

    A death of the process is tried on them, never one of the machine, so that a disk would prove nothing more.
    """
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


MONDAY_NIGHT = "2021-03-01 23:24"


class Hands:
    """A clock whose hands a test moves. `now` is µs UTC; texts are local times of the town."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.now = self.at(MONDAY_NIGHT)

    def __call__(self) -> int:
        return self.now

    def at(self, text: str) -> int:
        return round(datetime.fromisoformat(text).replace(tzinfo=self.town.tz).timestamp() * 1_000_000)

    def set(self, text: str) -> None:
        self.now = self.at(text)

    def later(self, **span: float) -> None:
        self.now += round(timedelta(**span).total_seconds() * 1_000_000)

    def text(self, at: int | None) -> str:
        """`2021-03-01 23:24`, or nothing."""
        return "" if at is None else f"{datetime.fromtimestamp(at / 1_000_000, self.town.tz):%Y-%m-%d %H:%M}"


def actor_of(town: Town, work_no: str) -> Actor:
    person = town.people[work_no]
    return Actor(person.work_no, person.name, person.unit, frozenset(person.roles), trial=True)


class Rules:
    """The life cycle on one case in memory: what `decide` says, folded at once."""

    def __init__(self, town: Town, hands: Hands) -> None:
        self.town, self.hands = town, hands
        self.duty = DutyTime(town, lambda day: day_type(town, day)[0] == "workday")
        self.events: list[Event] = []

    def facts(self, who: str = "0001", others: tuple[Case, ...] = ()) -> Facts:
        return Facts(self.hands.now, actor_of(self.town, who), self.town, self.duty, {c.id: c for c in others})

    def new(self, priority: int = 3, place: str = "东湖街", **fields: Any) -> Case:
        committee = next((c.code for c in self.town.committees.values() if c.name == place), "")
        args = {"serial": 1001, "committee": committee, "place": place, "priority": priority, "source": "phone",
                "text": "示例", **fields}  # fmt: skip
        done = report(fields.get("number", "case-1"), args, self.facts())
        assert not isinstance(done, Refusal)
        return lifecycle.evolve(None, done[0])

    def decide(
        self, case: Case, action: str, who: str = "0001", others: tuple[Case, ...] = (), **args: Any
    ) -> list[Event] | Refusal:
        if "unit" in args and "person" not in args:
            args["person"] = self.facts().person_of(args["unit"])
        if action == "submit":
            args.setdefault("by", case.lead_person)
        return lifecycle.decide(case, Command(action, args), self.facts(who, others))

    def do(self, case: Case, action: str, who: str = "0001", others: tuple[Case, ...] = (), **args: Any) -> Case:
        """The case after the action; the events (of other cases too) stay in `events`."""
        done = self.decide(case, action, who, others, **args)
        assert not isinstance(done, Refusal), f"{action} on {case.state}: {done}"
        self.events = done
        for event in done:
            if event.case == case.id:
                case = lifecycle.evolve(case, event)
        return case

    def refused(
        self, case: Case, action: str, who: str = "0001", others: tuple[Case, ...] = (), **args: Any
    ) -> Refusal:
        done = self.decide(case, action, who, others, **args)
        assert isinstance(done, Refusal), f"{action} on {case.state} was not refused: {done}"
        assert done.zh and done.en and done.code in (6, 7, 8), done
        return done

    def standing(self, state: State, priority: int = 3, unit: str = "cg") -> Case:
        """A case that came to `state` by its ordinary way."""
        case = self.new(priority)
        ways: dict[State, tuple[tuple[str, dict[str, Any]], ...]] = {
            State.INFO_NEEDED: (("ask_info", {"text": "几号楼"}),),
            State.SELF_HANDLING: (("self_start", {}),),
            State.STATION_COORD: (("coordinate", {}),),
        }
        accepted = (("accept", {}),)
        sent = (*accepted, ("dispatch", {"unit": unit, "reason": "no_capacity"}))
        handled = (*sent, ("acknowledge", {}))
        review = (*handled, ("nominate", {"criterion": "no_lead"}))
        submitted = (*handled, ("submit", {"result": "rectified"}))
        until = self.hands.now + 86_400_000_000
        ways |= {
            State.REPORTED: (), State.ACCEPTED: accepted, State.DISPATCHED: sent, State.HANDLING: handled,
            State.DIFF_REVIEW: review, State.DIFF_LED: (*review, ("lead_difficult", {"unit": case.station})),
            State.SUSPENDED: (*handled, ("ask_suspend", {"until": until, "reason": "works"}), ("grant_suspend", {})),
            State.SUBMITTED: submitted, State.CLOSED: (*submitted, ("verify_pass", {})),
            State.VOIDED: (("ask_void", {"reason": "test"}),),
        }  # fmt: skip
        for action, args in ways[state]:
            case = self.do(case, action, **args)
        if state is State.VOIDED:
            case = self.do(case, "grant_void", who="0005")
        if state is State.MERGED:
            raise ValueError("merging needs a second case")
        assert case.state is state
        return case

    @staticmethod
    def running(case: Case) -> set[str]:
        return {clock.code for clock in case.clocks.values() if clock.running}


@pytest.fixture(scope="session", autouse=True)
def light_pins() -> Iterator[None]:
    """A PIN is hashed as it is in earnest, but not a hundred times the memory over: 0.1 s each adds up in tests."""
    with patch("argon2.PasswordHasher", partial(argon2.PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)):
        yield


@pytest.fixture(scope="session", autouse=True)
def built_once() -> Iterator[None]:
    """The tree of commands and each profile are read once for all commands in this process: half of what one costs."""
    with (
        patch.object(typer.main, "get_command", cache(typer.main.get_command)),
        patch.object(load, "load_town", cache(load_town)),
    ):
        yield


@pytest.fixture(scope="session")
def town() -> Town:
    return load_town(builtin())


@pytest.fixture(scope="session")
def example_town() -> Town:
    return load_town(builtin("example_town"))


@pytest.fixture
def clock(town: Town) -> Hands:
    return Hands(town)


@pytest.fixture
def rules(town: Town, clock: Hands) -> Rules:
    return Rules(town, clock)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    setup.create(path, "zjj")
    return path


def fresh(template: Path, target: Path) -> Path:
    """A new database without the cost of the migrations; it is its own file, so its journal begins in epoch 1."""
    shutil.copyfile(template, target)
    db = connect(target)
    set_meta(db, file=file_identity(target))
    db.close()
    return target


@pytest.fixture(scope="session")
def copy_db() -> Callable[[Path, Path], Path]:
    return fresh


@pytest.fixture(scope="session")
def open_desk(town: Town) -> Callable[..., tuple[Desk, Hands]]:
    """A desk with a clock of its own on a given file; whoever opens it closes it."""

    def open_on(path: Path, work_no: str = "0001", hands: Hands | None = None) -> tuple[Desk, Hands]:
        hands = hands or Hands(town)
        return Desk(path, town, actor_of(town, work_no), hands), hands

    return open_on


@pytest.fixture
def new_db(template: Path, tmp_path: Path) -> Callable[[], Path]:
    """Makes another empty database each time."""
    numbers = itertools.count()
    return lambda: fresh(template, tmp_path / f"zjj{next(numbers) or ''}.db")


@pytest.fixture
def db_path(new_db: Callable[[], Path]) -> Path:
    return new_db()


@pytest.fixture
def actor(town: Town) -> Callable[[str], Actor]:
    return lambda work_no: actor_of(town, work_no)


@pytest.fixture
def desk_as(db_path: Path, town: Town, clock: Hands) -> Iterator[Callable[[str], Desk]]:
    """A desk of any officer on the same database and clock."""
    opened: dict[str, Desk] = {}

    def open_for(work_no: str) -> Desk:
        if work_no not in opened:
            opened[work_no] = Desk(db_path, town, actor_of(town, work_no), clock)
        return opened[work_no]

    yield open_for
    for desk in opened.values():
        desk.close()


@pytest.fixture
def desk(desk_as: Callable[[str], Desk]) -> Desk:
    return desk_as("0001")


@pytest.fixture
def do(desk: Desk, clock: Hands) -> Callable[..., Outcome]:
    """Run a line that must succeed, then let a second pass."""

    def run(line: str, by: Desk | None = None, **options: Any) -> Outcome:
        done = (by or desk).run_line(line, **options)
        assert done.ok, f"{line}: {done.code} {done.text}"
        clock.later(seconds=1)
        return done

    return run
