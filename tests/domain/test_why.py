"""A deadline taken apart adds up to itself (NV-20, §2.5): the parts are counted with the functions that made it."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zjj_console.domain import why
from zjj_console.domain.climb import Call, Climb, Rung
from zjj_console.domain.lifecycle import evolve, inverse
from zjj_console.domain.model import Case, Event, Refusal, State
from zjj_console.domain.why import Happening, Noted
from zjj_console.town.calendar import day_note, day_type


class Told:
    """One case whose events are kept as happenings."""

    def __init__(self, rules: Any, priority: int = 3, **fields: Any) -> None:
        self.rules = rules
        self.case: Case = rules.new(priority, **fields)
        self.past = [Happening(1, "reported", "0001", rules.hands.now, {}, None, self.case)]

    def do(self, action: str, who: str = "0001", **args: Any) -> bool:
        done = self.rules.decide(self.case, action, who, **args)
        if isinstance(done, Refusal):
            return False
        for event in done:
            self.put(event)
        return True

    def put(self, event: Event) -> None:
        after = evolve(self.case, event)
        self.past.append(
            Happening(len(self.past) + 1, event.kind, "0001", self.rules.hands.now, event.data, self.case, after)
        )
        self.case = after

    def undo(self, n: int = 1) -> None:
        self.put(inverse(self.case, [Event(h.kind, self.case.id, h.data) for h in self.past[-n:]]))

    def to(self, *actions: str) -> "Told":
        for action in actions:
            args = {"dispatch": {"unit": "cg", "reason": "no_capacity"}, "submit": {"result": "rectified"}}.get(
                action, {}
            )
            assert self.do(action, **args), action
        return self

    def turns(self, code: str) -> list[why.Turn]:
        return why.life(code, self.past)

    def stretches(self, code: str) -> list[why.Stretch]:
        return why.stretches(self.turns(code), self.rules.duty)

    def days(self, code: str) -> list[why.Counted]:
        def day_of(day: date) -> Any:
            return day_type(self.rules.town, day)[0], day_note(self.rules.town, day)

        clock = self.case.clocks[code]
        return [one for s in self.stretches(code) for one in why.days(s, clock, self.rules.duty, day_of)]

    def adds_up(self, code: str) -> None:
        clock, parts, duty = self.case.clocks[code], self.stretches(code), self.rules.duty
        moved = sum(move.minutes for part in parts for move in part.moves)
        assert parts[-1].given + sum(m.minutes for m in parts[-1].moves) == duty.between(
            parts[-1].start, parts[-1].due, clock.kind, clock.unit
        )
        assert sum(part.counted for part in parts) == clock.limit + moved - (clock.left or 0)
        if clock.due is not None:
            assert parts[-1].due == clock.due
        if clock.kind == "duty":
            assert sum(one.minutes for one in self.days(code)) == sum(part.counted for part in parts)


VECTORS = [
    ("2021-03-01 15:00", 3, "2021-03-04 15:00"),
    ("2021-02-10 15:00", 3, "2021-02-20 15:00"),
    ("2021-03-01 23:00", 3, "2021-03-04 16:30"),
    ("2021-02-26 10:00", 4, "2021-03-09 10:00"),
]


@pytest.mark.parametrize(("start", "priority", "due"), VECTORS)
def test_NV_20_the_days_of_the_reference_vectors_add_up_to_the_limit(rules, clock, start, priority, due) -> None:
    clock.set(start)
    told = Told(rules, priority).to("accept", "dispatch")
    part = told.stretches("HDL")[0]
    assert (clock.text(part.due), part.whole) == (due, {3: 24 * 60, 4: 56 * 60}[priority])
    told.adds_up("HDL")


def test_2_5_the_spring_festival_is_named_and_its_make_up_saturday_counts(rules, clock) -> None:
    clock.set("2021-02-10 15:00")
    days = Told(rules).to("accept", "dispatch").days("HDL")
    off = [(f"{o.first:%m-%d}", f"{o.last:%m-%d}", o.kind, o.name[0]) for o in why.off_days(days)]
    assert off == [("02-11", "02-17", "holiday", "春节")]
    counted = {f"{one.day:%m-%d}": one.minutes for one in days if one.minutes}
    assert counted == {"02-10": 90, "02-18": 480, "02-19": 480, "02-20": 390}


def test_2_5_a_suspension_splits_the_count_and_nothing_between_counts(rules, clock) -> None:
    clock.set("2021-03-01 15:00")
    told = Told(rules).to("accept", "dispatch", "acknowledge")
    clock.set("2021-03-02 12:00")
    until = clock.at("2021-03-12 09:00")
    assert told.do("ask_suspend", until=until, reason="works") and told.do("grant_suspend")
    clock.set("2021-03-09 09:00")
    assert told.do("resume", "0005")
    first, second = told.stretches("HDL")
    assert (first.counted, second.given, clock.text(second.due)) == (300, 19 * 60, "2021-03-11 12:00")
    assert [turn.did for turn in told.turns("HDL")] == ["started", "paused", "resumed"]
    told.adds_up("HDL")


def test_2_5_an_extension_and_a_rework_are_moves_with_their_event(rules, clock) -> None:
    clock.set("2021-03-01 15:00")
    told = Told(rules).to("accept", "dispatch", "acknowledge")
    assert told.do("ask_extend", until=clock.at("2021-03-05 16:30"), reason="works") and told.do("grant_extend")
    clock.set("2021-03-05 16:00")
    told.to("submit")
    assert told.do("verify_fail", "0002", reason="incomplete")
    moves = told.stretches("HDL")[0].moves
    assert [(move.by.kind, clock.text(move.new)) for move in moves] == [
        ("extended", "2021-03-05 16:30"), ("rework_ordered", "2021-03-08 14:00"),
    ]  # fmt: skip
    told.adds_up("HDL")


def test_T42_what_was_undone_is_no_part_of_the_count(rules, clock) -> None:
    told = Told(rules).to("accept", "dispatch", "acknowledge")
    before = told.stretches("HDL")[0].due
    told.do("ask_extend", until=clock.now + 9 * 86_400_000_000, reason="works")
    told.do("grant_extend")
    told.undo()
    assert [(turn.did, turn.by.kind) for turn in told.turns("HDL")] == [
        ("started", "dispatched"),
        ("restored", "undone"),
    ]
    assert told.stretches("HDL")[0].due == before == told.case.clocks["HDL"].due


def test_T19_a_clock_started_anew_is_told_from_its_last_start(rules, clock) -> None:
    told = Told(rules).to("accept", "dispatch")
    clock.later(minutes=7)
    assert told.do("reassign", unit="pcs", reason="no_capacity")
    turns = told.turns("ACK")
    assert [turn.by.kind for turn in turns] == ["reassigned"]
    assert turns[0].after.started == clock.now
    assert [turn.by.kind for turn in told.turns("HDL")] == ["dispatched"]
    assert told.turns("LED") == []


def test_T37_a_reopened_case_forgets_the_clocks_of_its_first_life(rules, clock) -> None:
    told = Told(rules).to("accept", "dispatch", "acknowledge", "submit")
    told.do("verify_pass", "0002")
    assert told.case.state is State.CLOSED
    told.do("reopen", reason="recurred")
    assert told.turns("HDL") == []
    assert [turn.by.kind for turn in told.turns("ACC")] == ["reopened"]


@given(data=st.data(), start=st.integers(0, 14 * 24 * 60), priority=st.sampled_from([2, 3, 4]))
def test_NV_20_whatever_happens_to_a_case_its_deadlines_add_up(rules, clock, data, start, priority) -> None:
    clock.now = clock.at("2021-02-08 00:00") + start * 60_000_000 + start * 7
    told = Told(rules, priority).to("accept", "dispatch", "acknowledge")
    steps: dict[str, Callable[[], Any]] = {
        "extend": lambda: (
            told.do("ask_extend", until=(told.case.clocks["HDL"].due or clock.now) + data.draw(st.integers(1, 5000)) * 60_000_001,
                    reason="works") and told.do("grant_extend")
        ),
        "suspend": lambda: (
            told.do("ask_suspend", until=clock.now + 9 * 86_400_000_000, reason="works") and told.do("grant_suspend", "0005")
        ),
        "resume": lambda: told.do("resume", "0005"),
        "submit": lambda: told.do("submit", result="rectified"),
        "fail": lambda: told.do("verify_fail", "0002", reason="incomplete"),
        "nominate": lambda: told.do("nominate", criterion="no_lead"),
        "lead": lambda: told.do("lead_difficult", "0005", unit=told.case.station),
    }  # fmt: skip
    for _ in range(data.draw(st.integers(0, 7))):
        clock.later(minutes=data.draw(st.integers(1, 3000)), seconds=data.draw(st.integers(0, 59)))
        steps[data.draw(st.sampled_from(sorted(steps)))]()
        for code, one in told.case.clocks.items():
            if code not in why.DECIDED and (one.due is not None or one.stopped is None):
                told.adds_up(code)


def test_2_10_each_part_of_a_climb_finds_its_own_event() -> None:
    call = Call(20, "0001", "no_answer")
    one = Climb("c", "ACK", 10, 2, (Rung(1, 10, "0101", "post"),))
    two = Climb("c", "ACK", 10, 2, (Rung(1, 10, "0101", "post", calls=(call,)),))
    three = Climb("c", "ACK", 10, 2, (Rung(1, 10, "0101", "post", calls=(call,), answered_at=30, answered_by="0001"),))
    noted = [
        Noted(5, "escalated", "system", 10, Climb("c", "ACK", 1, 1, (Rung(1, 1),)), {}),
        Noted(7, "escalated", "system", 11, one, {}),
        Noted(8, "rung_called", "0001", 20, two, {}),
        Noted(9, "rung_answered", "0001", 30, three, {}),
    ]
    found = why.ascent(noted, 2)
    assert {n: one.lseq for n, one in found.raised.items()} == {1: 7}
    assert [one.lseq for one in found.calls.values()] == [8]
    assert {n: one.lseq for n, one in found.answers.items()} == {1: 9}
