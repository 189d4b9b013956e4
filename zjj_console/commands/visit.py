"""`zjj visit`: the monthly visits of the commanders (R60)."""

from typing import Annotated, Any

import typer

from zjj_console.commands import consult_text as text_of
from zjj_console.commands import times
from zjj_console.commands.acting import act, result_of, unit, work_no
from zjj_console.commands.context import Stop, settings
from zjj_console.commands.do import Key
from zjj_console.commands.output import Result

app = typer.Typer(no_args_is_help=True, help="指挥长进站: 约定、登记、列表")
Station = Annotated[str, typer.Argument(metavar="STATION", help="哪个站，如 z4")]


@app.command()
def plan(
    context: typer.Context,
    station: Station,
    at: Annotated[str, typer.Argument(metavar="TIME", help="日期或时刻，如 2021-03-15 或 '03-15 14:00'")],
    key: Key = "",
) -> None:
    """约定进站；同月再约即改期。"""
    from zjj_console.desk import visiting

    options = settings(context)
    desk = options.desk()
    code = unit(desk.town, station, "station")
    _finish(context, visiting.plan(code, _future(desk, code, at)), key, f"plan {code} {at}")


def _future(desk: Any, station: str, text: str) -> int:
    """A date means the hour at which the station opens."""
    word = times.plain(text)
    if " " in word or "T" in word or ":" in word:
        return times.instant(text, desk.now(), desk.town.tz, "at")
    day = times.day(text, desk.now(), desk.town.tz, "at")
    return int(max(desk.duty.window(day, desk.town.hours_of(station))[0], times.midnight(day, desk.town.tz)))


def _finish(context: typer.Context, do: Any, key: str, content: str) -> None:
    options = settings(context)
    desk = options.desk()
    options.finish(result_of(options, desk, act(desk, do, key=key, content=content)))


@app.command()
def record(
    context: typer.Context,
    station: Station,
    by: Annotated[str, typer.Option("--by", metavar="WORKNO", help="指挥长(或代理)工号、姓名或拼音")],
    briefing: Annotated[str, typer.Option("--briefing", help="了解的工作情况")],
    problems: Annotated[str, typer.Option("--problems", help="问题；没有写 无")],
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="何时进站，默认现在")] = "now",
    cases: Annotated[
        list[str] | None, typer.Option("--case", metavar="CASE=TEXT", help="对一件疑难案件的指挥意见，可重复")
    ] = None,
    noted: Annotated[
        list[str] | None, typer.Option("--noted", metavar="CASE", help="知悉的案件，可重复；all 为其余全部")
    ] = None,
    due: Annotated[str, typer.Option("--due", metavar="TIME", help="指挥意见的期限: 3d 或 0318")] = "",
    key: Key = "",
) -> None:
    """登记进站: 情况、问题，对本站每件疑难案件写指挥意见或知悉。"""
    from zjj_console.desk import visiting
    from zjj_console.verbs.parse import instant as short

    options = settings(context)
    desk = options.desk()
    said: dict[str, str] = {}
    for word in cases or []:
        ref, equals, text = word.partition("=")
        if not equals:
            raise Stop(3, "E_INPUT", f"--case 写法应如 1009=三日内拆除: {word}", f"--case CASE=TEXT: {word}", "case")
        said[times.plain(ref)] = text.strip()
    until = short(times.plain(due), desk.town, desk.now()) if due else None
    if due and until is None:
        raise Stop(2, "E_USAGE", f"期限写法应如 3d 或 0318: {due}", f"a due time like 3d or 0318: {due}", "due")
    code, who = unit(desk.town, station, "station"), work_no(desk.town, by, "by")
    when = times.instant(at, desk.now(), desk.town.tz)
    silent = tuple(times.plain(one) for one in noted or [])
    do = visiting.record(code, who, when, briefing, problems, said, silent, until)
    content = f"record {code} {who} {at} {briefing} {problems} {sorted(said.items())} {silent} {due}"
    options.finish(result_of(options, desk, act(desk, do, key=key, content=content)))


@app.command()
def cancel(
    context: typer.Context,
    visit: Annotated[str, typer.Argument(metavar="ID", help="进站编号，如 JZ-z1-2021-03-1")],
    key: Key = "",
) -> None:
    """取消约定。"""
    from zjj_console.desk import visiting

    _finish(context, visiting.cancel(times.plain(visit)), key, f"cancel {visit}")


@app.command("list")
def list_(
    context: typer.Context,
    month: Annotated[
        str, typer.Option("--month", metavar="YYYY-MM", help="月份；current 或不写为本月，previous 上月")
    ] = "",
    missing: Annotated[bool, typer.Option("--missing", help="只列该预警或已缺的；有则退出码 14")] = False,
) -> None:
    """各站本月进站；25 日等预警日起未进站的列为缺。"""
    from zjj_console.desk import consult_view

    options = settings(context)
    desk = options.desk()
    facts = desk.facts()
    chosen = _month(month, desk.now(), desk.town.tz)
    due = [d for d in consult_view.visits_due(desk.reader, facts, chosen) if not missing or d.state != "due"]
    if missing:
        data = {"month": chosen, "missing": [consult_view.due_json(d, facts) for d in due]}
        options.finish(Result(data, "\n".join(d.zh for d in due) or f"{chosen} 没有缺进站", 14 if due else 0))
    by_station = {d.station: d for d in due}
    words = {"due": "待", "warned": "预警", "overdue": "缺"}
    found = []
    for s in consult_view.station_visits(desk.reader, facts, chosen):
        lack = by_station.get(s.station)
        found.append({
            "station": s.station, "station_zh": s.name, "visitor": s.visitor or None, "visitor_zh": s.visitor_name or None,
            "acting": s.acting, "state": lack.state if lack else "done", "state_zh": words[lack.state] if lack else "已进站",
            "planned_at": consult_view.visit_json(s.planned, facts)["at"] if s.planned else None,
            "difficult": [c.handle for c in s.difficult],
            "visits": [consult_view.visit_json(v, facts) for v in s.done],
        })  # fmt: skip
    options.finish(Result({"month": chosen, "stations": found}, text_of.visits(found)))


def _month(word: str, now: int, tz: Any) -> str:
    from datetime import date, timedelta

    if times.plain(word) not in ("previous", "上月"):
        return times.month("" if times.plain(word) in ("current", "本月") else word, now, tz)
    first = date.fromisoformat(f"{times.month('', now, tz)}-01")
    return f"{first - timedelta(days=1):%Y-%m}"
