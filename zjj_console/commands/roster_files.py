"""`zjj roster import` and `export`: the roster as CSV, XLSX or calendar."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zjj_console.commands import times
from zjj_console.commands.acting import work_no
from zjj_console.commands.context import Stop, settings
from zjj_console.commands.do import Key
from zjj_console.commands.imports import run_import
from zjj_console.commands.output import Result

if TYPE_CHECKING:
    from zjj_console.desk.desk import Desk
    from zjj_console.domain.roster import Assignment

FORMATS = (".csv", ".xlsx", ".ics")


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV 或 XLSX，列: 日期 班次 单位 岗位 工号 备注")],
    month: Annotated[str, typer.Option("--month", metavar="YYYY-MM", help="只收这个月的行")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只校验，不写")] = False,
    key: Key = "",
) -> None:
    """导入排班到待发布的计划；与 zjj import roster 相同，可限一个月。"""
    from zjj_console.intake.options import Options

    run_import(settings(context), "roster", file, Options(dry_run=dry_run, key=key), times.plain(month))


def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="按文件名: .csv .xlsx .ics")],
    month: Annotated[str, typer.Option("--month", metavar="YYYY-MM", help="月份，默认本月")] = "",
    person: Annotated[str, typer.Option("--person", metavar="WORKNO", help="只导出一人")] = "",
) -> None:
    """导出已发布的排班，未发布则导出计划；.ics 供手机日历订阅。"""
    options = settings(context)
    if file.suffix.lower() not in FORMATS:
        raise Stop(2, "E_USAGE", f"文件名须以 {' '.join(FORMATS)} 结尾: {file}", f"name it {' '.join(FORMATS)}", "file")
    from zjj_console.storage import reads_duty

    desk = options.desk()
    chosen = times.month(month, desk.now(), desk.town.tz)
    published = any(v.month == chosen for v in reads_duty.versions(desk.reader))
    rows = reads_duty.assignments_of(desk.reader, chosen) if published else reads_duty.plan(desk.reader, chosen)
    if rows is None:
        raise Stop(
            6, "E_NOT_FOUND", f"{chosen} 没有排班；先 roster plan --month {chosen}", f"no roster of {chosen}", "month"
        )
    who = work_no(desk.town, person) if person else ""
    mine = [a for a in rows if who in ("", a.person)]
    write(file, _content(desk, file.suffix.lower(), mine, chosen, who))
    warnings = [] if published else [f"{chosen} 尚未发布，导出的是计划"]
    data = {"path": str(file), "month": chosen, "rows": len(mine), "published": published}
    options.finish(Result(data, f"已导出 {chosen} 排班 {len(mine)} 条: {file}", 0, warnings))


def _content(desk: "Desk", kind: str, rows: list["Assignment"], month: str, who: str) -> bytes:
    from zjj_console.reports import roster_files

    at = _changed_at(desk, month)
    if kind == ".ics":
        return roster_files.calendar(rows, who, desk.town, desk.duty, at)
    table = roster_files.table(rows, desk.town, desk.duty)
    return roster_files.csv_bytes(table) if kind == ".csv" else roster_files.xlsx_bytes(table, at)


def _changed_at(desk: "Desk", month: str) -> int:
    """When the roster of a month last changed: the same roster gives the same file."""
    row = desk.reader.execute("SELECT max(at) FROM event WHERE stream = ?", (f"roster:{month}",)).fetchone()
    plan = desk.reader.execute("SELECT updated_at FROM roster_plan WHERE month = ?", (month,)).fetchone()
    return int(row[0] or (plan[0] if plan else 0))


def write(file: Path, content: bytes) -> None:
    """The whole file or none of it. Exit 1 with the reason and the way out where it cannot be written."""
    from zjj_console.storage import disk

    try:
        disk.put_whole(file, content)
    except OSError as error:
        zh, en = disk.why(error)
        raise Stop(1, "E_OUTPUT", f"不能写 {file}: {zh}", f"cannot write {file}: {en}") from error
