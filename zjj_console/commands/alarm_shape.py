"""How alarms, climbs and posts look to scripts and to people."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zjj_console.desk.alarming import Alarm
    from zjj_console.desk.desk import Desk
    from zjj_console.domain.alarm_log import Entry, Rate
    from zjj_console.domain.climb import Climb, Next, Rung
    from zjj_console.domain.holders import Post
    from zjj_console.storage.reads_alarm_log import Log

WHY_ZH = {"due": "到时", "late": "上级须得足够时间", "hold": "应答后的等待期满", "failed": "电话打不通", "skipped": "上一级无人",
          "quiet": "静默时段后", "hand": "人工"}  # fmt: skip
FOUND_ZH = {"post": "任职", "rostered": "当班", "acting": "代理", "on_call": "听班"}


def alarm(one: "Alarm", desk: "Desk", climb: "Climb | None") -> dict[str, Any]:
    """One alarm; `case` is null for what is no case, `rung_person` the work number of whom its last rung calls."""
    from zjj_console.desk import alarm_words, wording
    from zjj_console.domain.alarms import mark

    town, duty, row = desk.town, desk.duty, one.row
    clock = alarm_words.clock_of(one)
    rung = climb.rungs[-1] if climb is not None and climb.open and climb.rungs else None
    return {
        "subject": one.subject,
        "grade": one.grade.name.lower(),
        "mark": mark(one.grade),
        "case": row.handle if row else None,
        "priority": row.priority if row else None,
        "clock": clock or None,
        "clock_zh": alarm_words.clock_name(town, clock) if clock else None,
        "due": wording.iso(row.next_due, duty) if row and row.next_kind else None,
        "raised": wording.iso(one.raised, duty) if one.raised else None,
        "acked": wording.iso(one.acked, duty),
        "level": one.level,
        "rung_person": rung.person or None if rung else None,
        "text_zh": alarm_words.line(one, town),
        "text_en": alarm_words.line(one, town, "en"),
    }


def entry(one: "Entry", log: "Log", desk: "Desk") -> dict[str, Any]:
    """One line of the log: a case, a clock or rung, and times; nobody's name."""
    from zjj_console.desk import alarm_words, wording

    town, duty = desk.town, desk.duty
    post = town.ladder.posts[one.rung - 1] if 0 < one.rung <= town.ladder.top else ""
    return {
        "kind": one.kind,
        "case": log.handles[one.case],
        "case_id": one.case,
        "priority": one.priority,
        "clock": one.clock,
        "clock_zh": alarm_words.clock_name(town, one.clock),
        "rung": one.rung or None,
        "post": post or None,
        "post_zh": wording.post(town, post) if post else None,
        "due": wording.iso(one.due, duty),
        "raised": wording.iso(one.raised, duty),
        "acked": wording.iso(one.acked, duty),
        "answered": wording.iso(one.answered, duty),
        "cleared": wording.iso(one.cleared, duty),
        "cleared_by": one.why or None,
    }


def entry_line(row: dict[str, Any]) -> tuple[str, ...]:
    what = f"E{row['rung']} {row['post_zh']}" if row["rung"] else f"{row['clock_zh']}超时"
    return (
        row["case"],
        f"P{row['priority']}",
        what,
        *(stamp(row[name]) for name in ("raised", "acked", "answered", "cleared")),
    )


def stamp(iso: str | None) -> str:
    return iso[5:19].replace("T", " ") if iso else "-"


def rate(found: "Rate", desk: "Desk") -> dict[str, Any]:
    from zjj_console.desk import alarm_words, wording

    busiest = found.busiest
    return {
        "alarms": found.n,
        "hours": round(found.hours, 2),
        "per_hour": round(found.per_hour, 3),
        "budget_per_hour": found.budget,
        "within_budget": found.per_hour <= found.budget,
        "hours_over_budget": found.over,
        "busiest_hour": {"from": wording.iso(busiest[0], desk.duty), "alarms": busiest[1]} if busiest else None,
        "by_cause": [
            {"cause": c, "cause_zh": alarm_words.clock_name(desk.town, c), "alarms": n} for c, n in found.causes
        ],
        "unacked": found.unacked,
        "median_minutes_to_ack": round(found.acked_after / 60_000_000, 1) if found.acked_after is not None else None,
    }


# the ladder -------------------------------------------------------------------------------------------------------------


def rung(one: "Rung", desk: "Desk") -> dict[str, Any]:
    from zjj_console.desk import wording

    town, duty = desk.town, desk.duty
    post = town.ladder.posts[one.n - 1]
    return {
        "rung": one.n,
        "post": post,
        "post_zh": wording.post(town, post),
        "raised": wording.iso(one.at, duty),
        "person": one.person or None,
        "name": wording.person(town, one.person) if one.person else None,
        "found": one.found or None,
        "missing": one.missing or None,
        "why": one.why,
        "why_zh": WHY_ZH[one.why],
        "raised_by": one.by or None,
        "calls": [
            {"at": wording.iso(call.at, duty), "by": call.by, "result": call.result,
             "result_zh": wording.reason(town, "call", call.result), "text": call.text}
            for call in one.calls
        ],
        "answered_at": wording.iso(one.answered_at, duty),
        "answered_by": one.answered_by or None,
        "answer": one.answer or None,
        "text_zh": wording.rung(one, town),
    }  # fmt: skip


def upcoming(step: "Next | None", desk: "Desk") -> dict[str, Any] | None:
    from zjj_console.desk import wording

    if step is None:
        return None
    post = desk.town.ladder.posts[step.n - 1]
    return {"rung": step.n, "post": post, "post_zh": wording.post(desk.town, post), "at": wording.iso(step.at, desk.duty),
            "why": step.why, "why_zh": WHY_ZH[step.why]}  # fmt: skip


TRIGGER_ZH = {"manual": "人工升级", "refused": "保障被拒"}


def trigger(code: str, desk: "Desk") -> str:
    from zjj_console.desk import alarm_words

    return TRIGGER_ZH.get(code) or alarm_words.clock_name(desk.town, code)


def post(one: "Post", desk: "Desk") -> dict[str, Any]:
    """A post as it is resolved; the number to call stands in `roster oncall` and in the profile, not here."""
    from zjj_console.desk import wording

    town, who = desk.town, one.holder
    return {
        "unit": one.station,
        "unit_zh": wording.unit(town, one.station),
        "post": one.post,
        "post_zh": wording.post(town, one.post),
        "person": who.person or None,
        "name": wording.person(town, who.person) if who.person else None,
        "found": who.found or None,
        "found_zh": FOUND_ZH.get(who.found),
        "missing": who.missing or None,
        "missing_zh": wording.MISSING_ZH.get(who.missing),
    }
