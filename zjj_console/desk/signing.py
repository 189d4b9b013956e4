"""Signing in and out (§4.4): own PIN, or a record by the desk of what was said by radio, telephone or 政务微信."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec
from msgspec.structs import replace

from zjj_console.desk import wording
from zjj_console.desk.acts import Act, Done
from zjj_console.domain import attendance, permits
from zjj_console.domain.custody import TRAINED
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import HOUR, MINUTE, Event, Refusal
from zjj_console.domain.roster import Book, Sign, desk_of, signed_in, span_of
from zjj_console.storage import reads_duty
from zjj_console.storage.db import Connection

_EARLIEST = 4 * HOUR  # before its start a sign can hardly be one of that shift
_LATE_RECORD = 15 * MINUTE  # a sign told later than this is a fix, and needs another person


def _no(zh: str, en: str, code: int = 8, rule: str = "4.4") -> Refusal:
    return Refusal(code, rule, zh, en)


def event(kind: str, signs: Iterable[Sign], **more: Any) -> Event:
    rows = [{**msgspec.to_builtins(sign), **more} for sign in signs]
    return Event(kind, f"duty:{rows[0]['day']}", {"signs": rows})


def sign_in(person: str, at: int | None = None, via: str = "console", note: str = "", *, proven: bool = False) -> Act:
    """`proven`: the person has given his own PIN here."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        when = facts.now if at is None else at
        wrong = _wrong(facts, person, when, via, proven)
        book = _book(db, when)
        wrong = wrong or attendance.sign_refusal(book, person, "in", when, facts.now, facts.town, facts.duty)
        if wrong is not None:
            return wrong
        found = attendance.match(book, person, when, facts.town, facts.duty)
        sign = Sign(person, found.day, found.shift, when, via, facts.actor.work_no, note=note)
        parts = [_named(facts, "签到", sign)]
        if found.assignment is not None:
            worth = attendance.judge(found.assignment, sign, facts.town, facts.now)
            early = (found.assignment.start - when) // MINUTE
            parts.append(f"迟到{worth.late}分" if worth.late else f"早到{early}分" if early > 0 else "准时")
        else:
            parts.append("未排班")
        data = _json(sign, facts)
        return Done([event("signed_in", [sign])], " ".join(parts), f"signed in {person} {found.shift}", data)

    return act


def sign_out(person: str, at: int | None = None, via: str = "console", note: str = "", *, proven: bool = False) -> Act:
    def act(db: Connection, facts: Facts) -> Done | Refusal:
        when = facts.now if at is None else at
        wrong = _wrong(facts, person, when, via, proven)
        book = _book(db, when)
        wrong = wrong or attendance.sign_refusal(book, person, "out", when, facts.now, facts.town, facts.duty)
        wrong = wrong or held(db, facts, book, person)
        current = signed_in(book, person, facts.now)
        if wrong is not None or current is None:
            return wrong or _no("没有未签退的签到", "no open sign-in")
        sign = replace(current, out_at=when, out_via=via, out_by=facts.actor.work_no, note=note or current.note)
        parts = [_named(facts, "签退", sign)]
        mine = next((a for a in book.by_person.get(person, ()) if (a.day, a.shift) == (sign.day, sign.shift)), None)
        if mine is not None:
            worth = attendance.judge(mine, sign, facts.town, facts.now, book.leaves)
            parts.append(f"在岗{worth.worked // 60}h{worth.worked % 60:02}m")
            parts += [f"早退{worth.early}分"] * (worth.early > 0) + [f"加班{worth.overtime}分"] * (worth.overtime > 0)
        return Done([event("signed_out", [sign])], " ".join(parts), f"signed out {person}", _json(sign, facts))

    return act


