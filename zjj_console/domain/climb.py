"""The climb of a case up the town's ladder (§2.10), computed from its clocks, its record and an instant; nothing is read here.

A rung has an instant of its own: swept every second, or once after a night's sleep, the same rungs are raised at the same
instants. An answer holds the climb and never the clock (§2.10); a call that nobody took is no answer.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from zjj_console.domain import consult_week, weekly
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.holders import Holder, holder
from zjj_console.domain.model import MINUTE, Case, Clock, Event, State
from zjj_console.domain.roster import Book
from zjj_console.town.ladder import MEETING
from zjj_console.town.limits import Limit

BY_HAND, REFUSED = "manual", "refused"  # triggers that are no clock: an officer's wish, a refused support (R51)
NO_CLOCK = (BY_HAND, REFUSED)
FAILED = frozenset({"no_answer", "busy"})  # 未接、占线: nobody was notified
REACHED = "reached"
TIMER = "ESC"  # the row of `timer` that says when the climb of a case goes on
_OVER = frozenset({State.SUBMITTED, State.SUSPENDED, State.CLOSED, State.VOIDED, State.MERGED})
Why = Literal["due", "late", "hold", "failed", "skipped", "quiet", "hand"]


class Call(Struct, frozen=True):
    """One try to reach the person of a rung; `result` is a code of the profile's list `call`."""

    at: int
    by: str
    result: str
    text: str = ""


class Rung(Struct, frozen=True):
    """A rung that was raised. `at` is its own instant; `missing` says why nobody could be called (see `holders`)."""

    n: int
    at: int
    person: str = ""
    found: str = ""  # how the person was found, see `holders`
    missing: str = ""
    why: Why = "due"
    by: str = ""  # who raised it by hand
    calls: tuple[Call, ...] = ()
    answered_at: int | None = None
    answered_by: str = ""  # who recorded the answer
    answer: str = ""

    @property
    def failed(self) -> list[Call]:
        return [call for call in self.calls if call.result in FAILED]

    @property
    def waits(self) -> bool:
        """True while somebody still has to be reached: only a recorded result makes a rung count."""
        return not self.missing and self.answered_at is None


class Climb(Struct, frozen=True):
    """How far a case has climbed. `miss` is the deadline of its trigger (a rung at a share of the limit comes before it)."""

    case: str
    trigger: str  # a clock, or BY_HAND, REFUSED
    miss: int
    cycle: int = 1
    rungs: tuple[Rung, ...] = ()
    cleared_at: int | None = None
    cleared_why: str = ""  # kind of the event that satisfied the trigger
    since: int = 0  # when an act, not time, made its trigger what it is: no rung is raised in the past before it

    @property
    def open(self) -> bool:
        return self.cleared_at is None

    @property
    def level(self) -> int:
        return self.rungs[-1].n if self.rungs else 0

    @property
    def raised_at(self) -> int:
        return self.rungs[-1].at if self.rungs else 0

    @property
    def waiting(self) -> list[Rung]:
        """Whom somebody still has to reach: nobody below a rung that has answered."""
        answered = max((rung.n for rung in self.rungs if rung.answered_at is not None), default=0)
        return [rung for rung in self.rungs if rung.waits and rung.n > answered] if self.open else []


class Next(Struct, frozen=True):
    """The rung that is raised if nothing happens, when, and what decided the instant."""

    n: int
    at: int
    why: Why


class Change(Struct, frozen=True):
    """One step of a climb: the kind of its event, and the record afterwards."""

    kind: Literal["escalated", "ladder_moved", "ladder_cleared", "ladder_resumed", "rung_called", "rung_answered"]
    climb: Climb


# when a rung is due -----------------------------------------------------------------------------------------------------


def schedule(priority: int, clock: Clock, n: int, duty: DutyTime) -> int:
    """The instant that the town's table gives to a rung of a clock; of a share as `DutyTime.warn_at` counts it."""
    rise, due = duty.town.ladder.rules[priority].rises[n - 1], clock.due or 0
    if rise.kind == "share":
        # What is left of the limit, counted back from the deadline: an extension or a pause moved both alike.
        left = clock.limit * (100 - rise.amount) // 100
        if clock.kind == "wall":
            return due - left * MINUTE
        whole = duty.between(clock.started, due, clock.kind, clock.unit)
        return duty.add(clock.started, max(0, whole - left), clock.kind, clock.unit)
    if rise.kind == "workdays":
        kind, minutes = duty.counted(Limit("workdays", rise.amount), clock.unit)
        return duty.add(due, minutes, kind, clock.unit)
    if rise.kind == "weekly":
        return consult_week.next_meeting(duty, schedule(priority, clock, n - 1, duty) if n > 1 else due)
    return due + rise.amount * MINUTE


