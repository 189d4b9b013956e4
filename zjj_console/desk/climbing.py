"""What the ladder makes of time, of calls and of what happens to a case (§2.10). Acts of hand beside it."""

from msgspec import Struct

from zjj_console.desk import outbox, wording
from zjj_console.desk.acts import Act, Done, Message
from zjj_console.desk.work import Work
from zjj_console.domain import climb as up
from zjj_console.domain import permits, weekly
from zjj_console.domain.climb import Change, Climb
from zjj_console.domain.facts import Facts
from zjj_console.domain.marks import PRIORITY_ZH
from zjj_console.domain.model import SECOND, Case, Event, Refusal
from zjj_console.domain.roster import Book
from zjj_console.storage import duty_rows, projections, reads_alarms, reads_duty
from zjj_console.storage.db import Connection
from zjj_console.town.ladder import MEETING
from zjj_console.town.models import Town

CONVENED = "升级到顶仍无人应答"  # what the urgent consultation is called for
AT_ONCE = 200  # cases of one sweep's transaction: the desk writes in between


class Followed(Struct):
    """What the ladder adds to an action: events, messages, and the climb of every case that it looked at.

    `gone`: beginnings of the keys of messages that need not be sent any more.
    """

    events: list[Event] = []
    messages: list[Message] = []
    climbs: dict[str, Climb | None] = {}
    gone: list[str] = []
    unheard: bool = False  # a call to somebody whom the ladder has not raised


def follow(db: Connection, work: Work) -> Followed:
    """First what had become due before the action, then what the action means: a call, an answer, a clock satisfied."""
    found = Followed()
    for case_id, case in work.after.items():
        before = work.before[case_id]
        kinds = [event for event in work.events if event.case == case_id]
        if before is not None and _same(before, case) and not any(event.kind in _HEARD for event in kinds):
            continue
        climb = duty_rows.load_climb(db, case_id) if before is not None else None
        climber = _Climber(db, case, climb, work.facts)
        if before is not None:
            climber.pass_time(before)
        for event in kinds:
            _HEARD.get(event.kind, _unheard)(climber, event)
        climber.pass_time(case, kinds[-1].kind if kinds else "", work.facts.now)
        climber.into(found)
    return found


def told(found: Followed, town: Town) -> str:
    """What the ladder made of a line, in a few words; nothing where it made nothing."""
    said = [f"{wording.event(e.kind)} {wording.climbed(e.kind, e.data, town)}" for e in found.events]
    return "；".join([*said, *(["不在已升级次中，不计入升级"] if found.unheard else [])])


def _same(before: Case, case: Case) -> bool:
    """Nothing that a climb depends on has changed."""
    return (before.clocks, before.priority, before.state, before.support, before.station) == (
        case.clocks, case.priority, case.state, case.support, case.station,
    )  # fmt: skip


class _Climber:
    """One case on its way up: the record as it is so far, and the changes that made it so."""

    def __init__(self, db: Connection, case: Case, climb: Climb | None, facts: Facts) -> None:
        self.db, self.case, self.climb, self.facts = db, case, climb, facts
        self.changes: list[Change] = []
        self.unheard = False

    def take(self, changes: list[Change]) -> None:
        self.changes += changes
        if changes:
            self.climb = changes[-1].climb

    def pass_time(self, case: Case, why: str = "", floor: int = 0) -> None:
        facts = self.facts
        at = up.wake(case, self.climb, facts.duty)
        if at is not None and at <= facts.now:
            self.take(up.advance(case, self.climb, facts.duty, facts.now, self._book(at), why, floor))

    def _book(self, at: int) -> Book | None:
        """The roster of a rung's own instant: after days of sleep the one of now does not reach back so far."""
        known = self.facts.book
        return known if known is None or known.start <= at else reads_duty.book(self.db, at, self.facts.now + 1)

    def by_hand(self, to: int, by: str, trigger: str = up.BY_HAND) -> None:
        facts = self.facts
        self.take(up.raise_by_hand(self.case, self.climb, to, facts.duty, facts.now, facts.book, by, trigger))

    def into(self, found: Followed) -> None:
        found.climbs[self.case.id] = self.climb
        found.unheard = found.unheard or self.unheard
        for change in self.changes:
            found.events.append(up.event_of(change))
            message = _message(self.case, change, self.facts)
            if message is not None:
                found.messages.append(message)
            if change.kind == "ladder_cleared":
                found.gone.append(_keys(self.case, change.climb))


