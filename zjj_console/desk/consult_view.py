"""What screens, scripts and alarms read of consultations and visits: whole views of a moment, and their JSON."""

from datetime import timedelta
from typing import Any

from msgspec import Struct

from zjj_console.desk import agenda, followups, pool, visiting, which_meeting, wording
from zjj_console.domain import consult, visit
from zjj_console.domain import consult_week as weeks
from zjj_console.domain.consult import Item, Meeting
from zjj_console.domain.consult_week import Gap, Times
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import DAY, Case
from zjj_console.domain.visit import Due, Visit
from zjj_console.reports import minutes
from zjj_console.storage import projections, reads_meeting
from zjj_console.storage.db import Connection


class StationWord(Struct, frozen=True):
    """What one station reported: `said` is 零报告, 2件 or 未报."""

    station: str
    name: str
    said: str
    at: int | None
    late: bool
    reported: bool


class Row(Struct, frozen=True):
    """One line of the agenda, ready to show. `case` is as it stands now; None only where the row is gone."""

    n: int
    item: Item
    case: Case | None
    station: str
    cross: str
    proposed: str
    invited: str
    lacks: str
    result: str


class StationVisit(Struct, frozen=True):
    """One station in one month: who should come, what is planned or done, its difficult cases."""

    station: str
    name: str
    visitor: str  # work number
    visitor_name: str
    acting: bool
    planned: Visit | None
    done: tuple[Visit, ...]
    due: Due | None
    difficult: tuple[Case, ...]


class Week(Struct, frozen=True):
    """Everything of the consultation screen at one moment."""

    meeting: Meeting
    times: Times | None  # of a weekly meeting
    stations: tuple[StationWord, ...]
    rows: tuple[Row, ...]
    pool: tuple[pool.Pooled, ...]  # not listed anywhere yet
    followups: tuple[followups.FollowUp, ...]
    station_meetings: tuple[Meeting, ...]  # of the last two weeks, the newest first
    earlier: tuple[Meeting, ...]  # weekly and urgent ones, the newest first
    visits: tuple[StationVisit, ...]
    gaps: tuple[Gap, ...]


def week(db: Connection, facts: Facts, word: str = "") -> Week:
    """The open meeting, the named one, or the coming one. Raises KeyError for a name that there is none of."""
    found = which_meeting.find(db, facts, word)
    if not isinstance(found, Meeting):
        raise KeyError(found.zh)
    recent = reads_meeting.meetings(db, facts.now - 120 * DAY)
    standing = followups.standing(db, facts)
    return Week(
        found,
        weeks.times(facts.town, facts.duty, found.week) if found.week else None,
        stations(found, facts),
        rows(db, found, facts),
        tuple(p for p in pool.pool(db, facts) if not p.listed),
        tuple(standing),
        tuple(m for m in recent if m.level == "station" and m.at >= facts.now - 14 * DAY),
        tuple(m for m in recent if m.level != "station" and m.state in consult.OVER and m.id != found.id),
        station_visits(db, facts, standing=standing),
        gaps(db, facts, standing),
    )


def stations(m: Meeting, facts: Facts) -> tuple[StationWord, ...]:
    if m.level != "town":
        return ()
    found = []
    for unit in facts.town.of_kind("station"):
        row = m.collections.get(unit.code)
        said = "未报" if row is None else "零报告" if row.nil else f"{len(row.cases)}件"
        if unit.enabled:
            found.append(
                StationWord(
                    unit.code, unit.name, said, row.at if row else None, bool(row and row.late), row is not None
                )
            )
    return tuple(found)


def rows(db: Connection, m: Meeting, facts: Facts) -> tuple[Row, ...]:
    town, names = facts.town, agenda.tags(facts)
    return tuple(
        Row(
            n, item, projections.load(db, item.case), wording.unit(town, item.station),
            "、".join(names.get(tag, tag) for tag in item.cross), wording.unit(town, item.proposed),
            " ".join(wording.unit(town, u) for u in item.invited),
            f"缺 {item.missing}" if item.missing else "", minutes.decision(m, item, town) if item.outcome else "待议",
        )
        for n, item in enumerate(m.agenda, 1)
    )  # fmt: skip


