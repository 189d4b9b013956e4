"""`zjj sign`: sign in and out, ask for a forgotten sign, decide it, list a duty date."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zjj_console.commands import times
from zjj_console.commands.acting import act, duty_date, result_of, work_no
from zjj_console.commands.context import Settings, Stop, one_of, settings
from zjj_console.commands.do import Key
from zjj_console.commands.output import Result

if TYPE_CHECKING:
    from zjj_console.desk.acts import Act, Done
    from zjj_console.desk.desk import Desk
    from zjj_console.domain.attendance import Attendance
    from zjj_console.domain.facts import Facts
    from zjj_console.domain.model import Refusal
    from zjj_console.domain.roster import Assignment, Book, Sign
    from zjj_console.storage.db import Connection

app = typer.Typer(no_args_is_help=True, help="签到: 进、出、补录、批准、列表")
VIAS = ("console", "phone", "radio", "wechat")

Person = Annotated[str, typer.Argument(metavar="WORKNO", help="工号或姓名")]
At = Annotated[str, typer.Option("--at", metavar="TIME", help="时刻，默认此刻；如 08:36")]
Via = Annotated[str, typer.Option("--via", help="|".join(VIAS) + "；代录须注明如何得知")]
Note = Annotated[str, typer.Option("--note", help="位置或说明")]
Day = Annotated[str, typer.Option("--date", metavar="DATE", help="业务日(班次开始的日期)")]
Shift = Annotated[str, typer.Option("--shift", metavar="CODE", help="班次代码，默认按时刻推断")]


@app.command("in")
def in_(
    context: typer.Context, person: Person, at: At = "", via: Via = "console", note: Note = "", key: Key = ""
) -> None:
    """签到，归到所排的班；同一分钟再签一次不重复。"""
    from zjj_console.desk.signing import sign_in

    _sign(settings(context), "in", sign_in, person, at, via, note, key)


@app.command()
def out(
    context: typer.Context, person: Person, at: At = "", via: Via = "console", note: Note = "", key: Key = ""
) -> None:
    """签退；看护权未交出或有未提交草稿时拒绝。"""
    from zjj_console.desk.signing import sign_out

    _sign(settings(context), "out", sign_out, person, at, via, note, key)


def _sign(options: Settings, direction: str, sign: Any, person: str, at: str, via: str, note: str, key: str) -> None:
    one_of(via, VIAS, "via")
    desk = options.desk()
    who, now = work_no(desk.town, person), desk.now()
    when = times.instant(at, now, desk.town.tz) if at else now
    do = _once(desk, direction, who, when, sign(who, when, via, note))
    content = f"sign {direction} {who} {at} {via} {note}"
    options.finish(result_of(options, desk, act(desk, do, key=key, content=content)))


def _once(desk: "Desk", direction: str, who: str, when: int, do: "Act") -> "Act":
    """§6.4: the same person, direction and minute is the same sign, whoever recorded it and by whatever way."""
    from zjj_console.desk.acts import Done
    from zjj_console.domain.model import MINUTE
    from zjj_console.storage import reads_duty

    def act(db: "Connection", facts: "Facts") -> "Done | Refusal":
        for sign in reads_duty.book(db, when - MINUTE, when + MINUTE).signs:
            at = sign.in_at if direction == "in" else sign.out_at
            if sign.person == who and at is not None and at // MINUTE == when // MINUTE:
                told = _sign_json(desk, sign, None, None)
                zh = f"{told['name']} 已{'签到' if direction == 'in' else '签退'}，未重复"
                return Done([], zh, f"{who} has signed {direction} already", told, same=True)
        return do(db, facts)

    return act


@app.command()
def fix(
    context: typer.Context,
    person: Person,
    date: Day,
    in_at: Annotated[str, typer.Option("--in", metavar="TIME", help="签到时刻")],
    reason: Annotated[str, typer.Option("--reason", help="漏签的理由")],
    out_at: Annotated[str, typer.Option("--out", metavar="TIME", help="签退时刻；早于签到则为次日")] = "",
    shift: Shift = "",
    key: Key = "",
) -> None:
    """补录漏签；本人申请的须另一人批准。"""
    from zjj_console.desk.signing import ask_fix

    options = settings(context)
    desk = options.desk()
    who, tz = work_no(desk.town, person), desk.town.tz
    if shift and shift not in desk.town.shifts:
        known = " ".join(desk.town.shifts)
        raise Stop(3, "E_REF", f"没有班次 {shift}；有 {known}", f"no shift {shift}; there are {known}", "shift")
    day = times.day(date, desk.now(), tz)
    begin = times.on_day(in_at, day, tz, "in")
    end = times.on_day(out_at, day, tz, "out", begin) if out_at else None
    content = f"fix {who} {day} {shift} {begin} {end} {reason}"
    options.finish(
        result_of(options, desk, act(desk, ask_fix(who, day, shift, begin, end, reason), key=key, content=content))
    )


@app.command()
def approve(
    context: typer.Context,
    person: Person,
    date: Day,
    refuse: Annotated[bool, typer.Option("--refuse", help="不准")] = False,
    key: Key = "",
) -> None:
    """批准或不准补录；须为副站长、站长或值班长，且非本人、非申请人。"""
    from zjj_console.desk.signing import decide_fix

    options = settings(context)
    desk = options.desk()
    who, day = work_no(desk.town, person), times.day(date, desk.now(), desk.town.tz)
    done = act(desk, decide_fix(who, day, granted=not refuse), key=key, content=f"approve {who} {day} {not refuse}")
    options.finish(result_of(options, desk, done))


# list -------------------------------------------------------------------------------------------------------------------


@app.command("list")
def list_(context: typer.Context, date: Day = "") -> None:
    """一个业务日的签到: 迟到、早退、在岗时长，以及应到未签的人。"""
    from zjj_console.commands.output import aligned

    options = settings(context)
    desk = options.desk()
    now, tz = desk.now(), desk.town.tz
    day = times.day(date, now, tz) if date else duty_date(desk)
    signs, expected = _day(desk, day)
    data = {"date": day.isoformat(), "signs": signs, "expected": expected}
    rows: list[tuple[str, ...]] = [("工号", "姓名", "单位", "班次", "进", "出", "在岗", "情况")]
    rows += [_line(row) for row in (*signs, *expected)]
    late = sum(bool(row["late_minutes"]) for row in signs)
    summary = f"{day} 签到 {len(signs)}，迟到 {late}，应到未签 {len(expected)}"
    options.finish(Result(data, "\n".join([*(aligned(rows) if len(rows) > 1 else []), summary])))


def _day(desk: "Desk", day: date) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(signs of a duty date, people of its shifts who have not signed)."""
    from datetime import timedelta

    from zjj_console.domain.attendance import judge
    from zjj_console.domain.roster import standing
    from zjj_console.storage import reads_duty

    town, tz, now = desk.town, desk.town.tz, desk.now()
    book = reads_duty.book(desk.reader, times.midnight(day, tz), times.midnight(day + timedelta(days=2), tz))
    planned: dict[tuple[str, str], Assignment] = {}
    for a in sorted((a for a in book.assignments if a.day == day), key=lambda a: a.key):
        planned.setdefault((a.person, a.shift), a)
    signs = []
    for sign in reads_duty.signs_of(desk.reader, day):
        mine = planned.pop((sign.person, sign.shift), None)
        owed = mine or _unplanned(desk, sign)
        worth = judge(owed, sign, town, now, book.leaves) if owed else None
        signs.append(_sign_json(desk, sign, mine, worth))
    missing = []
    for a in planned.values():
        stands = standing(book, a, now, town)
        if not town.shift_of(a.shift).presence or stands == "leave":
            continue
        missing.append(_missing_json(desk, a, book, stands))
    return signs, missing


