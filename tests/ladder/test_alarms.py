"""§3.6 on a real night: what is listed and in what order, when it rings, what acknowledging does and does not do."""

import pytest

from zjj_console.desk import alarming
from zjj_console.domain.alarms import Grade, Group, grouped, mark
from zjj_console.domain.model import MINUTE, SECOND

G = Grade


def cases(night):
    return [(alarm.row.serial, alarm.grade) for alarm in night.alarms() if alarm.row is not None]


def acknowledge(night, *serials):
    subjects = [alarm.subject for alarm in night.alarms() if alarm.row and alarm.row.serial in serials]
    assert len(subjects) == len(serials)
    night.act(alarming.acknowledge(subjects))


def beats(night, until, step=1):
    """The moments at which the bell sounded, looked at every second; people are called meanwhile."""
    end, heard = night.hands.at(f"2021-03-01 {until}"), []
    while night.hands.now < end:
        before = night.hands.now
        night.hands.now += step * SECOND
        night.desk.sweep()
        if night.rings(before):
            heard.append(night.moment(night.hands.now).removeprefix("03-01 "))
    return heard


@pytest.fixture
def late(urgent):
    """First priority, missed at 23:34, the deputy called."""
    urgent.at("23:34:00")
    return urgent


def test_P1_rings_every_thirty_seconds_until_somebody_acknowledges(late):
    assert beats(late, "23:35:30") == ["23:34:30", "23:35", "23:35:30"]


def test_complaint_16_P1_acknowledged_rings_again_every_five_minutes_while_it_is_late(late):
    late.line("sj 1001 e5")  # nothing more to come from the ladder
    late.forward("10s")
    acknowledge(late, 1001)
    late.hands.now += 1 * SECOND
    assert beats(late, "23:45:00") == ["23:39:10", "23:44:10"]


def test_an_acknowledged_alarm_rings_again_at_the_next_rung(late):
    late.at("23:43:00")
    acknowledge(late, 1001)
    assert [alarm.acked is not None for alarm in late.alarms() if alarm.row] == [True]
    assert beats(late, "23:44:31") == ["23:44", "23:44:30"]
    assert [alarm.acked for alarm in late.alarms() if alarm.row] == [None]


def test_complaint_17_acknowledging_an_alarm_stops_neither_clock_nor_climb_and_is_no_answer(late):
    clocks = late.desk.case("1001").clocks
    acknowledge(late, 1001)
    assert late.desk.case("1001").clocks == clocks
    assert late.climb().rungs[0].waits
    late.at("23:44:00")
    late.calls("E1 0031 03-01 23:34", "E2 0021 03-01 23:44")


def test_complaint_17_an_acknowledged_alarm_stays_listed_until_it_is_solved(late):
    acknowledge(late, 1001)
    assert cases(late) == [(1001, G.URGENT_LATE)]
    late.line("dd 1001")
    assert cases(late) == []


def test_other_late_ones_ring_once_and_what_is_due_soon_is_silent(second):
    second.leap("23:39:00")
    assert cases(second) == []
    assert beats(second, "23:47:00") == ["23:44"]
    assert beats(second, "23:50:00") == []


def test_P3_a_rung_before_the_deadline_is_silent(night):
    night.leap("2021-03-01 09:00")
    night.line("xj dhj js 3 dh")
    night.line("pd 1001 cg")
    night.leap("09:47:00")
    assert beats(night, "09:59:00", step=5) == []
    night.calls("E1 0031 03-01 09:48")  # the deputy gets a message at 80 percent
    assert beats(night, "10:01:00", step=5) == ["10:00"]


def test_a_new_P1_rings_until_it_is_acknowledged_and_again_when_it_is_given_back(night):
    night.line("xj dhj zy 1 dh")
    night.forward("1s")
    assert cases(night) == [(1001, G.URGENT_NEW)]
    acknowledge(night, 1001)
    assert not night.rings(before=night.hands.now - 30 * SECOND)
    night.line("pd 1001 y1")
    assert cases(night) == []
    night.line("td 1001 1")
    night.forward("1m")
    night.line("td 1001 y 1")
    night.forward("1s")
    found = [alarm for alarm in night.alarms() if alarm.row]
    assert [(alarm.grade, alarm.acked) for alarm in found] == [(G.URGENT_NEW, None)]
    assert night.rings(before=night.hands.now - 30 * SECOND)


