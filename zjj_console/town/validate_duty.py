"""Validation of duty: hours, shifts, rotation, boundaries, coverage and their numbers (P-104, P-122, P-123, P-150).

A profile without shifts is an older one: it is judged by its hours alone.
"""

from collections.abc import Callable, Iterator
from itertools import groupby, pairwise

import msgspec

from zjj_console.town.models import Requirement, Town, UnitKind
from zjj_console.town.numbers import DAY, clock, desk_gaps, field_gaps, spans
from zjj_console.town.validate_finding import Finding, warn

KINDS_OF_DAY = frozenset({"workday", "rest", "guarantee"})
SCOPES: dict[str, UnitKind] = {"centre": "centre", "station": "station", "team": "response_team"}
DIRECTIONS = (("day", "night"), ("night", "day"))
MAY_BE_ZERO = frozenset({"grace", "nights_in_row", "assemble_before", "samples"})
RULES_IN_ORDER = (
    ("rest_refused_hours", "rest_hours"),
    ("grace", "absent_after"),
    ("freeze_before", "prepare_before"),
    ("late_after", "call_after"),
)
Gap = tuple[int, int]


def duty(town: Town) -> Iterator[Finding]:
    yield from _hours(town)
    yield from _numbers(town)
    yield from _requirements(town)
    if town.shifts:
        yield from _shifts(town)
        yield from _rotation(town)
        yield from _desk(town)
        yield from _structural(town)


def _hours(town: Town) -> Iterator[Finding]:
    """P-122 the desk is never empty, P-123 structural gaps of the field force are said aloud, each with its rule."""
    empty, gaps = desk_gaps(town), field_gaps(town)
    if empty:
        yield Finding("P-122", f"指挥席无人时段 {spans(empty)}，须 24 小时覆盖", "town.toml hours")
    if not gaps:
        return
    named = [(gap, _rule(town, gap)) for gap in gaps]
    ruled = "、".join(f"{spans([gap])}({rule})" if rule else spans([gap]) for gap, rule in named)
    minutes = sum(end - start for start, end in gaps)
    text = f"处置力量结构性缺口 {ruled}，每日共 {minutes} 分钟，由指挥席按肩时规则补位"
    yield warn("P-123", text, "town.toml hours")
    without = [gap for gap, rule in named if not rule]
    if town.coverage and without:
        text = f"结构性缺口 {spans(without)} 没有肩时规则，请为覆盖该时段的要求写 rule"
        yield Finding("P-123", text, "coverage.toml require")


def _rule(town: Town, gap: Gap) -> str:
    """The rule of the shortest window around a gap; "" if no requirement there has one."""
    around = [r for r in town.coverage if r.rule and all(r.covers(minute) for minute in range(*gap))]
    return min(around, key=lambda r: (r.end - r.start - 1) % DAY).rule if around else ""


def _numbers(town: Town) -> Iterator[Finding]:
    """P-150: the numbers of duty are positive and those that follow each other do so."""
    rules = town.duty_rules
    values = {key: value for key, value in msgspec.structs.asdict(rules).items() if isinstance(value, int)}
    for key, value in values.items():
        if value < (0 if key in MAY_BE_ZERO else 1):
            yield Finding("P-150", f"{key} 为 {value}，须大于零", f"shifts.toml rules.{key}")
    for less, more in RULES_IN_ORDER:
        if values[less] > values[more]:
            text = f"{less} {values[less]} 不得大于 {more} {values[more]}"
            yield Finding("P-150", text, f"shifts.toml rules.{less}")
    for shift in town.shifts.values():
        if shift.alarm_after < 0:
            text = f"{shift.name} 的 alarm_after 为 {shift.alarm_after}，不得为负"
            yield Finding("P-150", text, f"shifts.toml shifts.{shift.code}.alarm_after")
    for period in town.guarantees:
        if period.end < period.start:
            yield Finding("P-150", f"保障期 {period.name} 止于开始之前", "shifts.toml guarantee")


def _shifts(town: Town) -> Iterator[Finding]:
    for shift in town.shifts.values():
        where = f"shifts.toml shifts.{shift.code}"
        if shift.hours not in town.hours:
            yield Finding("P-104", f"{shift.name} 的时段 {shift.hours} 未定义", f"{where}.hours")
        lacking = [kind for kind in shift.units if not town.of_kind(kind)]
        if lacking:
            yield Finding(
                "P-104", f"{shift.name} 所属单位类别 {' '.join(lacking)} 在 units.csv 中没有", f"{where}.units"
            )


