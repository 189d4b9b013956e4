"""Which reports may be of the same matter (R37, R71): the same kind, near, and about the same time. A hint, never a verdict.

Distance and time are symmetric; nothing depends on the order in which the others come.
"""

from collections.abc import Iterable

from msgspec import Struct

from zjj_console.domain.model import HOUR
from zjj_console.geo.shapes import Point, metres
from zjj_console.town.near import SimilarRules


class Matter(Struct, frozen=True):
    """What is compared of a case. `at`: a measured position only; instants in µs UTC."""

    id: str
    category: str
    group: str
    committee: str
    at: Point | None
    reported_at: int
    ended_at: int | None = None


class Alike(Struct, frozen=True):
    """A case that may be the same. `metres` None: one of the two has no position, the committee is the same."""

    id: str
    metres: int | None
    reported_at: int


def similar(of: Matter, others: Iterable[Matter], rules: SimilarRules) -> list[Alike]:
    """The nearest first, those whose distance is not known after them, of equals the newest."""
    found = [alike for other in others if other.id != of.id and (alike := compare(of, other, rules)) is not None]
    return sorted(found, key=lambda one: (one.metres is None, one.metres or 0, -one.reported_at, one.id))


def compare(a: Matter, b: Matter, rules: SimilarRules) -> Alike | None:
    """`b` as it is alike to `a`, or None."""
    if abs(a.reported_at - b.reported_at) > rules.hours * HOUR or _long_over(a, b, rules) or _long_over(b, a, rules):
        return None
    same = a.category == b.category
    if not same and (a.group != b.group or not a.group):
        return None
    if a.at is not None and b.at is not None:
        away = metres(a.at, b.at)
        limit = rules.radius_of(a.group) if same else min(rules.kin_radius, rules.radius_of(a.group))
        return Alike(b.id, round(away), b.reported_at) if away <= limit else None
    return Alike(b.id, None, b.reported_at) if same and a.committee and a.committee == b.committee else None


def _long_over(a: Matter, b: Matter, rules: SimilarRules) -> bool:
    """Whether `a` had ended long before `b` was reported: then `b` is the next matter, not the same."""
    return a.ended_at is not None and b.reported_at - a.ended_at > rules.closed_hours * HOUR
