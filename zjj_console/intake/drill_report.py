"""What became of a drill: what the trainee did and how soon, who was called when, what had to be so and was it.

Read from the journal and the rows of the drill's database, so it says the same however the drill was run.
"""

import json
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from zjj_console.desk import wording
from zjj_console.domain.lifecycle import BY_ACTION
from zjj_console.domain.model import SECOND, Case
from zjj_console.i18n import Teller, teller
from zjj_console.intake.drill import Step
from zjj_console.intake.drill_run import Check, Runner
from zjj_console.storage import duty_rows, projections
from zjj_console.storage.db import connect
from zjj_console.verbs.parse import Parsed, parse
from zjj_console.verbs.table import Verb

# Verbs that are acts have no row in the life cycle: the events they make.
_ACTS = {
    "escalate": ("escalated", "rung_answered", "ladder_cleared"), "sign_in": ("signed_in",), "sign_out": ("signed_out",),
    "assemble": ("assembly_called",), "substitute": ("substituted",),
}  # fmt: skip


class Task(Struct, frozen=True):
    """One thing that the trainee had to do. `done`: when he did (µs), None if he did not."""

    step: int
    asked: int
    by: int
    line: str
    done: int | None

    @property
    def ok(self) -> bool:
        return self.done is not None and self.done <= self.by


class Ack(Struct, frozen=True):
    """An alarm of a case that was acknowledged, and how long it had stood (µs)."""

    case: str
    at: int
    after: int


class Report(Struct, frozen=True):
    """`text` is what people read; the rest is what scripts read."""

    text: str
    tasks: tuple[Task, ...]
    acks: tuple[Ack, ...]
    checks: tuple[Check, ...]
    over: bool

    @property
    def ok(self) -> bool:
        return self.over and all(check.ok for check in self.checks) and all(task.ok for task in self.tasks)


class _Seen(Struct):
    """An event of the seat, with the case that its stream is about."""

    at: int
    kind: str
    case: str
    data: dict[str, Any]
    used: bool = False


def report(runner: Runner) -> Report:
    """Of a run so far; opens its own connection, so that it can be asked after the desk has been closed."""
    desk, drill = runner.desk, runner.drill
    db = connect(desk.path, readonly=True)
    try:
        cases = {case_id: projections.load(db, case_id) for case_id in runner.cases.values()}
        known = {case_id: case for case_id, case in cases.items() if case is not None}
        seen = list(_events(db, drill.seat, drill.begins))
        tasks = tuple(_task(runner, step, seen, known) for step in drill.steps if step.own)
        climbs = {case_id: duty_rows.load_climb(db, case_id) for case_id in known}
        acks = tuple(_acks(db, seen, known))
    finally:
        db.close()
    writer = _Writer(runner, teller(desk.lang))
    lines = [*writer.head(), *writer.tasks(tasks), *writer.ladders(known, climbs), *writer.acks(acks), *writer.checks()]
    found = Report("", tasks, acks, tuple(runner.checks), runner.over)
    return Report("\n".join([*lines, "", writer.verdict(found)]), tasks, acks, tuple(runner.checks), runner.over)


def _events(db: Any, seat: str, since: int) -> Iterator[_Seen]:
    rows = db.execute(
        "SELECT at, kind, stream, body FROM event WHERE actor = ? AND at >= ? ORDER BY lseq", (seat, since)
    )
    for at, kind, stream, body in rows:
        yield _Seen(at, kind, stream.rpartition(":")[2], json.loads(body)["data"])


def _task(runner: Runner, step: Step, seen: list[_Seen], cases: dict[str, Case]) -> Task:
    """The first event of the kind that the step asks for, on its case, that answers no earlier step."""
    line = "a" if step.row.ack else runner.filled(step.row.line)
    kinds, about = _wanted(runner, step, line)
    for event in seen:
        if event.used or event.kind not in kinds or (about and event.case not in about):
            continue
        if step.row.ack and not (event.at >= step.at and set(cases) & set(event.data["subjects"])):
            continue
        event.used = True
        return Task(step.n, step.at, step.by, line, event.at)
    return Task(step.n, step.at, step.by, line, None)


