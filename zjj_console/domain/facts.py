"""What a decision may know besides the case: the instant, the actor, the town, other cases. Gathered by the desk."""

from msgspec import Struct

from zjj_console.domain.duty import DutyTime
from zjj_console.domain.model import Actor, Case
from zjj_console.town.models import Town


class Facts(Struct, frozen=True):
    now: int
    actor: Actor
    town: Town
    duty: DutyTime
    others: dict[str, Case] = {}  # further cases that the command names (merge master, related), by id

    @property
    def night(self) -> bool:
        return self.duty.is_night(self.now)

    def on_duty(self, unit: str) -> bool:
        """Whether the clock stands inside the unit's duty hours."""
        local = self.duty.local(self.now)
        return self.town.hours_of(unit).covers(local.hour * 60 + local.minute)

    def person_of(self, unit: str, station: str = "") -> str:
        """Default recipient of an order (R48: a named person).

        Of a department whoever is resident at the case's `station`; of a station its post-holder; else the first member.
        """
        resident = next((p for p in self.town.holders(station, "resident") if p.unit == unit), None)
        if resident is not None:
            return resident.work_no
        for role in ("chief", "deputy", "team_leader", "handler"):
            found = self.town.holders(unit, role)
            if found:
                return found[0].work_no
        staff = self.town.staff(unit)
        leading = [p for p in staff if {"team_leader", "handler", "chief"} & set(p.roles)]
        return (leading or staff)[0].work_no if staff else ""