def _heard_call(climber: _Climber, event: Event) -> None:
    climb, args = climber.climb, event.data["args"]
    rung = up.rung_of(climb, args.get("person", "")) if climb is not None and climb.open else None
    if climb is not None and rung is not None:
        facts = climber.facts
        call = up.Call(facts.now, facts.actor.work_no, args["reason"], args.get("text", ""))
        climber.take([up.called(climb, rung, call)])
    elif climb is not None and climb.open:
        climber.unheard = True


def _heard_undo(climber: _Climber, event: Event) -> None:
    """A result taken back is no result: the climb goes on as if nobody had been called."""
    if climber.climb is not None and "called" in event.data["args"]["kinds"]:
        facts = climber.facts
        since = facts.now - facts.town.flow.undo_seconds * SECOND
        change = up.uncalled(climber.climb, facts.actor.work_no, since)
        climber.take([change] if change is not None else [])


def _heard_refusal(climber: _Climber, event: Event) -> None:
    """R51: a refused support goes to the chief at once."""
    chief = climber.facts.town.ladder.rung_of("chief")
    if chief <= climber.facts.town.ladder.top:
        climber.by_hand(chief, climber.facts.actor.work_no, up.REFUSED)


def _unheard(climber: _Climber, event: Event) -> None:
    pass


_HEARD = {"called": _heard_call, "undone": _heard_undo, "support_refused": _heard_refusal}


def _message(case: Case, change: Change, facts: Facts) -> Message | None:
    """Third and fourth priority tell by message, at night with the morning report (§2.10)."""
    if change.kind != "escalated" or facts.town.ladder.rules[case.priority].how != "message":
        return None
    climb, rung = change.climb, change.climb.rungs[-1]
    if not rung.person:
        return None
    clock = wording.clock_name(facts.town, climb.trigger)
    late = f"{clock}时限 {wording.moment(climb.miss, facts.now, facts.duty)}"
    body = f"【{case.number}】升级{rung.n}级 {PRIORITY_ZH[case.priority]} {late} {case.place} {case.text}"
    return Message(f"{_keys(case, climb)}{rung.n}", rung.person, body.strip(), "escalation", _not_before(rung, facts))


def _keys(case: Case, climb: Climb) -> str:
    """How the keys of all messages of one climb begin."""
    return f"e-{case.number}-{case.cycle}.{climb.cycle}-"


def _not_before(rung: up.Rung, facts: Facts) -> int | None:
    """Nobody is woken by it, neither at the rung's own instant nor when a host that slept comes to send it."""
    if rung.why == "hand" or not facts.duty.is_night(facts.now):
        return None
    opens = facts.town.hours_of(facts.town.centre.code).start
    return weekly.next_time(facts.duty, facts.now, opens)


# time alone ----------------------------------------------------------------------------------------------------------------


def due(db: Connection, now: int, limit: int = AT_ONCE) -> list[str]:
    """Cases whose climb goes on now, first priority first. Reads only what is due."""
    rows = db.execute(
        "SELECT c.id FROM timer t JOIN case_row c ON c.rid = t.rid WHERE t.code = ? AND t.due_at <= ?"
        " ORDER BY t.priority, t.due_at LIMIT ?",
        (up.TIMER, now, limit),
    )
    return [row[0] for row in rows]


def to_convene(db: Connection, town: Town) -> list[tuple[str, str]]:
    """(case, idempotency key) of climbs that have come to the rung of an urgent consultation."""
    ladder = town.ladder
    now = [p for p, rule in ladder.rules.items() if ladder.posts[-1] == MEETING and rule.rises[-1].kind != "weekly"]
    urgent = [p for p in now if p <= town.meetings.urgent_priority]
    if not urgent:
        return []
    climbs = [one.climb for one in reads_alarms.climbing(db, AT_ONCE, ladder.top) if one.row.priority in urgent]
    return [(climb.case, f"urgent-{climb.case}-{climb.cycle}") for climb in climbs]


