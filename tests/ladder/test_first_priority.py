"""§2.10, row P1: 0, +10, +20, +30, +60 minutes, by phone at any hour."""


def test_P1_climbs_at_0_10_20_30_and_60_minutes_from_the_miss(urgent):
    urgent.at("23:33:59")
    urgent.calls()
    urgent.at("23:34:00")
    urgent.calls("E1 0031 03-01 23:34")
    urgent.at("23:43:59")
    urgent.calls()
    urgent.at("23:44:00")
    urgent.calls("E2 0021 03-01 23:44")
    urgent.at("23:54:00")
    urgent.calls("E3 0011 03-01 23:54")
    urgent.at("00:03:59")
    urgent.calls()
    urgent.at("00:04:00")
    urgent.calls("E4 0005 03-02 00:04")
    urgent.at("00:34:00")
    urgent.calls("E5 - 03-02 00:34")
    urgent.at("2021-03-03 12:00")
    urgent.calls()
    assert urgent.messages() == [], "the first priority is called by phone"


def test_complaint_12_a_rung_waits_for_its_time_and_is_raised_once_however_often_it_is_asked(urgent):
    urgent.tick("1s", "23:46:00")
    urgent.calls("E1 0031 03-01 23:34", "E2 0021 03-01 23:44")


def test_the_desk_s_own_clocks_pass_over_the_station_and_call_the_centre_at_its_time(night):
    night.line("xj dhj zy 1 dh")
    night.at("23:58:59")
    night.calls()
    night.at("23:59:00")
    night.calls("E4 0005 03-01 23:59")
    night.line("sl 1001")
    assert night.cleared() == "accepted"
    night.at("00:34:00")
    night.calls("E4 0005 03-02 00:34")


def test_an_arrival_that_is_missed_calls_as_well(urgent):
    urgent.line("qs 1001")
    urgent.at("23:53:59")
    urgent.calls()
    urgent.at("23:54:00")
    urgent.calls("E1 0031 03-01 23:54")
    urgent.line("dd 1001")
    assert urgent.cleared() == "arrived"


def test_R12_a_case_that_becomes_urgent_when_it_is_long_late_gives_everybody_his_time_from_then(night):
    """Merging makes it first priority: four rungs of an hour ago are not all called in one second."""
    night.leap("2021-03-02 09:00")
    night.line("xj dhj js 3 dh")
    night.line("pd 1001 cg")
    night.at("2021-03-02 16:00")
    night.calls("E1 0031 03-02 09:48", "E2 0021 03-02 10:00")
    night.line("xj dhj zy 1 dh")
    night.line("cf 1002 1001")
    night.calls("E3 0011 03-02 16:00")
    night.at("16:09:59")
    night.calls()
    night.at("16:10:00")
    night.calls("E4 0005 03-02 16:10")