def station_visits(
    db: Connection, facts: Facts, month: str = "", standing: list[followups.FollowUp] | None = None
) -> tuple[StationVisit, ...]:
    """Every station in that month, or in the present one. `standing`: decisions that are not done, where they are known."""
    chosen = month or visit.month_of(facts.duty, facts.now)
    known = reads_meeting.visits(db, chosen)
    due = {d.station: d for d in visit.visits_due(facts.town, facts.duty, known, chosen, facts.now)}
    now = chosen == visit.month_of(facts.duty, facts.now)
    day = facts.duty.local(facts.now if now else visit.starts(facts.duty, chosen)).date()
    found = []
    open_ = followups.standing(db, facts) if standing is None and now else standing or []
    difficult = visiting.difficult_by(db, [u.code for u in facts.town.of_kind("station")], open_) if now else {}
    for unit in facts.town.of_kind("station"):
        if not unit.enabled:
            continue
        post = visit.visitor_of(facts.town, unit.code, day)
        own = [v for v in known if v.station == unit.code]
        found.append(StationVisit(
            unit.code, unit.name, post.work_no if post else "", wording.person(facts.town, post.work_no) if post else "",
            bool(post and post.acting), next((v for v in own if v.state == "PLANNED"), None),
            tuple(v for v in own if v.state == "DONE"), due.get(unit.code),
            tuple(difficult.get(unit.code, ())),
        ))  # fmt: skip
    return tuple(found)


# what is missing: for the list of alarms and the monthly notes ----------------------------------------------------------------------


def missing_weeks(db: Connection, facts: Facts) -> tuple[Gap, ...]:
    begin = reads_meeting.begun(db)
    if begin is None:
        return ()
    since = facts.now - (facts.town.meetings.look_back_weeks + 2) * 7 * DAY
    return weeks.missing_weeks(facts.town, facts.duty, reads_meeting.weekly(db, since), begin, facts.now)


def missing_collections(db: Connection, facts: Facts) -> tuple[Gap, ...]:
    """Of the coming meeting; `late` after its closing time. A station that never reported stays named at the meeting."""
    return weeks.missing_collections(facts.town, facts.duty, which_meeting.present(db, facts), facts.now)


def visits_due(db: Connection, facts: Facts, month: str = "") -> tuple[Due, ...]:
    chosen = month or visit.month_of(facts.duty, facts.now)
    return visit.visits_due(facts.town, facts.duty, reads_meeting.visits(db, chosen), chosen, facts.now)


def gaps(db: Connection, facts: Facts, standing: list[followups.FollowUp] | None = None) -> tuple[Gap, ...]:
    """All that is late now: weeks, collections, minutes, decisions. Visits are `visits_due`."""
    late = [g for g in missing_collections(db, facts) if g.late]
    running = reads_meeting.open_meetings(db, facts.now - which_meeting.OPEN_DAYS * DAY)
    overdue = [
        Gap("follow_up", f.ref, f.owner, f.due, True, f.zh, f.en)
        for f in (standing if standing is not None else followups.standing(db, facts))
        if f.state == "overdue"
    ]
    minutes_late = weeks.late_minutes(facts.town, facts.duty, running, facts.now)
    return (*missing_weeks(db, facts), *late, *minutes_late, *overdue)


def calendar(db: Connection, facts: Facts, back: int = 8) -> list[tuple[str, str, Meeting | None]]:
    """AC-59b: (week, mark, record), the newest first. H held, S skipped with reason, X missed, - still to come."""
    today = facts.duty.local(facts.now).date()
    begin = reads_meeting.begun(db) or facts.now
    known = reads_meeting.weekly(db, facts.now - (back + 2) * 7 * DAY)
    missed = {g.ref for g in weeks.missing_weeks(facts.town, facts.duty, known, begin, facts.now)}
    found: list[tuple[str, str, Meeting | None]] = []
    for name in weeks.weeks(facts.town, today - timedelta(weeks=back), today):
        m = known.get(name)
        held = m is not None and m.state in consult.HELD
        skipped = m is not None and m.state == "SKIPPED"
        found.append((name, "H" if held else "S" if skipped else "X" if name in missed else "-", m))
    return found[::-1]


# JSON ---------------------------------------------------------------------------------------------------------------------------------


