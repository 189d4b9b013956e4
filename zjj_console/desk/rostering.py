"""Planning, publishing and changing the roster (§4.1-§4.3). A published month never changes by itself: every later change
is an event of its own, and tells the people whom it concerns.
"""

import calendar
import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from zjj_console.desk.acts import Act, Done
from zjj_console.domain import conflicts, coverage, gaps, permits, planning
from zjj_console.domain.conflicts import Finding, Vacancy
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.facts import Facts
from zjj_console.domain.gaps import Gap
from zjj_console.domain.model import DAY, Event, Refusal
from zjj_console.domain.roster import Assignment, Book, Key
from zjj_console.storage import reads_duty
from zjj_console.storage.db import Connection
from zjj_console.town.models import Town

_encode = msgspec.json.Encoder(order="sorted").encode
HOLDS_UP = ("!!!", "!!")  # severities of a gap with which a month is not published
AHEAD = 14  # days of the gap proof
MARGIN = 9 * DAY  # around a window, so that rest and weekly hours are judged across its edges


class Check(Struct, frozen=True):
    """What is wrong with a window of the roster: breaches, vacant posts, and minutes without the people required."""

    findings: tuple[Finding, ...]
    vacancies: tuple[Vacancy, ...]
    gaps: tuple[Gap, ...]

    @property
    def clean(self) -> bool:
        return not (self.findings or self.vacancies or self.gaps)


def _no(zh: str, en: str, code: int = 8, rule: str = "4.1") -> Refusal:
    return Refusal(code, rule, zh, en)


def month_span(duty: DutyTime, month: str) -> tuple[int, int]:
    """First and last instant of a month's duty dates; the last night runs into the next month."""
    first = first_day(month)
    after = first + timedelta(days=calendar.monthrange(first.year, first.month)[1])
    start, end = coverage.midnight(duty.town, duty, first), coverage.midnight(duty.town, duty, after)
    return start, end + DAY


def first_day(month: str) -> date:
    """ValueError for anything but `2021-03`."""
    return date.fromisoformat(f"{month}-01")


def wide_book(db: Connection, start: int, end: int) -> Book:
    return reads_duty.book(db, start - MARGIN, end + MARGIN)


def plan_book(db: Connection, duty: DutyTime, month: str, rows: Iterable[Assignment]) -> Book:
    """The book of a month as it would be with `rows` published in place of whatever stands there."""
    start, end = month_span(duty, month)
    book = wide_book(db, start, end)
    others = [a for a in book.assignments if f"{a.day:%Y-%m}" != month]
    return replace(book, assignments=(*others, *rows), published=book.published | {month})


def check(town: Town, duty: DutyTime, book: Book, start: int, end: int, now: int) -> Check:
    found = [f for f in conflicts.check(book, town, duty) if f.at[0] < end and f.at[1] > start]
    days = max(1, (end - start) // DAY)
    vacant = conflicts.vacancies(town, duty.local(start).date(), days)
    return Check(tuple(found), tuple(vacant), tuple(gaps.gaps(book, town, duty, start, end, now)))


# planning -------------------------------------------------------------------------------------------------------------


def plan(db: Connection, town: Town, duty: DutyTime, month: str) -> planning.Plan:
    """A fresh plan of a month; nothing is kept yet."""
    first = first_day(month)
    start, end = month_span(duty, month)
    return planning.plan_month(town, duty, first.year, first.month, wide_book(db, start, end))


def keep(month: str, rows: Iterable[Assignment]) -> Act:
    """Keep a plan, to be looked at, changed and published. A plan is not history: it replaces the one before."""
    kept = list(rows)

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        wrong = permits.refuse_act("plan_roster", facts)
        if wrong is not None:
            return wrong
        if any(v.month == month for v in reads_duty.versions(db)):
            return _no(f"{month} 已发布，不再改；改动用 swap、tb、leave", f"{month} is published; use swap or tb", 5)
        done = Done([], f"已编 {month} 排班 {len(kept)} 条，未发布", f"planned {month}: {len(kept)} rows, not published",
                    {"month": month, "rows": len(kept)})  # fmt: skip
        done.after = lambda db: reads_duty.save_plan(db, month, kept, facts.now)
        return done

    return act


def publish(month: str, reason: str = "") -> Act:
    """Make the plan of a month history. Refused while a rule is broken or an essential post stands empty (C10: unless
    a reason is given)."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        wrong = permits.refuse_act("plan_roster", facts)
        if wrong is not None:
            return wrong
        if any(v.month == month for v in reads_duty.versions(db)):
            return _no(f"{month} 已发布，不再改；改动用 swap、tb、leave", f"{month} is published; use swap or tb", 5)
        rows = reads_duty.plan(db, month)
        if rows is None:
            return _no(f"{month} 没有待发布的排班，先 roster plan --month {month}", f"nothing planned for {month}", 6)
        town, duty = facts.town, facts.duty
        start, end = month_span(duty, month)
        given: Mapping[Key, str] = dict.fromkeys(_reasoned(town, rows), reason) if reason else {}
        book = plan_book(db, duty, month, rows)
        found = [f for f in conflicts.check(book, town, duty, given) if f.at[0] < end - DAY and f.at[1] > start]
        refused = [f for f in found if f.effect == "refuse"]
        if refused:
            first = refused[0]
            zh = f"不能发布: {len(refused)} 处违规，如 {first.code} {first.zh}；{first.fix_zh}"
            return _no(zh, f"{len(refused)} breaches, e.g. {first.code} {first.en}; {first.fix_en}", rule=first.code)
        empty = [
            g
            for g in gaps.gaps(book, town, duty, start, end - DAY, start)
            if g.severity in HOLDS_UP and g.start >= start  # the night before belongs to the month before
        ]
        if empty:
            g = empty[0]
            zh = f"不能发布: {len(empty)} 处必设岗位空缺，如 {gap_zh(g, duty)}；补岗后再发布"
            return _no(zh, f"{len(empty)} essential posts are empty, e.g. {g.name_en} {g.unit_name}", rule="4.5")
        plain = msgspec.to_builtins(sorted(rows, key=lambda a: a.key))
        digest = hashlib.sha256(_encode(plain)).hexdigest()
        data = {"month": month, "reason": reason, "digest": digest, "rows": plain}
        zh = f"已发布 {month} 排班 {len(rows)} 条，提示 {len(found)} 条"
        told = {"month": month, "rows": len(rows), "digest": digest, "warnings": len(found)}
        done = Done([Event("roster_published", f"roster:{month}", data)], zh, f"published {month}: {len(rows)}", told)
        done.after = lambda db: reads_duty.drop_plan(db, month)
        return done

    return act


def _reasoned(town: Town, rows: Iterable[Assignment]) -> list[Key]:
    """Every key under which a reason may be kept: C10's shoulder hours, and the assignments themselves (C6)."""
    days = sorted({a.day for a in rows})
    stations = [u.code for u in town.of_kind("station")]
    hours = [minute for minute, _ in conflicts.shoulders(town)]
    return [conflicts.shoulder_key(d, s, m) for d in days for s in stations for m in hours] + [a.key for a in rows]


def gap_zh(g: Gap, duty: DutyTime) -> str:
    start, end = duty.local(g.start), duty.local(g.end)
    until = f"{end:%H:%M}" if start.date() == end.date() or g.end - g.start <= DAY else f"{end:%m-%d %H:%M}"
    return f"{g.unit_name} {g.name} {start:%m-%d %H:%M}-{until} 应{g.need}实{g.have} {g.cause_zh}"