def ask_fix(person: str, day: date | None, shift: str, in_at: int, out_at: int | None, reason: str) -> Act:
    """A forgotten sign. Whoever may approve and is not the person himself settles it at once.

    Without `day` or `shift` the instant of the sign-in tells them.
    """

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        if not reason:
            return _no("补录须写理由", "say why", 3)
        if in_at > facts.now or (out_at or 0) > facts.now:
            return _no("签到签退时刻不能在将来", "the time is in the future", 3)
        told = _shift_of(_book(db, in_at), facts, person, day, shift, in_at)
        if isinstance(told, Refusal):
            return told
        found = reads_duty.find_sign(db, *told)
        sign = found[0] if found else Sign(*told, in_at, "", facts.actor.work_no)
        wish = {"in_at": in_at, "out_at": out_at, "reason": reason, "by": facts.actor.work_no}
        settled = _settled(facts, sign, wish, granted=True)
        if isinstance(settled, Refusal) or (facts.actor.work_no != person and _approves(facts, person) is None):
            return settled
        hours = facts.town.duty_rules.fix_hours
        if facts.now - max(in_at, out_at or 0) > hours * HOUR:
            return _no(f"超过{hours}小时，须由他人批准补录", f"after {hours} hours somebody else must record it")
        asked = replace(sign, fix="asked")
        done = event("sign_fix_asked", [asked], wish=msgspec.json.encode(wish).decode())
        zh = f"{_named(facts, '申请补录', asked)} 待副站长或值班长批准"
        return Done([done], zh, f"fix asked for {person}; waits for approval", _json(asked, facts))

    return act


def decide_fix(person: str, day: date, granted: bool, shift: str = "") -> Act:
    """`shift` is needed only where two fixes of one day wait."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        waiting = [(s, w) for s, w in reads_duty.wishes(db) if (s.person, s.day) == (person, day)]
        waiting = [(s, w) for s, w in waiting if shift in ("", s.shift)]
        if not waiting:
            return _no(f"{person} {day} 没有待批的补录", "no fix waits for approval", 6)
        if len(waiting) > 1:
            codes = " ".join(s.shift for s, _ in waiting)
            return _no(f"{person} {day} 有 {len(waiting)} 份待批，请给班次: {codes}", f"which shift: {codes}", 3)
        sign, wish = waiting[0]
        if facts.actor.work_no in (person, wish["by"]):
            return _no("不得自批，须由另一人批准", "another person must approve")
        return _approves(facts, person) or _settled(facts, sign, wish, granted=granted)

    return act


def _approves(facts: Facts, person: str) -> Refusal | None:
    known = facts.town.people.get(person)
    return permits.refuse_act("approve_fix", facts, known.unit if known else "")


def _shift_of(
    book: Book, facts: Facts, person: str, day: date | None, shift: str, in_at: int
) -> tuple[str, date, str] | Refusal:
    """(person, duty date, shift) that a fix is about: one that he is planned for, or that his unit works."""
    town = facts.town
    found = attendance.match(book, person, in_at, town, facts.duty)
    day, code = day or found.day, shift or found.shift
    planned = any((a.day, a.shift) == (day, code) for a in book.by_person.get(person, ()))
    if code not in town.shifts or not (found.shift or planned):
        return attendance.NO_SHIFT
    start, end = span_of(town, facts.duty, town.shifts[code], day)
    if not start - _EARLIEST <= in_at < end:
        return _no(f"签到时刻不在 {day:%m-%d} 的班内", f"the time is not in the shift of {day}", 3)
    return person, day, code


def _settled(facts: Facts, sign: Sign, wish: dict[str, Any], *, granted: bool) -> Done | Refusal:
    """What the wish leaves out stays as it was: whoever came earlier did not therefore leave at another time."""
    if granted and wish["out_at"] is not None:
        sign = replace(sign, out_at=wish["out_at"], out_via="console", out_by=facts.actor.work_no, auto_out=False)
    if granted:
        sign = replace(sign, in_at=wish["in_at"], in_via=sign.in_via or "console", fix="approved", note=wish["reason"])
        if sign.out_at is not None and sign.out_at <= sign.in_at:
            return _no("签退须晚于签到", "the sign-out must be later than the sign-in", 3)
    else:
        sign = replace(sign, fix="refused")
    zh = _named(facts, "补录已准" if granted else "补录未准", sign)
    done = event("sign_fix_decided", [sign], wish="")
    return Done([done], zh, f"fix {'approved' if granted else 'refused'}", _json(sign, facts))


def forgotten(db: Connection, facts: Facts) -> list[Sign]:
    """Signs that time alone closes at their planned end (漏签退).

    Nobody on an urgent scene is among them, nor anybody at the desk that still has custody: he waits for his relief.
    """
    rows = db.execute(
        "SELECT d.person FROM dispatch d JOIN case_row c ON c.id = d.case_id"
        " WHERE d.active = 1 AND c.is_open = 1 AND c.priority <= 2 AND c.state = 'HANDLING'"
    )
    busy = {row[0] for row in rows}
    signs = reads_duty.open_signs(db)
    if not signs:
        return []
    book = reads_duty.book(db, signs[0].in_at - 24 * HOUR, facts.now + 24 * HOUR)
    busy |= {s.person for s in signs if _keeps(facts, book, s.person)}
    return attendance.auto_closes(book, facts.now, facts.town, facts.duty, busy)


def close_forgotten() -> Act:
    """What nobody does: signs that were forgotten end with their shift (漏签退)."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        signs = forgotten(db, facts)
        names = "、".join(wording.person(facts.town, sign.person) for sign in signs)
        events = [event("signed_out", [sign]) for sign in signs]
        return Done(
            events, f"漏签退 {names}", f"closed at the planned end: {len(signs)}", [_json(s, facts) for s in signs]
        )

    return act


