"""I-3, NV-2: a host that slept, a process that was restarted: the same rungs at the same instants, none lost, none twice."""

import pytest

from zjj_console.domain.alarms import Grade

FOUR = ["E1 0031 03-01 23:34", "E2 0021 03-01 23:44", "E3 0011 03-01 23:54", "E4 0005 03-02 00:04"]


def test_NV_2_a_host_asleep_across_three_rungs_raises_them_in_one_sweep_with_their_own_instants(urgent):
    urgent.at("23:55:10")
    urgent.calls(*FOUR[:3])
    commands = urgent.sql("SELECT DISTINCT cmd FROM event WHERE stream LIKE 'ladder:%'")
    assert len(commands) == 1


def test_NV_2_the_sleep_is_one_entry_of_the_alarms_and_not_three(urgent):
    urgent.at("23:55:10")
    found = [alarm for alarm in urgent.alarms() if alarm.row is not None]
    assert [(alarm.grade, alarm.level, urgent.moment(alarm.raised)) for alarm in found] == [
        (Grade.URGENT_LATE, 3, "03-01 23:54")
    ]
    assert urgent.rings(before=urgent.hands.at("2021-03-01 23:33"))


def test_NV_2_three_deadlines_of_three_cases_are_three_alarms_however_late_anybody_looks(night):
    for _ in range(3):
        night.line("xj dhj zy 2 dh")
        night.forward("1m")
    night.asleep("40m")
    assert sorted(alarm.row.serial for alarm in night.alarms() if alarm.row) == [1001, 1002, 1003]
    assert {alarm.grade for alarm in night.alarms() if alarm.row} == {Grade.LATE}


@pytest.mark.parametrize("moment", ["23:30:00", "23:34:00", "23:40:00", "23:44:00", "23:54:00", "23:59:00"])
def test_complaint_11_a_restart_between_any_two_rungs_goes_on_where_it_was(urgent, moment):
    urgent.at(moment)
    urgent.restart()
    urgent.restart()
    urgent.tick("1m", "00:04:00")
    assert urgent.called() == FOUR


def test_complaint_11_a_climb_that_waits_for_the_morning_goes_on_after_a_restart_in_the_night(second):
    second.at("00:14:00")
    second.restart()
    second.leap("05:59:00")
    second.restart()
    second.calls("E1 0031 03-01 23:44", "E2 0021 03-02 00:14")
    second.at("06:00:00")
    second.calls("E3 0011 03-02 06:00")


def test_a_window_that_ran_out_while_nobody_looked_is_not_forgotten(urgent):
    urgent.at("23:40:00")
    urgent.line("th 1001 1")
    urgent.close()
    urgent.asleep("30m")
    urgent.restart()
    urgent.calls("E1 0031 03-01 23:34", "E2 0021 03-01 23:50", "E3 0011 03-02 00:00", "E4 0005 03-02 00:10")


def test_an_act_after_a_sleep_finds_what_had_become_due_before_it(urgent):
    """The answer comes after three rungs; it does not undo that they were due."""
    urgent.asleep("31m")
    urgent.line("qs 1001")
    urgent.calls(*FOUR[:3])
    assert urgent.cleared() == ""  # arrival is missed as well, and takes over
    assert urgent.climb().trigger == "ARR"


def test_complaint_1_a_repeated_sweep_repeats_nothing(urgent):
    urgent.at("23:45:00")
    for _ in range(5):
        urgent.desk.sweep()
    urgent.calls(*FOUR[:2])


def test_rebuilt_rows_climb_on_as_if_nothing_had_been(urgent):
    urgent.at("23:45:00")
    assert urgent.desk.rebuild() == 1
    urgent.at("00:04:00")
    assert urgent.called() == FOUR


def test_a_ladder_that_does_not_move_never_holds_the_desk(urgent, monkeypatch):
    """A row that stays due, whatever the reason, is tried again with the next beat and not for ever in this one."""
    case = urgent.desk.case("1001").id
    monkeypatch.setattr("zjj_console.desk.climbing.due", lambda *_: [case])
    urgent.desk.sweep()
    urgent.calls()
