"""When the town consults and its commanders visit (二(三)2). `weekly` and `monthly` are the policy's, every hour is ours [A]."""

from datetime import date
from typing import Literal

from msgspec import Struct


class WeekTime(Struct, frozen=True):
    """A time of the week: ISO weekday 1-7 and minute of the local day."""

    weekday: int
    minute: int


class Meetings(Struct, frozen=True):
    """Numbers of consultation and visit. `every_weeks` follows `cycles.consultation`; `anchor` is a day of a meeting week."""

    collect: WeekTime = WeekTime(3, 990)  # until then the stations report
    lock: WeekTime = WeekTime(4, 720)  # from then on the agenda stands
    meet: WeekTime = WeekTime(5, 570)
    every_weeks: int = 1
    anchor: date = date(2021, 1, 4)
    place: str = ""
    deferrals: int = 2
    pool_percent: int = 50  # of T-LED
    pool_returns: int = 2
    pool_reworks: int = 2
    pool_level: int = 4  # rung of the escalation ladder
    pool_review_days: int = 14  # a suspended case whose review comes within
    station_days: int = 60  # how long a consultation of a station without result counts
    urgent_priority: int = 2  # an urgent consultation is for this priority and above
    urgent_hours: int = 24  # until its minutes
    look_back_weeks: int = 4  # how far back a missing meeting is still told
    task_days: int = 7  # until a commander's word is carried out, where he names no day
    visitor: str = "commander"  # the post that visits: one of the station, or of the centre where stations have none
    visit_warn_day: int = 25
    mark: Literal["D", "A", "T", "X", "R"] = "A"
