"""Two desks on one case without knowing of each other (§6.7): the first in the common order stands, the other is shown."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from zjj_console.domain.judge import APPLIED, CONFLICT, INVALID, fold, judge
from zjj_console.domain.lifecycle import event_of, evolve
from zjj_console.domain.model import Case, Clock, Dispatch, Event, State

BASE = Case("00000000-0000-7000-8000-000000000001", serial=1001, state=State.REPORTED, text="桥栏杆断裂")


def changed(kind: str, before: Case, **values: Any) -> Event:
    return event_of(kind, before, replace(before, **values), {"args": {}})


def test_I_5_the_second_dispatch_of_one_case_is_a_conflict_and_changes_nothing() -> None:
    first = changed("dispatched", BASE, state=State.DISPATCHED, lead="y1")
    second = changed("dispatched", BASE, state=State.DISPATCHED, lead="z1")
    one = judge(BASE, first)
    assert one.verdict == APPLIED and one.case.lead == "y1"
    two = judge(one.case, second)
    assert two.verdict == CONFLICT and two.clashes == ("lead",)
    assert two.case == one.case


def test_what_touches_other_fields_stands_beside_it() -> None:
    note = changed("noted", BASE)
    follow = changed("followed", BASE, followed=True)
    dispatch = changed("dispatched", BASE, state=State.DISPATCHED, lead="y1")
    case = fold(BASE, [dispatch, note, follow])
    assert case is not None and case.lead == "y1" and case.followed and case.version == BASE.version + 3


def test_the_same_done_twice_is_no_conflict() -> None:
    close = changed("verified", BASE, state=State.CLOSED)
    once = judge(BASE, close)
    assert judge(once.case, close).verdict == APPLIED


def test_clocks_are_compared_one_by_one() -> None:
    acc, ack = Clock("ACC", "wall", "cyzx", 1, 30, 100), Clock("ACK", "wall", "y1", 1, 30, 200)
    both = changed("noted", BASE, clocks={"ACC": acc})
    base = judge(BASE, both).case
    stop = changed("accepted", base, clocks={"ACC": Clock("ACC", "wall", "cyzx", 1, 30, 100, None, 50)})
    start = changed("called", base, clocks={"ACC": acc, "ACK": ack})
    case = fold(base, [stop, start])
    assert case is not None and case.clocks["ACC"].stopped == 50 and case.clocks["ACK"] == ack
    again = changed("accepted", base, clocks={"ACC": Clock("ACC", "wall", "cyzx", 1, 30, 100, None, 60)})
    assert judge(case, again).clashes == ("clocks",)


def test_a_case_is_begun_once() -> None:
    begin = Event("imported", BASE.id, {"set": {"text": "a"}})
    once = judge(None, begin)
    other = judge(once.case, Event("imported", BASE.id, {"set": {"text": "b"}}))
    assert other.verdict == APPLIED and other.case == once.case


def test_nonsense_is_invalid_and_a_field_of_a_later_program_changes_nothing() -> None:
    assert (
        judge(BASE, Event("noted", BASE.id, {"set": {"priority": "high"}, "was": {"priority": 3}})).verdict == INVALID
    )
    assert judge(BASE, Event("noted", BASE.id, {"set": [], "was": {}})).verdict == INVALID
    later = judge(BASE, Event("later", BASE.id, {"set": {"colour": "red"}, "was": {"colour": ""}}))
    assert later.verdict == APPLIED and later.case.text == BASE.text


def test_nobody_changes_the_case_that_was_never_begun_nor_whose_it_is() -> None:
    orphan = judge(None, Event("noted", BASE.id, {"set": {"priority": 1}, "was": {"priority": 3}}))
    assert orphan.verdict == INVALID and fold(None, [changed("noted", BASE, priority=1)]) is None
    assert judge(None, changed("noted", BASE)).verdict == INVALID, "not even one that changes nothing begins it"
    assert judge(None, Event("handover_read", "handover:x", {"put": {}})).verdict == APPLIED
    forged = judge(BASE, Event("noted", BASE.id, {"set": {"id": "x", "version": 9}, "was": {"id": "", "version": 0}}))
    assert (forged.case.id, forged.case.version) == (BASE.id, BASE.version + 1)


def test_what_was_stored_and_read_back_is_judged_like_what_was_just_done() -> None:
    order = Dispatch(1, "lead", "cg", "2201", 1)
    done = changed("dispatched", BASE, state=State.DISPATCHED, dispatches=(order,), assists=("sc",))
    stored = Event(done.kind, done.case, msgspec.json.decode(msgspec.json.encode(done.data)))
    assert judge(BASE, stored).case == judge(BASE, done).case == replace(BASE, version=BASE.version + 1, state=State.DISPATCHED,
                                                                         dispatches=(order,), assists=("sc",))  # fmt: skip


FIELDS = st.fixed_dictionaries(
    {}, optional={"lead": st.sampled_from(["", "y1", "z1"]), "priority": st.integers(1, 4), "followed": st.booleans()}
)


@given(st.lists(FIELDS, max_size=8))
def test_in_one_hand_judging_is_folding(steps: list[dict[str, Any]]) -> None:
    """A chain of acts that know of each other never conflicts and gives what the fold gives."""
    case: Case = BASE
    judged: Case = BASE
    for step in steps:
        event = changed("noted", case, **step)
        case = evolve(case, event)
        one = judge(judged, event)
        assert one.verdict == APPLIED
        judged = one.case
    assert judged == case


@given(st.lists(FIELDS, min_size=1, max_size=6))
def test_whatever_the_order_nothing_is_overwritten_in_silence(steps: list[dict[str, Any]]) -> None:
    """Acts of desks that all saw the same case: a value changes only away from what its author had seen."""
    case: Case | None = BASE
    for step in steps:
        event = changed("noted", BASE, **step)
        assert case is not None
        one = judge(case, event)
        for name in event.data["set"]:
            if one.verdict == APPLIED:
                assert getattr(case, name) in (getattr(BASE, name), step[name])
            else:
                assert one.case == case
        case = one.case
