"""`zjj support`: enforcement support for a village (R51): request, accept, arrive, close, refuse, cancel, list."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from zjj_console.commands.acting import act, reason, result_of, unit, work_no
from zjj_console.commands.context import Settings, Stop, settings
from zjj_console.commands.do import Key
from zjj_console.commands.do import result_of as line_result
from zjj_console.commands.output import Result

if TYPE_CHECKING:
    from zjj_console.desk.desk import Desk
    from zjj_console.desk.outcome import Outcome
    from zjj_console.town.models import Town

app = typer.Typer(no_args_is_help=True, help="执法保障: 请求、应答、到场、办结、拒绝、撤回、列表")
CaseRef = Annotated[str, typer.Argument(metavar="CASE", help="案号")]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="说明")]
By = Annotated[str, typer.Option("--by", metavar="WORKNO", help="替谁记录(代)")]
Dept = Annotated[list[str] | None, typer.Option("--dept", metavar="UNIT", help="召集的部门或应急队，可多次")]


@app.command()
def request(
    context: typer.Context,
    case: Annotated[str, typer.Argument(metavar="[CASE]", help="案号；没有案件则用 --village")] = "",
    village: Annotated[str, typer.Option("--village", metavar="PLACE", help="村居；先建案件再请求")] = "",
    category: Annotated[str, typer.Option("--category", help="新建案件的类别，随 --village")] = "",
    priority: Annotated[int | None, typer.Option("--priority", min=1, max=4, help="新建案件的级别")] = None,
    why: Annotated[str, typer.Option("--reason", metavar="N", help="需要什么: 数字、代码或名称")] = "",
    need: Annotated[str, typer.Option("--need", metavar="TEXT", help="需要什么，写明")] = "",
    dept: Dept = None,
    by: By = "",
    key: Key = "",
) -> None:
    """请求执法保障；负责人按时段与排班得出，并通知本人。"""
    if bool(case) == bool(village):
        raise Stop(2, "E_USAGE", "给案号，或给 --village 村居 --category 类别", "give a case, or --village and --category",
                   "case")  # fmt: skip
    if village and not category:
        raise Stop(2, "E_USAGE", "--village 须同时给 --category 类别", "--village needs --category", "category")
    options = settings(context)
    desk = options.desk()
    words = [f"r{_digit(desk.town, 'support', why, 'reason')}"] if why else []
    words += _called(desk.town, dept)
    line, person = " ".join([*words, "--", need]), _by(desk.town, by)
    if case:
        done = desk.run_line(f"zb {case} {line}", key=key or None, extra=person)
        options.finish(_result(options, desk, done))
    from zjj_console.desk.aiding import request_new

    ask = request_new(village, category, line, person.get("by", ""), desk.console, priority)
    made = act(desk, ask, key=key, content=f"support {village} {category} {priority} {line} {by}")
    options.finish(_new(options, desk, made))


def _digit(town: "Town", table: str, word: str, field: str) -> str:
    return reason(town, table, word, field).digit


def _called(town: "Town", dept: list[str] | None) -> list[str]:
    return [town.units[unit(town, word, "dept")].tokens[0] for word in dept or ()]


def _by(town: "Town", word: str) -> dict[str, str]:
    return {"by": work_no(town, word, "by")} if word else {}


def _step(context: typer.Context, case: str, words: list[str], note: str, by: str, key: str) -> None:
    options = settings(context)
    desk = options.desk()
    line = " ".join(["zb", case, *words, "--", note])
    done = desk.run_line(line, key=key or None, extra=_by(desk.town, by))
    options.finish(_result(options, desk, done))


@app.command()
def accept(
    context: typer.Context, case: CaseRef, dept: Dept = None, note: Note = "", by: By = "", key: Key = ""
) -> None:
    """应答: 负责人组织人员前往。"""
    called = _called(settings(context).town(), dept)
    _step(context, case, ["accept", *called], note, by, key)


@app.command()
def arrive(context: typer.Context, case: CaseRef, note: Note = "", by: By = "", key: Key = "") -> None:
    """登记到场。"""
    _step(context, case, ["arrive"], note, by, key)


@app.command()
def close(
    context: typer.Context,
    case: CaseRef,
    result: Annotated[str, typer.Option("--result", metavar="TEXT", help="保障结果")] = "",
    by: By = "",
    key: Key = "",
) -> None:
    """办结: 写明保障结果。"""
    _step(context, case, ["close"], result, by, key)


@app.command()
def refuse(
    context: typer.Context,
    case: CaseRef,
    why: Annotated[str, typer.Option("--reason", metavar="N", help="拒绝理由: 数字、代码或名称")],
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="写明为什么不能去")],
    by: By = "",
    key: Key = "",
) -> None:
    """拒绝: 须理由码并写明，随即报站长。"""
    digit = _digit(settings(context).town(), "support_refuse", why, "reason")
    _step(context, case, ["n", f"r{digit}"], note, by, key)


@app.command()
def cancel(context: typer.Context, case: CaseRef, note: Note = "", by: By = "", key: Key = "") -> None:
    """撤回请求。"""
    _step(context, case, ["cancel"], note, by, key)


@app.command("list")
def list_(
    context: typer.Context,
    station: Annotated[str, typer.Option("--station", metavar="STATION", help="只看某站")] = "",
    ended: Annotated[bool, typer.Option("--all", help="连同已结束的")] = False,
) -> None:
    """在办与被拒绝的保障，先请求的在前。"""
    from zjj_console.commands.output import aligned
    from zjj_console.desk import wording
    from zjj_console.desk.aiding import support_json, supports

    options = settings(context)
    desk = options.desk()
    facts = desk.facts()
    code = unit(desk.town, station, "station") if station else ""
    rows: list[tuple[str, ...]] = [("案号", "级", "地点", "负责", "人", "需要", "请求", "应答", "到场", "状态")]
    found = []
    for row in supports(desk.reader, facts, station=code, ended=ended):
        told = support_json(row.case, facts)
        assert told is not None
        found.append(told)
        at = wording.moment(row.case.aid.at, facts.now, desk.duty) if row.case.aid else ""
        need = f"{told['reason_zh'] or ''} {told['need'] or ''}".strip()
        rows.append((row.case.handle, str(row.case.priority), row.case.place, told["unit_zh"], told["person_zh"] or "-",
                     need, at, _took(row.judged.answered, row.judged.answer_on_time),
                     _took(row.judged.arrived, row.judged.arrival_on_time), row.status_zh))  # fmt: skip
    options.finish(Result({"supports": found}, "\n".join(aligned(rows)) if found else "没有执法保障"))


def _took(minutes: int | None, on_time: bool | None) -> str:
    late = "超" if on_time is False else ""
    return late or "-" if minutes is None else f"{minutes}分{late}"


def _result(options: Settings, desk: "Desk", done: "Outcome") -> Result:
    """What the line did, with the request as it stands."""
    from zjj_console.desk.aiding import support_json

    result = line_result(options, desk, done)
    if not done.ok or done.case is None:
        return result
    data: dict[str, Any] = {**result.data, "support": support_json(done.case, desk.facts())}
    return Result(data, result.text, result.code, result.warnings, result.errors)


def _new(options: Settings, desk: "Desk", done: "Outcome") -> Result:
    from zjj_console.desk.aiding import support_json
    from zjj_console.desk.shape import case_json

    case = desk.case(done.data["id"]) if done.ok else None
    if case is None:
        return result_of(options, desk, done)
    facts = desk.facts()
    data = {**done.data, "case": case_json(case, desk.town, desk.duty, facts.now), "support": support_json(case, facts)}
    return result_of(options, desk, done, data)
