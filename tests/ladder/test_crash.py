"""Complaint 2: a process that dies between the step and its mark. Afterwards every rung is there exactly once."""

import os

import pytest

from tests.dying import KILLED, Fatal
from zjj_console.desk.desk import Desk
from zjj_console.desk.session import actor_of

ONCE = ["E1 0031 03-01 23:34", "E2 0021 03-01 23:44", "E3 0011 03-01 23:54"]


@pytest.fixture
def asleep(urgent):
    """Three rungs are due and nobody has swept; beside it a case of third priority whose message is due."""
    urgent.asleep("31m")
    urgent.close()
    return urgent


def dies(night, do, left):
    """Do something in a process that ends before its statement number `left`."""
    child = os.fork()
    if child == 0:
        try:
            desk = Desk(night.path, night.town, actor_of(night.town, "0001", trial=True), night.hands)
            desk._writer = Fatal(desk._writer, left)
            do(desk)
            os._exit(0)
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def statements(make_night, night, do):
    other = make_night(source=night.path)
    other.desk._writer = counting = Fatal(other.desk._writer, 0)
    do(other.desk)
    return counting.count


def test_complaint_2_death_at_any_statement_of_a_sweep_leaves_every_rung_once(asleep, make_night):
    total = statements(make_night, asleep, Desk.sweep)
    assert total > 8
    for left in range(1, total + 1):
        night = make_night(source=asleep.path)
        assert dies(night, Desk.sweep, left) == KILLED
        assert night.called() in ([], ONCE), f"before statement {left} of {total}"
        night.restart()
        assert night.called() == ONCE


def test_complaint_2_death_at_any_statement_of_a_failed_call_leaves_call_and_rung_together(asleep, make_night):
    asleep.restart()
    asleep.line("th 1001 2")
    asleep.close()

    def call(desk):
        assert desk.run_line("th 1001 2", confirmed=True).ok

    total = statements(make_night, asleep, call)
    for left in range(1, total + 1, 3):
        night = make_night(source=asleep.path)
        assert dies(night, call, left) == KILLED
        calls = night.sql("SELECT count(*) FROM event WHERE kind = 'called'")[0][0]
        tries, level = len(night.climb().rungs[2].calls), night.climb().level
        assert (calls, tries, level) == (1, 1, 3)
        call(night.desk)
        assert night.climb().level == 4


def test_complaint_2_a_message_of_a_rung_is_queued_once_whatever_dies(night, make_night):
    night.leap("2021-03-02 09:00")
    night.line("xj dhj js 3 dh")
    night.line("pd 1001 cg")
    night.asleep("59m")
    night.close()
    total = statements(make_night, night, Desk.sweep)
    for left in range(1, total + 1, 3):
        other = make_night(source=night.path)
        assert dies(other, Desk.sweep, left) == KILLED
        other.restart()
        assert other.messages() == [("0031", "03-02 09:59")]
