"""Changes of a published roster: standing in, changing places, filling a hole, leave. Whom it concerns is told."""

from datetime import date
from typing import Any

import msgspec
from msgspec.structs import replace

from zjj_console.desk import wording
from zjj_console.desk.acts import Act, Done, Message
from zjj_console.desk.rostering import MARGIN
from zjj_console.domain import conflicts, coverage, permits
from zjj_console.domain.facts import Facts
from zjj_console.domain.ids import uuid7
from zjj_console.domain.model import DAY, Event, Refusal
from zjj_console.domain.roster import Assignment, Book, Key, Leave
from zjj_console.storage import reads_duty
from zjj_console.storage.db import Connection


def _no(zh: str, en: str, code: int = 8, rule: str = "4.1") -> Refusal:
    return Refusal(code, rule, zh, en)


def substitute(
    person: str, other: str, day: date | None = None, reason: str = "", *, key: Key | None = None, acting: bool = False
) -> Act:
    """顶班: `other` does what `person` was to do: the shift of that key, or his first of that duty date, or his present or
    next one. `acting`: he holds an officer's post without being its holder (代).
    """

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        wrong = _unknown(facts, person, other)
        mine = [] if wrong else _upcoming(db, facts, person, key[0] if key else day)
        mine = [a for a in mine if key in (None, a.key)]
        if wrong or not mine:
            return wrong or _no(f"{wording.person(facts.town, person)} 没有可顶的班", "no such shift", 6)
        if other == person:
            return _no("不能顶自己的班", "nobody stands in for himself", 3)
        a = mine[0]
        wrong = permits.refuse_act("change_roster", facts, a.unit)
        moved = replace(a, person=other, planned=a.planned or a.person, note=reason or a.note, acting=acting)
        if a.acting and not conflicts.eligible(facts.town, moved):
            moved = replace(moved, acting=True)  # one who was acting is relieved by another who is
        if wrong:
            return wrong
        zh = (
            f"顶班 {wording.person(facts.town, person)} -> {wording.person(facts.town, other)} {shift_zh(moved, facts)}"
        )
        return _changed(db, facts, "substituted", [moved], zh, {"from": person, "to": other, "reason": reason})

    return act


def swap(person: str, other: str, day: date, other_day: date | None = None) -> Act:
    """Two people change places: the shift of one on `day`, of the other on `other_day` (the same day if not given)."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        wrong = _unknown(facts, person, other)
        if wrong:
            return wrong
        if other == person:
            return _no("不能与自己换班", "nobody changes places with himself", 3)
        one, two = _upcoming(db, facts, person, day), _upcoming(db, facts, other, other_day or day)
        if not one or not two:
            who, when = (person, day) if not one else (other, other_day or day)
            return _no(f"{wording.person(facts.town, who)} {when} 没有可换的班", f"{who} has no shift on {when}", 6)
        a, b = one[0], two[0]
        if a.planned or b.planned:
            return _no(
                "其中一班已顶班或换过，不能再换；请直接顶班", "one of them was changed already; substitute instead"
            )
        moved = [replace(a, person=other, planned=a.person), replace(b, person=person, planned=b.person)]
        wrong = permits.refuse_act("change_roster", facts, a.unit) or permits.refuse_act("change_roster", facts, b.unit)
        if wrong:
            return wrong
        zh = f"换班 {wording.person(facts.town, person)} {shift_zh(a, facts)} 与 {wording.person(facts.town, other)} {shift_zh(b, facts)}"
        return _changed(db, facts, "swapped", moved, zh, {"from": person, "to": other})

    return act


def fill(slot: Assignment) -> Act:
    """补岗: one more person at a post of a published month."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        wrong = _unknown(facts, slot.person) or permits.refuse_act("change_roster", facts, slot.unit)
        if not any(v.month == f"{slot.day:%Y-%m}" for v in reads_duty.versions(db)):
            return _no(f"{slot.day:%Y-%m} 尚未发布，请改排班计划", "that month is not published; change its plan")
        if slot.end <= facts.now:
            return _no("该班已过，不能再补", "that shift is over")
        book = _around(db, slot.start)
        taken = {a.seat for a in book.assignments if a.key[:4] == slot.key[:4]}
        seat = next(n for n in range(1, len(taken) + 2) if n not in taken)
        new = replace(slot, seat=seat)
        if wrong:
            return wrong
        zh = f"补岗 {wording.person(facts.town, new.person)} {shift_zh(new, facts)}"
        return _changed(db, facts, "assigned", [new], zh, {"to": new.person})

    return act


def _changed(
    db: Connection, facts: Facts, kind: str, rows: list[Assignment], zh: str, args: dict[str, Any]
) -> Done | Refusal:
    """The change, if no rule forbids it; what is merely to be minded comes along as warnings."""
    minded = _judged(db, facts, rows)
    if isinstance(minded, Refusal):
        return minded
    month = f"{rows[0].day:%Y-%m}"
    plain = msgspec.to_builtins(rows)
    done = Done([Event(kind, f"roster:{month}", {"args": args, "rows": plain})], zh, zh, {"rows": plain, **args})
    told = {w for a in rows for w in (a.person, a.planned) if w}
    stamp = uuid7(facts.now)
    done.messages = [Message(f"r-{stamp}-{w}", w, f"【值班】{zh}", "roster") for w in sorted(told)]
    done.warnings = minded
    return done


