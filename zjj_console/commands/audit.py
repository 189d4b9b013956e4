"""`zjj audit`: prove, look at and export the journal."""

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zjj_console.commands.context import Stop, settings
from zjj_console.commands.output import Fault, Result

if TYPE_CHECKING:
    from zjj_console.storage.audit import Report

_WAYS_OUT = {
    True: ("；日志完好，zjj db rebuild 按日志重建", "; the journal is whole, zjj db rebuild makes the lists anew"),
    False: ("；保留此文件，关闭值守台后 zjj db restore 换回最近一份完好的备份",
            "; keep this file, close all consoles, and zjj db restore brings the last good backup back"),
}  # fmt: skip
app = typer.Typer(no_args_is_help=True, help="审计: 校验、查看、导出日志")


def way_out(pages: str, report: "Report") -> tuple[str, str]:
    """What to do about a damage: only where pages and journal are whole does a rebuild mend it; it makes indexes anew as well."""
    indexes = pages == "ok" or " index " in f"{pages} "
    return _WAYS_OUT[indexes and (report.bad is None or report.folds)]


@app.command()
def verify(context: typer.Context) -> None:
    """逐条校验哈希链，并重算全部投影；不符时退出码 1，指出第一条。"""
    from zjj_console.storage.audit import verify as check
    from zjj_console.storage.backup import integrity

    options = settings(context)
    desk = options.desk()
    report = check(desk.reader, desk.duty)
    data = {"events": report.events, "cases": report.cases, "first_bad": report.bad}
    if report.bad is None:
        text = options.say(f"日志完整: {report.events} 条事件，{report.cases} 件案件与日志一致",
                           f"whole: {report.events} events, {report.cases} cases equal the journal")  # fmt: skip
        options.finish(Result(data, text))
    way = way_out(integrity(desk.reader), report)
    message = options.say(report.message_zh + way[0], report.message + way[1])
    options.finish(Result(data, code=1, errors=[Fault("E_INTEGRITY", message, f"event {report.bad}")]))


@app.command()
def tail(context: typer.Context, number: Annotated[int, typer.Option("-n", min=1, max=10_000)] = 20) -> None:
    """最近的事件。"""
    from zjj_console.commands.output import aligned
    from zjj_console.desk import wording

    options = settings(context)
    desk = options.desk()
    rows = desk.reader.execute(
        "SELECT lseq, at, kind, actor, stream, substr(lower(hex(hash)), 1, 12) FROM event ORDER BY lseq DESC LIMIT ?",
        (number,),
    ).fetchall()[::-1]
    data = [
        {"seq": seq, "at": wording.iso(at, desk.duty), "kind": kind, "actor": actor, "stream": stream, "hash": digest}
        for seq, at, kind, actor, stream, digest in rows
    ]
    lines = aligned([("序号", "时间", "操作者", "动作", "对象", "哈希"), *(
        (str(seq), f"{desk.duty.local(at):%m-%d %H:%M:%S}", wording.person(desk.town, actor), wording.event(kind), stream, digest)
        for seq, at, kind, actor, stream, digest in rows
    )])  # fmt: skip
    options.finish(Result({"events": data}, "\n".join(lines)))


@app.command()
def export(context: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE")]) -> None:
    """把日志原样写成 JSON Lines: 每行一条事件的信封与哈希。"""
    from zjj_console.storage import disk

    options = settings(context)
    desk = options.desk()
    building = file.with_name(f".{file.name}.part")
    count = 0
    try:
        with building.open("w", encoding="utf-8") as out:
            for lseq, body, digest in desk.reader.execute("SELECT lseq, body, hash FROM event ORDER BY lseq"):
                row: dict[str, Any] = {"seq": lseq, "hash": digest.hex(), "body": json.loads(body)}
                out.write(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n")
                count += 1
        building.replace(file)
    except OSError as error:
        zh, en = disk.why(error)
        raise Stop(1, "E_STORAGE", f"不能写 {file}: {zh}", f"cannot write {file}: {en}") from error
    finally:
        with suppress(OSError):
            building.unlink(missing_ok=True)
    options.finish(Result({"file": str(file), "events": count}, f"已导出 {count} 条事件: {file}"))
