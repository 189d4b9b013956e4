"""The log of alarms is a fold of the journal (§3.6): what was late when, seen when, over when."""

import pytest

from zjj_console.domain import alarm_log
from zjj_console.domain.alarm_log import Changed, Ledger
from zjj_console.domain.climb import Climb, Rung
from zjj_console.domain.model import HOUR, MINUTE, Clock, State

CASE = "case-1"


def clock(due, code="ACK", stopped=None):
    return Clock(code, "wall", "", 0, 10, due, stopped=stopped)


def reported(at=0, **clocks):
    ledger = Ledger()
    ledger.case_changed(
        CASE, at, "reported", Changed({c: clock(d, c) for c, d in clocks.items()}, State.DISPATCHED, 2, 1042)
    )
    return ledger


def times(ledger, now):
    return [(e.cause, e.raised, e.acked, e.cleared) for e in ledger.close(now)]


def test_a_deadline_is_raised_at_its_instant_whenever_the_journal_is_read():
    for now in (10, 11, 1000):
        assert times(reported(ACK=10), now) == [("ACK", 10, None, None)]
    assert times(reported(ACK=10), 9) == []


def test_what_came_late_was_raised_when_it_came():
    assert times(reported(at=50, ACK=10), 60) == [("ACK", 50, None, None)]


@pytest.mark.parametrize("code", sorted(alarm_log.NO_DEADLINE))
def test_a_window_and_what_time_itself_answers_are_no_alarms(code):
    assert times(reported(**{code: 10}), 60) == []


def test_a_met_deadline_was_never_an_alarm_and_a_late_one_is_cleared_by_what_met_it():
    in_time, late = reported(ACK=10), reported(ACK=10)
    for ledger, at in ((in_time, 9), (late, 12)):
        ledger.case_changed(CASE, at, "acknowledged", Changed({"ACK": clock(10, stopped=at)}, State.HANDLING))
    assert times(in_time, 60) == []
    assert [(e.raised, e.cleared, e.why) for e in late.close(60)] == [(10, 12, "acknowledged")]


def test_a_longer_limit_clears_and_is_an_alarm_of_its_own():
    ledger = reported(ACK=10)
    ledger.case_changed(CASE, 20, "extended", Changed({"ACK": clock(30)}))
    assert times(ledger, 60) == [("ACK", 10, None, 20), ("ACK", 30, None, None)]


def test_nobody_is_late_while_a_case_is_suspended_or_ended():
    for state in (State.SUSPENDED, State.CLOSED):
        ledger = reported(ACK=10)
        ledger.case_changed(CASE, 5, "moved", Changed(state=state))
        assert times(ledger, 60) == []


def test_an_acknowledgement_is_for_what_was_raised_by_then():
    ledger = reported(ACK=10, ARR=20)
    ledger.acked([CASE, "handover:H4"], 15)
    assert times(ledger, 60) == [("ACK", 10, 15, None), ("ARR", 20, None, None)]


def test_a_first_acknowledgement_counts_and_none_after_the_end():
    ledger = reported(ACK=10)
    ledger.acked([CASE], 15)
    ledger.acked([CASE], 25)
    assert times(ledger, 60)[0][2] == 15
    over = reported(ACK=10)
    over.case_changed(CASE, 12, "acknowledged", Changed({}, State.HANDLING))
    over.acked([CASE], 15)
    assert times(over, 60)[0][2] is None


def test_a_rung_is_cleared_with_its_climb_and_stands_again_when_that_is_resumed():
    ledger = reported(ACK=10)
    rungs = (Rung(1, 10, "0031", answered_at=14), Rung(2, 20, "0021"))
    ledger.climbed(Climb(CASE, "ACK", 10, rungs=rungs, cleared_at=25, cleared_why="acknowledged"))
    found = [(e.cause, e.raised, e.answered, e.cleared) for e in ledger.close(60) if e.rung]
    assert found == [("E1", 10, 14, 25), ("E2", 20, None, 25)]
    ledger.climbed(Climb(CASE, "ACK", 10, rungs=rungs))
    assert [e.cleared for e in ledger.close(60) if e.rung] == [None, None]
    assert {e.priority for e in ledger.close(60)} == {2}


def test_the_rate_counts_hours_and_causes_of_its_span_only():
    ledger = reported(ACK=MINUTE, ARR=2 * MINUTE, HDL=HOUR + MINUTE)
    found = alarm_log.rate(ledger.close(10 * HOUR), 0, 4 * HOUR, budget=1)
    assert (found.n, found.hours, found.per_hour, found.over, found.busiest) == (3, 4.0, 0.75, 1, (0, 2))
    assert found.causes == [("ACK", 1), ("ARR", 1), ("HDL", 1)] and found.unacked == 3
    none = alarm_log.rate(ledger.close(10 * HOUR), 4 * HOUR, 4 * HOUR, budget=1)
    assert (none.n, none.per_hour, none.busiest, none.acked_after) == (0, 0.0, None, None)
