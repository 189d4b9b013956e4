"""One case as text: fields, clocks with their derivation, history."""

from typing import TYPE_CHECKING, Any

from zjj_console.commands.output import aligned
from zjj_console.desk import shape, wording
from zjj_console.domain.lifecycle import STATE_ZH
from zjj_console.domain.marks import MISSING_ZH, PRIORITY_ZH, to_fill
from zjj_console.domain.model import MINUTE, Case, Clock
from zjj_console.domain.support import SUPPORT_ZH
from zjj_console.storage.reads import Moment

if TYPE_CHECKING:
    from zjj_console.desk.desk import Desk


def clocks_json(case: Case, desk: "Desk") -> list[dict[str, Any]]:
    """Every clock: start, limit, due, and by what mark the limit stands in the profile."""
    rules = desk.town.clocks
    return [
        {
            "kind": c.code,
            "kind_zh": wording.clock_name(desk.town, c.code),
            "counted": c.kind,
            "unit": c.unit,
            "started": wording.iso(c.started, desk.duty),
            "limit_minutes": c.limit,
            "due": wording.iso(c.due, desk.duty),
            "left_minutes": c.left,
            "stopped": wording.iso(c.stopped, desk.duty),
            "mark": rules[c.code].mark if c.code in rules else "A",
        }
        for c in case.clocks.values()
    ]


def page(case: Case, desk: "Desk", now: int, *, clocks: bool) -> str:
    town = desk.town
    rows = [
        ("案件", f"{case.handle}  {case.number}  版本{case.version}"),
        ("状态", f"{PRIORITY_ZH[case.priority]} {STATE_ZH[case.state]} {wording.FLOW_ZH[case.flow]}"),
        (
            "地点",
            " ".join(p for p in (case.place or "地点待定", case.grid.upper(), wording.unit(town, case.station)) if p),
        ),
        ("类别", wording.category(town, case.category)),
        ("事项", case.text),
        ("来源", " ".join(p for p in (wording.source(town, case.source), case.external_id) if p)),
        ("报告人", " ".join(p for p in (case.reporter, shape.phone_for(case, desk.actor)) if p) or "-"),
        ("上报", wording.moment(case.reported_at, now, desk.duty)),
        (
            "主办",
            " ".join(p for p in (wording.unit(town, case.lead), wording.person(town, case.lead_person)) if p) or "-",
        ),
        ("协办", "、".join(wording.unit(town, u) for u in case.assists) or "-"),
        ("计数", f"退单{case.return_count} 返工{case.rework_count} 延期{case.extend_count} 第{case.cycle}次"),
        ("最终时限", wording.moment(case.due_final, now, desk.duty) if case.due_final else "-"),
    ]
    if missing := to_fill(case):
        rows.append(("待补", "、".join(MISSING_ZH.get(name, name) for name in missing)))
    if case.aid:
        asked = wording.moment(case.aid.at, now, desk.duty)
        who = f"{wording.unit(town, case.aid.unit)} {wording.person(town, case.aid.person)}"
        due = f" 应答时限 {wording.moment(case.aid.answer_due, now, desk.duty)}" if case.aid.answer_due else ""
        rows.append(("执法保障", f"{SUPPORT_ZH[case.support]} {asked} 请求 -> {who}{due}"))
    if case.supervised_until:
        rows.append(("督办", f"期限 {wording.moment(case.supervised_until, now, desk.duty)}"))
    if case.closed_at:
        on_time = {True: "按时", False: "超时", None: ""}[case.on_time]
        rows.append(("办结", f"{wording.moment(case.closed_at, now, desk.duty)} {on_time}".strip()))
    lines = aligned(rows)
    if clocks:
        lines += [
            "",
            *aligned(
                [("时限", "起", "限", "计法", "止", "标记"), *(_clock(c, desk, now) for c in case.clocks.values())]
            ),
        ]
    return "\n".join(lines)


def _clock(clock: Clock, desk: "Desk", now: int) -> tuple[str, ...]:
    """One row of the derivation: start + limit, counted how, gives due (NV-20)."""
    duty, town = desk.duty, desk.town
    if clock.stopped is not None:
        end = f"{wording.moment(clock.stopped, now, duty)} 停"
    elif clock.due is None:
        end = f"暂停，余{clock.left}分"
    else:
        end = wording.moment(clock.due, now, duty) + (" 已超" if clock.due <= now else "")
    how = "自然时间" if clock.kind == "wall" else f"{wording.unit(town, clock.unit)}值守时间"
    mark = town.clocks[clock.code].mark if clock.code in town.clocks else "A"
    note = "配置值" if mark == "A" else mark
    return (
        wording.clock_name(town, clock.code),
        wording.moment(clock.started, now, duty),
        f"{clock.limit}分",
        how,
        end,
        note,
    )


def history(case: Case, moments: list[Moment], held: list[tuple[str, int]], desk: "Desk", now: int) -> str:
    town, duty = desk.town, desk.duty
    rows = [("时间", "经过", "操作", "内容")]
    for moment in moments:
        by = moment.data.get("by")
        actor = wording.actor(town, moment.actor) + (f"(代{wording.person(town, by)})" if by else "")
        rows.append((wording.moment(moment.at, now, duty), wording.event(moment.kind), actor, gist(moment, desk)))
    total = (case.closed_at or now) // MINUTE - case.reported_at // MINUTE
    parts = " + ".join(f"{wording.unit(town, unit) or '指挥中心'}{minutes}分" for unit, minutes in held)
    return "\n".join(
        [f"{case.handle} {case.place} {case.text}", *aligned(rows), f"总历时 {total}分 = {parts or '0分'}"]
    )


def gist(moment: Moment, desk: "Desk") -> str:
    """What an event says in a few words: new state, recipient, text."""
    changed, args, town = moment.data.get("set", {}), moment.data.get("args", {}), desk.town
    if "climb" in moment.data:
        return wording.climbed(moment.kind, moment.data, town)
    words = ["(未生效: 与别处冲突)"] if moment.apart else []
    if changed.get("lead"):
        person = wording.person(town, changed.get("lead_person", ""))
        words.append(f"-> {wording.unit(town, changed['lead'])} {person}".strip())
    if args.get("assists"):
        words.append("协办 " + "、".join(wording.unit(town, u) for u in args["assists"]))
    if "state" in changed:
        words.append(f"[{STATE_ZH.get(changed['state'], changed['state'])}]")
    if args.get("text"):
        words.append(str(args["text"]))
    return " ".join(words)
