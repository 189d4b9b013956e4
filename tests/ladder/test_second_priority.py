"""§2.10, row P2: 0, +30 minutes, +2 hours, +4 hours, the weekly consultation; E3 and above between 06:00 and 22:00."""


def test_P2_by_day_climbs_at_0_30_minutes_2_and_4_hours_and_meets_on_friday(night):
    night.leap("2021-03-02 09:00")
    night.line("xj dhj zy 2 dh")
    night.line("pd 1001 cg")
    night.at("09:20:00")
    night.calls("E1 0031 03-02 09:20")
    night.at("09:49:59")
    night.calls()
    night.at("09:50:00")
    night.calls("E2 0021 03-02 09:50")
    night.at("11:20:00")
    night.calls("E3 0011 03-02 11:20")
    night.at("13:20:00")
    night.calls("E4 0005 03-02 13:20")
    assert night.next() == "03-05 09:30"
    night.at("2021-03-05 09:29")
    night.calls()
    night.at("2021-03-05 09:30")
    night.calls("E5 - 03-05 09:30")


def test_P2_at_night_calls_deputy_and_chief_and_lets_the_commander_sleep_until_six(second):
    second.at("23:44:00")
    second.calls("E1 0031 03-01 23:44")
    second.at("00:14:00")
    second.calls("E2 0021 03-02 00:14")
    second.at("05:59:59")
    second.calls()
    second.at("06:00:00")
    second.calls("E3 0011 03-02 06:00")
    second.at("06:29:59")
    second.calls()
    second.at("06:30:00")
    second.calls("E4 0005 03-02 06:30")  # his planned hour has gone by; the commander still had a window of his own


def test_P2_by_hand_the_commander_is_woken_at_any_hour(second):
    second.at("00:20:00")
    second.calls("E1 0031 03-01 23:44", "E2 0021 03-02 00:14")
    second.line("sj 1001 e3 班长要求")
    second.calls("E3 0011 03-02 00:20")
    second.at("05:59:59")
    second.calls()  # and it wakes nobody above him by itself
    second.at("06:00:00")
    second.calls("E4 0005 03-02 06:00")


def test_the_quiet_hours_hold_for_the_first_rung_as_well(night):
    """Accepting is the desk's own clock and begins with the centre: for second priority not at four in the morning."""
    night.line("xj dhj zy 2 dh")
    assert night.next() == "03-02 06:00"
    night.at("05:59:59")
    night.calls()
    night.at("06:00:00")
    night.calls("E4 0005 03-02 06:00")


def test_a_commander_who_cannot_be_had_at_night_wakes_nobody_above_him(make_night, without):
    night = make_night(without(("z1", "deputy"), ("z1", "chief"), ("z1", "on_call")))
    night.line("xj dhj zy 2 dh")
    night.line("pd 1001 y1")
    night.at("00:30:00")
    night.calls("E1 vacant 03-01 23:44", "E2 vacant 03-01 23:44")
    night.at("06:00:00")
    night.calls("E3 0011 03-02 06:00")


def test_quiet_hours_end_at_22_and_a_rung_of_2159_still_calls(night):
    night.leap("2021-03-01 19:39")
    night.line("xj dhj zy 2 dh")
    night.line("pd 1001 y1")
    night.at("22:30:00")
    night.calls("E1 0031 03-01 19:59", "E2 0021 03-01 20:29", "E3 0011 03-01 21:59")
    assert night.next() == "03-02 06:00"


def test_P2_a_meeting_that_has_begun_is_not_the_next_one(night):
    """The centre took notice just before Friday's meeting began: the case goes to the one after."""
    night.leap("2021-03-05 04:50")
    night.line("xj dhj zy 2 dh")
    night.line("pd 1001 y1")
    night.at("2021-03-05 09:20")
    night.calls("E1 0031 03-05 05:10", "E2 0021 03-05 05:40", "E3 0011 03-05 07:10", "E4 0005 03-05 09:10")
    night.line("sj 1001 y 已知悉")
    assert night.next() == "03-12 09:30"