def _book(db: Connection, at: int) -> Book:
    return reads_duty.book(db, at - 48 * HOUR, at + 48 * HOUR)


def _wrong(facts: Facts, person: str, at: int, via: str, proven: bool) -> Refusal | None:
    if person not in facts.town.people:
        return _no(f"没有工号 {person}", f"no work number {person}", 6)
    own = proven or facts.actor.work_no == person
    if not own and not facts.actor.trial and via == "console":
        return _no("签到须本人口令；代录请给方式 phone、radio 或 wechat", "own PIN needed, or say how it was told", 7)
    refused = None if own else permits.refuse_act("sign_for_others", facts)
    if refused is not None:
        return refused
    if own and not facts.actor.trial and facts.now - at > _LATE_RECORD:
        return _no("补签须另一人批准: bl 工号 时刻 理由", "too long ago: ask for a fix")
    if facts.now - at > facts.town.duty_rules.fix_hours * HOUR:
        return _no(f"超过{facts.town.duty_rules.fix_hours}小时，请走补录", "too long ago: ask for a fix")
    return None


def held(db: Connection, facts: Facts, book: Book, person: str) -> Refusal | None:
    """Nobody leaves the desk without relief: custody handed over, and no draft of his left (§4.4)."""
    others = {s.person for s in book.signs if s.out_at is None} - {person}
    if _keeps(facts, book, person) and not any(_keeps(facts, book, other) for other in others):
        return _no("看护权未交出，交接签字后才可签退", "custody is still here: hand over first", rule="I-1")
    row = db.execute("SELECT count(*) FROM draft WHERE operator = ? AND id LIKE '%intake-form'", (person,)).fetchone()
    if row[0]:
        return _no(f"还有 {row[0]} 份草稿未提交；提交或作废后签退", "a draft is not submitted yet", rule="B3")
    return None


def _keeps(facts: Facts, book: Book, person: str) -> bool:
    """Whether he stands at the desk that has custody and may keep it. Who signed for it counts, trained or not."""
    holding = facts.holding
    if holding is None or not holding.claimed or desk_of(book, facts.town, person, facts.now) != holding.desk:
        return False
    return person == holding.person or _trained(facts, person)


def _trained(facts: Facts, person: str) -> bool:
    known = facts.town.people.get(person)
    return known is not None and bool(TRAINED & set(known.roles))


def _named(facts: Facts, verb: str, sign: Sign) -> str:
    name, shift = wording.person(facts.town, sign.person), facts.town.shift_of(sign.shift)
    return f"{verb} {name} {shift.name} 业务日{sign.day:%m-%d}"


def _json(sign: Sign, facts: Facts) -> dict[str, Any]:
    """A sign as scripts see it, with what it is worth."""
    return {
        "work_no": sign.person,
        "name": wording.person(facts.town, sign.person),
        "duty_date": sign.day.isoformat(),
        "shift": sign.shift,
        "in_at": wording.iso(sign.in_at, facts.duty),
        "out_at": wording.iso(sign.out_at, facts.duty),
        "via": sign.in_via,
        "fix": sign.fix or None,
        "missing_out": sign.auto_out,
    }
