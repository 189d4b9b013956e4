"""Reading escalation.toml. A folder without it has no ladder: deadlines ring at the desk, and nobody else is called."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zjj_console.town import models as m
from zjj_console.town.ladder import AlarmRules, Ladder
from zjj_console.town.load import ProfileError, Rows, convert, limit, minute, toml
from zjj_console.town.load_duty import only, record

FILE = "escalation.toml"
_RISE = re.compile(r"(\d{1,2})%|(\d+)(m|h|wd)|(weekly)")


def escalation(folder: Path) -> dict[str, Any]:
    """Fields of `Town` that the file gives; nothing without it."""
    if not (folder / FILE).is_file():
        return {}
    data = toml(folder, FILE)
    only(data, ("ladder", "alarms"), FILE, "-")
    ladder = convert(data.get("ladder", {}), dict[str, Any], FILE, "ladder")
    rules = convert(ladder.get("rules", {}), Rows, FILE, "ladder.rules")
    quiet = convert(ladder.get("quiet", ["00:00", "00:00"]), tuple[str, str], FILE, "ladder.quiet")
    fields = {
        **ladder,
        "quiet": tuple(minute(edge, FILE, "ladder.quiet") for edge in quiet),
        "rules": {priority: _rule(row, f"ladder.rules.{priority}") for priority, row in rules.items()},
    }
    made = record(fields, Ladder, FILE, "ladder")
    _complete(made)
    return {
        "ladder": made,
        "alarm_rules": record(data.get("alarms", {}), AlarmRules, FILE, "alarms"),
    }


def _rule(row: Mapping[str, Any], where: str) -> dict[str, Any]:
    return {
        **row,
        "rises": [_rise(text, f"{where}.rises") for text in row.get("rises", ())],
        "window": limit(row.get("window"), FILE, f"{where}.window"),
    }


def _rise(text: object, where: str) -> dict[str, Any]:
    found = _RISE.fullmatch(str(text))
    if found is None:
        raise ProfileError(FILE, where, f"{text!r} 不是升级时刻", '请写成 "80%"、"30m"、"2h"、"1wd" 或 "weekly"')
    if found[1]:
        return {"kind": "share", "amount": int(found[1])}
    if found[4]:
        return {"kind": "weekly"}
    if found[3] == "wd":
        return {"kind": "workdays", "amount": int(found[2])}
    return {"kind": "wall", "amount": int(found[2]) * {"m": 1, "h": 60}[found[3]]}


def _complete(made: Ladder) -> None:
    """A rung without an instant, or a clock that begins above the ladder, would only show when somebody is to be called."""
    for priority, rule in made.rules.items():
        if len(rule.rises) != made.top:
            message = f"写了 {len(rule.rises)} 个时刻，阶梯有 {made.top} 级"
            raise ProfileError(
                FILE, f"ladder.rules.{priority}.rises", message, f"每级一个: {' '.join(made.posts)}", "P-155"
            )
        if priority not in m.PRIORITIES:
            raise ProfileError(FILE, f"ladder.rules.{priority}", "没有这一级别", "级别为 1 至 4", "P-155")
    for clock, trigger in made.triggers.items():
        if not 1 <= trigger.first <= made.top:
            message = f"first 为 {trigger.first}，阶梯只有 {made.top} 级"
            raise ProfileError(FILE, f"ladder.triggers.{clock}", message, f"写 1 至 {made.top}", "P-155")