def meeting_json(db: Connection, m: Meeting, facts: Facts) -> dict[str, Any]:
    iso, duty, town = wording.iso, facts.duty, facts.town
    t = weeks.times(town, duty, m.week) if m.week else None
    return {
        "id": m.id, "level": m.level, "level_zh": consult.LEVEL_ZH[m.level], "week": m.week or None,
        "station": m.station or None, "state": m.state, "state_zh": consult.STATE_ZH[m.state], "at": iso(m.at, duty),
        "place": m.place or None, "reason": m.reason or None, "chair": m.chair or None,
        "collect_closes": iso(t.collect, duty) if t else None, "locks": iso(t.lock, duty) if t else None,
        "locked_at": iso(m.locked_at, duty), "opened_at": iso(m.opened_at, duty), "closed_at": iso(m.closed_at, duty),
        "minutes_due": iso(weeks.minutes_due(town, duty, m), duty),
        "collections": [
            {"station": s.station, "station_zh": s.name, "reported": s.reported, "said_zh": s.said,
             "nil": bool((c := m.collections.get(s.station)) and c.nil), "late": s.late, "at": iso(s.at, duty),
             "by": c.by if c else None} for s in stations(m, facts)
        ],
        "items": [item_json(row, m, facts) for row in rows(db, m, facts)],
        "withdrawn": [{"case": i.handle, "reason": i.withdrawn} for i in m.items.values() if i.withdrawn],
        "attendance": [
            {"unit": a.unit, "unit_zh": wording.unit(town, a.unit), "absent": a.absent, "people": a.people or None,
             "opinion": a.opinion or None} for a in m.attendance.values()
        ],
        "invited": list(m.invited),
    }  # fmt: skip


def item_json(row: Row, m: Meeting, facts: Facts) -> dict[str, Any]:
    i, o, town = row.item, row.item.outcome, facts.town
    return {
        "item": row.n, "case": i.handle, "state": i.state, "state_zh": consult.ITEM_ZH[i.state],
        "case_state": str(row.case.state) if row.case else None, "station": i.station, "station_zh": row.station,
        "words": i.words, "why_zh": list(i.why), "criterion": i.criterion or None,
        "criterion_zh": wording.reason(town, "criterion", i.criterion) if i.criterion else None, "cross": list(i.cross),
        "cross_zh": row.cross or None, "question": i.question or None, "attempts_zh": i.attempts or None,
        "proposed": i.proposed or None, "proposed_zh": row.proposed or None, "invited": list(i.invited),
        "materials": i.materials or None, "missing": i.missing or None, "deferrals": i.deferrals,
        "outcome": None if o is None else {
            "code": o.code, "digit": next((k.digit for k in consult.OUTCOMES if k.code == o.code), None),
            "text_zh": minutes.decision(m, i, town), "owner": o.owner, "owner_zh": wording.unit(town, o.owner),
            "due": wording.iso(o.due, facts.duty), "assists": list(o.assists), "level": o.level or None,
            "done_at": wording.iso(o.done_at, facts.duty),
        },
    }  # fmt: skip


def followup_json(f: followups.FollowUp, facts: Facts) -> dict[str, Any]:
    return {
        "ref": f.ref, "case": f.handle, "what_zh": f.what, "owner": f.owner, "owner_zh": wording.unit(facts.town, f.owner),
        "due": wording.iso(f.due, facts.duty), "state": f.state, "state_zh": followups.STANDING_ZH[f.state],
        "days_late": f.days_late, "supervised": f.supervised, "done_at": wording.iso(f.done_at, facts.duty),
    }  # fmt: skip


def visit_json(v: Visit, facts: Facts) -> dict[str, Any]:
    iso = wording.iso
    return {
        "id": v.id, "station": v.station, "station_zh": wording.unit(facts.town, v.station), "month": v.month,
        "at": iso(v.at, facts.duty), "state": v.state, "state_zh": visit.STATE_ZH[v.state], "by": v.by or None,
        "name": v.name or None, "acting": v.acting, "briefing": v.briefing or None, "problems": v.problems or None,
        "cases": [
            {"case": w.handle, "noted": w.noted, "text": w.text or None, "owner": w.owner or None,
             "due": iso(w.due, facts.duty), "done_at": iso(w.done_at, facts.duty)} for w in v.cases.values()
        ],
        "recorded_by": v.recorded_by or None,
    }  # fmt: skip


def gap_json(g: Gap, facts: Facts) -> dict[str, Any]:
    return {"kind": g.kind, "ref": g.ref, "unit": g.unit or None, "at": wording.iso(g.at, facts.duty), "late": g.late,
            "message_zh": g.zh, "message": g.en}  # fmt: skip


def due_json(d: Due, facts: Facts) -> dict[str, Any]:
    return {"station": d.station, "station_zh": wording.unit(facts.town, d.station), "month": d.month, "state": d.state,
            "planned_at": wording.iso(d.planned_at, facts.duty), "message_zh": d.zh, "message": d.en}  # fmt: skip
