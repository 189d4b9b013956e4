"""Changes of a published roster: swap, stand in, fill, leave. Each is an event of its own and tells whom it concerns."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from zjj_console.commands import times
from zjj_console.commands.acting import act, duty_date, result_of, unit, work_no
from zjj_console.commands.context import Settings, Stop, settings
from zjj_console.commands.do import Key
from zjj_console.commands.output import Result

if TYPE_CHECKING:
    from zjj_console.desk.desk import Desk
    from zjj_console.desk.outcome import Outcome
    from zjj_console.domain.roster import Assignment

Person = Annotated[str, typer.Argument(metavar="WORKNO", help="工号或姓名")]
Other = Annotated[str, typer.Argument(metavar="OTHER", help="另一人的工号或姓名")]
Day = Annotated[str, typer.Option("--date", metavar="DATE", help="业务日，如 2021-03-02、0302、tomorrow")]
Reason = Annotated[str, typer.Option("--reason", help="理由")]
Shift = Annotated[str, typer.Option("--shift", metavar="CODE", help="班次代码或名称")]
Unit = Annotated[str, typer.Option("--unit", metavar="UNIT", help="单位: 站、镇中心或应急队")]
Post = Annotated[str, typer.Option("--post", metavar="POST", help="岗位代码或名称")]


def swap(
    context: typer.Context,
    one: Annotated[str, typer.Argument(metavar="A", help="工号或姓名")],
    other: Annotated[str, typer.Argument(metavar="B", help="工号或姓名")],
    date: Day,
    with_date: Annotated[str, typer.Option("--with-date", metavar="DATE", help="B 的业务日，默认同日")] = "",
    key: Key = "",
) -> None:
    """换班: A 与 B 互换各自的班。"""
    from zjj_console.desk import shift_changes

    options = settings(context)
    desk = options.desk()
    town, now = desk.town, desk.now()
    a, b, day = work_no(town, one), work_no(town, other), times.day(date, now, town.tz)
    other_day = times.day(with_date, now, town.tz, "with-date") if with_date else None
    done = act(desk, shift_changes.swap(a, b, day, other_day), key=key, content=f"swap {a} {b} {day} {other_day}")
    options.finish(_changed(options, desk, done))


def substitute(
    context: typer.Context, one: Person, other: Other, date: Day = "", reason: Reason = "", key: Key = ""
) -> None:
    """顶班: OTHER 替 WORKNO 上班；不给 --date 则为当前或下一班。"""
    from zjj_console.desk import shift_changes

    options = settings(context)
    desk = options.desk()
    a, b = work_no(desk.town, one), work_no(desk.town, other)
    day = times.day(date, desk.now(), desk.town.tz) if date else None
    done = act(desk, shift_changes.substitute(a, b, day, reason), key=key, content=f"substitute {a} {b} {day} {reason}")
    options.finish(_changed(options, desk, done))


def fill(
    context: typer.Context,
    date: Day,
    shift: Shift,
    unit: Unit,
    post: Post,
    person: Annotated[str, typer.Option("--person", metavar="WORKNO", help="补上的人")],
    key: Key = "",
) -> None:
    """补岗: 在已发布的排班上加一人。先用 propose 看谁合适。"""
    from zjj_console.desk import shift_changes

    options = settings(context)
    desk = options.desk()
    slot = _slot(desk, date, shift, unit, post, work_no(desk.town, person))
    done = act(desk, shift_changes.fill(slot), key=key, content=f"fill {slot.key} {slot.person}")
    options.finish(_changed(options, desk, done))


def propose(
    context: typer.Context,
    date: Day,
    shift: Shift,
    unit: Unit,
    post: Post,
    warned: Annotated[bool, typer.Option("--warned", help="也列有提示(不违规)的人")] = False,
) -> None:
    """补岗人选: 不违反 C1-C7、C9 的人，本月工时少者在前。"""
    from zjj_console.commands import roster_shape as shape
    from zjj_console.commands.output import aligned
    from zjj_console.desk.rostering import wide_book
    from zjj_console.domain import planning

    options = settings(context)
    desk = options.desk()
    slot = _slot(desk, date, shift, unit, post, "")
    book = wide_book(desk.reader, slot.start, slot.end)
    found = planning.propose(book, slot, desk.town, desk.duty, desk.now(), warned=warned)
    people = [shape.proposal(p, desk.town) for p in found]
    rows: list[tuple[str, ...]] = [
        (p["work_no"], p["name"], p["unit_zh"], f"{p['month_hours']:g}", f"{p['week_hours']:g}",
         "；".join([*(f"{f['code']} {f['message_zh']}" for f in p["findings"]), p["why_zh"] or ""]).strip("；") or "首选")
        for p in people
    ]  # fmt: skip
    data = {"slot": shape.assignment(slot, desk.town, desk.duty), "proposals": people}
    text = "\n".join(aligned([("工号", "姓名", "单位", "本月工时", "七日工时", "说明"), *rows]))
    options.finish(Result(data, text if rows else "没有合适的人；加 --warned 看有提示的人选"))


def leave(
    context: typer.Context,
    person: Person,
    start: Annotated[str, typer.Option("--from", metavar="TIME", help="起: 日期(自0时)或时刻")],
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="止: 日期(含当日)或时刻")],
    kind: Annotated[str, typer.Option("--kind", help="事假、病假、年休等")] = "事假",
    note: Annotated[str, typer.Option("--note", help="说明")] = "",
    key: Key = "",
) -> None:
    """请假，立即生效；列出须另找人顶的班。"""
    from zjj_console.desk import shift_changes

    options = settings(context)
    desk = options.desk()
    who = work_no(desk.town, person)
    begin, finish = times.span(start, end, desk.now(), desk.town.tz)
    content = f"leave {who} {start} {end} {kind} {note}"
    done = act(desk, shift_changes.leave(who, begin, finish, kind, note), key=key, content=content)
    options.finish(_changed(options, desk, done, "shifts_to_fill"))


def leave_end(
    context: typer.Context,
    leave_id: Annotated[str, typer.Argument(metavar="ID", help="请假编号，roster leave 的 id")],
    key: Key = "",
) -> None:
    """销假: 未开始的撤去；已开始的到此刻为止，以前的仍算请假。"""
    from zjj_console.desk import shift_changes

    options = settings(context)
    desk = options.desk()
    done = act(desk, shift_changes.end_leave(leave_id), key=key, content=f"leave-end {leave_id}")
    options.finish(result_of(options, desk, done))


def _changed(options: Settings, desk: "Desk", done: "Outcome", rows: str = "rows") -> Result:
    """The envelope with its assignments in the shape of `roster show`."""
    import msgspec

    from zjj_console.commands import roster_shape as shape
    from zjj_console.domain.roster import Assignment

    if not done.ok:
        return result_of(options, desk, done)
    told: dict[str, Any] = dict(done.data)
    found = [msgspec.convert(row, Assignment) for row in told.get(rows, ())]
    told[rows] = [shape.assignment(a, desk.town, desk.duty) for a in found]
    return result_of(options, desk, done, told)


def _slot(desk: "Desk", date: str, shift: str, where: str, post: str, person: str) -> "Assignment":
    """One place of a shift. Exit 3 for a shift, unit or post that do not belong together, with those that do."""
    from zjj_console.domain.conflict_words import post_name
    from zjj_console.domain.conflicts import OFFICERS, eligible
    from zjj_console.domain.roster import Assignment, span_of

    town = desk.town
    day = times.day(date, desk.now(), town.tz) if date else duty_date(desk)
    chosen = next((s for s in town.shifts.values() if shift.strip() in (s.code, s.code.lower(), s.name)), None)
    if chosen is None:
        known = "、".join(f"{s.code} {s.name}" for s in town.shifts.values())
        raise Stop(3, "E_REF", f"没有班次 {shift}；有 {known}", f"no shift {shift}; there are {known}", "shift")
    code = next((p for p in chosen.posts if post.strip() in (p, *post_name(town, p))), None)
    if code is None:
        known = "、".join(f"{p} {post_name(town, p)[0]}" for p in chosen.posts)
        raise Stop(
            3, "E_REF", f"{chosen.name} 没有岗位 {post}；有 {known}", f"no post {post}; there are {known}", "post"
        )
    place = town.units[unit(town, where)]
    if place.kind not in chosen.units and not (chosen.desk and place.kind == "centre"):
        kinds = "、".join(chosen.units)
        raise Stop(3, "E_REF", f"{chosen.name} 不在 {place.name}；限 {kinds}", f"{chosen.code} is for {kinds}", "unit")
    slot = Assignment(day, chosen.code, place.code, code, 0, person, *span_of(town, desk.duty, chosen, day))
    if person and code in OFFICERS and not eligible(town, slot):
        return Assignment(day, chosen.code, place.code, code, 0, person, slot.start, slot.end, acting=True)
    return slot