def triggers(priority: int, clocks: Iterable[Clock], duty: DutyTime) -> list[tuple[int, int, Clock]]:
    """(instant of its first rung, that rung, clock) of every running clock that sends somebody up, the earliest first."""
    found = []
    for clock in clocks:
        row = duty.town.ladder.trigger(clock.code, priority) if clock.running else None
        if row is not None:
            found.append((schedule(priority, clock, row.first, duty), row.first, clock))
    return sorted(found, key=lambda one: (one[0], one[2].code))


def lit(priority: int, clocks: Iterable[Clock], floor: int, duty: DutyTime) -> list[tuple[Next, Clock]]:
    """(first rung, clock) of the triggers, at the instants that really count: not before `floor`, not in quiet hours."""
    found = [
        (_loud(Next(n, max(at, floor), "due"), priority, duty), at, clock)
        for at, n, clock in triggers(priority, clocks, duty)
    ]
    return [(step, clock) for step, _, clock in sorted(found, key=lambda one: (one[0].at, one[1], one[2].code))]


def _lit(case: Case, climb: Climb | None, duty: DutyTime, floor: int = 0) -> list[tuple[Next, Clock]]:
    """The triggers of a case. One that came to us late begins to climb when it came, not in the past."""
    ended = climb.cleared_at or 0 if climb is not None else 0
    return lit(case.priority, case.clocks.values(), max(floor, case.recorded_at, ended), duty)


def _lit_by(case: Case, climb: Climb | None, duty: DutyTime, now: int, floor: int = 0) -> tuple[Next, Clock] | None:
    return next((one for one in _lit(case, climb, duty, floor) if one[0].at <= now), None)


def standing(case: Case, climb: Climb) -> Clock | None:
    """The trigger of a climb while it stands; None once it is satisfied."""
    if climb.trigger in NO_CLOCK:
        gone = case.state in _OVER or (climb.trigger == REFUSED and case.support != "REFUSED")
        return None if gone else Clock(climb.trigger, "wall", case.station, climb.miss, 0, climb.miss)
    clock = case.clocks.get(climb.trigger)
    return clock if clock is not None and clock.running and clock.due == climb.miss else None


def upcoming(case: Case, climb: Climb | None, duty: DutyTime) -> Next | None:
    """What comes next on the ladder, whether it is due or not; None where nothing will ever come."""
    if climb is None or not climb.open:
        first = next(iter(_lit(case, climb, duty)), None)
        return first[0] if first else None
    overtaking = _overtaking(case, climb, duty)
    return overtaking[1] if overtaking is not None else _own(case, climb, duty)


def _own(case: Case, climb: Climb, duty: DutyTime) -> Next | None:
    """The next rung by the trigger that the climb has."""
    clock = standing(case, climb)
    if clock is None:
        return None
    return _after(case, climb, clock, duty) if climb.rungs else Next(1, climb.miss, "due")


def _overtaking(case: Case, climb: Climb, duty: DutyTime) -> tuple[Climb, Next] | None:
    """A deadline that calls the next person earlier than a climb that somebody began by hand: it is not put off by that."""
    first = next(iter(_lit(case, climb, duty)), None) if climb.trigger in NO_CLOCK else None
    if first is None or standing(case, climb) is None:
        return None
    taken, own = _taken_over(climb, first, first[0].at), _own(case, climb, duty)
    following = _after(case, taken, first[1], duty) if climb.rungs else first[0]
    return (taken, following) if following is not None and (own is None or following.at < own.at) else None


