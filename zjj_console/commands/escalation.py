"""`zjj escalation`: who is on the ladder, whom it calls next, calls and answers, and whether every post can be reached."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from zjj_console.commands import times
from zjj_console.commands.acting import act, case_of, reason, result_of, work_no
from zjj_console.commands.alarms import swept
from zjj_console.commands.context import Settings, Stop, settings
from zjj_console.commands.do import Key
from zjj_console.commands.output import Result

if TYPE_CHECKING:
    from zjj_console.desk.acts import Act
    from zjj_console.desk.desk import Desk
    from zjj_console.desk.forecast import Fire
    from zjj_console.domain.model import Case
    from zjj_console.storage.reads_alarms import Climbing

MISSING = 14  # exit code: a post has nobody
app = typer.Typer(no_args_is_help=True, help="升级: 列表、一案、预报、通话、应答、升级、解除、历史、岗位核对")
CaseRef = Annotated[str, typer.Argument(metavar="CASE", help="案号")]
Text = Annotated[str, typer.Option("--text", help="要点")]
_LIMIT = 500


@app.command("list")
def list_(context: typer.Context) -> None:
    """在升的案件: 何时限未达、到第几级、找谁、通话几次、下一级何时及为何在那时。"""
    from zjj_console.commands.output import aligned
    from zjj_console.storage import reads_alarms

    options = settings(context)
    desk = options.desk()
    swept(desk)
    found = reads_alarms.climbing(desk.reader, _LIMIT)
    rows = [_climbing(desk, one) for one in found]
    head = ("案号", "级", "事由", "到期", "现到", "起", "通话", "下一级")
    lines = aligned([head, *map(_climbing_line, rows)]) if rows else ["没有在升的案件"]
    total = reads_alarms.climbs(desk.reader)
    options.finish(Result({"climbs": rows, "total": total}, "\n".join(lines)))


def _climbing(desk: "Desk", one: "Climbing") -> dict[str, Any]:
    from zjj_console.storage import projections

    case = projections.load(desk.reader, one.row.id)
    assert case is not None
    return _climb_json(desk, case, one)


def _climb_json(desk: "Desk", case: "Case", one: "Climbing | None" = None) -> dict[str, Any]:
    from zjj_console.commands import alarm_shape as shape
    from zjj_console.desk.wording import iso
    from zjj_console.domain import climb as up
    from zjj_console.storage import duty_rows

    climb = one.climb if one else duty_rows.load_climb(desk.reader, case.id)
    step = up.upcoming(case, climb, desk.duty)
    told: dict[str, Any] = {"case": case.handle, "case_id": case.id, "priority": case.priority, "station": case.station or None,
                            "open": climb is not None and climb.open, "next": shape.upcoming(step, desk)}  # fmt: skip
    if climb is None:
        return {**told, "trigger": None, "rungs": [], "rung": 0}
    last = climb.rungs[-1] if climb.rungs else None
    return {
        **told,
        "trigger": climb.trigger,
        "trigger_zh": shape.trigger(climb.trigger, desk),
        "missed": iso(climb.miss, desk.duty),
        "cycle": climb.cycle,
        "rung": climb.level,
        "since": iso(climb.raised_at, desk.duty) if climb.rungs else None,
        "person": last.person or None if last else None,
        "calls": sum(len(rung.calls) for rung in climb.rungs),
        "answered": last is not None and last.answered_at is not None,
        "rungs": [shape.rung(rung, desk) for rung in climb.rungs],
        "cleared_at": iso(climb.cleared_at, desk.duty),
        "cleared_by": climb.cleared_why or None,
    }


def _climbing_line(row: dict[str, Any]) -> tuple[str, ...]:
    from zjj_console.commands.alarm_shape import stamp

    step = row["next"]
    following = f"E{step['rung']}{step['post_zh']} {stamp(step['at'])} {step['why_zh']}" if step else "没有更高一级"
    return (row["case"], f"P{row['priority']}", row["trigger_zh"], stamp(row["missed"]), row["rungs"][-1]["text_zh"],
            stamp(row["since"]), str(row["calls"]), following)  # fmt: skip


@app.command()
def show(context: typer.Context, case: CaseRef) -> None:
    """一案的全部各级、每次通话与应答，以及下一级。"""
    from zjj_console.commands.alarm_shape import stamp

    options = settings(context)
    desk = options.desk()
    swept(desk)
    row = _climb_json(desk, case_of(desk, case))
    options.finish(Result(row, "\n".join(_shown(row, stamp))))


def _shown(row: dict[str, Any], stamp: Any) -> list[str]:
    step = row["next"]
    if row["trigger"] is None:
        head = [f"{row['case']} 未升级"]
    else:
        end = "在升" if row["open"] else f"已解除 {stamp(row['cleared_at'])}"
        head = [f"{row['case']} {row['trigger_zh']} 到期 {stamp(row['missed'])} 第{row['cycle']}轮 {end}"]
    for rung in row["rungs"]:
        head.append(f"  {stamp(rung['raised'])} {rung['text_zh']} ({rung['why_zh']})")
        head += [f"    {stamp(c['at'])} 通话 {c['result_zh']} {c['text']}".rstrip() for c in rung["calls"]]
        if rung["answered_at"]:
            head.append(f"    {stamp(rung['answered_at'])} 应答 {rung['answer'] or ''}".rstrip())
    return [
        *head,
        f"  下一级 E{step['rung']} {step['post_zh']} {stamp(step['at'])} {step['why_zh']}" if step else "  没有下一级",
    ]


@app.command()
def forecast(
    context: typer.Context,
    hours: Annotated[int, typer.Option("--hours", min=1, max=24, help="看多远")] = 12,
) -> None:
    """若无人处理，此后一小时与数小时内哪些时限到期、升到哪级、会找谁。"""
    from zjj_console.commands.output import aligned
    from zjj_console.desk.forecast import ahead
    from zjj_console.desk.wording import iso
    from zjj_console.domain.model import HOUR

    options = settings(context)
    desk = options.desk()
    swept(desk)
    facts = desk.facts()
    found = [_fire(desk, one, facts.now) for one in ahead(desk.reader, facts, facts.now + hours * HOUR)]
    soon = sum(one["within_60m"] for one in found)
    rows: list[tuple[str, ...]] = [
        (one["at"][5:16].replace("T", " "), "<=60m" if one["within_60m"] else "", one["case"], f"P{one['priority']}",
         one["text_zh"]) for one in found
    ]  # fmt: skip
    data = {"now": iso(facts.now, desk.duty), "hours": hours, "items": found, "within_60m": soon, "total": len(found)}
    text = [*aligned([("何时", "", "案号", "级", "何事"), *rows])] if rows else []
    options.finish(Result(data, "\n".join([*text, f"一小时内 {soon}，{hours} 小时内 {len(found)}"])))


def _fire(desk: "Desk", one: "Fire", now: int) -> dict[str, Any]:
    from zjj_console.commands import alarm_shape as shape
    from zjj_console.desk import wording
    from zjj_console.domain.model import HOUR, MINUTE

    name = shape.trigger(one.clock, desk)
    told: dict[str, Any] = {
        "at": wording.iso(one.at, desk.duty), "minutes": (one.at - now) // MINUTE, "within_60m": one.at - now <= HOUR,
        "kind": "deadline" if one.rung is None else "rung", "case": one.case.handle, "priority": one.case.priority,
        "clock": one.clock, "clock_zh": name,
    }  # fmt: skip
    if one.rung is None:
        return {**told, "rung": None, "person": one.case.lead_person or None, "text_zh": f"{name}到期"}
    row = shape.rung(one.rung, desk)
    who = row["name"] or (wording.MISSING_ZH[one.rung.missing] if one.rung.missing else "")
    text = " ".join(filter(None, (f"升级 E{one.rung.n} {row['post_zh']}", who, f"({name})")))
    return {
        **told,
        **{k: row[k] for k in ("rung", "post", "post_zh", "person", "name", "missing", "why", "why_zh")},
        "text_zh": text,
    }


# acts -------------------------------------------------------------------------------------------------------------------


@app.command()
def call(
    context: typer.Context,
    case: CaseRef,
    result: Annotated[str, typer.Argument(metavar="RESULT", help="通话结果: 数字、代码或名称，如 2、no_answer、未接")],
    to: Annotated[str, typer.Option("--to", metavar="WORKNO", help="打给谁，默认最高的待通知一级")] = "",
    text: Text = "",
    key: Key = "",
) -> None:
    """登记一次通话(与 th 同)；接通即为应答，一级打不通两次立即升下一级。"""
    from zjj_console.commands.do import result_of as line_result

    options = settings(context)
    desk = options.desk()
    town = desk.town
    row = reason(town, "call", result, "result")
    digit = next(digit for digit, one in town.reasons["call"].items() if one.code == row.code)
    who = work_no(town, to, "to") if to else ""
    desk.sweep()
    line = " ".join(filter(None, ("th", case_of(desk, case).handle, digit, who)))
    done = desk.run_line(line, key=key or None, extra={"text": text} if text else None)
    found = line_result(options, desk, done)
    if not done.ok:
        options.finish(found)
    options.finish(
        Result({**found.data, "climb": _climb_json(desk, case_of(desk, case))}, found.text, 0, found.warnings)
    )


def _do(options: Settings, desk: "Desk", case: str, do: "Act", key: str, content: str) -> None:
    desk.sweep()
    done = act(desk, do, key=key, content=content)
    found = _climb_json(desk, case_of(desk, case)) if done.ok else None
    options.finish(result_of(options, desk, done, found))


@app.command()
def answer(
    context: typer.Context,
    case: CaseRef,
    person: Annotated[str, typer.Option("--from", metavar="WORKNO", help="谁应答，默认最高的待通知一级")] = "",
    text: Text = "",
    key: Key = "",
) -> None:
    """应答代录: 被找的人已知悉。暂停升级，不停时限。"""
    from zjj_console.desk import climbing

    options = settings(context)
    desk = options.desk()
    who = work_no(desk.town, person, "from") if person else ""
    _do(options, desk, case, climbing.answer(case, text, who, console=desk.console), key, f"answer {case} {who} {text}")


@app.command("raise")
def raise_(
    context: typer.Context,
    case: CaseRef,
    to: Annotated[str, typer.Option("--to", metavar="N", help="升到第几级，如 3 或 e3；默认下一级")] = "",
    text: Text = "",
    key: Key = "",
) -> None:
    """立即升级，不论时刻；其间各级一并通知。"""
    from zjj_console.desk import climbing

    options = settings(context)
    desk = options.desk()
    word = times.plain(to).casefold().removeprefix("e")
    if to and not word.isdecimal():
        raise Stop(2, "E_USAGE", f"级次写作 3 或 e3: {to}", f"a rung like 3 or e3: {to}", "to")
    rung = int(word or 0)
    _do(
        options,
        desk,
        case,
        climbing.escalate(case, rung, text, console=desk.console),
        key,
        f"raise {case} {rung} {text}",
    )


@app.command("stand-down")
def stand_down(context: typer.Context, case: CaseRef, text: Text = "", key: Key = "") -> None:
    """结束人工升级；时限引起的升级办结该环节才解除。"""
    from zjj_console.desk import climbing

    options = settings(context)
    desk = options.desk()
    _do(options, desk, case, climbing.stand_down(case, text, console=desk.console), key, f"stand down {case} {text}")


# looking back and before the night ----------------------------------------------------------------------------------------


@app.command()
def history(
    context: typer.Context,
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="起: 日期或时刻，默认一天前")] = "",
    case: Annotated[str, typer.Option("--case", metavar="CASE", help="只看一案")] = "",
) -> None:
    """升级的每一步，旧的在前。"""
    from zjj_console.commands import alarm_shape as shape
    from zjj_console.commands.output import aligned
    from zjj_console.desk import wording
    from zjj_console.domain.model import DAY
    from zjj_console.storage import projections, reads_alarms

    options = settings(context)
    desk = options.desk()
    now = desk.now()
    start = times.moment(since, now, desk.town.tz, "since") if since else now - DAY
    wanted = case_of(desk, case).id if case else ""
    rows: list[dict[str, Any]] = []
    for step in reads_alarms.steps(desk.reader, start, wanted):
        found, climb = projections.load(desk.reader, step.climb.case), step.climb
        rung = climb.rungs[-1] if climb.rungs else None
        rows.append({
            "at": wording.iso(step.at, desk.duty), "kind": step.kind, "kind_zh": wording.event(step.kind),
            "case": found.handle if found else climb.case, "case_id": climb.case, "trigger": climb.trigger,
            "trigger_zh": shape.trigger(climb.trigger, desk), "missed": wording.iso(climb.miss, desk.duty),
            "rung": shape.rung(rung, desk) if rung else None, "actor": step.actor, "cleared_by": climb.cleared_why or None,
        })  # fmt: skip
    lines: list[tuple[str, ...]] = [
        (shape.stamp(r["at"]), r["case"], r["kind_zh"], r["trigger_zh"], r["rung"]["text_zh"] if r["rung"] else "-")
        for r in rows
    ]
    text = "\n".join(aligned([("时刻", "案号", "何事", "事由", "级"), *lines])) if lines else "没有升级"
    options.finish(Result({"since": wording.iso(start, desk.duty), "steps": rows, "total": len(rows)}, text))


@app.command()
def check(
    context: typer.Context,
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help="哪个时刻，默认此刻；看将来须写日期，如 03-01T20:15")
    ] = "",
) -> None:
    """各站各岗此刻会找到谁；有岗位找不到人则退出码 14。每夜开始时自动核对一次并记录。"""
    from zjj_console.commands import alarm_shape as shape
    from zjj_console.commands.output import aligned
    from zjj_console.desk.rostering import wide_book
    from zjj_console.desk.wording import iso
    from zjj_console.domain import holders
    from zjj_console.storage import reads_alarms

    options = settings(context)
    desk = options.desk()
    swept(desk)
    when = times.instant(at, desk.now(), desk.town.tz) if at else desk.now()
    found = holders.chain(desk.duty, wide_book(desk.reader, when, when), when)
    rows = [shape.post(one, desk) for one in found]
    gone = [row for row in rows if row["missing"]]
    last = reads_alarms.post_check(desk.reader)
    recorded: dict[str, Any] | None = None
    if last is not None:
        recorded = {"night": last.day, "at": iso(last.at, desk.duty), "posts": len(last.posts),
                    "missing": sum(bool(p.holder.missing) for p in last.posts)}  # fmt: skip
    data: dict[str, Any] = {"at": iso(when, desk.duty), "posts": rows, "reachable": len(rows) - len(gone), "missing": len(gone),
            "recorded": recorded}  # fmt: skip
    lines: list[tuple[str, ...]] = [
        (r["unit_zh"], r["post_zh"], r["name"] or "-", r["found_zh"] or f"!{r['missing_zh']}") for r in rows
    ]
    text = [*aligned([("单位", "岗位", "找谁", "如何"), *lines])] if rows else []
    text.append(f"{shape.stamp(data['at'])} 岗位 {len(rows)}，找不到人 {len(gone)}")
    if recorded:
        text.append(
            f"上次夜间核对 {shape.stamp(recorded['at'])} (业务日 {last.day if last else ''})，找不到人 {recorded['missing']}"
        )
    options.finish(Result(data, "\n".join(text), MISSING if gone else 0))
