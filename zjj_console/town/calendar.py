"""Which kind of day a date is. The profile's own rows win over the public calendar (§2.5, §4.1)."""

from collections.abc import Callable
from datetime import date
from functools import lru_cache

from zjj_console.town.models import DayType, Town


def day_type(town: Town, day: date) -> tuple[DayType, bool]:
    """(day type, known). Not known: the public calendar ends before that year and Monday to Friday is assumed."""
    override = town.calendar.get(day)
    return (override.day_type, True) if override else _public(day)


def workdays(town: Town) -> Callable[[date], bool]:
    """Whether a date is a working day of the town; what was asked once is remembered."""
    return lru_cache(maxsize=4096)(lambda day: day_type(town, day)[0] == "workday")


@lru_cache(maxsize=4096)
def _public(day: date) -> tuple[DayType, bool]:
    import chinese_calendar  # imported late: a start that asks for no date does not pay for it

    try:
        off, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return ("workday" if day.weekday() < 5 else "rest"), False
    if not off:
        return "workday", True
    return ("holiday" if name else "rest"), True


def day_note(town: Town, day: date) -> tuple[str, str]:
    """What a day is called, in Chinese and English: the profile's own note, else the public holiday; empty for most days.

    A make-up working day has the name of the holiday that it pays for.
    """
    override = town.calendar.get(day)
    return (override.note, override.note) if override else _public_name(day)


@lru_cache(maxsize=4096)
def _public_name(day: date) -> tuple[str, str]:
    import chinese_calendar  # imported late, as above

    try:
        name = chinese_calendar.get_holiday_detail(day)[1]
    except NotImplementedError:
        return "", ""
    found = next((one for one in chinese_calendar.Holiday if one.value == name), None)
    return (found.chinese, found.value) if found else ("", "")