def _unplanned(desk: "Desk", sign: "Sign") -> "Assignment | None":
    """The whole shift of somebody who was not planned for it."""
    from zjj_console.domain.roster import Assignment, span_of

    shift, known = desk.town.shifts.get(sign.shift), desk.town.people.get(sign.person)
    if shift is None or known is None:
        return None
    return Assignment(
        sign.day, shift.code, known.unit, "", 1, sign.person, *span_of(desk.town, desk.duty, shift, sign.day)
    )


def _head(desk: "Desk", person: str, day: date, shift: str, a: "Assignment | None") -> dict[str, Any]:
    from zjj_console.desk import wording
    from zjj_console.domain.conflict_words import post_name

    town = desk.town
    known, template = town.people.get(person), town.shifts.get(shift)
    unit = a.unit if a else known.unit if known else ""
    return {
        "work_no": person,
        "name": wording.person(town, person),
        "unit": unit,
        "unit_zh": wording.unit(town, unit),
        "duty_date": day.isoformat(),
        "shift": shift,
        "shift_zh": template.name if template else shift,
        "post": a.post if a else None,
        "post_zh": post_name(town, a.post)[0] if a else None,
    }


def _sign_json(desk: "Desk", sign: "Sign", a: "Assignment | None", worth: "Attendance | None") -> dict[str, Any]:
    from zjj_console.desk.wording import iso

    return {
        **_head(desk, sign.person, sign.day, sign.shift, a),
        "planned": a is not None,
        "in_at": iso(sign.in_at, desk.duty),
        "out_at": iso(sign.out_at, desk.duty),
        "via": sign.in_via,
        "recorded_by": sign.in_by,
        "late_minutes": worth.late if worth else 0,
        "early_minutes": worth.early if worth else 0,
        "planned_minutes": worth.planned if worth else 0,
        "attended_minutes": worth.attended if worth else 0,
        "worked_minutes": worth.worked if worth else 0,
        "overtime_minutes": worth.overtime if worth else 0,
        "on_time": worth is not None and worth.on_time,
        "open": sign.out_at is None,
        "missing_out": worth.missing_out if worth else sign.auto_out,
        "fix": sign.fix or None,
        "note": sign.note,
    }


