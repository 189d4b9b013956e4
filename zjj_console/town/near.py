"""How near and how lately two reports may be of one matter, and what counts as the history of a place: all ours [A]."""

from collections.abc import Container, Iterator
from typing import Literal

from msgspec import Struct

from zjj_console.town.validate_finding import Finding


class SimilarRules(Struct, frozen=True):
    """Section `[similar]` of town.toml. Radii in metres; a wide matter is reported from further away than a street lamp."""

    radius: int = 50
    group_radius: dict[str, int] = {}  # by group of categories
    kin_radius: int = 20  # for another category of the same group: both positions must be measured
    hours: int = 72  # between the two reports
    closed_hours: int = 24  # how long after its end a closed case may still be meant
    history_days: int = 90
    history_radius: int = 100
    mark: Literal["D", "A", "T", "X", "R"] = "A"

    def radius_of(self, group: str) -> int:
        return self.group_radius.get(group, self.radius)


def check(rules: SimilarRules, groups: Container[str]) -> Iterator[Finding]:
    """P-151: numbers are positive, groups exist."""
    for name in ("radius", "kin_radius", "hours", "closed_hours", "history_days", "history_radius"):
        if getattr(rules, name) <= 0:
            yield Finding("P-151", f"疑似重复的 {name} 须大于零", f"town.toml similar.{name}")
    for group, radius in rules.group_radius.items():
        where = f"town.toml similar.group_radius.{group}"
        if group not in groups:
            yield Finding("P-151", f"没有类别组 {group}", where)
        elif radius <= 0:
            yield Finding("P-151", f"{group} 的半径须大于零", where)
