"""`zjj import` and `zjj export`: files of cases, rosters and signs in, cases out."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from zjj_console.commands import case
from zjj_console.commands.context import Settings, Stop, settings, system
from zjj_console.commands.do import Key
from zjj_console.commands.output import Fault, Result
from zjj_console.geo import CRS_CODES

if TYPE_CHECKING:
    from zjj_console.desk.desk import Desk
    from zjj_console.intake.options import Options, Summary

KINDS = ("cases", "roster", "signs")
export_app = typer.Typer(no_args_is_help=True, help="导出: 案件")
Progress = Callable[[int, float], None]


def import_(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"{' '.join(KINDS)}")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV、JSON、JSON Lines 或 XLSX")],
    format_: Annotated[str, typer.Option("--format", help="csv|json|jsonl|xlsx，默认看文件名")] = "",
    sheet: Annotated[str, typer.Option("--sheet", help="XLSX 工作表，默认第一张")] = "",
    map_: Annotated[Path | None, typer.Option("--map", metavar="FILE.toml", help="列名与取值对照")] = None,
    encoding: Annotated[str, typer.Option("--encoding", help="默认自动: UTF-8 或 GB18030")] = "",
    atomic: Annotated[bool, typer.Option("--atomic", help="有一行不合就全不写，退出码 3")] = False,
    rejects: Annotated[Path | None, typer.Option("--rejects", metavar="PATH", help="拒收文件")] = None,
    max_rejects: Annotated[
        int | None, typer.Option("--max-rejects", min=0, metavar="N", help="拒收超过 N 行就停")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只校验，不写")] = False,
    crs: Annotated[
        str, typer.Option("--crs", metavar="CRS", help=f"经度/纬度所用坐标系: {' '.join(CRS_CODES)}")
    ] = "wgs84",
    key: Key = "",
) -> None:
    """导入文件。重复导入无害: 已有的行计为“同”。"""
    options = settings(context)
    if kind not in KINDS:
        known = " ".join(KINDS)
        raise Stop(
            2, "E_USAGE", f"尚不能导入 {kind}，现有: {known}", f"cannot import {kind} yet; there is: {known}", "kind"
        )
    from zjj_console.intake.options import Options

    chosen = Options(format_, sheet, encoding, map_, atomic, dry_run, rejects, max_rejects, key, system(crs))
    run_import(options, kind, file, chosen)


def run_import(options: Settings, kind: str, file: Path, chosen: "Options", month: str = "") -> NoReturn:
    """Import a file of a kind, and end with its envelope. `month`: only that one of a roster."""
    from zjj_console.intake.table import IntakeError

    desk = options.desk()
    try:
        with _progress(options, file) as progress:
            summary = _read(desk, kind, file, chosen, progress, month)
    except IntakeError as error:
        raise Stop(error.code, error.error, error.zh, error.en, error.field) from error
    finally:
        desk.close()
    options.finish(result_of(summary))


def _read(desk: "Desk", kind: str, file: Path, chosen: "Options", progress: Progress | None, month: str) -> "Summary":
    if kind == "cases":
        from zjj_console.intake.engine import import_cases

        return import_cases(desk, file, chosen, progress)
    from zjj_console.intake.duty_files import import_roster, import_signs

    if kind == "signs":
        return import_signs(desk, file, chosen, progress)
    return import_roster(desk, file, chosen, progress, month)


def result_of(summary: "Summary") -> Result:
    """The envelope of an import: figures as data, each refused row as an error."""
    data: dict[str, Any] = {
        "batch": None if summary.batch == "-" else summary.batch,
        "rows": summary.rows,
        "new": summary.new,
        "changed": summary.changed,
        "same": summary.same,
        "rejected": summary.rejected,
        "rejects_path": summary.rejects_path or None,
        "seconds": summary.seconds,
    }
    if summary.repeated:
        data["repeated"] = True
    if summary.dry_run:
        data["dry_run"] = True
    errors = [
        Fault(code, f"第{row}行 {message}；{suggestion}", field)
        for row, code, field, message, suggestion in summary.rejects
    ]
    left = 0 if summary.repeated else summary.rejected - len(errors)
    warnings = list(summary.warnings)
    if left > 0:
        warnings.append(f"另有 {left} 行被拒，见 {summary.rejects_path or '--rejects'}")
    elif summary.rejects_path:
        warnings.append(f"拒收行已写入 {summary.rejects_path}，改好后可直接导入该文件")
    return Result(data, summary.line, summary.code, warnings, errors)


@contextmanager
def _progress(options: Settings, file: Path) -> Iterator[Progress | None]:
    """A bar on stderr where somebody looks at it."""
    if options.quiet or options.json or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    from zjj_console.domain.safe import safe_text

    columns = (
        TextColumn("{task.description}", markup=False),  # the name of a file is no markup
        BarColumn(),
        TextColumn("{task.fields[rows]} 行"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"导入 {safe_text(file.name, 60)}", total=1.0, rows=0)
        yield lambda rows, share: bar.update(task, completed=share, rows=rows)


@export_app.command("cases")
def export_cases_command(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="按文件名: .csv .jsonl .xlsx")],
    state: case.States = None,
    priority: case.Priorities = None,
    grid: case.Grid = "",
    station: case.Station = "",
    committee: case.Committee = "",
    lead: case.Lead = "",
    source: case.SourceOpt = "",
    flow: case.Flow = "",
    overdue: case.Overdue = False,
    only_open: Annotated[bool, typer.Option("--open/--all", help="只要未结 / 全部(默认)")] = False,
    text: case.Text = "",
    since: case.Since = "",
    until: case.Until = "",
) -> None:
    """导出案件；所写的文件可原样导回。"""
    options = settings(context)
    from zjj_console.intake.export import export_cases
    from zjj_console.intake.table import IntakeError

    desk = options.desk()
    try:
        where = case.case_filter(options, desk, state, priority, grid, station, committee, lead, source, flow, overdue,
                                 only_open, text, since, until)  # fmt: skip
        done = export_cases(desk, file, where)
    except IntakeError as error:
        raise Stop(error.code, error.error, error.zh, error.en, error.field) from error
    finally:
        desk.close()
    options.finish(Result({"path": done.path, "rows": done.rows}, f"已导出 {done.rows} 件: {done.path}"))
