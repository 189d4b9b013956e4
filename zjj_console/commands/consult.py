"""`zjj consult`: what to discuss, what the stations report, the weekly meeting, urgent ones, stations' own, and what followed."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from zjj_console.commands import consult_text as text_of
from zjj_console.commands import consulting, times
from zjj_console.commands.acting import act, result_of, unit
from zjj_console.commands.consult_words import Cross, Meet, Week, cross_tags, meeting_named, run_act, unit_codes
from zjj_console.commands.context import Settings, Stop, settings
from zjj_console.commands.do import Key
from zjj_console.commands.output import Result

if TYPE_CHECKING:
    from zjj_console.desk.desk import Desk

app = typer.Typer(no_args_is_help=True, help="会商: 收集、议程、开会、结果、纪要、督办；临时与站级会商")


# before the meeting -----------------------------------------------------------------------------------------------------


@app.command()
def pool(context: typer.Context) -> None:
    """会商池: 到了该会商程度的案件，各写缘由；已在议程的注明哪一次。"""
    from zjj_console.desk.pool import pool as pooled
    from zjj_console.desk.shape import case_json

    options = settings(context)
    desk = options.desk()
    found = pooled(desk.reader, desk.facts())
    data = [
        {"case": case_json(p.case, desk.town, desk.duty, desk.now()), "listed": p.listed or None,
         "why": [{"code": w.code, "text_zh": w.zh, "text": w.en} for w in p.whys]} for p in found
    ]  # fmt: skip
    options.finish(Result({"pool": data}, text_of.pool(found, desk.town)))


@app.command()
def collect(
    context: typer.Context,
    station: Annotated[str, typer.Argument(metavar="STATION", help="哪个站，如 z4")] = "",
    items: Annotated[
        list[str] | None,
        typer.Option("--items", "--item", metavar="CASE=N,N", help="案号=跨类(1跨部门 2跨层级 3跨区域)，可重复"),
    ] = None,
    nil: Annotated[bool, typer.Option("--nil", help="零报告")] = False,
    text: Annotated[str, typer.Option("--text", help="拟请会商的事项")] = "",
    week: Annotated[str, typer.Option("--week", metavar="WEEK", help="周次，默认下一次")] = "",
    missing: Annotated[bool, typer.Option("--missing", help="只列未报的站；有则退出码 14")] = False,
    remind: Annotated[bool, typer.Option("--remind", help="给未报的站发提醒；有则退出码 14")] = False,
    key: Key = "",
) -> None:
    """收集: 一个站本周报哪些疑难问题，或零报告。"""
    from zjj_console.desk import agenda, consult_view

    options = settings(context)
    if bool(station) == (missing or remind):
        raise Stop(
            2,
            "E_USAGE",
            "须给站(collect z4 ..)，或 --missing、--remind",
            "a station, or --missing, --remind",
            "station",
        )
    desk = options.desk()
    if remind:
        done = act(desk, agenda.remind(week), key=key, content=f"remind {week}")
        result = result_of(options, desk, done)
        silent = (done.data or {}).get("missing") if done.ok else None
        options.finish(Result(result.data, result.text, 14 if silent else result.code, result.warnings, result.errors))
    if missing:
        facts = desk.facts()
        gaps = consult_view.missing_collections(desk.reader, facts)
        lines = "\n".join(f"{g.zh} 截止 {desk.duty.local(g.at):%m-%d %H:%M}{' 已逾时' if g.late else ''}" for g in gaps)
        data = {"missing": [consult_view.gap_json(g, facts) for g in gaps]}
        options.finish(Result(data, lines or "各站已报", 14 if gaps else 0))
    code = unit(desk.town, station, "station")
    cases = dict(_pairs(desk, items or []))
    do = agenda.collect(code, cases, nil=nil, text=text, week=week)
    run_act(options, desk, do, key, f"collect {code} {sorted(cases.items())} {nil} {text} {week}")


def _pairs(desk: "Desk", words: list[str]) -> list[tuple[str, tuple[str, ...]]]:
    """`1009=1,2` -> (1009, tags). Several may stand in one option, parted by blanks."""
    found = []
    for word in " ".join(words).split():
        ref, equals, tags = times.plain(word).partition("=")
        if not equals:
            raise Stop(3, "E_INPUT", f"每件须写跨类，如 {ref}=1", f"each case needs its tags, e.g. {ref}=1", "items")
        found.append((ref, cross_tags(desk, tags.replace("、", ",").split(","))))
    return found


@app.command()
def add(
    context: typer.Context,
    case: Annotated[str, typer.Argument(metavar="CASE", help="案号")],
    reason: Annotated[str, typer.Option("--reason", help="为何上会；未到自动条件时必填")] = "",
    cross: Cross = None,
    week: Annotated[str, typer.Option("--week", metavar="WEEK", help="周次，默认下一次")] = "",
    key: Key = "",
) -> None:
    """人工提请上会，与 hs 相同。"""
    from zjj_console.desk import agenda

    options = settings(context)
    desk = options.desk()
    tags = cross_tags(desk, cross or [])
    do = agenda.put(times.plain(case), reason, week=week, cross=tags)
    run_act(options, desk, do, key, f"add {case} {reason} {tags} {week}")


@app.command()
def item(
    context: typer.Context,
    ref: Annotated[str, typer.Argument(metavar="ITEM", help="议题号或案号")],
    question: Annotated[str | None, typer.Option("--question", help="拟请会商的事项")] = None,
    propose: Annotated[str | None, typer.Option("--propose", metavar="UNIT", help="建议主责")] = None,
    invite: Annotated[list[str] | None, typer.Option("--invite", metavar="UNIT", help="参会单位，可重复")] = None,
    cross: Cross = None,
    materials: Annotated[str | None, typer.Option("--materials", help="已备材料")] = None,
    missing: Annotated[str | None, typer.Option("--missing", help="所缺材料；写空表示齐")] = None,
    attempts: Annotated[str | None, typer.Option("--attempts", help="前置协调概要")] = None,
    meeting: Meet = "",
    key: Key = "",
) -> None:
    """补议题: 事项、建议主责、参会单位、跨类、材料。"""
    from zjj_console.desk import agenda

    options = settings(context)
    desk = options.desk()
    given: dict[str, Any] = {
        "question": question, "materials": materials, "missing": missing, "attempts": attempts,
        "proposed": unit(desk.town, propose, "propose") if propose else propose,
        "invited": unit_codes(desk, invite, "invite") if invite is not None else None,
        "cross": cross_tags(desk, cross) if cross is not None else None,
    }  # fmt: skip
    said = {name: value for name, value in given.items() if value is not None}
    if not said:
        raise Stop(2, "E_USAGE", "没有要补的内容；看 --help", "nothing to complete; see --help", "item")
    run_act(
        options, desk, agenda.detail(times.plain(ref), meeting=meeting, **said), key, f"item {ref} {meeting} {said}"
    )


@app.command()
def withdraw(
    context: typer.Context,
    ref: Annotated[str, typer.Argument(metavar="ITEM", help="议题号或案号")],
    reason: Annotated[str, typer.Option("--reason", help="为何撤题")],
    meeting: Meet = "",
    key: Key = "",
) -> None:
    """撤题，须写理由，留在记录中。"""
    from zjj_console.desk import agenda

    options = settings(context)
    desk = options.desk()
    do = agenda.withdraw(times.plain(ref), reason, meeting=meeting)
    run_act(options, desk, do, key, f"withdraw {ref} {reason} {meeting}")


@app.command()
def agenda(
    context: typer.Context,
    week: Week = "",
    lock: Annotated[bool, typer.Option("--lock", help="锁定议程，此后的入下次")] = False,
    fill: Annotated[bool, typer.Option("--fill", help="会商池中未列的全部列入")] = False,
    key: Key = "",
) -> None:
    """看议程；--fill 由会商池列入，--lock 锁定。"""
    from zjj_console.desk import agenda as acts

    options = settings(context)
    desk = options.desk()
    if lock and fill:
        raise Stop(2, "E_USAGE", "--fill 与 --lock 分两次做", "--fill and --lock are two acts", "lock")
    if lock or fill:
        run_act(options, desk, acts.lock(week) if lock else acts.fill(week), key, f"agenda {week} {lock} {fill}")
    _show(options, desk, week)


@app.command()
def show(context: typer.Context, week: Week = "") -> None:
    """一次会商: 收集、议程、到会、结果。"""
    options = settings(context)
    _show(options, options.desk(), week)


def _show(options: Settings, desk: "Desk", week: str) -> None:
    from zjj_console.desk import consult_view

    m, facts = meeting_named(desk, week), desk.facts()
    data = consult_view.meeting_json(desk.reader, m, facts)
    options.finish(Result(data, text_of.meeting(data)))


@app.command()
def skip(
    context: typer.Context,
    week: Annotated[str, typer.Argument(metavar="WEEK", help="2021-W06")],
    reason: Annotated[str, typer.Option("--reason", help="为何不开，如 春节")],
    key: Key = "",
) -> None:
    """本周不开会，须写理由；议题转下次。"""
    from zjj_console.desk import agenda

    options = settings(context)
    desk = options.desk()
    run_act(options, desk, agenda.skip(week, reason), key, f"skip {week} {reason}")


# the meeting: commands/consulting.py -----------------------------------------------------------------------------------

app.command("open")(consulting.open_)
app.command()(consulting.attend)
app.command()(consulting.decide)
app.command()(consulting.close)
app.command()(consulting.minutes)
app.command()(consulting.urgent)
app.command()(consulting.station)


# afterwards -------------------------------------------------------------------------------------------------------------


@app.command()
def followup(
    context: typer.Context,
    overdue: Annotated[bool, typer.Option("--overdue", help="只列逾期未办(可督办)")] = False,
    all_: Annotated[bool, typer.Option("--all", help="连已办的一起列")] = False,
) -> None:
    """会后督办: 每项决议的责任、期限与进展。"""
    from zjj_console.desk import consult_view, followups

    options = settings(context)
    desk = options.desk()
    facts = desk.facts()
    read = followups.overdue if overdue else followups.all_ if all_ else followups.standing
    found = [consult_view.followup_json(f, facts) for f in read(desk.reader, facts)]
    options.finish(Result({"followups": found}, text_of.followups(found)))


@app.command()
def done(
    context: typer.Context,
    ref: Annotated[str, typer.Argument(metavar="ID", help="会商或进站编号，如 HS-2021-W09")],
    case: Annotated[str, typer.Argument(metavar="CASE", help="案号")],
    text: Annotated[str, typer.Option("--text", help="办理结果")] = "",
    key: Key = "",
) -> None:
    """一项决议或指挥意见已办。"""
    from zjj_console.desk import followups

    options = settings(context)
    desk = options.desk()
    run_act(options, desk, followups.done(times.plain(ref), times.plain(case), text), key, f"done {ref} {case} {text}")


@app.command("list")
def list_(
    context: typer.Context,
    missing: Annotated[bool, typer.Option("--missing", help="只列缺会、迟报、迟纪要与逾期决议；有则退出码 14")] = False,
) -> None:
    """历次会商与周历: H 已开 S 不开(有理由) X 缺会。"""
    from zjj_console.desk import consult_view, wording
    from zjj_console.domain import consult
    from zjj_console.storage import reads_meeting

    options = settings(context)
    desk = options.desk()
    facts = desk.facts()
    if missing:
        gaps = consult_view.gaps(desk.reader, facts)
        data = {"missing": [consult_view.gap_json(g, facts) for g in gaps]}
        options.finish(Result(data, "\n".join(g.zh for g in gaps) or "没有缺项", 14 if gaps else 0))
    weeks = [
        {"week": week, "mark": mark, "state": m.state if m else "PLANNED", "reason": m.reason or None if m else None}
        for week, mark, m in consult_view.calendar(desk.reader, facts)
    ]
    held = [
        {"id": m.id, "level": m.level, "level_zh": consult.LEVEL_ZH[m.level], "at": wording.iso(m.at, desk.duty),
         "state": m.state, "state_zh": consult.STATE_ZH[m.state], "items": len(m.agenda), "reason": m.reason or None}
        for m in reads_meeting.meetings(desk.reader, 0)
    ]  # fmt: skip
    options.finish(Result({"weeks": weeks, "meetings": held}, text_of.listed(weeks, held)))
