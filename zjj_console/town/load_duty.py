"""Reading the duty side of a profile: shifts.toml and coverage.toml. A folder without them has empty tables.

No hour is written twice: an edge is named (`station.start` is the start of `[hours.station]`) or given as "HH:MM".
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from zjj_console.town import models as m
from zjj_console.town.load import ProfileError, Rows, T, convert, minute, toml

SHIFTS, COVERAGE = "shifts.toml", "coverage.toml"
Hours = Mapping[str, Mapping[str, Any]]


def duty(folder: Path, hours: Hours) -> dict[str, Any]:
    """Fields of `Town` that the two files give. `hours` are the rows of town.toml, edges in minutes of the day."""
    found: dict[str, Any] = {}
    if (folder / SHIFTS).is_file():
        found |= _shifts(toml(folder, SHIFTS), hours)
    if (folder / COVERAGE).is_file():
        found["coverage"] = _coverage(toml(folder, COVERAGE), hours)
    return found


def _shifts(data: Mapping[str, Any], hours: Hours) -> dict[str, Any]:
    only(data, ("shifts", "rotation", "boundaries", "rules", "guarantee"), SHIFTS, "-")
    shifts = convert(data.get("shifts", {}), Rows, SHIFTS, "shifts")
    edges = convert(data.get("boundaries", {}), Rows, SHIFTS, "boundaries")
    periods = convert(data.get("guarantee", []), list[dict[str, Any]], SHIFTS, "guarantee")
    return {
        "shifts": {
            code: record({**row, "code": code}, m.Shift, SHIFTS, f"shifts.{code}") for code, row in shifts.items()
        },
        "rotation": _rotation(data["rotation"]) if "rotation" in data else None,
        "boundaries": {code: _boundary(code, row, hours) for code, row in edges.items()},
        "duty_rules": record(data.get("rules", {}), m.DutyRules, SHIFTS, "rules"),
        "guarantees": tuple(
            record(row, m.Period, SHIFTS, f"guarantee[{number}]") for number, row in enumerate(periods, 1)
        ),
    }


def _rotation(value: object) -> m.Rotation:
    row = convert(value, dict[str, Any], SHIFTS, "rotation")
    if "split" in row:
        row["split"] = minute(row["split"], SHIFTS, "rotation.split")
    return record(row, m.Rotation, SHIFTS, "rotation")


def _boundary(code: str, row: Mapping[str, Any], hours: Hours) -> m.Boundary:
    where = f"boundaries.{code}"
    at = edge(row.get("at"), hours, SHIFTS, f"{where}.at")
    return record({**row, "code": code, "at": at}, m.Boundary, SHIFTS, where)


def _coverage(data: Mapping[str, Any], hours: Hours) -> tuple[m.Requirement, ...]:
    only(data, ("require",), COVERAGE, "-")
    rows = convert(data.get("require", []), list[dict[str, Any]], COVERAGE, "require")
    found: dict[str, m.Requirement] = {}
    for number, row in enumerate(rows, 1):
        where = f"require[{number}] {row.get('code', '')}".rstrip()
        required = _requirement(row, hours, where)
        if required.code in found:
            raise ProfileError(COVERAGE, where, f"{required.code} 重复", "每个代码只能出现一次", code="P-105")
        found[required.code] = required
    return tuple(found.values())


def _requirement(row: Mapping[str, Any], hours: Hours, where: str) -> m.Requirement:
    window = row.get("window")
    if window == ["always"]:
        start = end = 0
    elif isinstance(window, list) and len(window) == 2:
        start, end = (edge(one, hours, COVERAGE, f"{where} window") for one in window)
    else:
        fix = '请写成 ["station.start", "station.end"]、["08:00", "12:00"] 或 ["always"]'
        raise ProfileError(COVERAGE, f"{where} window", f"{window!r} 不是时段", fix)
    rest = {key: value for key, value in row.items() if key != "window"}
    return record({**rest, "start": start, "end": end}, m.Requirement, COVERAGE, where)


def edge(text: object, hours: Hours, file: str, where: str) -> int:
    """Minute of the day of `KEY.start`, `KEY.end` or "HH:MM"."""
    key, dot, side = str(text).partition(".")
    if not dot:
        return minute(text, file, where)
    if key in hours and side in ("start", "end"):
        return int(hours[key][side])
    known = " ".join(f"{key}.start {key}.end" for key in hours)
    raise ProfileError(file, where, f"{text!r} 不是时段的起止", f'可写 {known} 或 "08:00" 这样的时刻')


def record(value: object, kind: type[T], file: str, where: str) -> T:
    fields = [field.name for field in msgspec.structs.fields(kind)]  # type: ignore[arg-type]
    only(convert(value, dict[str, Any], file, where), fields, file, where)
    return convert(value, kind, file, where)


def only(row: Mapping[str, Any], known: Iterable[str], file: str, where: str) -> None:
    """A misspelt key would leave a default standing in silence."""
    unknown = [key for key in row if key not in set(known)]
    if unknown:
        raise ProfileError(file, where, f"不认识的键 {' '.join(unknown)}", f"可用的键: {' '.join(known)}")
