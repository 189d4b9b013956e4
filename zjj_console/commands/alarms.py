"""`zjj alarms`: what needs a person now; acknowledge; the log of what was raised, seen and cleared; how many there are."""

from typing import TYPE_CHECKING, Annotated

import typer

from zjj_console.commands import times
from zjj_console.commands.acting import act, case_of, result_of
from zjj_console.commands.context import Settings, Stop, settings
from zjj_console.commands.do import Key
from zjj_console.commands.output import Result

if TYPE_CHECKING:
    from zjj_console.desk.alarming import Alarm
    from zjj_console.desk.desk import Desk

ALARMS = 12  # exit code: something waits for a person
app = typer.Typer(invoke_without_command=True, help="告警: 列表、确认、记录、每小时数量。有未确认的则退出码 12")
Month = Annotated[str, typer.Option("--month", metavar="YYYY-MM", help="月份，如 2021-03；默认本月")]


def swept(desk: "Desk") -> None:
    """Bring the ladders up to now where the database can be written; what is only looked at is shown either way."""
    from zjj_console.storage.db import StorageError

    try:
        desk.sweep()
    except StorageError:
        return


@app.callback()
def list_(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", min=1, max=5000, help="最多列出几项")] = 200,
) -> None:
    """现在要人处理的，最急在前；确认后仍列出，办结才消失。"""
    if context.invoked_subcommand is not None:
        return
    from zjj_console.commands import alarm_shape as shape
    from zjj_console.desk import acking, alarm_words, watching
    from zjj_console.storage import duty_rows

    options = settings(context)
    desk = options.desk()
    swept(desk)
    found = watching.standing(desk, watching.pulse_of(desk), acking.ALL)
    unacked = len(found.unacked)
    shown = found.alarms[:limit]
    climbs = {a.subject: duty_rows.load_climb(desk.reader, a.subject) for a in shown if a.level}
    data = {
        "alarms": [shape.alarm(a, desk, climbs.get(a.subject)) for a in shown],
        "total": found.total, "unacked": unacked, "late": found.late, "soon": found.soon,
    }  # fmt: skip
    lines = [f"{alarm_words.line(a, desk.town, options.lang)}{_when(a, desk, options)}" for a in shown]
    lines.append(options.say(f"告警 {found.total}，未确认 {unacked}，超时 {found.late}，将到 {found.soon}",
                             f"{found.total} alarms, {unacked} not acknowledged, {found.late} late, {found.soon} due soon"))  # fmt: skip
    options.finish(Result(data, "\n".join(lines), ALARMS if unacked else 0))


def _when(alarm: "Alarm", desk: "Desk", options: Settings) -> str:
    from zjj_console.desk.wording import moment

    raised, acked = (moment(at, desk.now(), desk.duty) if at else "" for at in (alarm.raised, alarm.acked))
    since = options.say(f"  起 {raised}", f"  since {raised}") if raised else ""
    return since + (options.say(f" 已确认 {acked}", f" acknowledged {acked}") if acked else "")


@app.command()
def ack(
    context: typer.Context,
    subjects: Annotated[
        list[str] | None, typer.Argument(metavar="[CASE|SUBJECT]...", help="案号，或告警对象如 handover:H4")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="全部未确认的")] = False,
    key: Key = "",
) -> None:
    """确认: 值守台已看到。不停时限，下一级升级时再响。"""
    from zjj_console.desk import acking, watching

    options = settings(context)
    words = list(subjects or ())
    if bool(words) == everything:
        raise Stop(
            2,
            "E_USAGE",
            "给出案号或对象，或 --all，二者取一",
            "name cases or subjects, or --all, one of them",
            "subject",
        )
    desk = options.desk()
    swept(desk)
    house = tuple(a for a in watching.standing(desk, watching.pulse_of(desk), acking.ALL).alarms if a.row is None)
    do = acking.acknowledge(words, everything=everything, console=desk.console, more=house)
    options.finish(
        result_of(options, desk, act(desk, do, key=key, content=f"alarms ack {'--all' if everything else words}"))
    )


def _window(desk: "Desk", month: str, since: str, until: str) -> tuple[int, int]:
    """[start, end) in µs; a month is that of the local date. One way of naming it at a time (exit 2)."""
    from datetime import date

    now, tz = desk.now(), desk.town.tz
    if month and (since or until):
        raise Stop(2, "E_USAGE", "--month 与 --since/--until 只能给一种", "give --month or --since/--until, not both")
    if since or until:
        start = times.moment(since, now, tz, "since") if since else 0
        end = times.moment(until, now, tz, "until") if until else now + 1
        if end <= start:
            raise Stop(2, "E_USAGE", f"止早于起: {since} 至 {until}", "it ends before it begins", "until")
        return start, end
    first = date.fromisoformat(f"{times.month(month, now, tz)}-01")
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return times.midnight(first, tz), times.midnight(after, tz)


@app.command()
def log(
    context: typer.Context,
    month: Month = "",
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="起: 日期或时刻")] = "",
    until: Annotated[str, typer.Option("--until", metavar="TIME", help="止，默认此刻")] = "",
    case: Annotated[str, typer.Option("--case", metavar="CASE", help="只看一案")] = "",
) -> None:
    """每个超时与每级升级何时起、何时确认、何时应答、何时解除，由日志算出；不含人名与电话。"""
    from zjj_console.commands import alarm_shape as shape
    from zjj_console.commands.output import aligned
    from zjj_console.desk.wording import iso
    from zjj_console.storage import reads_alarm_log

    options = settings(context)
    desk = options.desk()
    start, end = _window(desk, month, since, until)
    wanted = case_of(desk, case) if case else None
    swept(desk)
    found = reads_alarm_log.log(desk.reader, desk.now())
    mine = [e for e in found.entries if start <= e.raised < end and (wanted is None or e.case == wanted.id)]
    rows = [shape.entry(e, found, desk) for e in mine]
    head = ("案号", "级", "事由", "起", "确认", "应答", "解除")
    text = "\n".join(aligned([head, *map(shape.entry_line, rows)])) if rows else "没有告警"
    options.finish(
        Result({"from": iso(start, desk.duty), "to": iso(end, desk.duty), "log": rows, "total": len(rows)}, text)
    )


@app.command()
def rate(context: typer.Context, month: Month = "") -> None:
    """一个月每小时的告警数与目标上限、各缘由、最忙的一小时。"""
    from zjj_console.commands import alarm_shape as shape
    from zjj_console.domain import alarm_log
    from zjj_console.storage import reads_alarm_log

    options = settings(context)
    desk = options.desk()
    start, end = _window(desk, month, "", "")
    swept(desk)
    found = reads_alarm_log.log(desk.reader, desk.now())
    figures = alarm_log.rate(found.entries, start, max(start, min(end, desk.now())), desk.town.alarm_rules.budget)
    data = {"month": f"{desk.duty.local(start):%Y-%m}", **shape.rate(figures, desk)}
    lines = [f"{data['month']} 告警 {figures.n}，每小时 {figures.per_hour:.2f} (上限 {figures.budget})，超上限 {figures.over} 小时，"
             f"未确认 {figures.unacked}"]  # fmt: skip
    if data["busiest_hour"]:
        lines.append(
            f"最忙 {shape.stamp(data['busiest_hour']['from'])[:-3]} 起一小时 {data['busiest_hour']['alarms']} 项"
        )
    lines += [f"  {one['cause_zh']} {one['alarms']}" for one in data["by_cause"]]
    options.finish(Result(data, "\n".join(lines)))
