"""A drill running on its own database: what the script does by itself, what it asks of the trainee, what must be so.

Every step happens at its own instant: the clock is held there until it is done. So a night is the same however fast it
goes, and however seldom the desk looks.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from zjj_console.desk import alarming, queries, shift_changes, wording
from zjj_console.desk.candidates import candidates
from zjj_console.desk.desk import Desk
from zjj_console.desk.outcome import Outcome
from zjj_console.desk.session import actor_of
from zjj_console.domain import alarms
from zjj_console.domain import climb as up
from zjj_console.domain.climb import Climb, Rung
from zjj_console.domain.model import HOUR, Case
from zjj_console.intake.demo_shift import keeper, seed_shift
from zjj_console.intake.drill import Drill, DrillClock, Expect, Step, town_of
from zjj_console.storage import duty_rows
from zjj_console.storage.db import connect, set_meta
from zjj_console.town.ladder import MEETING
from zjj_console.town.models import Town

META = "drill"  # key of `meta` whose presence makes a database one of a drill
_BEFORE = 31 * HOUR  # leave is granted before the roster is made


class Check(Struct, frozen=True):
    """One thing that had to be so, and what was found. `field` is that of `Expect`, or `line`."""

    step: int
    at: int
    case: str
    field: str
    wanted: str
    found: str

    @property
    def ok(self) -> bool:
        return self.wanted == self.found


class Said(Struct, frozen=True):
    """Something that was heard or happened, in the language of the desk. `kind`: say, ask, done or call."""

    at: int
    kind: str
    text: str


def create(drill: Drill, path: Path, town: Town, lang: str = "zh") -> Desk:
    """A fresh database with the beginning of the night, and the desk of whoever sits there, its clock at the start."""
    from zjj_console.storage import setup

    town = town_of(drill, town)
    setup.create(path, town.code)
    return prepared(drill, path, town, lang)


def prepared(drill: Drill, path: Path, town: Town, lang: str = "zh") -> Desk:
    """The same on a database that is there and empty; `town` is that of the drill."""
    db = connect(path)
    set_meta(db, **{META: drill.name})
    db.close()
    desk = Desk(path, town, actor_of(town, drill.seat, trial=True), lambda: drill.begins, lang)
    clock = desk.now
    desk.now = lambda: drill.begins - _BEFORE
    for away in drill.state.leave:
        start, end = (round(one.replace(tzinfo=town.tz).timestamp() * 1_000_000) for one in (away.start, away.end))
        desk.act(shift_changes.leave(away.person, start, end, away.kind), actor=keeper(desk))
    desk.now = clock
    if drill.state.roster:
        seed_shift(desk, lambda at: None, drill.state.absent)
    return desk


class Runner:
    """One run of a drill. `auto`: what the trainee would do is done as well. `every`: µs between extra sweeps."""

    def __init__(self, desk: Desk, drill: Drill, clock: DrillClock, *, auto: bool, every: int = 0) -> None:
        self.desk, self.drill, self.clock, self.auto, self.every = desk, drill, clock, auto, every
        self.cases: dict[str, str] = {}  # label -> case id
        self.handles: dict[str, str] = {}  # label -> what the case is called in a line
        self.checks: list[Check] = []
        self.said: list[Said] = []
        self.over = False
        self._open: dict[int, tuple[Step, set[str]]] = {}  # expectations that are not settled yet, by step
        self._newest: dict[int, str] = {}  # the newest case when a step was done
        self._agenda = sorted(self._planned(), key=lambda one: one[0])
        self._desks: dict[str, Desk] = {}
        self._raised: dict[str, Climb | None] = {}
        desk.now = clock
        clock.held = self._agenda[0][0]

    def _planned(self) -> list[tuple[int, Callable[[Step], None], Step]]:
        """What happens when: a step, then what is expected of it; a trainee is given his time before he is judged."""
        planned: list[tuple[int, Callable[[Step], None], Step]] = []
        for step in self.drill.steps:
            planned.append((step.at, self._apply, step))
            if step.row.expect is not None:
                planned.append((step.at if self.auto else step.by, self._judge, step))
        return planned

    def catch_up(self) -> bool:
        """Everything that is due, in order, each at its instant, then what time alone decides. True if anything was done."""
        done = False
        while self._agenda and self._agenda[0][0] <= self.clock():
            _, do, step = self._agenda.pop(0)
            do(step)
            self._sweep()
            self._look()
            self._go_on(self._agenda[0][0] if self._agenda else self.drill.ends)
            done = True
        self._sweep()
        self._look()
        self.over = not self._agenda and self.clock() >= self.drill.ends
        return done

    def _go_on(self, to: int) -> None:
        while self.every and self.clock.held + self.every < to:
            self.clock.held += self.every
            self.desk.sweep()
        self.clock.held = max(to, self.clock.held)  # a check that was to fall into what was skipped comes after it

    def close(self) -> None:
        for desk in self._desks.values():
            desk.close()

    # doing ----------------------------------------------------------------------------------------------------------------

    def _apply(self, step: Step) -> None:
        row, town = step.row, self.desk.town
        english = self.desk.lang == "en"
        if row.say:
            self._tell("say", row.say_en if english and row.say_en else row.say)
        if row.line or row.ack:
            if step.own and not self.auto:
                hint = row.hint_en if english and row.hint_en else row.hint
                self._tell("ask", hint or self.filled(row.line))
            else:
                by = self._actor_desk(step)
                outcome = self._acknowledge(by) if row.ack else by.run_line(self.filled(row.line), confirmed=True)
                self._note(step, outcome)
                self._tell("done", f"{wording.person(town, by.actor.work_no)}: {outcome.text}")
        self._newest[step.n] = next(reversed(self.cases.values()), "")
        if step.row.expect is not None:
            self._open[step.n] = (step, {name for name in _LOOKS if getattr(step.row.expect, name) is not None})
        if step.to is not None:
            self.clock.held = step.to
            self.clock.skip(step.to)

    def _note(self, step: Step, outcome: Outcome) -> None:
        if outcome.case is not None and step.row.case:
            self.cases[step.row.case], self.handles[step.row.case] = outcome.case.id, outcome.case.handle
        if not outcome.ok:
            self.checks.append(Check(step.n, self.clock(), "", "line", step.row.line or "ack", outcome.text))

    def _acknowledge(self, by: Desk) -> Outcome:
        worst = next(iter(by.alarms().unacked), None)
        return by.act(alarming.acknowledge([worst.subject] if worst else []))

    def filled(self, line: str) -> str:
        """The line with the handles of its cases."""
        for label, handle in self.handles.items():
            line = line.replace(f"{{{label}}}", handle)
        return line

    def _actor_desk(self, step: Step) -> Desk:
        """The desk of whoever acts: the seat itself, or a person of the field with his own."""
        who = step.row.who
        if who == "field":
            label = next((one for one in self.cases if f"{{{one}}}" in step.row.line), "")
            case = self.desk.case(self.cases.get(label, ""))
            who = case.lead_person if case is not None else ""
        if who in ("desk", "caller", "", self.desk.actor.work_no):
            return self.desk
        if who not in self._desks:
            actor = actor_of(self.desk.town, who, trial=True)
            self._desks[who] = Desk(self.desk.path, self.desk.town, actor, self.clock, self.desk.lang)
        return self._desks[who]

    # seeing ---------------------------------------------------------------------------------------------------------------

    def _tell(self, kind: str, text: str) -> None:
        self.said.append(Said(self.clock(), kind, text))

    def _sweep(self) -> None:
        """What time alone decides; whoever is to be called now is told with his number."""
        self.desk.sweep()
        for case_id in self.cases.values():
            climb = duty_rows.load_climb(self.desk.reader, case_id)
            before = self._raised.get(case_id)
            known = len(before.rungs) if before and climb and before.cycle == climb.cycle else 0
            case = self.desk.case(case_id)
            for rung in climb.rungs[known:] if climb else ():
                phone = self.desk.town.people[rung.person].phone if rung.person else ""
                text = f"{case.handle if case else ''} {wording.rung(rung, self.desk.town)} {phone}"
                self.said.append(Said(rung.at, "call", text.strip()))
            self._raised[case_id] = climb

    def _look(self) -> None:
        """A trainee's check is settled as soon as it holds: what he does later is another step's matter."""
        for step, fields in () if self.auto else list(self._open.values()):
            self._settle(step, fields, final=False)

    def _judge(self, step: Step) -> None:
        _, fields = self._open.pop(step.n)
        self._settle(step, fields, final=True)

    def _settle(self, step: Step, fields: set[str], *, final: bool) -> None:
        """Record what holds, at the end also what does not. People are judged by what became of it, not to the second."""
        expect = step.row.expect
        assert expect is not None
        if not self.auto:
            expect = _timeless(expect)
        case_id = self.cases.get(expect.case) or self._newest.get(step.n, "")
        case = self.desk.case(case_id) if case_id else None
        for field in [name for name in _LOOKS if name in fields]:
            wanted = getattr(expect, field)
            found = _LOOKS[field](self, case, expect) if case is not None else "-"
            check = Check(step.n, self.clock(), case.handle if case else "", field, _joined(wanted), found)
            if check.ok or final:
                self.checks.append(check)
                fields.discard(field)

    def _climb(self, case: Case) -> Climb | None:
        return duty_rows.load_climb(self.desk.reader, case.id)

    def _state(self, case: Case, expect: Expect) -> str:
        return case.state.value

    def _level(self, case: Case, expect: Expect) -> str:
        climb = self._climb(case)
        return str(climb.level if climb is not None and climb.open else 0)

    def _cleared(self, case: Case, expect: Expect) -> str:
        climb = self._climb(case)
        return _joined(climb is not None and not climb.open)

    def _called(self, case: Case, expect: Expect) -> str:
        climb = self._climb(case)
        timed = [len(text.split()) > 2 for text in expect.called or ()] + [False] * 9
        rungs = climb.rungs if climb else ()
        return _joined([self._rung(rung, timed[n]) for n, rung in enumerate(rungs)])

    def _rung(self, rung: Rung, timed: bool) -> str:
        post = self.desk.town.ladder.posts[rung.n - 1]
        who = rung.person or rung.missing or (MEETING if post == MEETING else "-")
        return f"E{rung.n} {who}{self._clock_of(rung.at) if timed else ''}"

    def _clock_of(self, at: int) -> str:
        return f" {self.desk.duty.local(at):%H:%M:%S}"

    def _next(self, case: Case, expect: Expect) -> str:
        step = up.upcoming(case, self._climb(case), self.desk.duty)
        timed = " " in (expect.next or "")
        return f"E{step.n}{self._clock_of(step.at) if timed else ''}" if step is not None else ""

    def _alarm_of(self, case: Case) -> alarming.Alarm | None:
        return next((alarm for alarm in self.desk.alarms().alarms if alarm.subject == case.id), None)

    def _alarm(self, case: Case, expect: Expect) -> str:
        alarm = self._alarm_of(case)
        return alarms.mark(alarm.grade) if alarm is not None else ""

    def _acked(self, case: Case, expect: Expect) -> str:
        alarm = self._alarm_of(case)
        return _joined(alarm is not None and alarm.acked is not None)

    def _offered(self, case: Case, expect: Expect) -> str:
        """Of those expected, who is offered."""
        found = candidates(case, self.desk.facts(), queries.load_by_unit(self.desk.reader))
        there = {one for candidate in found for one in (candidate.unit, candidate.person)}
        return _joined([one for one in expect.offered or () if one in there])


_LOOKS: dict[str, Callable[[Runner, Case, Expect], str]] = {
    "state": Runner._state, "level": Runner._level, "called": Runner._called, "next": Runner._next,
    "cleared": Runner._cleared, "alarm": Runner._alarm, "acked": Runner._acked, "offered": Runner._offered,
}  # fmt: skip


def _timeless(expect: Expect) -> Expect:
    """The same without local times."""
    called = tuple(" ".join(text.split()[:2]) for text in expect.called) if expect.called is not None else None
    return replace(expect, called=called, next=expect.next.split()[0] if expect.next else expect.next)


def _joined(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, (list, tuple)) else str(value)
