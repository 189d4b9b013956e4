"""What a decision may know besides the case: the instant, the actor, the town, other cases. Gathered by the desk."""

from functools import cached_property

from msgspec import Struct

from zjj_console.domain.custody import Holding
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.model import Actor, Case
from zjj_console.domain.roster import Assignment, Book, desk_of, there
from zjj_console.town.models import Town

_FIRST = {"team_leader": 0, "shift_lead": 1, "deputy": 2, "chief": 3, "resident": 4}  # who takes an order for his unit


class Facts(Struct, frozen=True, dict=True):
    now: int
    actor: Actor
    town: Town
    duty: DutyTime
    others: dict[str, Case] = {}  # further cases that the command names (merge master, related), by id
    holding: Holding | None = None  # who has custody
    book: Book | None = None  # the roster around now

    @property
    def night(self) -> bool:
        return self.duty.is_night(self.now)

    @property
    def custodian(self) -> str:
        """The desk that holds the open cases; by the clock where nothing has been done yet."""
        return self.holding.desk if self.holding else "night" if self.night else "day"

    @property
    def desk(self) -> str:
        return self.desk_of(self.actor.work_no)

    def desk_of(self, person: str) -> str:
        """The desk at which somebody stands: the one that he took custody for, else that of his shift or unit."""
        if self.holding is not None and self.holding.claimed and self.holding.person == person:
            return self.holding.desk
        return desk_of(self.book, self.town, person, self.now)

    def rostered(self, unit: str) -> list[Assignment] | None:
        """Who of a unit is there now by the roster; None where no roster is published for today."""
        if self.book is None or not self.planned():
            return None
        people = {p.work_no for p in self.town.staff(unit)}
        return [a for a in self._there if a.unit == unit or a.person in people]

    @cached_property
    def _there(self) -> list[Assignment]:
        """Everybody who is there now: asked for each of twenty candidates, worked out once."""
        return there(self.book, self.now, self.now, self.town) if self.book else []

    def planned(self) -> bool:
        """Whether a roster holds now: one of today, or the night that began under yesterday's."""
        book = self.book
        return book is not None and (
            book.has_plan(self.duty.local(self.now).date())
            or any(a.start <= self.now < a.end for a in book.assignments)
        )

    def on_duty(self, unit: str) -> bool:
        """Whether the clock stands inside the unit's duty hours, and a response team does not rest this night."""
        return self.in_hours(unit) and not self.resting(unit)

    def in_hours(self, unit: str) -> bool:
        local = self.duty.local(self.now)
        return self.town.hours_of(unit).covers(local.hour * 60 + local.minute)

    def resting(self, unit: str) -> bool:
        """A response team of which nobody is planned now, while there is a roster. Not having signed in is not resting."""
        known = self.town.units.get(unit)
        if known is None or known.kind != "response_team" or self.rostered(unit) is None or self.book is None:
            return False
        return not any(a.unit == unit and a.start <= self.now < a.end for a in self.book.assignments)

    def person_of(self, unit: str, station: str = "") -> str:
        """Default recipient of an order (R48: a named person).

        By the roster whoever is there now, else whoever is planned and not on leave: a swap, a stand-in, a leave are
        followed. Without one, of a department whoever is resident at the case's `station`, of a station its
        post-holder, else the first member; people on leave or on a shift elsewhere come last.
        """
        for found in (self.rostered(unit) or [], self._planned_now):
            here = [a for a in found if a.unit == unit or (a.unit == station and self._home(a.person) == unit)]
            if here:
                return min(here, key=lambda a: (a.unit != station, _FIRST.get(a.post, len(_FIRST)), a.seat)).person
        holders = [p for p in self.town.holders(station, "resident") if p.unit == unit]
        holders += [p for role in ("chief", "deputy", "team_leader", "handler") for p in self.town.holders(unit, role)]
        staff = self.town.staff(unit)
        holders += [p for p in staff if {"team_leader", "handler", "chief"} & set(p.roles)] + staff
        if not holders:
            return ""
        if not self._away and not self._busy:
            return holders[0].work_no
        return min(holders, key=lambda p: (self.on_leave(p.work_no), p.work_no in self._busy)).work_no

    def _home(self, person: str) -> str:
        known = self.town.people.get(person)
        return known.unit if known else ""

    def planned_now(self) -> list[Assignment]:
        """Who is planned now and not on leave, come or not."""
        return list(self._planned_now)

    @cached_property
    def _planned_now(self) -> tuple[Assignment, ...]:
        running = (a for a in (self.book.assignments if self.book else ()) if a.start <= self.now < a.end)
        return tuple(a for a in running if not self.on_leave(a.person))

    @cached_property
    def _away(self) -> frozenset[str]:
        leaves = self.book.leaves if self.book else ()
        return frozenset(leave.person for leave in leaves if leave.start <= self.now < leave.end)

    @cached_property
    def _busy(self) -> frozenset[str]:
        """Planned now: whoever asks has looked at that unit's own plan already."""
        return frozenset(a.person for a in self._planned_now)

    def on_leave(self, person: str) -> bool:
        return person in self._away
