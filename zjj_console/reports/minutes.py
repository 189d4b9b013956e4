"""The minutes of a consultation (会商纪要) as text, page and Markdown: a record in, a paper out."""

from collections.abc import Callable

from zjj_console.domain.consult import LEVEL_ZH, LEVELS_UP, OUTCOMES, STATION_OUTCOMES, Item, Meeting
from zjj_console.domain.duty import DutyTime
from zjj_console.reports import markdown as md
from zjj_console.reports import page, plain
from zjj_console.reports.document import Document, Entry, Grid, Hand, Lines, Pair, Part, Section
from zjj_console.reports.wording import Clock, joined, told
from zjj_console.town.models import Town

Name = Callable[[str], str]


def sheets(m: Meeting, duty: DutyTime) -> dict[str, str]:
    """All forms at once, as they are stored when the meeting is closed."""
    paper = document(m, duty)
    return {"text": plain.render(paper), "html": page.render(paper), "md": md.render(paper)}


def document(m: Meeting, duty: DutyTime) -> Document:
    town, clock = duty.town, Clock(duty)
    agenda = m.agenda
    found: list[tuple[str, tuple[Part, ...]]] = []
    if m.level == "town":
        found.append(("上次决议督办", (Lines(tuple(told(line) for line in m.reviewed), "没有未办决议"),)))
        found.append(("各站收集", (_collections(m, town, clock),)))
    found += [
        ("到会", (_attendance(m, town),)),
        (
            f"议题 {len(agenda)} 项",
            tuple(_entry(m, item, n, town, clock) for n, item in enumerate(agenda, 1)) or (Lines(()),),
        ),
        ("决议一览", (_decisions(m, town, clock),)),
    ]
    dropped = tuple(f"{i.handle} {told(i.withdrawn)}" for i in m.items.values() if i.withdrawn)
    if dropped:
        found.append(("撤题", (Lines(dropped),)))
    return Document(
        f"{told(town.name, 40)} {LEVEL_ZH[m.level]}纪要",
        f"{m.id}  {clock.day(m.opened_at or m.at)}",
        (
            Pair("时间", f"{clock.full(m.opened_at)} 至 {clock.full(m.closed_at)}"),
            Pair("地点", told(m.place, 60) or _unit(town, m.station) or "未填"),
            Pair("主持", _person(town, m.chair)),
            *((Pair("缘由", told(m.reason)),) if m.reason else ()),
            Pair("依据", told(town.document, 60)),
        ),
        tuple(Section(f"{n} {title}", body) for n, (title, body) in enumerate(found, 1)),
        f"{m.id}  散会 {clock.full(m.closed_at)}",
        ("试用: 不作正式依据",) if m.trial else (),
        (Hand("主持人"), Hand("记录人", _person(town, m.closed_by), clock.full(m.closed_at))),
    )  # fmt: skip


def outcome_word(code: str, level: str = "town") -> str:
    kinds = STATION_OUTCOMES if level == "station" else OUTCOMES
    return next((k.zh for k in kinds if k.code == code), code)


def decision(m: Meeting, item: Item, town: Town) -> str:
    """`定主责并派单 城管中队 协办 规保办: 五日内拆除`."""
    o = item.outcome
    if o is None:
        return "无结果"
    helpers = "、".join(_unit(town, u) for u in o.assists)
    return joined(
        outcome_word(o.code, m.level),
        LEVELS_UP.get(o.level, ""),
        _unit(town, o.owner) if o.code in ("assign", "joint", "commander") else "",
        f"协办 {helpers}" if helpers else "",
        _reason(town, o.reason),
    ) + (f": {told(o.text)}" if o.text else "")


def _collections(m: Meeting, town: Town, clock: Clock) -> Grid:
    rows = []
    for unit in town.of_kind("station"):
        row = m.collections.get(unit.code)
        said = "未报" if row is None else "零报告" if row.nil else f"{len(row.cases)}件"
        rows.append((unit.name, said + ("(逾时)" if row and row.late else ""), clock.short(row.at) if row else "",
                     told(row.name, 20) if row else ""))  # fmt: skip
    return Grid(("站", "报送", "时间", "报送人"), tuple(rows))


def _attendance(m: Meeting, town: Town) -> Grid:
    units = dict.fromkeys([*m.invited, *m.attendance])
    rows = []
    for code in units:
        row = m.attendance.get(code)
        said = "缺席(未登记)" if row is None else "缺席" if row.absent else "到会"
        rows.append((_unit(town, code), said, told(row.people, 60) if row else "", told(row.opinion) if row else ""))
    return Grid(("单位", "到会", "人员", "书面意见"), tuple(rows))


def _entry(m: Meeting, item: Item, n: int, town: Town, clock: Clock) -> Entry:
    cross = "、".join(_tag(town, tag) for tag in item.cross)
    o = item.outcome
    rows: list[tuple[Pair, ...]] = [
        (Pair("报送", _unit(town, item.station)), Pair("跨类", cross or "未填")),
        (Pair("事项", told(item.words)),),
        (Pair("入会缘由", told("；".join(item.why)) or "人工提请"),),
        (Pair("前置", told(item.attempts) or "未填"),),
        (Pair("拟请", told(item.question) or "未填"),),
    ]
    if item.materials or item.missing:
        rows.append((Pair("材料", joined(told(item.materials), f"缺 {told(item.missing)}" if item.missing else "")),))
    if item.deferrals:
        rows.append((Pair("续议", f"第{item.deferrals}次"),))
    rows.append((Pair("结果", decision(m, item, town), strong=o is None),))
    if o is not None:
        rows.append((Pair("责任", _unit(town, o.owner)), Pair("期限", clock.short(o.due))))
    return Entry(f"[{n}] {told(item.handle, 20)}", tuple(rows))


def _decisions(m: Meeting, town: Town, clock: Clock) -> Grid:
    rows = [
        (str(n), i.handle, decision(m, i, town), _unit(town, i.outcome.owner), clock.short(i.outcome.due))
        for n, i in enumerate(m.agenda, 1)
        if i.outcome is not None
    ]
    return Grid(("题", "案号", "决议", "责任", "期限"), tuple(rows))


def _unit(town: Town, code: str) -> str:
    found = town.units.get(code)
    return told(found.name if found else code, 30)


def _person(town: Town, work_no: str) -> str:
    found = town.people.get(work_no)
    return f"{told(found.name, 20)}({work_no})" if found else told(work_no, 20)


def _tag(town: Town, code: str) -> str:
    return next((r.name for r in town.reasons.get("cross", {}).values() if r.code == code), told(code, 20))


def _reason(town: Town, code: str) -> str:
    return next((r.name for r in town.reasons.get("suspend", {}).values() if r.code == code), "") if code else ""
