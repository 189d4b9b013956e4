"""Duty arithmetic for many cases: the working days of one duty window side by side, so that adding is two look-ups."""

from bisect import bisect_left, bisect_right
from datetime import date, timedelta

from msgspec import Struct

from zjj_console.domain.duty import DutyTime
from zjj_console.domain.model import MINUTE

_BEFORE, _AFTER = 400, 800  # days of a table around the first instant asked for


class _Days(Struct, frozen=True):
    """Working days in order: when each opens and closes, and the duty time before its opening and at its closing."""

    opens: list[int]
    closes: list[int]
    before: list[int]
    until: list[int]


class DutyTable(DutyTime):
    """The same answers as DutyTime (a property test holds them together); far-away instants go the long way."""

    def __init__(self, duty: DutyTime) -> None:
        super().__init__(duty.town, duty.is_workday)
        self._tables: dict[str, _Days] = {}

    def add(self, start: int, minutes: int, kind: str, unit: str) -> int:
        if kind == "wall":
            return start + minutes * MINUTE
        hours = self.town.hours_of(unit).code
        days = self._tables.get(hours)
        if days is None:
            days = self._tables[hours] = self._table(self.local(start).date(), unit)
        first = bisect_right(days.closes, start)
        if first == len(days.closes) or (first == 0 and start < days.opens[0]):
            return super().add(start, minutes, kind, unit)
        spent = days.before[first] + max(start - days.opens[first], 0) + minutes * MINUTE
        last = bisect_left(days.until, spent, first)
        if last == len(days.until):
            return super().add(start, minutes, kind, unit)
        return days.opens[last] + spent - days.before[last]

    def _table(self, around: date, unit: str) -> _Days:
        hours, days, total = self.town.hours_of(unit), _Days([], [], [], []), 0
        for offset in range(-_BEFORE, _AFTER):
            day = around + timedelta(days=offset)
            if not self.is_workday(day):
                continue
            opens, closes = self.window(day, hours)
            days.opens.append(opens)
            days.closes.append(closes)
            days.before.append(total)
            total += closes - opens
            days.until.append(total)
        return days
