"""Validation of the ladder and of the numbers of the alarms: every rung has a post and an instant (P-150, P-155)."""

from collections.abc import Iterator

import msgspec

from zjj_console.town.ladder import MEETING
from zjj_console.town.load_ladder import FILE
from zjj_console.town.models import PRIORITIES, Town
from zjj_console.town.validate_finding import Finding, warn


def ladder(town: Town) -> Iterator[Finding]:
    rules = town.ladder
    if not rules.posts:
        yield warn("P-155", "没有升级阶梯: 时限届满只在值守台响，不打给任何人", FILE)
        return
    held = {post.role for post in town.posts}
    for post in rules.posts[:-1]:
        if post == MEETING:
            yield Finding("P-155", "会商只能是最高一级", f"{FILE} ladder.posts")
        elif post not in held:
            yield Finding("P-155", f"职务 {post} 无人担任，此级打不给任何人", f"{FILE} ladder.posts")
    for clock in rules.triggers:
        if clock not in town.clocks:
            yield Finding("P-155", f"没有时限 {clock}，可用: {' '.join(town.clocks)}", f"{FILE} ladder.triggers")
    lacking = [str(p) for p in PRIORITIES if p not in rules.rules]
    if lacking:
        yield warn("P-155", f"{' '.join(lacking)} 级没有阶梯，届满只在值守台响", f"{FILE} ladder.rules")
    for priority, rule in rules.rules.items():
        shares = [rise.amount for rise in rule.rises if rise.kind == "share"]
        minutes = [rise.amount for rise in rule.rises if rise.kind == "wall"]
        days = [rise.amount for rise in rule.rises if rise.kind == "workdays"]
        kinds = [("share", "wall", "workdays", "weekly").index(rise.kind) for rise in rule.rises]
        if any(part != sorted(part) for part in (shares, minutes, days, kinds)):
            yield Finding("P-155", f"{priority} 级的各级时刻须由早到晚", f"{FILE} ladder.rules.{priority}.rises")
    for field in msgspec.structs.fields(type(town.alarm_rules)):
        value = getattr(town.alarm_rules, field.name)
        if isinstance(value, int) and value < 1:
            yield Finding("P-150", f"{field.name} 为 {value}，须大于零", f"{FILE} alarms.{field.name}")
