"""Instants that come round every day."""

from datetime import datetime, time, timedelta

from zjj_console.domain.duty import DutyTime


def next_time(duty: DutyTime, after: int, minute: int) -> int:
    """The first instant after `after` at which the local clock shows a minute of the day."""
    today = datetime.combine(duty.local(after).date(), time(), duty.town.tz) + timedelta(minutes=minute)
    at = duty.instant(today)
    return at if at > after else duty.instant(today + timedelta(days=1))
