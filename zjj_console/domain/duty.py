"""Duty time (§2.5): minutes that count only inside a unit's hours on working days. Local days, UTC instants."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from zjj_console.domain.model import MINUTE, Clock
from zjj_console.town.models import Hours, Limit, Town

IsWorkday = Callable[[date], bool]
_HORIZON_DAYS = 20 * 366  # a due date farther away than this is a broken calendar; a file may lie unopened for years


class DutyTime:
    """The duty arithmetic of one town; `is_workday` comes from its calendar."""

    def __init__(self, town: Town, is_workday: IsWorkday) -> None:
        self.town = town
        self.is_workday = is_workday

    def local(self, at: int) -> datetime:
        return datetime.fromtimestamp(at / 1_000_000, self.town.tz)

    def instant(self, moment: datetime) -> int:
        return round(moment.timestamp() * 1_000_000)

    def window(self, day: date, hours: Hours) -> tuple[int, int]:
        """Start and end of a day's duty as instants."""
        midnight = datetime.combine(day, time(), self.town.tz)
        return (
            self.instant(midnight + timedelta(minutes=hours.start)),
            self.instant(midnight + timedelta(minutes=hours.end)),
        )

    def span(self, day: date, hours: Hours) -> tuple[int, int]:
        """Start and end of the shift that begins on a day: past midnight where the hours say so."""
        opens, closes = self.window(day, hours)
        if closes > opens:
            return opens, closes
        return opens, self.window(day + timedelta(days=1), hours)[1]

    def counted(self, limit: Limit, unit: str) -> tuple[str, int]:
        """(kind, minutes) of a limit for a unit: rapid teams and round-the-clock posts always count plain time."""
        hours = self.town.hours_of(unit)
        if limit.kind == "wall":
            return "wall", limit.amount
        minutes = limit.amount
        if limit.kind == "workdays":
            minutes *= 24 * 60 if hours.wall else hours.end - hours.start
        return ("wall" if hours.wall else "duty"), minutes

    def add(self, start: int, minutes: int, kind: str, unit: str) -> int:
        """The instant at which `minutes` of that kind have passed since `start`."""
        if kind == "wall":
            return start + minutes * MINUTE
        hours = self.town.hours_of(unit)
        left, day = minutes * MINUTE, self.local(start).date()
        for _ in range(_HORIZON_DAYS):
            if self.is_workday(day):
                opens, closes = self.window(day, hours)
                begin = max(opens, start)
                if begin < closes:
                    if left <= closes - begin:
                        return begin + left
                    left -= closes - begin
            day += timedelta(days=1)
        raise ValueError(f"no {minutes} duty minutes of {unit} within {_HORIZON_DAYS} days of {self.local(start)}")

    def between(self, start: int, end: int, kind: str, unit: str) -> int:
        """Minutes of that kind from `start` to `end`; 0 if `end` is not later."""
        if end <= start:
            return 0
        if kind == "wall":
            return (end - start) // MINUTE
        hours = self.town.hours_of(unit)
        total, day, last = 0, self.local(start).date(), self.local(end).date()
        while day <= last:
            if self.is_workday(day):
                opens, closes = self.window(day, hours)
                total += max(0, min(closes, end) - max(opens, start))
            day += timedelta(days=1)
        return total // MINUTE

    def paused_until(self, clock: Clock, now: int) -> int | None:
        """The next opening while a duty clock stands still (停至 ..); None while it counts."""
        if clock.kind == "wall" or not clock.running:
            return None
        hours = self.town.hours_of(clock.unit)
        day = self.local(now).date()
        for _ in range(_HORIZON_DAYS):
            if self.is_workday(day):
                opens, closes = self.window(day, hours)
                if now < closes:
                    return opens if now < opens else None
            day += timedelta(days=1)
        return None

    def warn_at(self, clock: Clock) -> int | None:
        """When the clock turns 临期: 20 % left, at least two minutes (§2.5)."""
        if clock.due is None:
            return None
        flow = self.town.flow
        share = max(clock.limit * flow.warn_percent // 100, flow.warn_floor_minutes)
        if clock.kind == "wall":
            return clock.due - share * MINUTE
        # From the due time, which an extension or a pause may have moved, not from the first limit.
        whole = self.between(clock.started, clock.due, "duty", clock.unit)
        return self.add(clock.started, max(whole - share, 0), "duty", clock.unit)

    def is_night(self, at: int) -> bool:
        """True while a response team is on duty and the centre's day desk is not."""
        local = self.local(at)
        minute = local.hour * 60 + local.minute
        centre = self.town.hours_of(self.town.centre.code)
        if centre.start != centre.end:
            return not centre.covers(minute)
        teams = self.town.of_kind("response_team")
        return any(self.town.hours_of(team.code).covers(minute) for team in teams)
