"""The roster as files: a calendar for telephones, and a table that an import reads back."""

import csv
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from io import StringIO

from icalendar import Calendar, Event

from zjj_console.domain.duty import DutyTime
from zjj_console.domain.model import MINUTE
from zjj_console.domain.roster import Assignment
from zjj_console.domain.safe import neutral_cell, safe_text
from zjj_console.reports.book import workbook
from zjj_console.reports.wording import post_word
from zjj_console.town import names
from zjj_console.town.models import Town

HEAD = ("日期", "班次", "单位", "岗位", "座次", "工号", "姓名", "起", "止", "顶", "备注")
ACTING = "(代)"  # behind a post that somebody holds for another
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def calendar(assignments: Iterable[Assignment], person: str, town: Town, duty: DutyTime, at: int) -> bytes:
    """ICS of the shifts of a person (of everybody if empty), in UTC. `at` (µs UTC) is the version of what is told.

    An assignment keeps its UID, so a file made later changes the entry of an earlier one.
    """
    book = Calendar()
    book.add("prodid", "-//zjj-console//roster//ZH")
    book.add("version", "2.0")
    book.add("method", "PUBLISH")
    book.add("x-wr-timezone", town.timezone)
    for a in _ordered(assignments):
        if person in ("", a.person):
            book.add_component(_event(a, named=not person, town=town, duty=duty, at=at))
    return bytes(book.to_ical())


def _event(a: Assignment, *, named: bool, town: Town, duty: DutyTime, at: int) -> Event:
    shift, unit = town.shifts.get(a.shift), town.units.get(a.unit)
    words = (shift.name if shift else a.shift, unit.name if unit else a.unit, _post(a))
    event = Event()
    event.add("uid", f"{a.day.isoformat()}-{a.shift}-{a.unit}-{a.post}-{a.seat}@{town.code}.zjj")
    event.add("dtstamp", _utc(at))
    event.add("last-modified", _utc(at))
    event.add("sequence", at // MINUTE)
    event.add("dtstart", _utc(a.start))
    event.add("dtend", _utc(a.end))
    event.add("summary", safe_text(" ".join((*words, *((_name(a.person, town),) if named else ())))))
    event.add("location", safe_text(words[1]))
    hours = f"值班日 {a.day.isoformat()} {duty.local(a.start):%m-%d %H:%M}-{duty.local(a.end):%m-%d %H:%M}"
    stands_in = f"顶 {_name(a.planned, town)}" if a.planned and a.planned != a.person else ""
    event.add("description", "; ".join(part for part in (hours, stands_in, safe_text(a.note)) if part))
    event.add("transp", "OPAQUE" if shift is None or shift.presence else "TRANSPARENT")
    return event


def table(assignments: Iterable[Assignment], town: Town, duty: DutyTime) -> list[list[str]]:
    """`HEAD`, then a row per assignment by date. Units and posts by name, where the name means this one only."""
    return [list(HEAD), *(_row(a, town, duty) for a in _ordered(assignments))]


def csv_bytes(rows: Sequence[Sequence[str]]) -> bytes:
    """UTF-8 with the mark that spreadsheets look for; no cell is a formula."""
    stream = StringIO(newline="")
    csv.writer(stream).writerows([neutral_cell(text) for text in row] for row in rows)
    return stream.getvalue().encode("utf-8-sig")


def xlsx_bytes(rows: Sequence[Sequence[str]], at: int) -> bytes:
    """One sheet, dated `at` (µs UTC); the same rows give the same bytes."""
    return workbook([("排班", rows)], at)


def _row(a: Assignment, town: Town, duty: DutyTime) -> list[str]:
    return [
        a.day.isoformat(),
        a.shift,
        _unit(a.unit, town),
        _post(a),
        str(a.seat),
        safe_text(a.person),
        _name(a.person, town),
        f"{duty.local(a.start):%Y-%m-%d %H:%M}",
        f"{duty.local(a.end):%Y-%m-%d %H:%M}",
        safe_text(a.planned),
        safe_text(a.note),
    ]


def _ordered(assignments: Iterable[Assignment]) -> list[Assignment]:
    return sorted(assignments, key=lambda a: a.key)


def _unit(code: str, town: Town) -> str:
    unit = town.units.get(code)
    found = names.units(town).resolve(unit.name).found if unit else None
    return found.name if found is not None and found.code == code else safe_text(code)


def _post(a: Assignment) -> str:
    return post_word(a.post) + (ACTING if a.acting else "")


def _name(work_no: str, town: Town) -> str:
    person = town.people.get(work_no)
    return safe_text(person.name if person else work_no)


def _utc(at: int) -> datetime:
    return (_EPOCH + timedelta(microseconds=at)).replace(microsecond=0)
