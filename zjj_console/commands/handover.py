"""`zjj handover`: prepare, read, choose, sign, prove and print the handovers of the day; who has custody."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zjj_console.commands import handover_look as look
from zjj_console.commands import times
from zjj_console.commands.acting import Second, SecondPin, act, result_of, second_person, unit, work_no
from zjj_console.commands.context import Settings, Stop, one_of, settings
from zjj_console.commands.do import Key, standing_warnings
from zjj_console.commands.output import Fault, Result
from zjj_console.commands.roster_files import write

if TYPE_CHECKING:
    from zjj_console.desk.acts import Act
    from zjj_console.desk.desk import Desk

app = typer.Typer(no_args_is_help=True, help="交接: 建包、读、定去向、签字、校验、打印；看护权")

VIAS = ("phone", "radio", "wechat")  # how the desk was told that a station signs
Name = Annotated[str, typer.Argument(metavar="H", help="H1..H4(最近一次)、H4-2021-03-01、JJ-0301-H4、HX 或 auto")]
Cases = Annotated[list[str], typer.Argument(metavar="CASE...", help="案号")]


def _run(options: Settings, desk: "Desk", do: "Act", key: str, content: str) -> None:
    options.finish(result_of(options, desk, act(desk, do, key=key, content=content)))


@app.command()
def prepare(
    context: typer.Context,
    name: Name = "auto",
    yes: Annotated[bool, typer.Option("--yes", help="交班人已签也重建，其签字撤销")] = False,
    key: Key = "",
) -> None:
    """建交接包，或重建: 已读且未变的仍算已读；HX 为临时交接。"""
    from zjj_console.desk import handing

    options = settings(context)
    desk = options.desk()
    desk.sweep()
    _run(options, desk, handing.prepare(name, anew=yes), key, f"prepare {name}")


@app.command()
def show(
    context: typer.Context,
    name: Name = "auto",
    verify: Annotated[bool, typer.Option("--verify", help="逐项校验所存记录；不符退出码 1")] = False,
    sheet: Annotated[bool, typer.Option("--sheet", help="整张交接单(未签为草稿)，80 列")] = False,
) -> None:
    """一次交接: 结存、必读、去向、阻断与警示。"""
    from zjj_console.desk import viewing

    options = settings(context)
    desk = options.desk()
    facts = desk.facts()
    h = look.found(desk, name)
    live = viewing.live(desk.reader, h, facts) if h.package is not None and h.moved_at is None else None
    data = viewing.full(h, facts, live)
    text = look.sheet_text(desk, h) if sheet else look.summary(desk, h, data)
    if sheet:
        data["sheet"], data["sheet_sha256"] = text, viewing.sheet_hash(h) or None
    errors = []
    if verify:
        checks = viewing.verify(desk.reader, h)
        data["checks"] = [{"name_zh": c.zh, "name": c.en, "ok": c.ok} for c in checks]
        text += "\n" + "\n".join(f"{'合' if c.ok else '不合'}  {options.say(c.zh, c.en)}" for c in checks)
        errors = [
            Fault(
                "E_INTEGRITY", options.say(f"{h.number} {c.zh}不符；查 zjj audit verify", f"{h.number}: {c.en} fails")
            )
            for c in checks
            if not c.ok
        ]
    options.finish(Result(data, text, 1 if errors else 0, errors=errors))


@app.command()
def read(
    context: typer.Context,
    name: Name,
    refs: Annotated[list[str] | None, typer.Argument(metavar="REF...", help="案号，或警示 W1..W7")] = None,
    back: Annotated[str, typer.Option("--next", metavar="TEXT", help="复述下一步: 文字，或数字 1-9")] = "",
    all_paused: Annotated[bool, typer.Option("--all-paused", help="成批确认其余(非必读)，抽读几件")] = False,
    key: Key = "",
) -> None:
    """逐件标为已读；一级二级请以 --next 复述下一步。"""
    from zjj_console.desk import handing

    options = settings(context)
    if not refs and not all_paused:
        raise Stop(
            2, "E_USAGE", "请给案号、警示 W1..W7 或 --all-paused", "name cases, warnings, or --all-paused", "refs"
        )
    desk = options.desk()
    wanted = _handles(desk, refs or [])
    content = f"read {name} {wanted} {back} {all_paused}"
    _run(options, desk, handing.read(name, wanted, times.plain(back), batch=all_paused), key, content)


def _handles(desk: "Desk", refs: list[str]) -> list[str]:
    """Cases by any of their names become short handles; what is no case stays as it was typed."""
    known = ((ref, desk.case(ref)) for ref in map(times.plain, refs))
    return [case.handle if case else ref for ref, case in known]


@app.command()
def code(
    context: typer.Context,
    name: Name,
    words: Annotated[list[str], typer.Argument(metavar="CASE... CODE", help="案号，最后为去向码 N1-N5 或 R1-R4")],
    key: Key = "",
) -> None:
    """为案件定夜间安排(N)或早间去向(R)。"""
    from zjj_console.desk import handing

    if len(words) < 2:
        raise Stop(2, "E_USAGE", "须给案号和去向码: handover code H4 1041 N2", "cases, then a code", "code")
    options = settings(context)
    desk = options.desk()
    wanted, chosen = _handles(desk, words[:-1]), times.plain(words[-1])
    _run(options, desk, handing.code(name, wanted, chosen), key, f"code {name} {wanted} {chosen}")


@app.command()
def pack(
    context: typer.Context,
    case: Annotated[str, typer.Argument(metavar="CASE", help="案号")],
    gist: Annotated[str, typer.Option("--gist", help="一句要点")] = "",
    following: Annotated[str, typer.Option("--next", help="下一步: 做什么、谁、何时前")] = "",
    key: Key = "",
) -> None:
    """入交接单: 给下一班的一句话，随时可写。"""
    from zjj_console.desk import handing

    options = settings(context)
    desk = options.desk()
    do = handing.pack(times.plain(case), gist, following, console=desk.console)
    _run(options, desk, do, key, f"pack {case} {gist} {following}")


@app.command()
def note(
    context: typer.Context,
    name: Name,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="便签；装备数写成 对讲9/10 单兵3/3")],
    equipment: Annotated[bool, typer.Option("--equipment", help="所写为装备清点")] = False,
    key: Key = "",
) -> None:
    """便签；已签之后写的另作附件，不改已签内容。"""
    from zjj_console.desk import handing

    options = settings(context)
    desk = options.desk()
    _run(options, desk, handing.note(name, text, equipment=equipment), key, f"note {name} {text} {equipment}")


@app.command()
def spoken(context: typer.Context, name: Name, key: Key = "") -> None:
    """双方已逐项口头交接六项。"""
    from zjj_console.desk import handing

    options = settings(context)
    desk = options.desk()
    _run(options, desk, handing.spoken(name), key, f"spoken {name}")


# signatures -------------------------------------------------------------------------------------------------------------


@app.command()
def sign(
    context: typer.Context,
    name: Name,
    side: Annotated[str, typer.Option("--side", help="out 交班 | in 接班")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="知悉全部警示")] = False,
    station: Annotated[str, typer.Option("--station", metavar="STATION", help="开站、闭站: 哪个站")] = "",
    by: Annotated[str, typer.Option("--by", metavar="WORKNO", help="电话代签: 站长或副站长工号")] = "",
    via: Annotated[str, typer.Option("--via", help="|".join(VIAS) + "；如何得知")] = "",
    key: Key = "",
) -> None:
    """签字。接班人签字的一刻看护权转移；H2、H3 由各站签(--station)。"""
    from zjj_console.desk import signatures

    if bool(side) == bool(station) or side not in ("", "out", "in"):
        raise Stop(
            2, "E_USAGE", "须给 --side out、--side in 或 --station 站", "--side out, --side in or --station", "side"
        )
    if via:
        one_of(via, VIAS, "via")
    options = settings(context)
    desk = options.desk()
    if station:
        place, said = unit(desk.town, station, "station"), work_no(desk.town, by, "by") if by else ""
        _run(options, desk, signatures.sign_station(name, place, said, via), key, f"sign {name} {place} {said} {via}")
    _run(options, desk, signatures.sign(name, side, tick_all=yes), key, f"sign {name} {side} {yes}")


@app.command()
def force(
    context: typer.Context,
    name: Name,
    reason: Annotated[str, typer.Option("--reason", help="为何带病交接")],
    second: Second,
    second_pin_file: SecondPin = None,
    key: Key = "",
) -> None:
    """带病交接: 有阻断仍移交，须理由与第二人，永久留痕。"""
    from zjj_console.desk import signatures

    options = settings(context)
    desk = options.desk()
    other, proven = second_person(options, desk, second, second_pin_file)
    do = signatures.force(name, reason, other, proven=proven)
    _run(options, desk, do, key, f"force {name} {reason} {other}")


# looking back -----------------------------------------------------------------------------------------------------------


@app.command("list")
def list_(
    context: typer.Context,
    month: Annotated[str, typer.Option("--month", metavar="YYYY-MM", help="月份，默认全部")] = "",
) -> None:
    """历次交接，新的在前。"""
    from zjj_console.commands.output import aligned
    from zjj_console.desk import viewing, wording
    from zjj_console.domain.handover import STATE_ZH
    from zjj_console.storage import reads_duty

    options = settings(context)
    desk = options.desk()
    chosen = times.month(month, desk.now(), desk.town.tz) if month else ""
    limits = (f"{chosen}-01", f"{chosen}-99") if month else ("", "9")
    rows = reads_duty.handovers(desk.reader, *limits)
    found: list[dict[str, Any]] = [
        {"id": r.id, "number": viewing.number_of(r), "boundary": r.boundary, "date": r.day,
         "at": wording.iso(r.at, desk.duty), "state": r.state, "state_zh": STATE_ZH[r.state], "forced": bool(r.forced)}
        for r in rows
    ]  # fmt: skip
    lines: list[tuple[str, ...]] = [(r["number"], r["date"], r["at"][11:16], r["state_zh"]) for r in found]
    text = "\n".join(aligned([("交接", "日期", "边界", "状态"), *lines])) if lines else "没有交接"
    options.finish(Result({"handovers": found}, text))


@app.command()
def export(
    context: typer.Context,
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="按文件名: .txt .html .xlsx .json")],
) -> None:
    """写成文件。已签的为签字时所存，再导出逐字节相同；未签的为草稿。"""
    options = settings(context)
    make = look.FORMATS.get(file.suffix.lower())
    if make is None:
        known = " ".join(look.FORMATS)
        raise Stop(2, "E_USAGE", f"文件名须以 {known} 结尾: {file}", f"name it {known}", "file")
    desk = options.desk()
    h = look.built(desk, name)
    content = make(desk, h)
    write(file, content)
    warnings = [] if h.moved_at is not None else [f"{h.number} 未签，导出的是草稿"]
    late = sum(n.late for n in h.notes)
    warnings += [f"另有签后补记 {late} 条，见 handover show {name} --sheet"] if late else []
    data = {"path": str(file), "bytes": len(content), "number": h.number, "signed": h.moved_at is not None}
    options.finish(Result(data, f"已导出 {h.number}: {file}", 0, warnings))


@app.command()
def custody(context: typer.Context) -> None:
    """看护权: 现在在哪一班，历次何时、由谁、凭哪次交接取得。"""
    from zjj_console.commands.output import aligned
    from zjj_console.desk import wording
    from zjj_console.domain.custody import DESK_ZH
    from zjj_console.storage import reads_duty

    options = settings(context)
    desk = options.desk()
    holding, rows = desk.facts().holding, reads_duty.custodies(desk.reader)
    ends = [*(row.start for row in rows[1:]), None][: len(rows)]
    intervals: list[dict[str, Any]] = [
        {"desk": row.desk, "desk_zh": DESK_ZH[row.desk], "from": wording.iso(row.start, desk.duty),
         "to": wording.iso(end, desk.duty), "handover": row.handover or None, "work_no": row.person,
         "name": wording.person(desk.town, row.person)}
        for row, end in zip(rows, ends, strict=True)
    ]  # fmt: skip
    claimed = holding is not None and holding.claimed
    now = desk.facts().custodian
    data = {"desk": now, "desk_zh": DESK_ZH[now], "claimed": claimed, "intervals": intervals}
    lines: list[tuple[str, ...]] = [
        (r["desk_zh"], r["from"][:16].replace("T", " "), (r["to"] or "")[:16].replace("T", " ") or "至今",
         r["handover"] or "-", r["name"]) for r in intervals
    ]  # fmt: skip
    table = aligned([("班", "起", "止", "交接", "签收人"), *lines]) if lines else []
    said = f"看护权在{DESK_ZH[now]}" + ("" if claimed else "(尚无交接签字)")
    options.finish(Result(data, "\n".join([said, *table]), 0, standing_warnings(options, desk)))
