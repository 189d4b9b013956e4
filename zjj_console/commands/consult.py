"""`zjj consult`: what to discuss, what the stations report, the weekly meeting, urgent ones, stations' own, and what followed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zjj_console.commands import consult_text as text_of
from zjj_console.commands import times
from zjj_console.commands.acting import act, reason, result_of, unit
from zjj_console.commands.context import Settings, Stop, settings
from zjj_console.commands.do import Key
from zjj_console.commands.output import Result
from zjj_console.commands.roster_files import write

if TYPE_CHECKING:
    from zjj_console.desk.acts import Act
    from zjj_console.desk.desk import Desk
    from zjj_console.domain.consult import Meeting

app = typer.Typer(no_args_is_help=True, help="会商: 收集、议程、开会、结果、纪要、督办；临时与站级会商")
Week = Annotated[str, typer.Argument(metavar="WEEK", help="2021-W09、W09 或会商编号；不写为在开的或下一次")]
Cross = Annotated[list[str] | None, typer.Option("--cross", metavar="N", help="跨类: 数字、代码或名称，可重复")]
Meet = Annotated[str, typer.Option("--meeting", metavar="ID", help="哪次会商；不写为在开的或下一次")]


def _run(options: Settings, desk: "Desk", do: "Act", key: str, content: str) -> None:
    options.finish(result_of(options, desk, act(desk, do, key=key, content=content)))


def _tags(desk: "Desk", words: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reason(desk.town, "cross", word, "cross").code for word in words))


def _units(desk: "Desk", words: list[str] | None, field: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(unit(desk.town, word, field) for word in words or []))


def _until(desk: "Desk", text: str, field: str) -> int | None:
    """`3d`, `0318`, a date (its end) or an instant that is still to come."""
    from zjj_console.verbs.parse import instant as short

    if not text:
        return None
    word = times.plain(text)
    found = short(word, desk.town, desk.now())
    if found is not None:
        return found
    if word[:10].count("-") == 2 and len(word) == 10:
        return times.span(word, word, desk.now(), desk.town.tz)[1] - 60_000_000
    return times.instant(text, desk.now(), desk.town.tz, field)


def _meeting(desk: "Desk", word: str) -> "Meeting":
    from zjj_console.desk import agenda
    from zjj_console.domain.model import Refusal

    found = agenda.find(desk.reader, desk.facts(), times.plain(word))
    if isinstance(found, Refusal):
        raise Stop(found.code, "E_NOT_FOUND" if found.code == 6 else "E_INPUT", found.zh, found.en, "meeting")
    return found


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
    _run(options, desk, do, key, f"collect {code} {sorted(cases.items())} {nil} {text} {week}")


def _pairs(desk: "Desk", words: list[str]) -> list[tuple[str, tuple[str, ...]]]:
    """`1009=1,2` -> (1009, tags). Several may stand in one option, parted by blanks."""
    found = []
    for word in " ".join(words).split():
        ref, equals, tags = times.plain(word).partition("=")
        if not equals:
            raise Stop(3, "E_INPUT", f"每件须写跨类，如 {ref}=1", f"each case needs its tags, e.g. {ref}=1", "items")
        found.append((ref, _tags(desk, tags.replace("、", ",").split(","))))
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
    tags = _tags(desk, cross or [])
    do = agenda.put(times.plain(case), reason, week=week, cross=tags)
    _run(options, desk, do, key, f"add {case} {reason} {tags} {week}")


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
        "invited": _units(desk, invite, "invite") if invite is not None else None,
        "cross": _tags(desk, cross) if cross is not None else None,
    }  # fmt: skip
    said = {name: value for name, value in given.items() if value is not None}
    if not said:
        raise Stop(2, "E_USAGE", "没有要补的内容；看 --help", "nothing to complete; see --help", "item")
    _run(options, desk, agenda.detail(times.plain(ref), meeting=meeting, **said), key, f"item {ref} {meeting} {said}")


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
    _run(options, desk, do, key, f"withdraw {ref} {reason} {meeting}")


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
        _run(options, desk, acts.lock(week) if lock else acts.fill(week), key, f"agenda {week} {lock} {fill}")
    _show(options, desk, week)


@app.command()
def show(context: typer.Context, week: Week = "") -> None:
    """一次会商: 收集、议程、到会、结果。"""
    options = settings(context)
    _show(options, options.desk(), week)


def _show(options: Settings, desk: "Desk", week: str) -> None:
    from zjj_console.desk import consult_view

    m, facts = _meeting(desk, week), desk.facts()
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
    _run(options, desk, agenda.skip(week, reason), key, f"skip {week} {reason}")


# the meeting ------------------------------------------------------------------------------------------------------------


@app.command("open")
def open_(context: typer.Context, week: Week = "", key: Key = "") -> None:
    """开会；首项为上次未办决议。"""
    from zjj_console.desk import consulting

    options = settings(context)
    desk = options.desk()
    desk.sweep()
    _run(options, desk, consulting.open_(week), key, f"open {week}")


@app.command()
def attend(
    context: typer.Context,
    units: Annotated[list[str], typer.Argument(metavar="UNIT...", help="单位")],
    absent: Annotated[bool, typer.Option("--absent", help="缺席(须书面意见)")] = False,
    opinion: Annotated[str, typer.Option("--opinion", help="书面意见")] = "",
    people: Annotated[str, typer.Option("--people", help="到会的人")] = "",
    meeting: Meet = "",
    key: Key = "",
) -> None:
    """登记到会或缺席。"""
    from zjj_console.desk import consulting

    options = settings(context)
    desk = options.desk()
    named = _units(desk, units, "units")
    do = consulting.attend(named, people=people, absent=absent, opinion=opinion, meeting=meeting)
    _run(options, desk, do, key, f"attend {named} {absent} {opinion} {people} {meeting}")


@app.command()
def decide(
    context: typer.Context,
    ref: Annotated[str, typer.Argument(metavar="ITEM", help="议题号或案号")],
    outcome: Annotated[
        str,
        typer.Argument(
            metavar="OUTCOME", help="1定主责并派单 2联合处置 3提请指挥长 4提请镇级/区级 5挂账 6下次再议 7终止"
        ),
    ],
    units: Annotated[list[str] | None, typer.Argument(metavar="UNIT...", help="首个为主责或牵头站，其余协办")] = None,
    person: Annotated[str, typer.Option("--person", metavar="WORKNO", help="派给谁")] = "",
    due: Annotated[str, typer.Option("--due", metavar="TIME", help="期限: 3d、0318 或时刻")] = "",
    review: Annotated[str, typer.Option("--review", metavar="TIME", help="挂账复查日: 14d 或 0318")] = "",
    reason_: Annotated[str, typer.Option("--reason", metavar="N", help="挂账理由: 数字、代码或名称")] = "",
    level: Annotated[str, typer.Option("--level", help="town 镇级 | district 区级")] = "",
    text: Annotated[str, typer.Option("--text", help="决议、安全措施或终止理由")] = "",
    meeting: Meet = "",
    key: Key = "",
) -> None:
    """一题一结果；案件随即按结果办理。"""
    from zjj_console.commands.acting import work_no
    from zjj_console.desk import consulting

    options = settings(context)
    desk = options.desk()
    named = _units(desk, units, "units")
    said = consulting.Decision(
        named, work_no(desk.town, person) if person else "", _until(desk, due, "due"), text, level,
        reason(desk.town, "suspend", reason_, "reason").code if reason_ else "", _until(desk, review, "review"),
    )  # fmt: skip
    do = consulting.decide(times.plain(ref), times.plain(outcome), said, meeting=meeting)
    content = f"decide {ref} {outcome} {named} {person} {due} {review} {reason_} {level} {text} {meeting}"
    _run(options, desk, do, key, content)


@app.command()
def close(context: typer.Context, week: Week = "", key: Key = "") -> None:
    """散会: 各题均有结果才可；纪要随即生成并存档，缺席的责任单位收到决议。"""
    from zjj_console.desk import consulting

    options = settings(context)
    desk = options.desk()
    _run(options, desk, consulting.close(week), key, f"close {week}")


@app.command()
def minutes(
    context: typer.Context,
    week: Week = "",
    form: Annotated[str, typer.Option("--format", help="text|html|md")] = "text",
    output: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="写入文件")] = None,
) -> None:
    """纪要，逐字节为散会时所存。"""
    import hashlib

    options = settings(context)
    desk = options.desk()
    m = _minuted(desk, week)
    if form not in m.sheets:
        raise Stop(
            2, "E_USAGE", f"--format 须为 {'|'.join(m.sheets)}: {form}", f"--format: {', '.join(m.sheets)}", "format"
        )
    content = m.sheets[form]
    data: dict[str, Any] = {"meeting": m.id, "format": form, "sha256": hashlib.sha256(content.encode()).hexdigest()}
    if output is not None:
        write(output, content.encode())
        options.finish(Result({**data, "path": str(output)}, f"已写 {m.id} 纪要: {output}"))
    options.finish(Result({**data, "content": content}, content.rstrip("\n")))


def _minuted(desk: "Desk", word: str) -> "Meeting":
    """The named meeting, or the latest that has minutes."""
    from zjj_console.storage import reads_meeting

    if word:
        m = _meeting(desk, word)
    else:
        done = [m for m in reads_meeting.meetings(desk.reader, 0) if m.sheets and m.level != "station"]
        if not done:
            raise Stop(6, "E_NOT_FOUND", "还没有纪要", "there are no minutes yet", "week")
        m = done[0]
    if not m.sheets:
        raise Stop(6, "E_NOT_FOUND", f"{m.id} 未散会，没有纪要", f"{m.id} has no minutes yet", "week")
    return m


@app.command()
def urgent(
    context: typer.Context,
    case: Annotated[str, typer.Argument(metavar="CASE", help="案号，限一级二级")],
    reason: Annotated[str, typer.Option("--reason", help="缘由")],
    key: Key = "",
) -> None:
    """临时会商: 随时开，同样的结果，限时出纪要。"""
    from zjj_console.desk import consulting

    options = settings(context)
    desk = options.desk()
    _run(options, desk, consulting.urgent(times.plain(case), reason), key, f"urgent {case} {reason}")


@app.command()
def station(
    context: typer.Context,
    place: Annotated[str, typer.Argument(metavar="STATION", help="哪个站，如 z4")],
    case: Annotated[str, typer.Argument(metavar="CASE", help="案号")],
    outcome: Annotated[str, typer.Option("--outcome", help="1 定责(assign) | 2 未果(none)")],
    units: Annotated[list[str] | None, typer.Option("--unit", metavar="UNIT", help="定责给谁，其后为协办")] = None,
    attended: Annotated[list[str] | None, typer.Option("--attend", metavar="UNIT", help="到会单位，可重复")] = None,
    text: Annotated[str, typer.Option("--text", help="要点")] = "",
    key: Key = "",
) -> None:
    """站级会商(主责不明): 定责即派单，未果计为一次前置协调。"""
    from zjj_console.desk import consulting

    options = settings(context)
    desk = options.desk()
    code, named = unit(desk.town, place, "station"), _units(desk, units, "unit")
    came = _units(desk, attended, "attend")
    do = consulting.station(code, times.plain(case), times.plain(outcome), consulting.Decision(named, text=text), came)
    _run(options, desk, do, key, f"station {code} {case} {outcome} {named} {came} {text}")


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
    _run(options, desk, followups.done(times.plain(ref), times.plain(case), text), key, f"done {ref} {case} {text}")


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
