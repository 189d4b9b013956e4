"""Roster and handover against the second that they may take: 300 people for a month, a package of 5,000 open cases."""

import statistics
import time
from collections.abc import Callable, Iterator

from msgspec.structs import replace

from tests.bench.common import Figure, scratch, write_cases
from zjj_console.commands.context import instant_of
from zjj_console.desk import handing
from zjj_console.desk.desk import Desk
from zjj_console.desk.session import actor_of
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.planning import plan_month
from zjj_console.domain.roster import Book
from zjj_console.intake.engine import import_cases
from zjj_console.storage import setup
from zjj_console.town.calendar import day_type
from zjj_console.town.load import builtin, load_town
from zjj_console.town.models import Town

OPEN = 5_000
PEOPLE = 300
ROUNDS = 5
SECOND = 1.0  # the peer: what a person at the desk waits for without looking away


def run() -> Iterator[Figure]:
    town = load_town(builtin())
    yield Figure(f"month of {PEOPLE} people planned", _median(lambda: _plan(_crowded(town))), SECOND, "s", 1)
    with scratch() as folder:
        path, source = folder / "desk.db", folder / "cases.csv"
        setup.create(path, town.code)
        write_cases(source, OPEN)
        now = instant_of("2021-03-01T17:15:00+08:00")
        desk = Desk(path, town, actor_of(town, "0002", trial=True), lambda: now)
        import_cases(desk, source)
        prepare = handing.prepare("H4")
        yield Figure(f"package of {OPEN} open cases built", _median(lambda: desk.act(prepare)), SECOND, "s", 1)
        desk.close()


def _crowded(town: Town) -> Town:
    """The town with more people of the same kinds, until there are 300."""
    people = dict(town.people)
    known = list(town.people.values())
    for n in range(PEOPLE - len(people)):
        like = known[n % len(known)]
        people[f"9{n:03}"] = replace(like, work_no=f"9{n:03}")
    return replace(town, people=people)


def _plan(town: Town) -> None:
    duty = DutyTime(town, lambda day: day_type(town, day)[0] == "workday")
    plan_month(town, duty, 2021, 3, Book(0, 1 << 60))


def _median(act: Callable[[], object]) -> float:
    def seconds() -> float:
        begun = time.perf_counter()
        act()
        return time.perf_counter() - begun

    return statistics.median(seconds() for _ in range(ROUNDS))