def _missing_json(desk: "Desk", a: "Assignment", book: "Book", stands: str) -> dict[str, Any]:
    from zjj_console.commands.roster_shape import STANDING_ZH
    from zjj_console.desk.wording import iso
    from zjj_console.domain.attendance import judge

    worth = judge(a, None, desk.town, desk.now(), book.leaves)
    return {
        **_head(desk, a.person, a.day, a.shift, a),
        "start": iso(a.start, desk.duty),
        "standing": stands,
        "standing_zh": STANDING_ZH[stands],
        "absent": worth.absent,
    }


def _line(row: dict[str, Any]) -> tuple[str, ...]:
    head = (row["work_no"], row["name"], row["unit_zh"], row["shift_zh"])
    if "in_at" not in row:
        state = "缺岗" if row["absent"] else row["standing_zh"]
        return (*head, "-", "-", "-", f"应 {row['start'][11:16]} {state}")
    said = [
        f"迟到{row['late_minutes']}分" if row["late_minutes"] else "",
        f"早退{row['early_minutes']}分" if row["early_minutes"] else "",
        f"加班{row['overtime_minutes']}分" if row["overtime_minutes"] else "",
        "漏签退" if row["missing_out"] else "",
        {"asked": "补录待批", "approved": "补录", "refused": "补录未准"}.get(row["fix"] or "", ""),
        "" if row["planned"] else "未排班",
        row["note"],
    ]
    minutes = row["attended_minutes"]
    spent = f"{minutes // 60}小时{minutes % 60:02}分"
    left = row["out_at"][11:16] if row["out_at"] else "-"
    return (*head, row["in_at"][11:16], left, spent, " ".join(part for part in said if part) or "准时")