def _rotation(town: Town) -> Iterator[Finding]:
    teams = {unit.code for unit in town.of_kind("response_team")}
    turns = town.rotation
    if turns is None:
        if teams:
            yield Finding("P-104", "缺少 [rotation]，无法排出当值夜队", "shifts.toml rotation")
        return
    if turns.first not in teams:
        text = f"首夜队 {turns.first} 不是应急队，可选: {' '.join(sorted(teams))}"
        yield Finding("P-104", text, "shifts.toml rotation.first")
    if turns.rule == "n_on_m_off" and (turns.on < 1 or turns.off < 0):
        yield Finding("P-150", f"轮值 on {turns.on} off {turns.off} 须大于零", "shifts.toml rotation")


def _desk(town: Town) -> Iterator[Finding]:
    """P-122: at every minute a shift mans the desk, and it is handed over both ways at times when its shift begins."""
    desks = {s.code: town.hours[s.hours] for s in town.shifts.values() if s.desk and s.hours in town.hours}
    empty = _spans(lambda minute: not any(hours.covers(minute) for hours in desks.values()))
    if empty:
        text = f"没有班次值守指挥席的时段 {spans(empty)}，须 24 小时覆盖"
        yield Finding("P-122", text, "shifts.toml shifts")
    handed = {(b.frm, b.to) for b in town.boundaries.values() if b.kind == "desk"}
    for frm, to in DIRECTIONS:
        if (frm, to) not in handed:
            yield Finding("P-122", f"指挥席缺少 {frm} 到 {to} 的交接界", "shifts.toml boundaries")
    for boundary in town.boundaries.values():
        begins = [desks[s.code].start for s in town.shifts.values() if s.desk == boundary.to and s.code in desks]
        if boundary.kind == "desk" and begins and boundary.at not in begins:
            text = f"{boundary.name} 在 {clock(boundary.at)}，接班的班次不在此时开始"
            yield warn("P-122", text, f"shifts.toml boundaries.{boundary.code}.at")


def _requirements(town: Town) -> Iterator[Finding]:
    """P-123: what is required can be met by posts, units and departments that exist."""
    served = {post for shift in town.shifts.values() for post in shift.posts}
    for required in town.coverage:
        where = f"coverage.toml {required.code}"
        unknown = [post for post in required.posts if post not in served]
        if unknown:
            yield Finding("P-123", f"{required.name} 的岗位 {' '.join(unknown)} 不属于任何班次", f"{where} posts")
        if required.scope in SCOPES and not town.of_kind(SCOPES[required.scope]):
            yield Finding("P-123", f"{required.name} 的范围 {required.scope} 没有单位", f"{where} scope")
        dept = town.units.get(required.dept)
        if required.dept and (dept is None or not dept.enabled):
            yield Finding("P-123", f"{required.name} 的部门 {required.dept} 不存在或未启用", f"{where} dept")
        yield from _least(required, where)


def _least(required: Requirement, where: str) -> Iterator[Finding]:
    if set(required.least) != KINDS_OF_DAY or min(required.least.values()) < 0:
        text = f"{required.name} 的 least 须写明 workday rest guarantee 且不为负"
        yield Finding("P-123", text, f"{where} least")
    if not set(required.share) <= KINDS_OF_DAY or any(number < 1 for number in required.share.values()):
        text = f"{required.name} 的 share 只用 workday rest guarantee 且至少为 1"
        yield Finding("P-123", text, f"{where} share")


def _structural(town: Town) -> Iterator[Finding]:
    """P-123: minutes of a requirement in which no shift serves any of its posts. No roster can fill them."""
    for required in town.coverage:
        gaps = _unserved(town, required)
        if gaps:
            after = f"按 {required.rule} 规则" if required.rule else "没有规则可依"
            text = f"{required.name} 在 {spans(gaps)} 没有班次，{after}"
            yield warn("P-123", text, f"coverage.toml {required.code}")


def _unserved(town: Town, required: Requirement) -> list[Gap]:
    """Gaps of a requirement that some shift serves; posts that none serves are an error of their own."""
    hours = [
        town.hours[shift.hours]
        for shift in town.shifts.values()
        if shift.presence and shift.hours in town.hours and set(shift.posts) & set(required.posts)
    ]
    if not hours:
        return []
    return _spans(lambda minute: required.covers(minute) and not any(one.covers(minute) for one in hours))


def _spans(holds: Callable[[int], bool]) -> list[Gap]:
    """Stretches of the day, in minutes, in which something holds."""
    runs = [(value, next(group)) for value, group in groupby(range(DAY), holds)]
    return [(start, end) for (value, start), (_, end) in pairwise([*runs, (False, DAY)]) if value]