def _after(case: Case, climb: Climb, clock: Clock, duty: DutyTime) -> Next | None:
    """The rung above the highest one. Nobody has less than his time because he was called late, unless he cannot be had."""
    ladder, last = duty.town.ladder, climb.rungs[-1]
    row = ladder.trigger(climb.trigger, case.priority)
    if row is not None and last.n < row.first:  # a deadline's own rung waits for nobody who was called by hand before
        planned = max(schedule(case.priority, clock, row.first, duty), climb.since)
        return _loud(Next(row.first, planned, "due"), case.priority, duty)
    rule, n = ladder.rules[case.priority], last.n + 1
    if n > ladder.top:
        return None
    if last.missing:
        return _loud(Next(n, max(last.at, climb.since), "skipped"), case.priority, duty)
    planned, gap = schedule(case.priority, clock, n, duty), schedule(case.priority, clock, last.n, duty)
    if climb.trigger in NO_CLOCK:  # no limit runs of which a share could be left: each has his window
        planned = max(planned, _window(last.at, case, clock, duty))
    patience = min(_window(last.at, case, clock, duty), last.at + max(0, planned - gap))
    found = Next(n, planned, "due") if patience <= planned else Next(n, patience, "late")
    failed = last.failed
    if rule.failed_calls and len(failed) >= rule.failed_calls and failed[rule.failed_calls - 1].at < found.at:
        found = Next(n, failed[rule.failed_calls - 1].at, "failed")
    answers = [rung.answered_at for rung in climb.rungs if rung.answered_at is not None]
    held = _window(max(answers), case, clock, duty) if answers else 0
    found = Next(n, held, "hold") if held > found.at else found
    found = Next(n, climb.since, "late") if climb.since > found.at else found
    if rule.rises[n - 1].kind == "weekly" and found.at != planned:  # a meeting that has begun is not the next one
        found = Next(n, consult_week.next_meeting(duty, found.at), found.why)
    return _loud(found, case.priority, duty)


def _window(start: int, case: Case, clock: Clock, duty: DutyTime) -> int:
    """Until when somebody who took notice at `start` is left to it."""
    kind, minutes = duty.counted(duty.town.ladder.rules[case.priority].window, clock.unit)
    return duty.add(start, minutes, kind, clock.unit)


def held_until(case: Case, climb: Climb, duty: DutyTime, answer: int) -> int | None:
    """Until when an answer given at `answer` holds the climb; None once its trigger is satisfied."""
    clock = standing(case, climb)
    return _window(answer, case, clock, duty) if clock is not None else None


def _loud(step: Next, priority: int, duty: DutyTime) -> Next:
    """The end of the quiet hours where a call would fall into them."""
    ladder = duty.town.ladder
    quiet_from, local = ladder.rules[priority].quiet_from, duty.local(step.at)
    if not quiet_from or step.n < quiet_from or not ladder.is_quiet(local.hour * 60 + local.minute):
        return step
    return Next(step.n, weekly.next_time(duty, step.at, ladder.quiet[1]), "quiet")


def wake(case: Case, climb: Climb | None, duty: DutyTime) -> int | None:
    """When somebody must look at this climb again: the due time of its row in `timer`."""
    if climb is not None and climb.open and standing(case, climb) is None:
        return climb.raised_at or climb.miss  # at once: it is to be cleared
    step = upcoming(case, climb, duty)
    return step.at if step else None


# what happens -----------------------------------------------------------------------------------------------------------


def advance(
    case: Case, climb: Climb | None, duty: DutyTime, now: int, book: Book | None, why: str = "", floor: int = 0
) -> list[Change]:
    """Everything that has become due by `now`, in order. `why`: kind of the event that just changed the case.

    `floor`: what became due through that event and not through time (another priority, a check that failed) is raised
    then and not at an instant at which nobody could have known.
    """
    found: list[Change] = []
    while (change := _step(case, climb, duty, now, book, why, floor)) is not None:
        climb = change.climb
        found.append(change)
    return found


def _step(
    case: Case, climb: Climb | None, duty: DutyTime, now: int, book: Book | None, why: str, floor: int
) -> Change | None:
    if climb is None or not climb.open:
        first = _lit_by(case, climb, duty, now, floor)
        if first is None:
            return None
        step, clock = first
        if climb is not None and (climb.trigger, climb.miss) == (clock.code, clock.due):  # undone, not missed anew
            return Change("ladder_resumed", replace(climb, cleared_at=None, cleared_why="", since=now))
        fresh = Climb(case.id, clock.code, clock.due or 0, climb.cycle + 1 if climb else 1)
        return _raised(case, fresh, step, duty, book)
    if standing(case, climb) is None:
        return released(case, climb, duty, now, why)
    following = upcoming(case, climb, duty)
    if following is None or following.at > now:
        return None
    overtaking = _overtaking(case, climb, duty)
    if overtaking is not None:
        return Change("ladder_moved", overtaking[0])
    if following.at < floor:
        return Change("ladder_moved", replace(climb, since=floor))
    return _raised(case, climb, following, duty, book)


def _taken_over(climb: Climb, first: tuple[Next, Clock], since: int) -> Climb:
    return replace(climb, trigger=first[1].code, miss=first[1].due or 0, since=since)


