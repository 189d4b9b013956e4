"""What the desk tells of hot spots (R37): one look for commands and screens. Proposals only; nothing is decided or written."""

from msgspec import Struct

from zjj_console.domain import hotspot
from zjj_console.domain.hotspot import Hotspot
from zjj_console.domain.model import DAY
from zjj_console.storage import reads_places
from zjj_console.storage.db import Connection
from zjj_console.town.models import Town

PROPOSAL = {
    "list_or_campaign": ("列入重点事项/集中整治", "key item/campaign"),
    "consult": ("提请会商", "consult"),
}  # code: Chinese, English


class Survey(Struct, frozen=True):
    """The hot spots of [since, until), µs UTC, and how many cases were looked at for them."""

    since: int
    until: int
    days: int
    cases: int
    spots: tuple[Hotspot, ...]


def hotspots(db: Connection, town: Town, now: int, days: int = 0) -> list[Hotspot]:
    """The hot spots of the last `days` days up to `now` (µs UTC), the largest first; 0 is the profile's number."""
    return list(survey(db, town, now, days).spots)


def survey(db: Connection, town: Town, now: int, days: int = 0, category: str = "", grid: str = "") -> Survey:
    """The same with what was looked at. Category and grid only choose: a rank is always that within the whole town."""
    days = days or town.hotspot.days
    since, until = now + 1 - days * DAY, now + 1  # what came at this very moment counts
    seen = reads_places.records(db, since, until)
    spots = hotspot.hotspots(seen, town.hotspot, since, until)

    def chosen(one: Hotspot | hotspot.Record) -> bool:
        return category in ("", one.category) and grid in ("", one.grid)

    return Survey(since, until, days, sum(map(chosen, seen)), tuple(filter(chosen, spots)))
