"""Complaints 8 and 12: the machine's zone is not the town's; quiet hours and working days are the town's all the same."""

import os
import time

import pytest


@pytest.fixture(params=["UTC", "America/New_York", "Asia/Shanghai", "Pacific/Kiritimati"])
def zone(request):
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


def test_complaint_8_and_12_quiet_hours_are_those_of_the_town(zone, make_night):
    night = make_night()
    night.line("xj dhj zy 2 dh")
    night.line("pd 1001 y1")
    night.at("12:00:00")
    night.calls("E1 0031 03-01 23:44", "E2 0021 03-02 00:14", "E3 0011 03-02 06:00", "E4 0005 03-02 06:30")
    assert night.next() == "03-05 09:30"


def test_complaint_8_working_days_and_the_change_to_summer_time_elsewhere_move_nothing(zone, make_night):
    """On 2021-03-14 New York loses an hour; the town does not."""
    night = make_night()
    night.leap("2021-03-12 15:00")
    night.line("xj dhj js 3 dh")
    night.line("pd 1001 cg")
    night.line("qs 1001")
    night.at("2021-03-20 00:00")
    night.calls("E1 0031 03-17 10:12", "E2 0021 03-17 15:00", "E3 0011 03-18 15:00", "E4 0005 03-19 15:00")
    assert night.messages()[0] == ("0031", "03-20 07:30")