def _wanted(runner: Runner, step: Step, line: str) -> tuple[tuple[str, ...], set[str]]:
    """(kinds of event that do what a step asks for, the cases it may be about; empty: no matter)."""
    if step.row.ack:
        return ("alarm_acked",), set()
    told = parse(line, runner.desk.town, step.at)
    if not isinstance(told, Parsed):
        return (), set()
    label = next((one for one in runner.cases if f"{{{one}}}" in step.row.line), "")
    return _kinds(told.verb), {runner.cases[label]} if label else set()


def _kinds(verb: Verb) -> tuple[str, ...]:
    return _ACTS.get(verb.id) or tuple(row.event for action in verb.actions for row in BY_ACTION.get(action, ()))


def _acks(db: Any, seen: list[_Seen], cases: dict[str, Case]) -> Iterator[Ack]:
    """When each alarm had begun: the last deadline or rung before it was acknowledged, else the report."""
    for event in seen:
        if event.kind != "alarm_acked":
            continue
        for case_id in event.data["subjects"]:
            if case_id not in cases:
                continue
            case, climb = cases[case_id], duty_rows.load_climb(db, case_id)
            begun = [case.recorded_at, *(clock.due or 0 for clock in case.clocks.values())]
            begun += [rung.at for rung in climb.rungs] if climb else []
            yield Ack(case.handle, event.at, event.at - max((at for at in begun if at <= event.at), default=event.at))


class _Writer:
    """The report as text, in the language of the desk."""

    def __init__(self, runner: Runner, t: Teller) -> None:
        self.runner, self.t = runner, t
        self.drill, self.duty, self.town = runner.drill, runner.desk.duty, runner.desk.town
        self.english = runner.desk.lang == "en"

    def _at(self, at: int) -> str:
        return f"{self.duty.local(at):%H:%M:%S}"

    def head(self) -> list[str]:
        drill, t = self.drill, self.t
        title, trains = (drill.title_en, drill.trains_en) if self.english else (drill.title, drill.trains)
        begins, ends = self.duty.local(drill.begins), self.duty.local(drill.ends)
        return [
            f"{t('演练')} {drill.name} {title}",
            f"{t('训练')}: {trains}",
            f"{begins:%Y-%m-%d %H:%M} - {ends:%m-%d %H:%M}",
        ]

    def tasks(self, tasks: tuple[Task, ...]) -> list[str]:
        t, lines = self.t, ["", self.t("本席该做的")]
        for task in tasks:
            when = self._at(task.done) if task.done is not None else "-"
            word = t("及时") if task.ok else t("未做") if task.done is None else t("迟")
            lines.append(f"  {self._at(task.asked)}  {word}  {when}  {task.line}")
        return lines

    def ladders(self, cases: dict[str, Case], climbs: dict[str, Any]) -> list[str]:
        lines = ["", self.t("呼叫经过")]
        for case_id, case in cases.items():
            climb = climbs[case_id]
            for rung in climb.rungs if climb else ():
                tried = " ".join(
                    f"{self._at(call.at)} {wording.reason(self.town, 'call', call.result)}" for call in rung.calls
                )
                lines.append(f"  {case.handle}  {self._at(rung.at)}  {wording.rung(rung, self.town)}  {tried}".rstrip())
            if climb is not None and climb.cleared_at is not None:
                lines.append(f"  {case.handle}  {self._at(climb.cleared_at)}  {self.t('已解除')}")
        return lines

    def acks(self, acks: tuple[Ack, ...]) -> list[str]:
        if not acks:
            return []
        rows = [
            f"  {a.case}  {self._at(a.at)}  {a.after // (60 * SECOND):02}:{a.after // SECOND % 60:02}" for a in acks
        ]
        return ["", self.t("告警确认，响后多久"), *rows]

    def checks(self) -> list[str]:
        wrong = [check for check in self.runner.checks if not check.ok]
        lines = ["", f"{self.t('应有结果')} {len(self.runner.checks) - len(wrong)}/{len(self.runner.checks)}"]
        for check in wrong:
            lines.append(f"  {self._at(check.at)} {self.t('步')}{check.step} {check.case} {check.field}: "
                         f"{self.t('应为')} {check.wanted or '-'}  {self.t('实为')} {check.found or '-'}")  # fmt: skip
        return lines

    def verdict(self, found: Report) -> str:
        if not found.over:
            return self.t("演练没有走完")
        return self.t("全部达到") if found.ok else self.t("有未达到的，见上")
