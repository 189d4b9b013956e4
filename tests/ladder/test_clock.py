"""NV-9, complaint 14: the clock of the machine is set back, or forward, or was wrong when the process began."""

import pytest

from zjj_console.desk.steady import Steady
from zjj_console.domain.alarms import Grade
from zjj_console.domain.model import HOUR, MINUTE, SECOND


class Machine:
    """A wall clock that can be set, and a counter that cannot."""

    def __init__(self, now):
        self.wall, self.count = now, 500 * HOUR

    def passes(self, span):
        self.wall, self.count = self.wall + span, self.count + span

    def steady(self, floor=0):
        return Steady(lambda: self.wall, 30, floor, lambda: self.count)


@pytest.fixture
def machine(urgent):
    """The case of the night under such a clock."""
    machine = Machine(urgent.hands.now)
    urgent.close()
    urgent.hands = machine.steady()
    return machine


def later(night, machine, minutes):
    machine.passes(minutes * MINUTE)
    night.desk.sweep()


def test_NV_9_set_back_an_hour_the_ladder_goes_on_at_its_instants_and_is_not_silent(urgent, machine):
    later(urgent, machine, 10)
    urgent.calls("E1 0031 03-01 23:34")
    machine.wall -= HOUR
    later(urgent, machine, 9)
    urgent.calls()
    later(urgent, machine, 1)
    urgent.calls("E2 0021 03-01 23:44")
    later(urgent, machine, 20)
    urgent.calls("E3 0011 03-01 23:54", "E4 0005 03-02 00:04")


def test_NV_9_what_was_late_stays_late_and_the_jump_is_an_alarm(urgent, machine):
    later(urgent, machine, 11)
    machine.wall -= HOUR
    later(urgent, machine, 0)
    found = {alarm.subject: alarm for alarm in urgent.alarms()}
    assert found["clock"].grade is Grade.DESK and "拨慢" in found["clock"].zh
    assert [alarm.grade for alarm in found.values() if alarm.row] == [Grade.URGENT_LATE]
    assert urgent.rings(before=urgent.hands() - 30 * SECOND)


def test_NV_9_set_right_again_nothing_fires_twice_and_the_alarm_is_gone(urgent, machine):
    later(urgent, machine, 11)
    machine.wall -= HOUR
    later(urgent, machine, 1)
    machine.wall += HOUR
    later(urgent, machine, 1)
    urgent.calls("E1 0031 03-01 23:34")
    assert "clock" not in {alarm.subject for alarm in urgent.alarms()}


def test_NV_9_a_clock_set_forward_is_told_and_what_it_makes_late_is_called_once(urgent, machine):
    machine.wall += HOUR
    later(urgent, machine, 0)
    assert len(urgent.heard()) == 4
    later(urgent, machine, 1)
    urgent.calls()
    assert "拨快" in next(alarm.zh for alarm in urgent.alarms() if alarm.subject == "clock")


def test_NV_9_a_process_restarted_under_a_clock_an_hour_behind_the_journal_goes_on(urgent, machine):
    later(urgent, machine, 10)
    urgent.calls("E1 0031 03-01 23:34")
    urgent.close()
    machine.wall -= HOUR
    urgent.hands = Steady.over(lambda: machine.wall, urgent.path, 30)
    urgent.hands._tick, urgent.hands._counted = (lambda: machine.count), machine.count
    assert urgent.moment(urgent.hands()) == "03-01 23:34"
    later(urgent, machine, 10)
    urgent.calls("E2 0021 03-01 23:44")
    assert "拨慢" in next(alarm.zh for alarm in urgent.alarms() if alarm.subject == "clock")


def test_a_journal_from_the_far_future_is_not_believed_and_this_is_said_until_it_is_reached():
    machine = Machine(1_000 * HOUR)
    steady = machine.steady(floor=1_010 * HOUR)
    assert steady() == 1_000 * HOUR
    machine.passes(HOUR)
    assert steady() == 1_001 * HOUR
    assert steady.jump is not None and steady.jump.by == -10 * HOUR
    machine.passes(9 * HOUR)
    steady()
    assert steady.jump is None


def test_NV_9_the_drift_of_clocks_is_no_jump_and_time_never_goes_back():
    machine = Machine(1_000 * HOUR)
    steady = machine.steady()
    seen = [steady()]
    for by in (20, -20, 29, -29, 0):
        machine.passes(SECOND)
        machine.wall += by * SECOND
        seen.append(steady())
    assert seen == sorted(seen) and steady.jump is None


def test_a_host_that_was_suspended_has_not_had_its_clock_set():
    machine = Machine(1_000 * HOUR)
    steady = machine.steady()
    steady()
    machine.passes(9 * HOUR)
    assert steady() == 1_009 * HOUR and steady.jump is None
