"""`zjj report`: papers for people who are not at the desk."""

from typing import Annotated

import typer

from zjj_console.commands import hotspot, report_map, times
from zjj_console.commands.context import one_of, settings
from zjj_console.commands.handover_look import refused
from zjj_console.commands.output import Result

app = typer.Typer(no_args_is_help=True, help="报告: 晨报、热点、地图")
app.command("hotspot")(hotspot.hotspot)
app.command("map")(report_map.report_map)
FORMATS = ("text", "md", "html")


@app.callback()
def group() -> None:
    """报告。"""


@app.command()
def morning(
    context: typer.Context,
    format_: Annotated[str, typer.Option("--format", help="|".join(FORMATS))] = "text",
    date: Annotated[
        str, typer.Option("--date", metavar="DATE", help="哪天早上，默认最近一次；早交接前两小时起为当天")
    ] = "",
) -> None:
    """晨报: 夜里收了什么、留下什么。取自当天夜班交白班的记录；尚未建包则按现状试编，不存。"""
    from zjj_console.desk import morning_report
    from zjj_console.domain.model import Refusal
    from zjj_console.reports import morning as report

    one_of(format_, FORMATS, "format")
    options = settings(context)
    desk = options.desk()
    now, tz = desk.now(), desk.town.tz
    found = morning_report.record(desk.reader, desk.facts(), times.day(date, now, tz) if date else None)
    if isinstance(found, Refusal):
        raise refused(found, "date")
    h, stored = found
    make = {"text": report.text, "md": report.markdown, "html": report.html}[format_]
    content = make(h, desk.duty)
    data = {"date": h.day.isoformat(), "handover": h.id, "number": h.number, "stored": stored, "format": format_,
            "content": content}  # fmt: skip
    options.finish(Result(data, content, 0, [] if stored else [f"{h.number} 未建包: 按此刻试编，未存"]))
