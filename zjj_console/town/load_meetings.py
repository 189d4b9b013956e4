"""Reading meetings.toml: the timetable of consultations and visits. A folder without it has the defaults of `Meetings`."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zjj_console.town.load import ProfileError, convert, toml
from zjj_console.town.load_duty import Hours, edge, only, record
from zjj_console.town.meetings import Meetings, WeekTime

MEETINGS = "meetings.toml"
WEEKS = {"weekly": 1, "fortnightly": 2}  # what `cycles.consultation` may say
_TIME = re.compile(r"([1-7]) (\S+)")


def meetings(folder: Path, hours: Hours, cycles: Mapping[str, Any]) -> Meetings:
    """The three sections as one record; `hours` are the rows of town.toml, `cycles` its section."""
    every = WEEKS.get(str(cycles.get("consultation", "weekly")), 1)
    if not (folder / MEETINGS).is_file():
        return Meetings(every_weeks=every)
    data = toml(folder, MEETINGS)
    only(data, ("week", "rules", "visit"), MEETINGS, "-")
    week = convert(data.get("week", {}), dict[str, Any], MEETINGS, "week")
    only(week, ("collect", "lock", "meet", "anchor", "place"), MEETINGS, "week")
    times: dict[str, Any] = {
        key: _time(week[key], hours, f"week.{key}") for key in ("collect", "lock", "meet") if key in week
    }
    rules = convert(data.get("rules", {}), dict[str, Any], MEETINGS, "rules")
    only(rules, [name for name in Meetings.__struct_fields__ if name not in _ELSEWHERE], MEETINGS, "rules")
    visit = convert(data.get("visit", {}), dict[str, Any], MEETINGS, "visit")
    only(visit, ("by", "warn_day"), MEETINGS, "visit")
    named = {"by": "visitor", "warn_day": "visit_warn_day"}
    visits = {named[key]: value for key, value in visit.items()}
    values: dict[str, Any] = {**week, **times, **rules, **visits, "every_weeks": every}
    return record(values, Meetings, MEETINGS, "-")


_ELSEWHERE = frozenset(
    {"collect", "lock", "meet", "anchor", "place", "every_weeks", "visitor", "visit_warn_day"}
)  # written in a section of its own


def _time(value: object, hours: Hours, where: str) -> WeekTime:
    """`5 09:30` or `3 station.end`: Friday at half past nine, Wednesday when the stations close."""
    found = _TIME.fullmatch(str(value))
    if found is None:
        raise ProfileError(MEETINGS, where, f"{value!r} 不是星期与时刻", '请写成 "5 09:30"(周五) 或 "3 station.end"')
    return WeekTime(int(found[1]), edge(found[2], hours, MEETINGS, where))
