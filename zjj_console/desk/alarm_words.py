"""An alarm in one line: mark, case, deadline, priority, rung. It is read aloud, mailed and logged: no name, place or number of anybody."""

from zjj_console.desk.alarming import Alarm
from zjj_console.domain.alarms import Grade, mark
from zjj_console.domain.marks import PRIORITY_ZH
from zjj_console.town.models import Town

GRADE_EN = {
    Grade.URGENT_LATE: "urgent, late", Grade.DESK: "desk", Grade.URGENT_NEW: "urgent, new", Grade.LATE: "late",
    Grade.SOON: "due soon", Grade.ASKED: "asked", Grade.NOTE: "note",
}  # fmt: skip


def clock_of(alarm: Alarm) -> str:
    """The deadline that a case's alarm is about; empty for what is no case."""
    return alarm.cause.partition(" ")[0] if alarm.row is not None else ""


def clock_name(town: Town, code: str, lang: str = "zh") -> str:
    """`督办` has a limit of its own in no table where a town sets none."""
    found = town.clocks.get(code)
    if found is None:
        return {"SUPV": ("督办", "supervised")}.get(code, (code, code))[lang == "en"]
    return found.name if lang == "zh" else found.name_en.lower() or code


def line(alarm: Alarm, town: Town, lang: str = "zh") -> str:
    """`!!!急超 1042 签收 一级 E2`, or mark and sentence of what is no case."""
    row = alarm.row
    if row is None:
        return f"{mark(alarm.grade)} {alarm.zh}" if lang == "zh" else f"{mark(alarm.grade)} {alarm.en or alarm.zh}"
    name = clock_name(town, clock_of(alarm), lang)
    priority = PRIORITY_ZH[row.priority] if lang == "zh" else f"P{row.priority}"
    rung = f" E{alarm.level}" if alarm.level else ""
    said = alarm.zh if lang == "zh" else alarm.en
    return " ".join(filter(None, (mark(alarm.grade), row.handle, name, f"{priority}{rung}", said)))
