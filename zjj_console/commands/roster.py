"""`zjj roster`: plan, publish, show, check, gaps, balance, on call."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zjj_console.commands import roster_change, roster_files, times
from zjj_console.commands.acting import act, duty_date, result_of, work_no
from zjj_console.commands.context import Stop, settings
from zjj_console.commands.do import Key
from zjj_console.commands.output import Result

if TYPE_CHECKING:
    from zjj_console.desk.desk import Desk
    from zjj_console.domain.planning import Plan
    from zjj_console.domain.roster import Assignment, Book

GAPS = 14  # exit code: something is missing
LONGEST = 366  # days of one window
app = typer.Typer(no_args_is_help=True, help="排班: 编制、发布、查看、检查、缺口、换班顶班、请假、导入导出")
for _command in (roster_change.swap, roster_change.substitute, roster_change.fill, roster_change.propose,
                 roster_change.leave, roster_change.leave_end):  # fmt: skip
    app.command()(_command)
app.command("import")(roster_files.import_)
app.command("export")(roster_files.export)

Month = Annotated[str, typer.Option("--month", metavar="YYYY-MM", help="月份，如 2021-03")]
Needed = Annotated[str, typer.Option("--month", metavar="YYYY-MM", help="月份，如 2021-03；默认本月")]
Week = Annotated[bool, typer.Option("--week", help="本周，周一至周日")]
From = Annotated[str, typer.Option("--from", metavar="DATE", help="起日，默认今天")]
To = Annotated[str, typer.Option("--to", metavar="DATE", help="止日，含当日")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="只判断，不写")]


@app.command()
def plan(context: typer.Context, month: Needed = "", dry_run: DryRun = False, key: Key = "") -> None:
    """编制一个月的排班，待发布；有岗位排不满时退出码 14。"""
    from zjj_console.desk import rostering

    options = settings(context)
    desk = options.desk()
    chosen = times.month(month, desk.now(), desk.town.tz)
    made = rostering.plan(desk.reader, desk.town, desk.duty, chosen)
    kept = act(desk, rostering.keep(chosen, made.assignments), key=key, content=f"plan {chosen}", dry=dry_run)
    if not kept.ok:
        options.finish(result_of(options, desk, kept))
    found = result_of(options, desk, kept, _plan_json(desk, chosen, made) | ({"dry_run": True} if dry_run else {}))
    lines = [f"试编 {chosen} 排班 {len(made.assignments)} 条，未存" if dry_run else kept.text, *_plan_lines(desk, made)]
    options.finish(Result(found.data, "\n".join(lines), GAPS if made.unfilled else 0, found.warnings))


def _plan_json(desk: "Desk", month: str, made: "Plan") -> dict[str, Any]:
    from zjj_console.commands import roster_shape as shape

    town, duty = desk.town, desk.duty
    return {
        "month": month,
        "rows": len(made.assignments),
        "unfilled": [shape.unfilled(u, town, duty) for u in made.unfilled],
        "findings": [shape.finding(f, town, duty) for f in made.findings],
        "imbalance": shape.balance(made.imbalance, town),
        "running": shape.balance(made.running, town),
    }


def _plan_lines(desk: "Desk", made: "Plan") -> list[str]:
    from zjj_console.commands import roster_shape as shape

    town, duty = desk.town, desk.duty
    lines = shape.balance_lines("本月队夜", made.imbalance, town) + shape.balance_lines("累计队夜", made.running, town)
    if made.unfilled:
        rows = [f"  {shape.unfilled(u, town, duty)['message_zh']}" for u in made.unfilled]
        lines += [f"排不满 {len(rows)} 处:", *shape.listed(rows)]
    if made.findings:
        rows = [f"  {f.code} {f.zh}；{f.fix_zh}" for f in made.findings]
        lines += [f"提示 {len(rows)} 处:", *shape.listed(rows)]
    return lines


@app.command()
def publish(
    context: typer.Context,
    month: Needed = "",
    reason: Annotated[str, typer.Option("--reason", help="肩时段空缺或资格不符仍发布的理由")] = "",
    dry_run: DryRun = False,
    key: Key = "",
) -> None:
    """发布所编的排班；发布后不再改，变动用 swap、substitute、leave。"""
    from zjj_console.desk import rostering

    options = settings(context)
    desk = options.desk()
    chosen = times.month(month, desk.now(), desk.town.tz)
    done = act(desk, rostering.publish(chosen, reason), key=key, content=f"publish {chosen} {reason}", dry=dry_run)
    found = result_of(options, desk, done)
    if dry_run and done.ok:
        options.finish(Result({**found.data, "dry_run": True}, f"可以发布 {chosen}，未写", 0, found.warnings))
    options.finish(found)


# looking ----------------------------------------------------------------------------------------------------------------


@app.command()
def show(
    context: typer.Context,
    date_: Annotated[str, typer.Option("--date", metavar="DATE", help="业务日，默认当前班")] = "",
    week: Week = False,
    month: Month = "",
    person: Annotated[str, typer.Option("--person", metavar="WORKNO", help="只看一人")] = "",
    plan: Annotated[bool, typer.Option("--plan", help="看待发布的排班")] = False,
) -> None:
    """实际值班表: 谁在哪一班，现在是否在岗。"""
    from zjj_console.commands import roster_shape as shape
    from zjj_console.domain.roster import standing

    options = settings(context)
    desk = options.desk()
    town, duty, now = desk.town, desk.duty, desk.now()
    first, last = _dates(desk, date_, "", week, month, duty_date(desk), 1)
    book, sources = _book(desk, first, last, planned=plan)
    who = work_no(town, person) if person else ""
    rows = sorted(
        (a for a in book.assignments if first <= a.day <= last and who in ("", a.person)), key=lambda a: a.key
    )
    told = [shape.assignment(a, town, duty, standing(book, a, now, town)) for a in rows]
    data = {"from": first.isoformat(), "to": last.isoformat(), "months": sources, "rows": told}
    text = "\n".join(shape.table(told)) if told else f"{first} 至 {last} 没有排班"
    options.finish(Result(data, text, 0, _unpublished(sources, plan=plan)))


@app.command()
def check(context: typer.Context, start: From = "", end: To = "", week: Week = False, month: Month = "") -> None:
    """按 C1-C10 检查排班与各站职位，列出违规、空缺职位与必设岗位缺人；有则退出码 14。未发布的月按所编计划检查。"""
    from zjj_console.commands import roster_shape as shape
    from zjj_console.desk import rostering
    from zjj_console.desk.wording import iso

    options = settings(context)
    desk = options.desk()
    town, duty = desk.town, desk.duty
    first, last = _dates(desk, start, end, week, month, _today(desk), rostering.AHEAD)
    book, sources = _book(desk, first, last, planned=True)
    begin, finish = times.midnight(first, town.tz), times.midnight(last + timedelta(days=1), town.tz)
    found = rostering.check(town, duty, book, begin, finish, begin)
    known = {month for month, source in sources.items() if source != "none"}
    empty = [
        g for g in found.gaps
        if g.kind == "plan" and g.severity in rostering.HOLDS_UP and begin <= g.start < finish
        and f"{duty.local(g.start):%Y-%m}" in known
    ]  # fmt: skip
    data = {
        "from": iso(begin, duty),
        "to": iso(finish, duty),
        "months": sources,
        "findings": [shape.finding(f, town, duty) for f in found.findings],
        "vacancies": [shape.vacancy(v, town) for v in found.vacancies],
        "gaps": [shape.gap(g, duty) for g in empty],
    }
    rows = [f"职位 {v.zh}" for v in found.vacancies]
    rows += [f"{'违规' if f.effect == 'refuse' else '提示'} {f.code} {f.zh}；{f.fix_zh}" for f in found.findings]
    rows += [f"缺人 {rostering.gap_zh(g, duty)}" for g in empty]
    summary = f"{first} 至 {last}: 空缺职位 {len(found.vacancies)}，违规与提示 {len(found.findings)}，必设岗位缺人 {len(empty)}"
    text = "\n".join([*shape.listed(rows), summary if rows else f"{first} 至 {last} 排班无违规"])
    options.finish(Result(data, text, GAPS if rows else 0, _unpublished(sources, plan=True)))


@app.command()
def gaps(
    context: typer.Context,
    start: From = "",
    end: To = "",
    days: Annotated[int, typer.Option("--days", min=1, max=62, help="天数，默认 14")] = 14,
    week: Week = False,
) -> None:
    """未覆盖时段: 哪里、何时、应几人实几人、为何、其间按哪条规则；有则退出码 14。未发布排班也可用。"""
    from zjj_console.commands import roster_shape as shape
    from zjj_console.desk import rostering
    from zjj_console.desk.wording import iso
    from zjj_console.domain import gaps as domain

    options = settings(context)
    desk = options.desk()
    town, duty, now = desk.town, desk.duty, desk.now()
    first, last = _dates(desk, start, end, week, "", _today(desk), days)
    begin, finish = times.midnight(first, town.tz), times.midnight(last + timedelta(days=1), town.tz)
    if not start and not week:
        begin = now  # what is over is not told unless asked for
    book = rostering.wide_book(desk.reader, begin, finish)
    found = domain.gaps(book, town, duty, begin, finish, now)
    running = begin <= now < finish and book.has_plan(duty_date(desk))
    away = domain.absences(book, town, duty, now) if running else []
    hours = _hours(desk, first)
    missing = [shape.absence(a, town, duty) for a in away]
    data = {
        "from": iso(begin, duty),
        "to": iso(finish, duty),
        "gaps": [shape.gap(g, duty) for g in found],
        "covered_hours": hours,
        "absences": missing,
    }
    bare = dict.fromkeys((g.requirement, g.name) for g in found if g.kind == "structure")
    named = [f"{name} {hours[code]:g}小时" for code, name in (("desk", "值守台"), *bare)]
    lines = shape.listed(shape.gap_lines(found, duty))
    lines += [f"缺岗 {row['message_zh']}" for row in missing if row["enough"]]  # the others are the cause of a gap
    lines.append(f"{first} 至 {last}: 未覆盖 {len(found)} 段；班次每日覆盖: {'，'.join(named)}")
    surplus = [s.zh for day in _every(first, last) if (s := domain.surplus(book, town, duty, day))]
    months = {month: source for month, source in _sources(desk, first, last).items() if source != "published"}
    warnings = [*_unpublished(months, plan=False), *surplus]
    options.finish(Result(data, "\n".join(lines), GAPS if found else 0, warnings))


@app.command()
def balance(context: typer.Context, month: Needed = "") -> None:
    """各应急队的夜数、工时、节假日夜数与相差，以及每人工时。"""
    from zjj_console.commands import roster_shape as shape
    from zjj_console.commands.output import aligned
    from zjj_console.desk import rostering
    from zjj_console.domain import rotation

    options = settings(context)
    desk = options.desk()
    town = desk.town
    chosen = times.month(month, desk.now(), town.tz)
    first = rostering.first_day(chosen)
    last = _month_end(first)
    book, sources = _book(desk, first, last, planned=True)
    team = rotation.balance(town, first, (last - first).days + 1)
    people = shape.loads((a for a in book.assignments if first <= a.day <= last), town)
    rows: list[tuple[str, ...]] = [
        (p["work_no"], p["name"], f"{p['hours']:g}", str(p["shifts"]), str(p["nights"])) for p in people
    ]
    lines = [*shape.balance_lines(f"{chosen} 队夜", team, town),
             *(aligned([("工号", "姓名", "工时", "班", "夜"), *rows]) if rows else [])]  # fmt: skip
    data = {"month": chosen, "months": sources, **shape.balance(team, town), "people": people}
    options.finish(Result(data, "\n".join(lines), 0, _unpublished(sources, plan=True)))


@app.command()
def oncall(
    context: typer.Context,
    date_: Annotated[str, typer.Option("--date", metavar="DATE", help="业务日，默认当前班")] = "",
) -> None:
    """听班人员与电话；确认在听的注明时刻。"""
    from zjj_console.commands import roster_shape as shape
    from zjj_console.commands.output import aligned
    from zjj_console.desk.wording import iso
    from zjj_console.domain.roster import standing

    options = settings(context)
    desk = options.desk()
    town, duty = desk.town, desk.duty
    day = times.day(date_, desk.now(), town.tz) if date_ else duty_date(desk)
    book, sources = _book(desk, day, day, planned=False)
    found = []
    for a in sorted(
        (a for a in book.assignments if a.day == day and not town.shift_of(a.shift).presence), key=lambda a: a.key
    ):
        sign, known = book.sign_of.get((a.person, a.day, a.shift)), town.people.get(a.person)
        row = shape.assignment(a, town, duty, standing(book, a, desk.now(), town))
        found.append(
            {**row, "phone": known.phone if known else "", "confirmed_at": iso(sign.in_at, duty) if sign else None}
        )
    rows: list[tuple[str, ...]] = [
        (r["unit_zh"], r["work_no"], r["name"], r["phone"] or "未提供", f"{r['start'][11:16]}-{r['end'][11:16]}",
         f"已确认 {r['confirmed_at'][11:16]}" if r["confirmed_at"] else "未确认") for r in found
    ]  # fmt: skip
    text = (
        "\n".join(aligned([("单位", "工号", "姓名", "电话", "时段", "在听"), *rows])) if rows else f"{day} 没有听班人员"
    )
    data = {"date": day.isoformat(), "months": sources, "oncall": found}
    options.finish(Result(data, text, 0, _unpublished(sources, plan=False)))


# windows ----------------------------------------------------------------------------------------------------------------


def _today(desk: "Desk") -> date:
    return desk.duty.local(desk.now()).date()


def _dates(desk: "Desk", start: str, end: str, week: bool, month: str, default: date, days: int) -> tuple[date, date]:
    """First and last duty date of a window; one way of naming it at a time (exit 2)."""
    from zjj_console.desk.rostering import first_day

    if bool(start or end) + week + bool(month) > 1:
        raise Stop(2, "E_USAGE", "日期、--week、--month 只能给一种", "give dates, --week or --month, not several")
    now, tz = desk.now(), desk.town.tz
    if month:
        first = first_day(times.month(month, now, tz))
        return first, _month_end(first)
    if week:
        monday = default - timedelta(days=default.weekday())
        return monday, monday + timedelta(days=6)
    first = times.day(start, now, tz, "from") if start else default
    last = times.day(end, now, tz, "to") if end else first + timedelta(days=days - 1)
    if (last - first).days > LONGEST:
        zh = f"一次最多看 {LONGEST} 天: {first} 至 {last}"
        raise Stop(2, "E_USAGE", zh, f"at most {LONGEST} days at a time: {first} to {last}", "to")
    if last < first:
        raise Stop(
            2, "E_USAGE", f"止日早于起日: {first} 至 {last}", f"it ends before it begins: {first} to {last}", "to"
        )
    return first, last


def _month_end(first: date) -> date:
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _every(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _sources(desk: "Desk", first: date, last: date) -> dict[str, str]:
    """Per month of a window what is known of it: published, plan or none."""
    from zjj_console.storage import reads_duty

    done = {v.month for v in reads_duty.versions(desk.reader)}
    months = dict.fromkeys(f"{day:%Y-%m}" for day in _every(first, last))
    return {
        m: "published" if m in done else "plan" if reads_duty.plan(desk.reader, m) is not None else "none"
        for m in months
    }


def _book(desk: "Desk", first: date, last: date, *, planned: bool) -> tuple["Book", dict[str, str]]:
    """The roster of a window; with `planned`, months not yet published are taken from their plans."""
    from msgspec.structs import replace

    from zjj_console.desk.rostering import wide_book
    from zjj_console.storage import reads_duty

    tz, sources = desk.town.tz, _sources(desk, first, last)
    book = wide_book(desk.reader, times.midnight(first, tz), times.midnight(last + timedelta(days=1), tz))
    kept: list[Assignment] = list(book.assignments)
    for month, source in sources.items() if planned else ():
        if source == "plan":
            kept += reads_duty.plan(desk.reader, month) or []
            book = replace(book, published=book.published | {month})
    return replace(book, assignments=tuple(kept)), sources


def _unpublished(sources: dict[str, str], *, plan: bool) -> list[str]:
    said = {
        "plan": "{m} 尚未发布，以下为计划" if plan else "{m} 尚未发布；看计划用 roster show --plan",
        "none": "{m} 没有排班；先 roster plan --month {m}",
    }
    return [said[source].format(m=month) for month, source in sources.items() if source in said]


def _hours(desk: "Desk", day: date) -> dict[str, float]:
    """Hours of a day that the shift templates cover: a desk, and each requirement."""
    from zjj_console.domain import coverage

    found = coverage.coverage_hours(desk.town, desk.duty, day)
    return {"desk": coverage.desk_hours(desk.town, desk.duty, day), **found}
