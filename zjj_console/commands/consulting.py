"""The meeting itself as commands of `zjj consult`: open, attend, decide, close, minutes; urgent ones and stations' own."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zjj_console.commands import times
from zjj_console.commands.acting import reason, unit
from zjj_console.commands.consult_words import Meet, Week, meeting_named, run_act, unit_codes, until_of
from zjj_console.commands.context import Stop, one_of, settings
from zjj_console.commands.do import Key
from zjj_console.commands.output import Result
from zjj_console.commands.roster_files import write

if TYPE_CHECKING:
    from zjj_console.desk.desk import Desk
    from zjj_console.domain.consult import Meeting


def open_(context: typer.Context, week: Week = "", key: Key = "") -> None:
    """开会；首项为上次未办决议。"""
    from zjj_console.desk import consulting as acts

    options = settings(context)
    desk = options.desk()
    desk.sweep()
    run_act(options, desk, acts.open_(week), key, f"open {week}")


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
    from zjj_console.desk import consulting as acts

    options = settings(context)
    desk = options.desk()
    named = unit_codes(desk, units, "units")
    do = acts.attend(named, people=people, absent=absent, opinion=opinion, meeting=meeting)
    run_act(options, desk, do, key, f"attend {named} {absent} {opinion} {people} {meeting}")


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
    from zjj_console.desk import consulting as acts

    options = settings(context)
    desk = options.desk()
    named = unit_codes(desk, units, "units")
    said = acts.Decision(
        named, work_no(desk.town, person) if person else "", until_of(desk, due, "due"), text, level,
        reason(desk.town, "suspend", reason_, "reason").code if reason_ else "", until_of(desk, review, "review"),
    )  # fmt: skip
    do = acts.decide(times.plain(ref), times.plain(outcome), said, meeting=meeting)
    content = f"decide {ref} {outcome} {named} {person} {due} {review} {reason_} {level} {text} {meeting}"
    run_act(options, desk, do, key, content)


def close(context: typer.Context, week: Week = "", key: Key = "") -> None:
    """散会: 各题均有结果才可；纪要随即生成并存档，缺席的责任单位收到决议。"""
    from zjj_console.desk import consulting as acts

    options = settings(context)
    desk = options.desk()
    run_act(options, desk, acts.close(week), key, f"close {week}")


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
    content = m.sheets[one_of(form, m.sheets, "format")]
    data: dict[str, Any] = {"meeting": m.id, "format": form, "sha256": hashlib.sha256(content.encode()).hexdigest()}
    if output is not None:
        write(output, content.encode())
        options.finish(Result({**data, "path": str(output)}, f"已写 {m.id} 纪要: {output}"))
    options.finish(Result({**data, "content": content}, content.rstrip("\n")))


def _minuted(desk: "Desk", word: str) -> "Meeting":
    """The named meeting, or the latest that has minutes."""
    from zjj_console.storage import reads_meeting

    if word:
        m = meeting_named(desk, word)
    else:
        done = [m for m in reads_meeting.meetings(desk.reader, 0) if m.sheets and m.level != "station"]
        if not done:
            raise Stop(6, "E_NOT_FOUND", "还没有纪要", "there are no minutes yet", "week")
        m = done[0]
    if not m.sheets:
        raise Stop(6, "E_NOT_FOUND", f"{m.id} 未散会，没有纪要", f"{m.id} has no minutes yet", "week")
    return m


def urgent(
    context: typer.Context,
    case: Annotated[str, typer.Argument(metavar="CASE", help="案号，限一级二级")],
    reason: Annotated[str, typer.Option("--reason", help="缘由")],
    key: Key = "",
) -> None:
    """临时会商: 随时开，同样的结果，限时出纪要。"""
    from zjj_console.desk import consulting as acts

    options = settings(context)
    desk = options.desk()
    run_act(options, desk, acts.urgent(times.plain(case), reason), key, f"urgent {case} {reason}")


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
    from zjj_console.desk import consulting as acts

    options = settings(context)
    desk = options.desk()
    code, named = unit(desk.town, place, "station"), unit_codes(desk, units, "unit")
    came = unit_codes(desk, attended, "attend")
    do = acts.station(code, times.plain(case), times.plain(outcome), acts.Decision(named, text=text), came)
    run_act(options, desk, do, key, f"station {code} {case} {outcome} {named} {came} {text}")
