"""Which consultation is meant: by week, by its number, the one that is open, the coming one. And cases by their names."""

from datetime import timedelta

from zjj_console.desk.work import Work
from zjj_console.domain import consult
from zjj_console.domain import consult_week as week_of
from zjj_console.domain.consult import Meeting
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import DAY, Case, Refusal
from zjj_console.storage import projections, reads_meeting
from zjj_console.storage.db import Connection, meta

_AHEAD = timedelta(weeks=60)  # how far ahead a next meeting is looked for
GATHERING = ("PLANNED", "COLLECTING")
AHEAD = (*GATHERING, "LOCKED")
OPEN_DAYS = 60  # a meeting that was opened longer ago is not meant by a command that names none


def no(zh: str, en: str, code: int = 8, rule: str = "R59") -> Refusal:
    return Refusal(code, rule, zh, en)


def weekly(db: Connection, facts: Facts, week: str) -> Meeting:
    return reads_meeting.meeting(db, week_of.meeting_id(week)) or week_of.blank(facts.town, facts.duty, week)


def by_week(db: Connection, facts: Facts, word: str) -> Meeting | Refusal:
    """The town's meeting of a week; the present or next one where nothing is given."""
    if not word.strip():
        return coming(db, facts)
    week = week_of.parse_week(word, facts.duty.local(facts.now).date())
    if week is None:
        return no(f"周次写法应如 2021-W09 或 W09: {word}", f"a week like 2021-W09: {word}", 3)
    if not week_of.is_meeting_week(facts.town, week):
        return no(f"{week} 不是会商周", f"{week} is no meeting week", 3)
    return weekly(db, facts, week)


def find(db: Connection, facts: Facts, word: str = "") -> Meeting | Refusal:
    """`2021-W09`, `W09`, `HS-..`, `LS-..`, `ZH-..`; empty: the one that is open, else the coming one."""
    name = word.strip().upper()
    if not name:
        running = reads_meeting.open_meetings(db, facts.now - OPEN_DAYS * DAY)
        if len(running) > 1:
            several = "、".join(m.id for m in running)
            return no(f"有多个会在开: {several}；请写明哪一个", f"several are open: {several}; name one", 3)
        return running[0] if running else present(db, facts)
    if name[:3] in ("LS-", "ZH-"):
        key = name[:3] + word.strip()[3:].lower() if name.startswith("ZH-") else name
        return reads_meeting.meeting(db, key) or no(f"没有会商 {word}", f"no consultation {word}", 6)
    return by_week(db, facts, name)


def coming(db: Connection, facts: Facts) -> Meeting:
    """The weekly meeting that still takes items."""
    today = facts.duty.local(facts.now).date()
    for week in week_of.weeks(facts.town, today, today + _AHEAD):
        meeting = weekly(db, facts, week)
        if meeting.state in GATHERING:
            return meeting
    raise ValueError("no consultation within a year: every week of it is skipped")


def present(db: Connection, facts: Facts) -> Meeting:
    """The weekly meeting that is held next: its agenda may be locked already."""
    today = facts.duty.local(facts.now).date()
    for week in week_of.weeks(facts.town, today, today + _AHEAD):
        meeting = weekly(db, facts, week)
        if meeting.state not in consult.OVER:
            return meeting
    raise ValueError("no consultation within a year: every week of it is skipped")


def following(db: Connection, facts: Facts, meeting: Meeting) -> Meeting:
    """The weekly meeting after this one that is still to be held."""
    start = week_of.monday(meeting.week) + timedelta(weeks=1) if meeting.week else facts.duty.local(facts.now).date()
    today = facts.duty.local(facts.now).date()
    for week in week_of.weeks(facts.town, max(start, today - timedelta(days=today.weekday())), today + _AHEAD):
        found = weekly(db, facts, week)
        if found.id != meeting.id and found.state in AHEAD:
            return found
    raise ValueError("no consultation within a year: every week of it is skipped")


def case_of(db: Connection, ref: str) -> Case | Refusal:
    found = projections.find(db, ref, meta(db, "console", "A"))
    return found or no(f"没有案件 {ref}", f"no case {ref}", 6, "3.4")


def work_of(db: Connection, facts: Facts) -> Work:
    return Work(facts, lambda ref: projections.find(db, ref, meta(db, "console", "A")))
