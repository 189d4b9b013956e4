"""Every deadline, rung, lead and candidate of a case explains itself (§2.5, §2.8, §2.10): the steps, gathered and told."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from zjj_console.desk import reasons_clock, reasons_ladder, reasons_lead, wording
from zjj_console.desk.tongue import MARK, Tongue, numbers
from zjj_console.domain.facts import Facts
from zjj_console.domain.lifecycle import STATE_ZH, evolve
from zjj_console.domain.marks import PRIORITY_ZH
from zjj_console.domain.model import Case, Clock, Event
from zjj_console.domain.why import JOURNAL, Happening, Step
from zjj_console.reports.plain import wrap
from zjj_console.storage import reads
from zjj_console.storage.db import Connection

WIDTH = 100  # columns of the text
TOPIC = {
    "deadline": ("时限", "Deadlines"), "ladder": ("升级", "Ladder"), "lead": ("主办", "Lead"),
    "candidate": ("可派", "Candidates"),
}  # fmt: skip
_NOTHING = {"deadline": ("没有在走的时限", "no deadline runs"), "ladder": ("-", "-"), "lead": ("-", "-"),
            "candidate": ("此刻没有可派的单位", "nobody to send now")}  # fmt: skip


class Explained(Struct, frozen=True):
    """Why a case stands as it does. Times of the text are those seen from `now`."""

    case: Case
    now: int
    steps: tuple[Step, ...]


def explain(db: Connection, case: Case, facts: Facts, *, everything: bool = False) -> Explained:
    """All steps of a case. `everything`: the stopped clocks as well, which an ended case shows anyway."""
    past, tongue = history(db, case), Tongue(facts.duty, facts.now)
    steps = [
        *deadline_steps(case, past, tongue, everything=everything),
        *reasons_ladder.ladder_steps(db, case, past, facts, tongue),
        *reasons_lead.lead_steps(db, case, past, facts, tongue),
        *reasons_lead.candidate_steps(db, case, facts, tongue),
    ]
    return Explained(case, facts.now, tuple(steps))


def deadlines(db: Connection, case: Case, facts: Facts, *, everything: bool = False) -> Explained:
    """The derivation of the deadlines alone (NV-20)."""
    steps = deadline_steps(case, history(db, case), Tongue(facts.duty, facts.now), everything=everything)
    return Explained(case, facts.now, tuple(steps))


def deadline_steps(case: Case, past: list[Happening], tongue: Tongue, *, everything: bool = False) -> Iterator[Step]:
    shown = [c for c in case.clocks.values() if everything or not case.is_open or c.stopped is None]
    for clock in sorted(shown, key=_soonest):
        yield from reasons_clock.clock_steps(case, clock, past, tongue)
    yield from reasons_clock.request_steps(case, past, tongue)


def _soonest(clock: Clock) -> tuple[bool, int]:
    return clock.stopped is not None, clock.due or clock.started


def history(db: Connection, case: Case) -> list[Happening]:
    """The events of a case, each with the case before and after it."""
    found: list[Happening] = []
    before: Case | None = None
    for m in reads.timeline(db, case):
        if m.apart:
            continue
        after = evolve(before, Event(m.kind, case.id, m.data))
        found.append(Happening(m.lseq, m.kind, m.actor, m.at, m.data, before, after))
        before = after
    return found


# told ---------------------------------------------------------------------------------------------------------------------


def as_json(found: Explained, tongue: Tongue) -> dict[str, Any]:
    return {"case": found.case.handle, "steps": [_plain(step, tongue) for step in found.steps]}


def _plain(step: Step, tongue: Tongue) -> dict[str, Any]:
    return {
        **step.facts,
        "topic": step.topic,
        "rule": step.rule,
        "mark": step.mark,
        "mark_zh": MARK[step.mark][0],
        "text_zh": step.zh,
        "text_en": step.en,
        "at": tongue.iso(step.at),
        "events": list(step.events),
    }


def text(found: Explained, lang: str = "zh", topics: tuple[str, ...] = tuple(TOPIC)) -> str:
    """Sentences by topic, at most WIDTH columns; each with the mark of its figure and its places in the journal."""
    n = int(lang == "en")
    lines: list[str] = []
    for topic in topics:
        steps = [step for step in found.steps if step.topic == topic]
        lines += ["", TOPIC[topic][n]] if lines else [TOPIC[topic][n]]
        clock = ""
        for step in steps:
            first = step.facts.get("clock", "") != clock
            clock = step.facts.get("clock", "")
            lines += _told(step, n, first=first or topic != "deadline")
        if not steps:
            lines.append(f"  {_NOTHING[topic][n]}")
    return "\n".join(lines)


def _told(step: Step, n: int, *, first: bool) -> list[str]:
    """A step as lines: what begins a deadline stands out, the rest hangs below."""
    indent = "  " if first else "    "
    mark = "" if step.mark == JOURNAL else f" [{step.mark} {MARK[step.mark][n]}]"
    events = f" {numbers(step.events)}" if step.events else ""
    said = wrap(f"{(step.zh, step.en)[n]}{mark}{events}", WIDTH - len(indent) - 2)
    return [f"{indent}{said[0]}", *(f"{indent}  {line}" for line in said[1:])]


def head(found: Explained, lang: str = "zh") -> str:
    """`1042 place text  一级 处置中`."""
    case = found.case
    if lang == "en":
        return f"{case.handle} {case.place} {case.text}  priority {case.priority} {case.state}"
    return f"{case.handle} {case.place} {case.text}  {PRIORITY_ZH[case.priority]} {STATE_ZH[case.state]}"


def sentence(found: Explained, tongue: Tongue, lang: str = "zh") -> str:
    """The answer in one line: the deadline that ends first, and how far the case has climbed."""
    case, clock = found.case, found.case.next_clock() if found.case.is_open else None
    name = tongue.clock(clock.code)[lang == "en"] if clock else ""
    due = wording.moment(clock.due, found.now, tongue.duty) if clock and clock.due else ""
    n = len(found.steps)
    if lang == "en":
        return f"why {case.handle}: {f'{name} {due}, ' if clock else ''}{n} steps; with figures: zjj case why {case.handle}"
    return f"为何 {case.handle}: {f'{name}时限 {due}，' if clock else ''}说明 {n} 条；脚本: zjj case why {case.handle}"
