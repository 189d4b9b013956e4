"""`zjj report`: papers for people who are not at the desk."""

from typing import TYPE_CHECKING, Annotated

import typer

from zjj_console.commands import times
from zjj_console.commands.context import Stop, settings
from zjj_console.commands.output import Result

if TYPE_CHECKING:
    from datetime import date

    from zjj_console.desk.desk import Desk
    from zjj_console.domain.handover import Handover

app = typer.Typer(no_args_is_help=True, help="报告: 晨报")
FORMATS = ("text", "md", "html")


@app.callback()
def group() -> None:
    """报告。"""


@app.command()
def morning(
    context: typer.Context,
    format_: Annotated[str, typer.Option("--format", help="|".join(FORMATS))] = "text",
    date: Annotated[str, typer.Option("--date", metavar="DATE", help="哪天早上，默认今天")] = "",
) -> None:
    """晨报: 夜里收了什么、留下什么。取自当天夜班交白班的记录；尚未建包则按现状试编，不存。"""
    from zjj_console.reports import morning as report

    if format_ not in FORMATS:
        known = " ".join(FORMATS)
        raise Stop(2, "E_USAGE", f"--format 须为 {known}: {format_}", f"--format is one of {known}", "format")
    options = settings(context)
    desk = options.desk()
    now, tz = desk.now(), desk.town.tz
    day = times.day(date, now, tz) if date else desk.duty.local(now).date()
    h, stored = _record(desk, day)
    make = {"text": report.text, "md": report.markdown, "html": report.html}[format_]
    content = make(h, desk.duty)
    data = {"date": day.isoformat(), "handover": h.id, "number": h.number, "stored": stored, "format": format_,
            "content": content}  # fmt: skip
    options.finish(Result(data, content, 0, [] if stored else [f"{h.number} 未建包: 按此刻试编，未存"]))


def _record(desk: "Desk", day: "date") -> tuple["Handover", bool]:
    """(the handover into that day, whether it is a stored one)."""
    from msgspec.structs import replace

    from zjj_console.desk import packing, which
    from zjj_console.storage import reads_duty

    into_day = next((b for b in desk.town.boundaries.values() if b.kind == "desk" and b.to == "day"), None)
    if into_day is None:
        raise Stop(6, "E_NOT_FOUND", "配置没有夜班交白班的交接界", "the profile has no handover into the day")
    facts = desk.facts()
    blank = which.blank(facts, into_day.code, day)
    h = reads_duty.handover(desk.reader, blank.id) or blank
    if h.package is not None:
        return h, True
    if day != desk.duty.local(facts.now).date():
        zh = f"{h.number} 没有交接记录，不能补编；用 handover list 查有哪些"
        raise Stop(6, "E_NOT_FOUND", zh, f"no record of {h.number}", "date")
    package = packing.package(desk.reader, h, facts)
    return replace(h, package=package, digest=packing.digest_of(package)), False
