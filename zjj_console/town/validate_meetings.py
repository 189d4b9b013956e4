"""Validation of consultation and visit: the week runs in order and its numbers make sense (P-150, P-154)."""

from collections.abc import Iterator

from zjj_console.town.load_meetings import WEEKS
from zjj_console.town.models import Town
from zjj_console.town.validate_finding import Finding, warn

_FILE = "meetings.toml"
_POSITIVE = ("deferrals", "pool_percent", "pool_returns", "pool_reworks", "pool_level", "pool_review_days", "station_days",
             "urgent_priority", "urgent_hours", "look_back_weeks", "task_days", "visit_warn_day")  # fmt: skip


def meetings(town: Town) -> Iterator[Finding]:
    m = town.meetings
    for name in _POSITIVE:
        if getattr(m, name) < 1:
            yield Finding("P-150", f"{name} 为 {getattr(m, name)}，须大于零", f"{_FILE} {name}")
    times = [(t.weekday, t.minute) for t in (m.collect, m.lock, m.meet)]
    if times != sorted(times):
        yield Finding("P-154", "收集截止、议程锁定、开会须依次在同一周内", f"{_FILE} week")
    if m.pool_percent > 100:
        yield Finding("P-150", f"pool_percent 为 {m.pool_percent}，不得大于 100", f"{_FILE} rules.pool_percent")
    if m.visit_warn_day > 28:
        yield Finding("P-154", "进站预警日须在每月 28 日及以前，否则二月不预警", f"{_FILE} visit.warn_day")
    cycle = town.cycles.get("consultation", "weekly")
    if cycle not in WEEKS:
        yield Finding("P-154", f"会商周期 {cycle} 不认识，可用: {' '.join(WEEKS)}", "town.toml cycles.consultation")
    for station in town.of_kind("station"):
        if not (town.holders(station.code, m.visitor) or town.holders(town.centre.code, m.visitor)):
            yield warn("P-154", f"{station.name} 没有可进站的人(职务 {m.visitor})", f"{_FILE} visit.by")
    if not town.reasons.get("cross"):
        yield Finding("P-154", "没有会商跨类，议题无从归类", "reasons.toml cross")
