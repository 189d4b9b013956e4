"""`zjj stationing`: on-demand departments at a station (R26): request, approve, refuse, cancel, arrive, leave, list."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from zjj_console.commands import times
from zjj_console.commands.acting import act, case_of, reason, result_of, unit, work_no
from zjj_console.commands.context import Settings, settings
from zjj_console.commands.do import Key
from zjj_console.commands.output import Result

if TYPE_CHECKING:
    from zjj_console.desk.desk import Desk
    from zjj_console.desk.outcome import Outcome
    from zjj_console.domain.roster import Stationing

app = typer.Typer(no_args_is_help=True, help="按需进驻: 申请、批准、到站、离站、列表")
Id = Annotated[str, typer.Argument(metavar="ID", help="驻站编号，或其开头几位")]


@app.command()
def request(
    context: typer.Context,
    dept: Annotated[str, typer.Argument(metavar="DEPT", help="按需部门: 代码、名称或拼音")],
    station: Annotated[str, typer.Argument(metavar="STATION", help="联勤站，如 z4")],
    start: Annotated[str, typer.Option("--from", metavar="TIME", help="起: 日期或时刻")],
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="止: 日期(含当日)或时刻")],
    trigger: Annotated[str, typer.Option("--trigger", metavar="N", help="事由: 数字、代码或名称")],
    case: Annotated[str, typer.Option("--case", metavar="CASE", help="疑难案件为事由时必填")] = "",
    person: Annotated[str, typer.Option("--person", metavar="WORKNO", help="进驻的人")] = "",
    note: Annotated[str, typer.Option("--note", help="说明")] = "",
    key: Key = "",
) -> None:
    """申请按需部门进驻某站。"""
    from zjj_console.desk.stationing import request as ask

    options = settings(context)
    desk = options.desk()
    town = desk.town
    found = case_of(desk, case) if case else None
    begin, finish = times.span(start, end, desk.now(), town.tz)
    asked = (
        unit(town, dept, "dept"), unit(town, station, "station"), begin, finish,
        reason(town, "trigger", trigger, "trigger").code, found.id if found else "",
        work_no(town, person) if person else "", note,
    )  # fmt: skip
    done = act(desk, ask(*asked), key=key, content=f"stationing {start} {end} {asked[:2]} {asked[4:]}")
    options.finish(_result(options, desk, done))


def _step(context: typer.Context, stationing_id: str, step: str, key: str) -> None:
    from zjj_console.desk.stationing import move

    options = settings(context)
    desk = options.desk()
    done = act(desk, move(stationing_id, step), key=key, content=f"{step} {stationing_id}")
    options.finish(_result(options, desk, done))


@app.command()
def approve(context: typer.Context, stationing_id: Id, key: Key = "") -> None:
    """批准进驻(镇中心)；所派的人同时有班则拒绝。"""
    _step(context, stationing_id, "approve", key)


@app.command()
def refuse(context: typer.Context, stationing_id: Id, key: Key = "") -> None:
    """不准进驻。"""
    _step(context, stationing_id, "refuse", key)


@app.command()
def cancel(context: typer.Context, stationing_id: Id, key: Key = "") -> None:
    """撤回申请。"""
    _step(context, stationing_id, "cancel", key)


@app.command()
def arrive(context: typer.Context, stationing_id: Id, key: Key = "") -> None:
    """登记到站。"""
    _step(context, stationing_id, "arrive", key)


@app.command()
def leave(context: typer.Context, stationing_id: Id, key: Key = "") -> None:
    """登记离站。"""
    _step(context, stationing_id, "leave", key)


@app.command("no-show")
def no_show(context: typer.Context, stationing_id: Id, key: Key = "") -> None:
    """登记未到。"""
    _step(context, stationing_id, "no_show", key)


@app.command("list")
def list_(
    context: typer.Context,
    station: Annotated[str, typer.Option("--station", metavar="STATION", help="只看某站")] = "",
) -> None:
    """全部进驻，新的在前。"""
    from zjj_console.commands.output import aligned
    from zjj_console.storage import reads_duty

    options = settings(context)
    desk = options.desk()
    code = unit(desk.town, station, "station") if station else ""
    found = [_json(desk, s) for s in reads_duty.stationings(desk.reader) if code in ("", s.station)]
    rows: list[tuple[str, ...]] = [
        (r["id"], r["dept_zh"], r["station_zh"], r["from"][5:16].replace("T", " "), r["to"][5:16].replace("T", " "),
         r["trigger_zh"], r["case"] or "-", r["name"] or "-", r["state_zh"]) for r in found
    ]  # fmt: skip
    head = ("编号", "部门", "站", "起", "止", "事由", "案号", "人员", "状态")
    options.finish(Result({"stationings": found}, "\n".join(aligned([head, *rows])) if rows else "没有驻站"))


def _result(options: Settings, desk: "Desk", done: "Outcome") -> Result:
    import msgspec

    from zjj_console.domain.roster import Stationing

    if not done.ok:
        return result_of(options, desk, done)
    row = msgspec.convert(done.data, Stationing)
    return result_of(options, desk, done, _json(desk, row), f"{done.text} 编号 {row.id}")


def _json(desk: "Desk", s: "Stationing") -> dict[str, Any]:
    from zjj_console.desk import wording
    from zjj_console.desk.stationing import STATIONING_ZH

    case = desk.case(s.case) if s.case else None
    return {
        "id": s.id,
        "dept": s.dept,
        "dept_zh": wording.unit(desk.town, s.dept),
        "station": s.station,
        "station_zh": wording.unit(desk.town, s.station),
        "from": wording.iso(s.start, desk.duty),
        "to": wording.iso(s.end, desk.duty),
        "trigger": s.trigger,
        "trigger_zh": wording.reason(desk.town, "trigger", s.trigger),
        "state": s.state,
        "state_zh": STATIONING_ZH[s.state],
        "asked_by": s.asked_by,
        "work_no": s.person or None,
        "name": wording.person(desk.town, s.person) or None,
        "case": case.handle if case else s.case or None,
        "arrived_at": wording.iso(s.arrived_at, desk.duty),
        "left_at": wording.iso(s.left_at, desk.duty),
        "note": s.text,
    }