def released(case: Case, climb: Climb, duty: DutyTime, now: int, why: str) -> Change:
    """The end of an open climb whose trigger is no more; another missed clock takes it over at its level."""
    first = _lit_by(case, climb, duty, now)
    if first is None:
        return Change("ladder_cleared", replace(climb, cleared_at=now, cleared_why=why))
    return Change("ladder_moved", _taken_over(climb, first, now))


def _raised(case: Case, climb: Climb, step: Next, duty: DutyTime, book: Book | None, by: str = "") -> Change:
    post = duty.town.ladder.posts[step.n - 1]
    who = Holder() if post == MEETING else holder(duty, book, post, case.station, step.at)
    rung = Rung(step.n, step.at, who.person, who.found, who.missing, step.why, by)
    return Change("escalated", replace(climb, rungs=(*climb.rungs, rung)))


def forecast(case: Case, climb: Climb | None, duty: DutyTime, book: Book | None) -> list[Rung]:
    """The rungs still to come if nobody answers anything: when, and who would be called by what is known now."""
    now = upcoming(case, climb, duty)
    if now is None:
        return []
    if climb is None or not climb.open:
        found = _lit(case, climb, duty)[0][1]
        climb = Climb(case.id, found.code, found.due or 0)
    rungs: list[Rung] = []
    step: Next | None = now
    while step is not None:
        overtaking = _overtaking(case, climb, duty)
        climb = overtaking[0] if overtaking is not None else climb
        climb = _raised(case, climb, step, duty, book).climb
        rungs.append(climb.rungs[-1])
        step = upcoming(case, climb, duty)
    return rungs


def raise_by_hand(
    case: Case,
    climb: Climb | None,
    to: int,
    duty: DutyTime,
    now: int,
    book: Book | None,
    by: str,
    trigger: str = BY_HAND,
) -> list[Change]:
    """Every rung up to `to` at once, whatever the hour; none that was raised before is raised again."""
    if climb is None or not climb.open:
        climb = Climb(case.id, trigger, now, climb.cycle + 1 if climb else 1)
    found: list[Change] = []
    for n in range(climb.level + 1, to + 1):
        found.append(_raised(case, climb, Next(n, now, "hand"), duty, book, by))
        climb = found[-1].climb
    return found


def rung_of(climb: Climb, person: str = "") -> Rung | None:
    """The rung that a call is about: that of the person, else the highest that waits, else the highest."""
    if person:
        return next((rung for rung in reversed(climb.rungs) if rung.person == person), None)
    waiting = climb.waiting or [rung for rung in climb.rungs if not rung.missing]
    return waiting[-1] if waiting else None


def called(climb: Climb, rung: Rung, call: Call) -> Change:
    """A call with its result. Reaching the person is his answer; anything else is a try."""
    tried = replace(rung, calls=(*rung.calls, call))
    if call.result == REACHED and rung.answered_at is None:  # once a rung: nobody holds a climb for ever
        return answered(climb, tried, call.at, call.by, call.text)
    return Change("rung_called", _with(climb, tried))


def uncalled(climb: Climb, by: str, since: int = 0) -> Change | None:
    """The record without the last call of somebody who takes it back; None if he made none since then."""
    mine = [(call.at, rung) for rung in climb.rungs for call in rung.calls if call.by == by and call.at >= since]
    if not mine:
        return None
    at, rung = max(mine, key=lambda one: one[0])
    kept = replace(rung, calls=tuple(call for call in rung.calls if (call.at, call.by) != (at, by)))
    if rung.answered_at == at:
        kept = replace(kept, answered_at=None, answered_by="", answer="")
    return Change("rung_called", _with(climb, kept))


def answered(climb: Climb, rung: Rung, at: int, by: str, text: str) -> Change:
    return Change("rung_answered", _with(climb, replace(rung, answered_at=at, answered_by=by, answer=text)))


def _with(climb: Climb, rung: Rung) -> Climb:
    return replace(climb, rungs=tuple(rung if one.n == rung.n else one for one in climb.rungs))


def stream(case_id: str) -> str:
    return f"ladder:{case_id}"


def event_of(change: Change, args: dict[str, object] | None = None) -> Event:
    """The journal event of a change: it puts the whole record, which is small, as it is from then on."""
    climb = change.climb
    return Event(change.kind, stream(climb.case), {"args": args or {}, "climb": msgspec.to_builtins(climb)})
