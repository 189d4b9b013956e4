"""`zjj profile`: look at, check, copy and compare town profiles."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zjj_console.commands.context import Settings, settings, system
from zjj_console.commands.output import Fault, Result
from zjj_console.geo import CRS_CODES

if TYPE_CHECKING:
    from zjj_console.commands.profile_report import Outcome

app = typer.Typer(no_args_is_help=True, help="镇级配置: 校验、查看、新建、比较")


def _chosen(options: Settings, folder: str) -> Path:
    from zjj_console.commands.profile_report import locate
    from zjj_console.town.load import builtin

    return locate(folder or options.profile or builtin().name)


def _finish(options: Settings, outcome: "Outcome") -> None:
    errors = [Fault(e["code"], e["message"], e["field"] or "") for e in outcome.errors]
    options.finish(Result(outcome.data, "\n".join(outcome.lines), outcome.code, outcome.warnings, errors))


@app.command("validate")
def validate_command(
    context: typer.Context,
    folder: Annotated[str, typer.Argument(metavar="[DIR]", help="配置目录或内置配置名")] = "",
    strict: Annotated[bool, typer.Option("--strict", help="counts.toml 须写明全部数字")] = False,
) -> None:
    """校验配置，逐个核对文件写明的数字；有错误时退出码 13。"""
    from zjj_console.commands.profile_report import check
    from zjj_console.verbs.table import VERBS

    options = settings(context)
    _finish(options, check(_chosen(options, folder), strict=strict, verbs=[verb.code for verb in VERBS]))


@app.command("show")
def show_command(
    context: typer.Context, section: Annotated[str, typer.Argument(metavar="[SECTION]", help="如 units、clocks")] = ""
) -> None:
    """显示配置的概况或其中一节。"""
    from zjj_console.commands.profile_report import show

    options = settings(context)
    _finish(options, show(options.town(), section))


@app.command("new")
def new_command(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR")],
    source: Annotated[str, typer.Option("--from", metavar="NAME", help="内置配置名、镇代码或目录")] = "",
) -> None:
    """从另一份配置复制出新配置。"""
    from zjj_console.commands.profile_report import copy

    options = settings(context)
    _finish(options, copy(_chosen(options, source), folder))


@app.command("diff")
def diff_command(
    context: typer.Context,
    one: Annotated[str, typer.Argument(metavar="A")],
    other: Annotated[str, typer.Argument(metavar="B")],
) -> None:
    """列出两份配置不同的值。"""
    from zjj_console.commands.profile_report import compare

    options = settings(context)
    first, second = (options.town_at(_chosen(options, name)) for name in (one, other))
    _finish(options, compare(first, second))


@app.command("import-geo")
def import_geo_command(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="本镇的 GeoJSON")],
    crs: Annotated[str, typer.Option("--crs", metavar="CRS", help=f"文件所用坐标系，必填: {' '.join(CRS_CODES)}")],
    source: Annotated[str, typer.Option("--source", metavar="TEXT", help="来源说明，默认文件名")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只校验，不写")] = False,
) -> None:
    """把本镇自己的边界图导入所选配置(--profile DIR)；有错一概不写，退出码 3。"""
    options = settings(context)
    chosen = system(crs)
    from zjj_console.commands.map_import import import_geo

    options.finish(import_geo(options, _chosen(options, ""), file, chosen, source, dry_run))
