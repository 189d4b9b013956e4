"""How dates and times are written on the command line (§6.1). The one reader of them; every refusal shows how."""

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from typing import NoReturn
from zoneinfo import ZoneInfo

from zjj_console.commands.context import Stop

HOW = "2021-03-01T23:41:07+08:00、2021-03-01 23:41、03-01 23:41、23:41(最近一次)或 now"
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_SHORT = re.compile(r"(\d{2})-(\d{2})[ T](\d{1,2}:\d{2}(?::\d{2})?)")
_MONTH = re.compile(r"\d{4}-\d{2}")
YEARS = range(2000, 2101)  # beyond them a date is a slip of the hand
_DAYS = {"yesterday": -1, "昨天": -1, "today": 0, "今天": 0, "tomorrow": 1, "明天": 1}


def plain(text: str) -> str:
    """Full-width digits, colons and blanks as their narrow twins."""
    return unicodedata.normalize("NFKC", text).strip()


def instant(text: str, now: int, tz: ZoneInfo, field: str = "at") -> int:
    """µs UTC. `23:41` is the latest that is not in the future; `03-01 23:41` is in the year nearest to now."""
    word, local = plain(text), _local(now, tz)
    if word == "now":
        return now
    clock = _clock(word)
    if clock is not None:
        then = datetime.combine(local.date(), clock, tz)
        return _micro(then if then <= local else then - timedelta(days=1))
    return _micro(_dated(word, local, tz, field) or _wrong(text, field))


def on_day(text: str, day: date, tz: ZoneInfo, field: str, after: int | None = None) -> int:
    """µs UTC of a time written with its date or of `16:31` on `day`: the next day's, where it must be `after` another."""
    word = plain(text)
    clock = _clock(word)
    if clock is None:
        found = _dated(word, datetime.combine(day, time(), tz), tz, field)
        return _micro(found or _wrong(text, field))
    at = _micro(datetime.combine(day, clock, tz))
    return at if after is None or at > after else _micro(datetime.combine(day + timedelta(days=1), clock, tz))


def span(start: str, end: str, now: int, tz: ZoneInfo) -> tuple[int, int]:
    """`--from` and `--to`. A date alone is the whole day; a bare `15:00` as end is the first after the start."""
    begins = _whole_day(start, now, tz, "from")
    first = midnight(begins, tz) if begins else instant(start, now, tz, "from")
    ends = _whole_day(end, now, tz, "to")
    if ends is not None:
        return first, midnight(ends + timedelta(days=1), tz)
    return first, now if plain(end) == "now" else on_day(end, _local(first, tz).date(), tz, "to", first)


def moment(text: str, now: int, tz: ZoneInfo, field: str) -> int:
    """A date, meaning its first instant, or a time as `instant` reads it."""
    found = _whole_day(text, now, tz, field)
    return midnight(found, tz) if found else instant(text, now, tz, field)


def day(text: str, now: int, tz: ZoneInfo, field: str = "date") -> date:
    """A date: `2021-03-01`, `0301` or `03-01` (in the year nearest to now), `today`, `tomorrow`, `yesterday`."""
    found = _whole_day(text, now, tz, field)
    if found is None:
        zh = f"日期写法应如 2021-03-01、0301、today 或 tomorrow: {text}"
        raise Stop(2, "E_USAGE", zh, f"a date like 2021-03-01, 0301, today or tomorrow: {text}", field)
    return found


def month(text: str, now: int, tz: ZoneInfo) -> str:
    """A month as `2021-03`; the present one where nothing is given."""
    word = plain(text) or f"{_local(now, tz):%Y-%m}"
    if not _MONTH.fullmatch(word) or not 1 <= int(word[5:]) <= 12:
        raise Stop(2, "E_USAGE", f"月份写法应如 2021-03: {text}", f"a month like 2021-03: {text}", "month")
    _within(int(word[:4]), word, "month")
    return word


def midnight(at: date, tz: ZoneInfo) -> int:
    return _micro(datetime.combine(at, time(), tz))


def _within(year: int, text: str, field: str) -> None:
    if year not in YEARS:
        zh = f"年份须在 {YEARS[0]} 至 {YEARS[-1]}: {text}"
        raise Stop(2, "E_USAGE", zh, f"a year from {YEARS[0]} to {YEARS[-1]}: {text}", field)


def _whole_day(text: str, now: int, tz: ZoneInfo, field: str) -> date | None:
    word, today = plain(text).casefold(), _local(now, tz).date()
    if word in _DAYS:
        return today + timedelta(days=_DAYS[word])
    short = re.fullmatch(r"(\d{2})-?(\d{2})", word)
    if short:
        return _nearest_year(int(short[1]), int(short[2]), today)
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", word):
        return None
    _within(int(word[:4]), text, field)
    try:
        return date.fromisoformat(word)
    except ValueError:
        return None


def _clock(word: str) -> time | None:
    found = _CLOCK.fullmatch(word)
    if found is None:
        return None
    try:
        return time(int(found[1]), int(found[2]), int(found[3] or 0))
    except ValueError:
        return None


def _dated(word: str, local: datetime, tz: ZoneInfo, field: str) -> datetime | None:
    short = _SHORT.fullmatch(word)
    if short:
        at, clock = _nearest_year(int(short[1]), int(short[2]), local.date()), _clock(short[3])
        return datetime.combine(at, clock, tz) if at and clock else None
    if not re.match(r"\d{4}-\d{2}-\d{2}[T ]\d", word):
        return None
    _within(int(word[:4]), word, field)
    try:
        moment = datetime.fromisoformat(word)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=tz)


def _nearest_year(month: int, day: int, today: date) -> date | None:
    found = []
    for year in (today.year - 1, today.year, today.year + 1):
        try:
            found.append(date(year, month, day))
        except ValueError:  # 29 February, or no such day in any year
            continue
    return min(found, key=lambda one: abs((one - today).days), default=None)


def _local(at: int, tz: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(at / 1_000_000, tz)


def _micro(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def _wrong(text: str, field: str) -> NoReturn:
    raise Stop(
        2, "E_USAGE", f"时间写法应如 {HOW}: {text}", f"a time like 2021-03-01 23:41, 23:41 or now: {text}", field
    )
