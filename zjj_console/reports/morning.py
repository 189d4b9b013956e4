"""The morning report (晨报): what the night leaves to the day, from the record of the handover to the day desk."""

from collections.abc import Sequence

from zjj_console.domain.duty import DutyTime
from zjj_console.domain.handover import Handover, Item, Line
from zjj_console.reports import markdown as md
from zjj_console.reports import page, plain
from zjj_console.reports import sheet_parts as parts
from zjj_console.reports.document import Document, Grid, Lines, Pair, Part, Section
from zjj_console.reports.sheet import foot
from zjj_console.reports.wording import (
    ABSENT_ZH,
    Clock,
    code_word,
    joined,
    line_text,
    next_word,
    package_of,
    remaining,
    state_word,
    told,
    worst_first,
)

_URGENT = (1, 2)
_HELD = ("R3", "R4")


def text(h: Handover, duty: DutyTime, extras: Sequence[Line] = ()) -> str:
    """80 columns. Raises ValueError without a package."""
    return plain.render(document(h, duty, extras))


def html(h: Handover, duty: DutyTime, extras: Sequence[Line] = ()) -> str:
    """One self-contained A4 page. Raises ValueError without a package."""
    return page.render(document(h, duty, extras))


def markdown(h: Handover, duty: DutyTime, extras: Sequence[Line] = ()) -> str:
    """For a mail or a chat. Raises ValueError without a package."""
    return md.render(document(h, duty, extras))


def document(h: Handover, duty: DutyTime, extras: Sequence[Line] = ()) -> Document:
    """The report; `extras` are sentences that the record does not hold (key items missed, forced ones of yesterday)."""
    package, clock = package_of(h), Clock(duty)
    b, items = package.balance, worst_first(package.items)
    urgent = tuple(parts.case(h, item, clock) for item in items if item.priority in _URGENT)
    found: list[tuple[str, tuple[Part, ...]]] = [
        ("夜间数字", parts.balance(h)),
        ("一级二级在办", urgent or (Lines(()),)),
        ("交回原承办", (_returned(h, items, duty),)),
        ("夜队续办与交镇中心", (_held(h, items),)),
        ("超时", (_overdue(items, clock),)),
        ("缺岗", (_absent(h),)),
        (f"未覆盖时段 {len(package.gaps)} 段", (Lines(tuple(line_text(line, clock) for line in package.gaps)),)),
        ("带病交接与异常", (Lines(tuple(parts.abnormal(h, duty))),)),
        ("其他", (Lines(tuple(line_text(line, clock) for line in extras)),)),
    ]
    return Document(
        f"{told(package.town_zh, 40)} 城运值守晨报",
        clock.day(h.at),
        (
            Pair("夜间", f"收 {b.new}  结 {b.closed}  未结 {b.open}" + (f"  自 {clock.short(b.since)}" if b.since is not None else "")),
            Pair("依据", f"交接 {h.number} {state_word(h)}  数据截至 {clock.full(package.at)}"),
            Pair("制表", f"{told(package.by_zh, 20)}({told(package.by, 20)})"),
        ),
        tuple(Section(f"{n} {title}", body) for n, (title, body) in enumerate(found, 1)),
        foot(h),
        ("试用: 不作正式依据",) if package.trial else (),
    )  # fmt: skip


def _returned(h: Handover, items: tuple[Item, ...], duty: DutyTime) -> Grid:
    """R2: who had it by day gets it back, and how little time is left when his hours begin."""
    rows = [item for item in items if h.code_of(item) == "R2"]
    rows.sort(key=lambda i: (i.due is None, i.due or 0))
    return Grid(
        ("案号", "级", "地点", "原承办", "时限", "接手时", "下一步"),
        tuple(
            (
                *parts.heading(i)[:2],
                told(i.place, 40),
                _before(h, i, duty),
                parts.limit(i, Clock(duty)),
                _left(h, i, duty),
                next_word(h, i) or "未填",
            )
            for i in rows
        ),
    )


def _before(h: Handover, item: Item, duty: DutyTime) -> str:
    code = h.codes.get(item.id)
    unit = duty.town.units.get(code.unit) if code else None
    person = duty.town.people.get(code.person) if code else None
    return joined(told(unit.name, 30) if unit else "原承办", told(person.name, 20) if person else "")


def _left(h: Handover, item: Item, duty: DutyTime) -> str:
    """The hour at which he takes over and what is left then, `余1:30`: clock time, whatever kind of clock it is."""
    if item.due is None:
        return "无时限"
    code = h.codes.get(item.id)
    hours = duty.town.hours_of(code.unit if code and code.unit else item.lead)
    opens = h.at if hours.wall else max(duty.window(duty.local(h.at).date(), hours)[0], h.at)
    return f"{Clock(duty).time(opens)} {remaining(item.due, opens)}"


def _held(h: Handover, items: tuple[Item, ...]) -> Grid:
    return Grid(
        ("案号", "级", "地点", "承办", "安排", "下一步"),
        tuple(
            (
                *parts.heading(i)[:2],
                told(i.place, 40),
                parts.handler(i),
                code_word(h.code_of(i)),
                next_word(h, i) or "未填",
            )
            for i in items
            if h.code_of(i) in _HELD
        ),
    )


def _overdue(items: tuple[Item, ...], clock: Clock) -> Grid:
    return Grid(
        ("案号", "级", "状态", "地点", "承办", "时限"),
        tuple(
            (*parts.heading(i)[:3], told(i.place, 40), parts.handler(i), parts.limit(i, clock))
            for i in items
            if i.overdue
        ),
    )


def _absent(h: Handover) -> Grid:
    return Grid(
        ("单位", "岗位", "姓名", "状态", "备注"),
        tuple(
            (told(s.unit_zh, 30), told(s.post, 20), told(s.name, 20), told(s.standing, 20), told(s.note, 80))
            for s in package_of(h).staff
            if s.standing in ABSENT_ZH
        ),
    )
