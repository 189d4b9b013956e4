"""The numbers of a profile: what it declares (counts.toml) beside what its lists really hold (§1.Z)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import get_args

from msgspec import Struct

from zjj_console.town.models import CountNote, Hours, Mark, Town, UnitKind

DAY = 1440
PER_STATION_CYCLES = ("visit", "inspection")  # happen once per station and period; the other cycles once per period
REASON_COUNTS = {"flows": "flow", "difficult_criteria": "criterion", "stationing_triggers": "trigger",
                 "cross_tags": "cross"}  # fmt: skip


class Number(Struct, frozen=True):
    """One declared or counted number. `declared` is None where counts.toml does not state it."""

    key: str
    name: str
    declared: int | None
    actual: int | None
    mark: Mark
    clause: str
    at_least: bool

    @property
    def holds(self) -> bool:
        if self.declared is None or self.actual is None:
            return False
        return self.actual >= self.declared if self.at_least else self.actual == self.declared


def numbers(town: Town) -> list[Number]:
    """Declared numbers in their file's order, then those that only the lists know."""
    actual = counted(town)
    keys = [*town.counts, *(key for key in actual if key not in town.counts)]
    notes = [(key, town.count_notes.get(key, CountNote(key, "A", "-"))) for key in keys]
    return [
        Number(key, note.name, town.counts.get(key), actual.get(key), note.mark, note.clause, note.at_least)
        for key, note in notes
    ]


def counted(town: Town) -> dict[str, int]:
    """What the lists hold, by the keys of counts.toml. Shift lengths and coverage are in hours, gaps in minutes."""
    stations = len(town.of_kind("station"))
    gaps = field_gaps(town)
    kinds = {kind: len(town.of_kind(kind)) for kind in get_args(UnitKind)}
    cycles = {f"{name}_{period}": stations if name in PER_STATION_CYCLES else 1 for name, period in town.cycles.items()}
    return {
        **kinds,
        "zone": len(town.zones),
        "grid": len(town.grids),
        "leading_posts": len(leading_posts(town)),
        "on_demand_named": sum(u.mark == "D" for u in town.of_kind("on_demand")),
        **{f"{kind}_shift_hours": _shift(town, kind) // 60 for kind in ("station", "centre", "response_team")},
        "desk_hours": (DAY - sum(end - start for start, end in desk_gaps(town))) // 60,
        "field_gaps": len(gaps),
        "field_gap_minutes": sum(end - start for start, end in gaps),
        **{key: len(town.reasons.get(table, {})) for key, table in REASON_COUNTS.items()},
        **cycles,
        "phases": len(town.programme),
    }


def pattern(town: Town) -> dict[int, int]:
    """Grids per zone -> number of such zones, smallest first."""
    sizes = Counter(grid.zone for grid in town.grids.values())
    return dict(sorted(Counter(sizes[zone] for zone in town.zones).items()))


def leading_posts(town: Town) -> set[tuple[str, str]]:
    """(station, role) of every leading post that somebody holds, acting or not."""
    stations = {u.code for u in town.of_kind("station")}
    return {(p.unit, p.role) for p in town.posts if p.unit in stations and p.role in town.posts_per_station}


def desk_gaps(town: Town) -> list[tuple[int, int]]:
    """Stretches of the day, in minutes, with neither the centre nor a response team on duty."""
    return _uncovered(_windows(town, ("centre", "response_team")))


def field_gaps(town: Town) -> list[tuple[int, int]]:
    """Stretches of the day, in minutes, with neither the stations nor a response team on duty (R43)."""
    return _uncovered(_windows(town, ("station", "response_team")))


def clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def spans(gaps: Iterable[tuple[int, int]]) -> str:
    return "、".join(f"{clock(start)}-{clock(end)}" for start, end in gaps)


def by_name(found: Mapping[int, int]) -> dict[str, int]:
    return {str(size): count for size, count in found.items()}


def _windows(town: Town, kinds: tuple[UnitKind, ...]) -> list[Hours]:
    codes = {unit.hours for kind in kinds for unit in town.of_kind(kind)}
    return [town.hours[code] for code in sorted(codes) if code in town.hours]


def _shift(town: Town, kind: UnitKind) -> int:
    """Length of the shortest duty window of that kind of unit, in minutes; 0 if there is none."""
    return min(((w.end - w.start - 1) % DAY + 1 for w in _windows(town, (kind,))), default=0)


def _uncovered(windows: list[Hours]) -> list[tuple[int, int]]:
    gaps: list[tuple[int, int]] = []
    for minute in range(DAY):
        if any(window.covers(minute) for window in windows):
            continue
        if gaps and gaps[-1][1] == minute:
            gaps[-1] = (gaps[-1][0], minute + 1)
        else:
            gaps.append((minute, minute + 1))
    return gaps
