"""The roster as scripts and as people read it: rows, breaches, vacant posts, uncovered hours, and who carries how much."""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from zjj_console.commands.output import aligned
from zjj_console.desk import packing, wording
from zjj_console.domain.conflict_words import post_name
from zjj_console.domain.model import MINUTE

if TYPE_CHECKING:
    from zjj_console.domain.conflicts import Finding, Vacancy
    from zjj_console.domain.duty import DutyTime
    from zjj_console.domain.gaps import Absence, Gap
    from zjj_console.domain.planning import Proposal, Unfilled
    from zjj_console.domain.roster import Assignment
    from zjj_console.domain.rotation import Balance
    from zjj_console.town.models import Town

STANDING_ZH = {**packing.STANDING_ZH, "planned": "未开始"}
KIND_ZH = {"structure": "结构", "plan": "计划", "actual": "实际"}
SEVERITY_ZH = {"!!!": "急", "!!": "重", "!": "须补", "i": "提示"}
_LISTED = 40  # lines of one list that a person is shown; scripts get all


def assignment(a: "Assignment", town: "Town", duty: "DutyTime", standing: str = "") -> dict[str, Any]:
    return {
        "date": a.day.isoformat(),
        "shift": a.shift,
        "shift_zh": town.shift_of(a.shift).name,
        "unit": a.unit,
        "unit_zh": wording.unit(town, a.unit),
        "post": a.post,
        "post_zh": post_name(town, a.post)[0],
        "seat": a.seat,
        "work_no": a.person,
        "name": wording.person(town, a.person),
        "start": wording.iso(a.start, duty),
        "end": wording.iso(a.end, duty),
        "planned": a.planned or None,
        "acting": a.acting,
        "note": a.note,
        "standing": standing or None,
        "standing_zh": STANDING_ZH.get(standing),
    }


def table(rows: Iterable[dict[str, Any]]) -> list[str]:
    """Lines of assignments."""
    found: list[tuple[str, ...]] = [("业务日", "班次", "单位", "岗位", "座", "工号", "姓名", "时段", "在岗", "备注")]
    for row in rows:
        instead = f"顶{row['planned']}" if row["planned"] and row["planned"] != row["work_no"] else ""
        notes = " ".join(part for part in (instead, "代" if row["acting"] else "", row["note"]) if part)
        hours = f"{row['start'][11:16]}-{row['end'][11:16]}"
        found.append(
            (row["date"][5:], row["shift_zh"], row["unit_zh"], row["post_zh"], str(row["seat"]), row["work_no"],
             row["name"], hours, row["standing_zh"] or "-", notes or "-")
        )  # fmt: skip
    return aligned(found)


def finding(f: "Finding", town: "Town", duty: "DutyTime") -> dict[str, Any]:
    return {
        "code": f.code,
        "effect": f.effect,
        "work_no": f.person or None,
        "name": wording.person(town, f.person) or None,
        "from": wording.iso(f.at[0], duty),
        "to": wording.iso(f.at[1], duty),
        "message_zh": f.zh,
        "message": f.en,
        "fix_zh": f.fix_zh,
        "fix": f.fix_en,
        "needs_reason": f.needs_reason,
    }


def vacancy(v: "Vacancy", town: "Town") -> dict[str, Any]:
    return {
        "unit": v.unit,
        "unit_zh": wording.unit(town, v.unit),
        "post": v.post,
        "post_zh": post_name(town, v.post)[0],
        "days": [day.isoformat() for day in v.days],
        "message_zh": v.zh,
        "message": v.en,
    }


def unfilled(u: "Unfilled", town: "Town", duty: "DutyTime") -> dict[str, Any]:
    name = next((r.name for r in town.coverage if r.code == u.requirement), u.requirement)
    units = "、".join(wording.unit(town, code) for code in u.units if code)
    at = f"{duty.local(u.at[0]):%H:%M}-{duty.local(u.at[1]):%H:%M}"
    return {
        "requirement": u.requirement,
        "units": [code for code in u.units if code],
        "date": u.day.isoformat(),
        "from": wording.iso(u.at[0], duty),
        "to": wording.iso(u.at[1], duty),
        "need": u.need,
        "have": u.have,
        "message_zh": f"{u.day:%m-%d} {at} {units} {name} 应{u.need}实{u.have}".replace("  ", " "),
    }


def gap(g: "Gap", duty: "DutyTime") -> dict[str, Any]:
    return {
        "requirement": g.requirement,
        "name_zh": g.name,
        "name": g.name_en,
        "unit": g.unit or None,
        "unit_zh": g.unit_name,
        "from": wording.iso(g.start, duty),
        "to": wording.iso(g.end, duty),
        "need": g.need,
        "have": g.have,
        "kind": g.kind,
        "kind_zh": KIND_ZH[g.kind],
        "severity": g.severity,
        "clause": g.clause,
        "mark": g.mark,
        "rule": g.rule or None,
        "cause_zh": g.cause_zh,
        "cause": g.cause_en,
        "shared": list(g.shared),
    }