def test_a_reopened_P1_is_new_again_for_whoever_acknowledged_it_in_its_first_life(night):
    night.line("xj dhj zy 1 dh")
    night.forward("1s")
    acknowledge(night, 1001)
    night.line("pd 1001 y1")
    night.line("dd 1001")
    night.line("tj 1001 1 已清理")
    night.line("hc 1001 y", who="0002")
    night.forward("1h")
    night.line("ck 1001 1")
    night.forward("1s")
    assert [(a.grade, a.acked) for a in night.alarms() if a.row] == [(G.URGENT_NEW, None)]


def test_order_of_the_list_is_P1_late_then_new_then_late_then_soon_and_acknowledged_ones_last(night):
    night.leap("2021-03-01 20:00")
    night.line("xj dhj js 3 dh")  # to be accepted by 20:30
    night.line("xj dhj zy 2 dh")  # by 20:15
    night.line("xj dhj zy 1 dh")  # by 20:05
    night.at("20:24:30")
    night.line("xj dhj zy 1 dh")  # new
    expected = [(1003, G.URGENT_LATE), (1004, G.URGENT_NEW), (1002, G.LATE), (1001, G.SOON)]
    assert cases(night) == expected
    acknowledge(night, 1003)
    assert cases(night) == [*expected[1:], expected[0]]


def test_every_alarm_is_counted_once_also_those_by_hand_and_those_that_are_new_and_due_soon(night):
    night.line("xj dhj zy 1 dh")
    night.line("xj dhj zy 2 dh")
    night.line("pd 1002 y1")
    night.at("23:28:00")  # new and due soon at once
    look = night.desk.alarms()
    assert len(look.alarms) == look.total == 1, look
    night.line("sj 1002")
    look = night.desk.alarms()
    assert len(look.alarms) == look.total == 2, look


def test_an_escalation_by_hand_is_listed_though_no_deadline_is_missed(second):
    second.line("sj 1001 e2")
    assert cases(second) == [(1001, G.LATE)]
    second.line("sj 1001 n")
    assert cases(second) == []


@pytest.mark.parametrize(("of_one_cause", "sizes"), [(10, []), (11, [11])])
def test_more_than_ten_in_ten_minutes_are_grouped_by_cause_and_P1_never(night, town, of_one_cause, sizes):
    for _ in range(of_one_cause):
        night.line("xj dhj js 3 dh")
    night.at("23:54:00")
    for _ in range(2):
        night.line("xj dhj zy 1 dh")
    night.at("23:55:00")
    shown = grouped(night.alarms(), night.hands.now, town.alarm_rules)
    assert [len(one.subjects) for one in shown if isinstance(one, Group)] == sizes
    assert sum(not isinstance(one, Group) and one.grade is G.URGENT_NEW for one in shown) == 2


def test_a_flood_is_over_when_its_alarms_are_older_than_ten_minutes(night, town):
    for _ in range(12):
        night.line("xj dhj js 3 dh")
    night.at("23:54:00")
    assert any(isinstance(one, Group) for one in grouped(night.alarms(), night.hands.now, town.alarm_rules))
    later = night.hands.now + 10 * MINUTE
    assert not any(isinstance(one, Group) for one in grouped(night.alarms(), later, town.alarm_rules))


def test_quiet_hours_are_for_leaders_and_never_for_the_desk(second):
    second.leap("02:00:00")
    second.desk.sweep()
    assert second.next() == "03-02 06:00"
    assert cases(second) == [(1001, G.LATE)]


def test_marks_say_it_by_shape_and_by_word():
    assert [mark(grade) for grade in (G.URGENT_LATE, G.LATE, G.SOON)] == ["!!!急超", "!!超", "!临"]
    assert len({mark(grade) for grade in Grade}) == len(Grade)
