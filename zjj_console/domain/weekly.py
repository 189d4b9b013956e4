"""Instants that come round: a minute of the day, the weekly consultation."""

from datetime import datetime, time, timedelta

from zjj_console.domain.duty import DutyTime

_WEEKDAY, _MINUTE = 4, 9 * 60 + 30


def next_time(duty: DutyTime, after: int, minute: int) -> int:
    """The first instant after `after` at which the local clock shows a minute of the day."""
    today = datetime.combine(duty.local(after).date(), time(), duty.town.tz) + timedelta(minutes=minute)
    at = duty.instant(today)
    return at if at > after else duty.instant(today + timedelta(days=1))


def next_meeting(duty: DutyTime, after: int) -> int:
    """When the town's weekly consultation meets next after an instant."""
    local = duty.local(after)
    ahead = (_WEEKDAY - local.weekday()) % 7
    at = duty.instant(
        datetime.combine(local.date() + timedelta(days=ahead), time(), duty.town.tz) + timedelta(minutes=_MINUTE)
    )
    return at if at > after else at + 7 * 86_400_000_000
