"""Instants that come round every day."""

from datetime import datetime, time, timedelta
from functools import lru_cache

from zjj_console.domain.duty import DutyTime


@lru_cache(256)  # a file of old reports asks a thousand times for the first hour after now
def next_time(duty: DutyTime, after: int, minute: int) -> int:
    """The first instant after `after` at which the local clock shows a minute of the day."""
    today = datetime.combine(duty.local(after).date(), time(), duty.town.tz) + timedelta(minutes=minute)
    at = duty.instant(today)
    return at if at > after else duty.instant(today + timedelta(days=1))