def absence(a: "Absence", town: "Town", duty: "DutyTime") -> dict[str, Any]:
    return {
        "work_no": a.person,
        "name": wording.person(town, a.person),
        "state": a.state,
        "since": wording.iso(a.since, duty),
        "by": a.by or None,
        "date": a.day.isoformat(),
        "shift": a.shift,
        "unit": a.unit,
        "unit_zh": wording.unit(town, a.unit),
        "post": a.post,
        "post_zh": post_name(town, a.post)[0],
        "enough": a.enough,
        "severity": a.severity,
        "message_zh": f"{wording.unit(town, a.unit)} {wording.person(town, a.person)} {a.zh}",
        "message": a.en,
    }


def gap_lines(gaps: Iterable["Gap"], duty: "DutyTime") -> list[str]:
    """One line for what is the same at several units or on several days; the earliest first."""
    alike: dict[tuple[str, ...], list[Gap]] = {}
    for g in gaps:
        hours = f"{duty.local(g.start):%H:%M}-{duty.local(g.end):%H:%M}"
        figures = f"应{g.need}实{g.have}"
        key = (g.severity, KIND_ZH[g.kind], hours, g.name, figures, g.cause_zh, g.rule, g.clause, g.mark)
        alike.setdefault(key, []).append(g)
    rows: list[tuple[str, ...]] = []
    for (severity, kind, hours, name, figures, cause, rule, clause, mark), same in alike.items():
        units = "、".join(dict.fromkeys(g.unit_name for g in same))
        days = _days(sorted({duty.local(g.start).date() for g in same}))
        basis = f"{clause} {'配置值' if mark == 'A' else mark}"
        rows.append(
            (f"{severity}{SEVERITY_ZH[severity]}", kind, days, hours, units, name, figures, cause, rule or "-", basis)
        )
    head = ("级", "类", "日期", "时段", "单位", "要求", "人数", "原因", "规则", "依据")
    return aligned([head, *rows]) if rows else []


def _days(days: list[date]) -> str:
    """`03-01`, `03-01..03-14 10天`."""
    return f"{days[0]:%m-%d}" if len(days) == 1 else f"{days[0]:%m-%d}..{days[-1]:%m-%d} {len(days)}天"


def listed(lines: list[str]) -> list[str]:
    """The first lines of a long list, and how many more there are."""
    more = len(lines) - _LISTED
    return lines if more <= 0 else [*lines[:_LISTED], f"另有 {more} 条，--json 列全部"]


def balance(b: "Balance", town: "Town") -> dict[str, Any]:
    return {
        "teams": [
            {"unit": t.unit, "unit_zh": wording.unit(town, t.unit), "nights": t.nights, "hours": t.minutes / 60,
             "holiday_nights": t.holiday_nights} for t in b.teams
        ],
        "nights_apart": b.nights_apart,
        "hours_apart": b.minutes_apart / 60,
        "holidays_apart": b.holidays_apart,
        "gaps": [day.isoformat() for day in b.gaps],
        "unknown_days": len(b.unknown),
    }  # fmt: skip


def balance_lines(title: str, b: "Balance", town: "Town") -> list[str]:
    teams = [
        f"{wording.unit(town, t.unit)} {t.nights}夜 {t.minutes / 60:g}小时 节假日{t.holiday_nights}夜" for t in b.teams
    ]
    apart = f"相差 {b.nights_apart}夜 {b.minutes_apart / 60:g}小时 节假日{b.holidays_apart}夜"
    empty = [f"无队夜: {_days(list(b.gaps))}"] if b.gaps else []
    return [f"{title}: {'；'.join(teams)}；{apart}", *empty]


def loads(rows: Iterable["Assignment"], town: "Town") -> list[dict[str, Any]]:
    """Hours and shifts of presence per person, the most first."""
    found: dict[str, list[int]] = {}
    for a in rows:
        if town.shift_of(a.shift).presence:
            tally = found.setdefault(a.person, [0, 0, 0])
            tally[0] += (a.end - a.start) // MINUTE
            tally[1] += 1
            tally[2] += town.hours[town.shift_of(a.shift).hours].wall
    return [
        {"work_no": who, "name": wording.person(town, who), "hours": t[0] / 60, "shifts": t[1], "nights": t[2]}
        for who, t in sorted(found.items(), key=lambda row: (-row[1][0], row[0]))
    ]


def proposal(p: "Proposal", town: "Town") -> dict[str, Any]:
    return {
        "work_no": p.person,
        "name": wording.person(town, p.person),
        "unit": town.people[p.person].unit,
        "unit_zh": wording.unit(town, town.people[p.person].unit),
        "week_hours": p.week / 60,
        "month_hours": p.month / 60,
        "acting": p.acting,
        "findings": [{"code": f.code, "message_zh": f.zh, "message": f.en} for f in p.findings],
        "why_zh": p.why[0] or None,
        "why": p.why[1] or None,
    }
