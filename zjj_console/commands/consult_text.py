"""How consultations and visits read on a terminal: aligned lines from the same data that scripts get."""

from typing import TYPE_CHECKING, Any

from zjj_console.commands.output import aligned

if TYPE_CHECKING:
    from zjj_console.desk.pool import Pooled
    from zjj_console.town.models import Town

Data = dict[str, Any]
_WORDS = 20  # characters of a case in a table


def _short(iso: str | None) -> str:
    """`03-05 09:30` of an ISO instant."""
    return iso[5:16].replace("T", " ") if iso else "-"


def pool(found: "list[Pooled]", town: "Town") -> str:
    from zjj_console.domain.lifecycle import STATE_ZH
    from zjj_console.domain.marks import PRIORITY_ZH

    rows: list[tuple[str, ...]] = [
        (p.case.handle, PRIORITY_ZH[p.case.priority], STATE_ZH[p.case.state], _unit(town, p.case.station),
         f"{p.case.place} {p.case.text}"[:_WORDS], " ".join(w.zh for w in p.whys), p.listed or "未列")
        for p in found
    ]  # fmt: skip
    head = ("案号", "级", "状态", "站", "事项", "缘由", "议程")
    return "\n".join(aligned([head, *rows])) if rows else "会商池没有案件"


def _unit(town: "Town", code: str) -> str:
    found = town.units.get(code)
    return found.name if found else code or "-"


def meeting(m: Data) -> str:
    head = f"{m['id']} {m['level_zh']} {_short(m['at'])} {m['state_zh']}" + (f" {m['place']}" if m["place"] else "")
    lines = [head + (f": {m['reason']}" if m["reason"] else "")]
    if m["collections"]:
        said = "  ".join(f"{c['station_zh']} {c['said_zh']}{'(逾时)' if c['late'] else ''}" for c in m["collections"])
        lines.append(f"收集(截止 {_short(m['collect_closes'])}): {said}")
    rows: list[tuple[str, ...]] = [
        (str(i["item"]), i["case"], i["station_zh"], i["cross_zh"] or "-", i["words"][:_WORDS], i["attempts_zh"] or "-",
         f"缺{i['missing']}" if i["missing"] else "齐" if i["materials"] else "-", i["proposed_zh"] or "-",
         i["outcome"]["text_zh"] if i["outcome"] else "待议") for i in m["items"]
    ]  # fmt: skip
    table = ("题", "案号", "报送", "跨类", "事项", "前置", "材料", "建议主责", "结果")
    lines += aligned([table, *rows]) if rows else ["没有议题"]
    if m["attendance"]:
        lines.append("到会: " + "  ".join(f"{a['unit_zh']}{'(缺席)' if a['absent'] else ''}" for a in m["attendance"]))
    lines += [f"撤题 {w['case']}: {w['reason']}" for w in m["withdrawn"]]
    return "\n".join(lines)


def followups(found: list[Data]) -> str:
    rows: list[tuple[str, ...]] = [
        (f["ref"], f["case"], f["what_zh"], f["owner_zh"], _short(f["due"]),
         (f"逾期{f['days_late']}天" if f["days_late"] else f["state_zh"]) + (" 督办" if f["supervised"] else ""))
        for f in found
    ]  # fmt: skip
    return "\n".join(aligned([("会议", "案号", "决议", "责任", "期限", "状态"), *rows])) if rows else "没有未办决议"


def listed(weeks: list[Data], held: list[Data]) -> str:
    calendar = "  ".join(f"{w['week'][5:]}{w['mark']}" + (f"({w['reason']})" if w["reason"] else "") for w in weeks)
    rows: list[tuple[str, ...]] = [
        (m["id"], m["level_zh"], _short(m["at"]), m["state_zh"], str(m["items"]), m["reason"] or "") for m in held
    ]
    table = aligned([("编号", "类", "时间", "状态", "题", "缘由"), *rows]) if rows else ["没有会商记录"]
    return "\n".join([f"周历(新在前): {calendar}", *table])


def visits(found: list[Data]) -> str:
    rows: list[tuple[str, ...]] = []
    for s in found:
        last = s["visits"][-1] if s["visits"] else None
        said = f"{last['briefing']} / {last['problems']}" if last else "-"
        who = (last["name"] + ("(代理)" if last["acting"] else "")) if last else s["visitor_zh"] or "未提供"
        when = _short(last["at"]) if last else f"约{_short(s['planned_at'])}" if s["planned_at"] else "-"
        told = (
            " ".join(f"{c['case']}{'知悉' if c['noted'] else '指挥'}" for c in last["cases"])
            if last
            else " ".join(s["difficult"])
        )
        rows.append((s["station_zh"], who, str(len(s["visits"])), when, said[:40], told or "-", s["state_zh"]))
    return "\n".join(aligned([("站", "进站人", "本月", "日期", "情况/问题", "疑难", "状态"), *rows]))
