"""Who answers for a post at an instant (R21-R24, §2.10): whoever is rostered, else the holder, else who acts for him.

Substitutions, leave and dates of holding are followed; who cannot be had is passed over at once, and it is said why.
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Literal

from msgspec import Struct

from zjj_console.domain.duty import DutyTime
from zjj_console.domain.roster import Assignment, Book
from zjj_console.town.models import Town

Found = Literal["", "post", "rostered", "acting", "on_call"]
Missing = Literal["", "vacant", "leave", "no_phone", "no_station"]
CENTRE = "centre"  # the post that belongs to the centre; the others belong to the station of the case
_OFFICERS = ("deputy", "chief")  # whom the station's on-call person stands in for


class Holder(Struct, frozen=True):
    """The person to call for a post, or why there is none."""

    person: str = ""
    found: Found = ""
    missing: Missing = ""


class Post(Struct, frozen=True):
    """One post of one station as it is resolved at an instant."""

    station: str
    post: str
    holder: Holder


def holder(duty: DutyTime, book: Book | None, post: str, station: str, at: int) -> Holder:
    """Of all who could answer for a post the first who can be called."""
    town = duty.town
    unit = town.centre.code if post == CENTRE else station
    if not unit:
        return Holder(missing="no_station")
    missing: Missing = "vacant"
    for person, found in _who(duty, book, post, unit, at):
        missing = _unreachable(town, book, person, at)
        if not missing:
            return Holder(person, found)
    return Holder(missing=missing)


def chain(duty: DutyTime, book: Book | None, at: int) -> list[Post]:
    """Every post of every station, and the centre's, as they would be called at an instant (the check before a night)."""
    town = duty.town
    posts = [post for post in town.ladder.posts if post in town.posts_per_station]
    found = [
        Post(unit.code, post, holder(duty, book, post, unit.code, at))
        for unit in town.of_kind("station")
        if unit.enabled
        for post in posts
    ]
    if CENTRE in town.ladder.posts:
        found.append(Post(town.centre.code, CENTRE, holder(duty, book, CENTRE, "", at)))
    return found


def _who(duty: DutyTime, book: Book | None, post: str, unit: str, at: int) -> Iterator[tuple[str, Found]]:
    day = duty.local(at).date()
    held = [p for p in duty.town.posts if (p.unit, p.role) == (unit, post) and p.held_on(day)]
    own = [p.work_no for p in held if not p.acting]
    running = [a for a in book.assignments if a.unit == unit and a.start <= at < a.end] if book else []
    yield from ((a.person, "post" if a.person in own else "rostered") for a in _seated(running, post))
    yield from ((who, "post") for who in own)
    yield from ((p.work_no, "acting") for p in held if p.acting)
    if post in _OFFICERS:
        yield from ((a.person, "on_call") for a in _seated(running, "on_call"))


def _seated(running: list[Assignment], post: str) -> list[Assignment]:
    return sorted((a for a in running if a.post == post and a.person), key=lambda a: a.seat)


def _unreachable(town: Town, book: Book | None, person: str, at: int) -> Missing:
    known = town.people.get(person)
    if known is None:
        return "vacant"
    if book is not None and any(one.person == person and one.start <= at < one.end for one in book.leaves):
        return "leave"
    return "" if known.phone else "no_phone"


def vacant_since(duty: DutyTime, unit: str, post: str, at: int) -> int | None:
    """When the last holder of a vacant post left it; None if the profile names nobody who ever held it."""
    day = duty.local(at).date()
    ends = [p.until for p in duty.town.posts if (p.unit, p.role) == (unit, post) and p.until and p.until < day]
    return duty.instant(datetime.combine(max(ends) + timedelta(days=1), time(), duty.town.tz)) if ends else None