def sweep(ids: list[str]) -> Act:
    """Raise what is due on the ladders of these cases; what another sweep has raised meanwhile is raised no more."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        found = Followed()
        cases = {}
        for case_id in ids:
            case = projections.load(db, case_id)
            if case is not None:
                climber = _Climber(db, case, duty_rows.load_climb(db, case_id), facts)
                climber.pass_time(case)
                climber.into(found)
                cases[case_id] = case

        def after(db: Connection) -> None:
            for case_id, case in cases.items():
                projections.write_timers(db, case, facts.duty, found.climbs[case_id])
            outbox.recall(db, found.gone)

        zh = f"升级 {len(found.events)} 项"
        return Done(found.events, zh, f"{len(found.events)} steps on the ladder", messages=found.messages, after=after)

    return act


# by hand -------------------------------------------------------------------------------------------------------------------


def _no(zh: str, en: str, code: int = 8) -> Refusal:
    return Refusal(code, "2.10", zh, en)


def escalate(ref: str, to: int = 0, text: str = "", *, console: str) -> Act:
    """The next rung at once, or every rung up to `to`, whatever the hour."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        found = _climber(db, facts, ref, console)
        if isinstance(found, Refusal):
            return found
        top, level = facts.town.ladder.top, found.climb.level if found.climb and found.climb.open else 0
        wanted = to or level + 1
        if not facts.town.ladder.rules.get(found.case.priority):
            return _no("本镇没有配置升级阶梯", "the town has no ladder")
        if up.standing(found.case, up.Climb(found.case.id, up.BY_HAND, facts.now)) is None and not level:
            return _no("案件已提交待核查、已挂账或已结，不必升级", "submitted, suspended or ended: nothing to escalate")
        if wanted > top or wanted <= level:
            here = f"已在第{level}级" if level else "未升级"
            return _no(
                f"{here}，只能升到第{level + 1}至{top}级", f"at rung {level} of {top}: rung {wanted} is not above"
            )
        found.by_hand(wanted, facts.actor.work_no)
        return _done(found, facts, text)

    return act


def answer(ref: str, text: str = "", person: str = "", *, console: str) -> Act:
    """应答代录: the person of a rung took notice by other means; the climb is held, the clock is not."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        found = _climber(db, facts, ref, console)
        if isinstance(found, Refusal):
            return found
        rung = up.rung_of(found.climb, person) if found.climb is not None and found.climb.open else None
        if found.climb is None or rung is None:
            return _no("此案没有待应答的升级", "nobody has been called for this case")
        if rung.answered_at is not None:
            at = wording.moment(rung.answered_at, facts.now, facts.duty)
            name = wording.person(facts.town, rung.person)
            return _no(
                f"{name} {at} 已应答；期满再升，或 sj 立即叫下一级", f"{rung.person} has answered; raise the next rung"
            )
        found.take([up.answered(found.climb, rung, facts.now, facts.actor.work_no, text)])
        return _done(found, facts, text)

    return act


def stand_down(ref: str, text: str = "", *, console: str) -> Act:
    """Ends what was raised by hand. A missed deadline ends only when it is met (R50)."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        found = _climber(db, facts, ref, console)
        if isinstance(found, Refusal):
            return found
        climb = found.climb
        if climb is None or not climb.open:
            return _no("此案没有在升", "this case is not on the ladder")
        if climb.trigger not in (up.BY_HAND, up.REFUSED):
            return _no(
                "时限未满足，不能解除；办结该环节后自动解除", "the deadline is still missed; meeting it ends the climb"
            )
        change = up.released(found.case, climb, facts.duty, facts.now, "stand_down")
        found.take([change])
        return _done(found, facts, text, moved=change.kind == "ladder_moved")

    return act


def _climber(db: Connection, facts: Facts, ref: str, console: str) -> _Climber | Refusal:
    refusal = permits.refuse_act("escalate", facts)
    if refusal is not None:
        return refusal
    case = projections.find(db, ref, console) if ref else None
    if case is None:
        return _no(f"没有案件 {ref}", f"no case {ref}", 6)
    found = _Climber(db, case, duty_rows.load_climb(db, case.id), facts)
    found.pass_time(case)
    return found


def _done(found: _Climber, facts: Facts, text: str, *, moved: bool = False) -> Done:
    gathered = Followed()
    found.into(gathered)
    if text and gathered.events:
        gathered.events[-1].data["args"]["text"] = text
    case, climb = found.case, found.climb
    assert climb is not None

    def after(db: Connection) -> None:
        projections.write_timers(db, case, facts.duty, climb)
        outbox.recall(db, gathered.gone)

    last = gathered.events[-1] if gathered.events else None
    said = wording.climbed(last.kind, last.data, facts.town) if last else wording.climb(climb, facts.town)
    zh = f"升级 {case.handle} {said}"
    en = f"{case.handle}: rung {climb.level}, {'open' if climb.open else 'cleared'}"
    if moved:
        zh += f"；{wording.clock_name(facts.town, climb.trigger)}时限已过，升级继续"
        en += "; a missed deadline goes on with it"
    return Done(gathered.events, zh, en, messages=gathered.messages, after=after)