def _upcoming(db: Connection, facts: Facts, person: str, day: date | None) -> list[Assignment]:
    """Shifts of a person that are not over: of one duty date, or from now on."""
    at = facts.now if day is None else coverage.midnight(facts.town, facts.duty, day)
    found = reads_duty.book(db, at - DAY, at + 40 * DAY if day is None else at + 2 * DAY).by_person.get(person, [])
    return [a for a in found if a.end > facts.now and (day is None or a.day == day)]


def _around(db: Connection, at: int) -> Book:
    return reads_duty.book(db, at - MARGIN, at + MARGIN)


def _unknown(facts: Facts, *people: str) -> Refusal | None:
    missing = next((p for p in people if p not in facts.town.people), None)
    return _no(f"没有工号 {missing}", f"no work number {missing}", 6) if missing is not None else None


def _judged(db: Connection, facts: Facts, moved: list[Assignment]) -> Refusal | tuple[str, ...]:
    """C1-C7 of the change, judged on the roster as it would be: why not, or what to mind."""
    keys = {a.key for a in moved}
    minded: list[str] = []
    for index, a in enumerate(moved):
        book = _around(db, a.start)  # two days that change places may lie weeks apart
        kept = tuple(b for b in book.assignments if b.key not in keys)
        others = tuple(b for n, b in enumerate(moved) if n != index)
        later = replace(book, assignments=(*kept, *others))
        for f in conflicts.check_one(later, a, facts.town, facts.duty):
            if f.effect == "refuse":
                return _no(f"{f.code} {f.zh}；{f.fix_zh}", f"{f.code} {f.en}", rule=f.code)
            minded.append(f"{f.code} {f.zh}")
    return tuple(minded)


# leave ------------------------------------------------------------------------------------------------------------------


def leave(person: str, start: int, end: int, kind: str = "事假", note: str = "") -> Act:
    """Leave begins to count at once: shifts in it become gaps until somebody stands in."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        wrong = _unknown(facts, person)
        if wrong:
            return wrong
        if end <= start:
            return _no("请假止须晚于起", "leave must end after it begins", 3)
        if facts.actor.work_no == person and not facts.actor.trial:
            return _no("请假须另一人批准", "another person approves leave")
        wrong = permits.refuse_act("grant_leave", facts, facts.town.people[person].unit)
        if wrong:
            return wrong
        book = reads_duty.book(db, start - DAY, end + DAY)
        if any(one.person == person and one.start < end and start < one.end for one in book.leaves):
            return _no("该时段已请假", "there is leave already", 5)
        row = Leave(uuid7(facts.now), person, start, end, kind, facts.actor.work_no, note)
        hit = [a for a in book.by_person.get(person, []) if a.start < end and start < a.end]
        more = f"，有 {len(hit)} 班须顶: {shift_zh(hit[0], facts)}" if hit else ""
        when = f"{facts.duty.local(start):%m-%d %H:%M}-{facts.duty.local(end):%m-%d %H:%M}"
        zh = f"请假 {wording.person(facts.town, person)} {when} {kind}{more}"
        data = {"id": row.id, "shifts_to_fill": [msgspec.to_builtins(a) for a in hit]}
        event = Event("leave_granted", f"leave:{row.id}", {"leave": msgspec.to_builtins(row)})
        return Done([event], zh, f"leave for {person}; {len(hit)} shifts to fill", data)

    return act


def end_leave(leave_id: str) -> Act:
    """销假: leave that has not begun is taken back; one that runs ends now, and what was of it stays."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        row = next((one for one in reads_duty.leaves(db, 0, 1 << 62) if one.id == leave_id), None)
        if row is None:
            return _no(f"没有请假 {leave_id}", f"no leave {leave_id}", 6)
        if facts.actor.work_no == row.person and not facts.actor.trial:
            return _no("销假须另一人办", "another person ends leave")
        known = facts.town.people.get(row.person)
        wrong = permits.refuse_act("grant_leave", facts, known.unit if known else "")
        if wrong:
            return wrong
        name = wording.person(facts.town, row.person)
        if row.end <= facts.now:
            ended = f"{facts.duty.local(row.end):%m-%d %H:%M}"
            return _no(f"{name} 的假已于 {ended} 满，不必销", f"that leave was over at {ended}")
        if row.start >= facts.now:
            event = Event("leave_ended", f"leave:{row.id}", {"id": row.id})
            return Done([event], f"销假 {name}，未开始", f"leave taken back: {row.person}")
        cut = replace(row, end=facts.now)
        event = Event("leave_granted", f"leave:{row.id}", {"leave": msgspec.to_builtins(cut)})
        return Done(
            [event], f"销假 {name}，假至 {facts.duty.local(facts.now):%m-%d %H:%M}", f"leave ends: {row.person}"
        )

    return act


def shift_zh(a: Assignment, facts: Facts) -> str:
    shift = facts.town.shifts.get(a.shift)
    return f"{a.day:%m-%d} {wording.unit(facts.town, a.unit)} {shift.name if shift else a.shift}"
