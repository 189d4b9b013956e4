"""What is near a case: reports that may be the same matter, what happened at its place before, committees around a position.

Reads a bounded number of rows, however long the history.
"""

from collections import Counter

from msgspec import Struct

from zjj_console.domain.facts import Facts
from zjj_console.domain.model import DAY, HOUR, Case, State
from zjj_console.domain.similar import Matter, similar
from zjj_console.geo.shapes import metres
from zjj_console.storage import reads_near
from zjj_console.storage.db import Connection
from zjj_console.storage.reads_near import Near
from zjj_console.town.models import Town
from zjj_console.town.placing import box_around, point

SHOWN = 3


class Twin(Struct, frozen=True):
    """A case that may be the same matter. `metres` None: in the same committee, no nearer known."""

    row: Near
    metres: int | None


class History(Struct, frozen=True):
    """What was closed at a place in `days`, the newest report first, and how many of each category."""

    rows: list[Twin]
    counts: dict[str, int]
    days: int
    radius: int


def unborn(facts: Facts, committee: str, category: str) -> Case:
    """A case that somebody is about to report here and now."""
    return Case("", committee=committee, category=category, reported_at=facts.now)


def twins(db: Connection, case: Case, facts: Facts) -> list[Twin]:
    """Open or just closed cases that may be the same matter as an open one; merged and voided ones never."""
    town, rules = facts.town, facts.town.similar
    mine = _matter(case.id, case, None, town)
    if case.state in (State.MERGED, State.VOIDED, State.CLOSED) or not (case.committee or mine.at):
        return []
    box = box_around(mine.at, rules.radius_of(mine.group)) if mine.at else None
    since = case.reported_at - rules.hours * HOUR
    found_rows = reads_near.recorded_around(db, case.id, case.committee, box, since)
    rows = {row.id: row for row in found_rows if row.id != case.related}  # that one is told already
    found = similar(mine, (_matter(row.id, row, row.closed_at, town) for row in rows.values()), rules)
    return [Twin(rows[one.id], one.metres) for one in found]


def _matter(case_id: str, case: Case | Near, ended: int | None, town: Town) -> Matter:
    known = town.categories.get(case.category)
    at = point(case.lon, case.lat)
    return Matter(case_id, case.category, known.group if known else "", case.committee, at, case.reported_at, ended)


def history(db: Connection, case: Case, facts: Facts, days: int | None = None, radius: int | None = None) -> History:
    """Closed cases of the place: within the radius where both have a position, else of the same committee (R37)."""
    rules = facts.town.similar
    days, radius = days or rules.history_days, radius or rules.history_radius
    at = point(case.lon, case.lat)
    found = []
    if case.committee or at:
        box = box_around(at, radius) if at else None
        for row in reads_near.closed_around(db, case.committee, box, facts.now - days * DAY):
            other = point(row.lon, row.lat)
            away = round(metres(at, other)) if at and other else None
            if row.id != case.id and (away <= radius if away is not None else row.committee == case.committee):
                found.append(Twin(row, away))
    found.sort(key=lambda one: (-one.row.reported_at, one.row.id))
    counts = Counter(one.row.category for one in found)
    return History(found, dict(counts.most_common()), days, radius)


def committees(case: Case, town: Town, limit: int = SHOWN) -> list[tuple[str, int]]:
    """(committee, metres) around the position of a case, the nearest first; none without position or map."""
    at = point(case.lon, case.lat)
    if at is None or town.atlas is None:
        return []
    away = sorted(
        (round(metres(at, spot.at)), code) for code, spot in town.atlas.committees.items() if code in town.committees
    )
    return [(code, far) for far, code in away[:limit]]
