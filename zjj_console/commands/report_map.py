"""`zjj report map`: the map for eyes beyond the terminal, as a page and as a picture."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zjj_console.commands.context import Settings, Stop, one_of, settings
from zjj_console.commands.output import Result
from zjj_console.commands.roster_files import write

if TYPE_CHECKING:
    from zjj_console.desk.desk import Desk
    from zjj_console.reports.map_sheet import Layer, MapSheet
    from zjj_console.town.models import Town

KEYS = ("open", "overdue", "source", "heat", "hotspot", "key_item")  # as the screen has them; a test compares


def report_map(
    context: typer.Context,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="一页网页，含全部图层与各表，不联网")
    ] = None,
    svg: Annotated[Path | None, typer.Option("--svg", metavar="FILE", help="一个图层的图，供报告用")] = None,
    layer: Annotated[str, typer.Option("--layer", help="|".join(KEYS))] = "open",
    source: Annotated[str, typer.Option("--source", metavar="CODE", help="来源代码，用于 --layer source")] = "",
    days: Annotated[int, typer.Option("--days", help="30|90，用于 heat 与 hotspot")] = 0,
    force: Annotated[bool, typer.Option("--force", help="覆盖已有文件")] = False,
) -> None:
    """地图: 未结、超时、来源、热度、热点、重点，写成网页或图；不含案情、上报人与电话。"""
    options = settings(context)
    files = [file for file in (html, svg) if file is not None]
    _check_files(files, force=force)
    from zjj_console.commands import map_look  # the tree of commands is built without it

    desk = options.desk()
    try:
        chosen = _source(desk.town, source) if source else ""
        sheet = map_look.sheet(desk, chosen)
        top = _layer(sheet, layer, chosen, days)
        _write(desk, sheet, top, html, svg)
        data = _data(desk, sheet, top, html, svg)
    finally:
        desk.close()
    options.finish(Result(data, _told(options, files)))


def _check_files(files: list[Path], *, force: bool) -> None:
    if not files:
        raise Stop(2, "E_USAGE", "须给 --html 文件 或 --svg 文件", "give --html FILE or --svg FILE", "html")
    if len({file.absolute() for file in files}) < len(files):
        raise Stop(2, "E_USAGE", "--html 与 --svg 须为不同文件", "--html and --svg are one file", "svg")
    for file in files:
        if file.exists() and not force:
            raise Stop(5, "E_CONFLICT", f"{file} 已存在；请另选文件，或加 --force 覆盖",
                       f"{file} exists already; choose another, or --force overwrites it", "file")  # fmt: skip


def _source(town: "Town", word: str) -> str:
    """A source by its code or by what is typed for it."""
    found = town.sources.get(word) or town.source_by_token.get(word)
    if found is None:
        known = " ".join(one.token for one in town.sources.values())
        raise Stop(3, "E_SOURCE", f"没有来源 {word}；有 {known}", f"unknown source {word}; there are {known}", "source")
    return found.code


def _layer(sheet: "MapSheet", kind: str, source: str, days: int) -> "Layer":
    """The layer that was asked for; exit 2 for one that there is not."""
    one_of(kind, KEYS, "layer")
    if source and kind != "source":
        raise Stop(2, "E_USAGE", "--source 只用于 --layer source", "--source goes with --layer source", "source")
    from zjj_console.commands.map_look import key_of

    offered = [layer for layer in sheet.layers if layer.kind == kind]
    narrowed = source or (str(days) if days else "")
    wanted = [layer for layer in offered if not narrowed or layer.key == key_of(kind, narrowed)]
    if days and (not wanted or kind == "source"):
        raise Stop(2, "E_USAGE", "--days 须为 30 或 90，只用于 heat 与 hotspot",
                   "--days is 30 or 90 and goes with heat or hotspot", "days")  # fmt: skip
    if not wanted:
        raise Stop(6, "E_NOT_FOUND", "没有未结案件，也就没有来源；用 --source 指定",
                   "no case is open, so there is no source; name one by --source", "source")  # fmt: skip
    return wanted[0]


def _write(desk: "Desk", sheet: "MapSheet", top: "Layer", html: Path | None, svg: Path | None) -> None:
    from zjj_console.reports import map_page, map_svg

    atlas = desk.town.atlas
    made: list[tuple[Path, str]] = []  # both are made before either is written
    if html is not None:
        made.append((html, map_page.render(sheet, atlas, top.key)))
    if svg is not None:
        made.append((svg, f'<?xml version="1.0" encoding="UTF-8"?>\n{map_svg.svg(sheet, atlas, top)}\n'))
    for file, text in made:
        write(file, text.encode())


def _data(desk: "Desk", sheet: "MapSheet", top: "Layer", html: Path | None, svg: Path | None) -> dict[str, Any]:
    town = desk.town
    grids = [
        {"grid": row.code, "station": town.station_by_zone.get(town.grids[row.code].zone) or None, "open": row.open,
         "first_priority": row.first, "overdue": row.late, "value": top.values[row.code], "class": top.classes[row.code]}
        for row in sheet.grids
    ]  # fmt: skip
    at = desk.duty.local(sheet.now).replace(microsecond=0).isoformat()
    return {"html": str(html) if html else None, "svg": str(svg) if svg else None, "layer": top.key, "grids": grids,
            "at": at, "map": sheet.kind}  # fmt: skip


def _told(options: Settings, files: list[Path]) -> str:
    names = options.say("、", ", ").join(map(str, files))
    return options.say(f"已写地图: {names}", f"Map written: {names}")
