"""`zjj sign` (§4.4, R39-R41) as scripts and people meet it."""

import pytest

from tests.commands.conftest import Zjj
from zjj_console.commands import times
from zjj_console.commands.context import Stop, instant_of


def row(zjj: Zjj, who: str, *words: str) -> dict:
    return next(r for r in zjj.data("sign", "list", *words)["signs"] if r["work_no"] == who)


def test_AC_39a_late_is_measured_from_the_start_and_attended_counts_the_shift(zjj: Zjj) -> None:
    assert "迟到6分" in zjj.at("03-01 08:36").read("sign", "in", "2301")
    zjj.at("03-01 16:31")("sign", "out", "水巳")
    sign = row(zjj, "2301", "--date", "2021-03-01")
    assert (sign["late_minutes"], sign["early_minutes"]) == (6, 0)
    assert (sign["attended_minutes"], sign["planned_minutes"]) == (474, 480)  # 7 h 54 min of 8 h
    assert (sign["in_at"], sign["out_at"]) == ("2021-03-01T08:36:00+08:00", "2021-03-01T16:31:00+08:00")
    assert "7小时54分" in zjj.read("sign", "list")


def test_6_4_the_same_person_direction_and_minute_is_one_sign(zjj: Zjj) -> None:
    first = zjj("sign", "in", "0002")
    again = zjj("sign", "in", "0002")
    assert "same" not in first["data"]
    assert again["data"]["same"] is True
    assert again["data"]["in_at"] == first["data"]["in_at"]
    assert zjj.data("sign", "in", "0002", "--via", "phone", by="0003")["same"] is True
    assert zjj.at("03-01 07:22").error("sign", "in", "0002", code=8).count("已签到") == 1
    assert len(zjj.data("sign", "list")["signs"]) == 1


def test_6_4_a_given_key_stands_for_one_content(zjj: Zjj) -> None:
    zjj("sign", "in", "0002", "--key", "k")
    assert zjj.at("03-01 07:40").data("sign", "in", "0002", "--key", "k")["same"] is True  # a script tries again later
    zjj("sign", "in", "0003", "--key", "k", code=5)


def test_4_4_a_night_belongs_to_the_date_on_which_it_begins(zjj: Zjj) -> None:
    zjj.at("03-01 17:21")("sign", "in", "0312", by="0312")
    zjj.at("03-02 02:15")
    assert row(zjj, "0312")["duty_date"] == "2021-03-01"
    zjj.at("03-02 07:58")("sign", "out", "0312", by="0312")
    sign = row(zjj, "0312", "--date", "0301")
    assert (sign["planned_minutes"], sign["worked_minutes"], sign["overtime_minutes"]) == (14 * 60, 14 * 60 + 37, 28)


def test_people_expected_and_not_signed_are_listed_with_how_they_stand(zjj: Zjj) -> None:
    zjj.at("03-01 07:25")("sign", "in", "0002")
    zjj.at("03-01 08:10")
    expected = {r["work_no"]: r for r in zjj.data("sign", "list")["expected"]}
    assert "0002" not in expected
    assert (expected["0003"]["standing"], expected["0003"]["absent"]) == ("absent", True)
    assert (expected["2101"]["standing"], expected["2101"]["absent"]) == ("due", False)
    assert expected["0312"]["standing"] == "planned"


def test_4_4_a_forgotten_sign_is_approved_by_another_person(zjj: Zjj) -> None:
    words = ("sign", "fix", "0002", "--date", "0301", "--in", "07:28", "--out", "17:35", "--reason", "漏签")
    zjj.at("03-01 18:00")
    assert zjj.data(*words, by="0002")["fix"] == "asked"
    assert "不得自批" in zjj.error("sign", "approve", "0002", "--date", "0301", by="0002", code=8)
    assert "值班长" in zjj.error("sign", "approve", "0002", "--date", "0301", by="0003", code=7)
    assert zjj.data("sign", "approve", "0002", "--date", "0301", by="0001")["fix"] == "approved"
    sign = row(zjj, "0002")
    assert (sign["in_at"][11:16], sign["out_at"][11:16], sign["late_minutes"]) == ("07:28", "17:35", 0)


def test_4_4_a_fix_may_be_refused_and_one_over_night_ends_the_next_day(zjj: Zjj) -> None:
    words = ("sign", "fix", "0312", "--date", "0301", "--in", "17:28", "--out", "07:31", "--reason", "漏签")
    zjj.at("03-02 09:00")(*words, by="0312")
    assert zjj.data("sign", "approve", "0312", "--date", "0301", "--refuse", by="0001")["fix"] == "refused"
    assert zjj.data(*words, by="0001")["out_at"] == "2021-03-02T07:31:00+08:00"


def test_nobody_signs_for_another_one_at_the_console_outside_the_trial(zjj: Zjj, pin_file) -> None:
    zjj.pin = pin_file()
    zjj("operator", "add", "0001")
    zjj("operator", "add", "0002", by="0001")
    zjj("sign", "in", "0002", code=7)
    assert "phone" in zjj.error("sign", "in", "2101", "--at", "07:21", by="0001", code=7)
    zjj.at("03-01 08:31")("sign", "in", "2101", "--via", "phone", by="0001")
    assert row_by(zjj, "2101")["recorded_by"] == "0001"
    zjj("sign", "in", "0002", by="0002")  # his own, with his own PIN


def row_by(zjj: Zjj, who: str) -> dict:
    return next(r for r in zjj.data("sign", "list", by="0001")["signs"] if r["work_no"] == who)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("sign", "in", "0002", "--via", "fax"), 2, "console phone radio wechat"),
        (("sign", "in", "9999"), 6, "9999"),
        (("sign", "in", "chen"), 3, "写工号"),
        (("sign", "in", "0002", "--at", "soon"), 2, "2021-03-01 23:41"),
        (("sign", "in", "0002", "--at", "2021-03-01 09:00"), 3, "将来"),
        (("sign", "out", "0002"), 8, "先签到"),
        (("sign", "list", "--date", "1/3"), 2, "0301"),
        (("sign", "fix", "0002", "--date", "0301", "--in", "07:20", "--reason", "x", "--shift", "NOPE"), 3, "CEN-DAY"),
        (("sign", "approve", "0002", "--date", "0301"), 6, "待批"),
    ],
)
def test_every_error_says_what_to_do(zjj: Zjj, words: tuple[str, ...], code: int, says: str) -> None:
    assert says in zjj.error(*words, code=code)


NOW = instant_of("2021-03-01T12:00:00+08:00")


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("2021-03-01T08:36:07+08:00", "2021-03-01T08:36:07+08:00"),
        ("2021-03-01 08:36", "2021-03-01T08:36:00+08:00"),
        ("2021-03-01 08:36:07", "2021-03-01T08:36:07+08:00"),
        ("03-01 08:36", "2021-03-01T08:36:00+08:00"),
        ("12-31 23:41", "2020-12-31T23:41:00+08:00"),
        ("8:36", "2021-03-01T08:36:00+08:00"),
        ("23:41", "2021-02-28T23:41:00+08:00"),  # the nearest past
        ("０８：３６", "2021-03-01T08:36:00+08:00"),
        ("now", "2021-03-01T12:00:00+08:00"),
    ],
)
def test_6_1_times_as_people_write_them(town, text: str, means: str) -> None:
    assert times.instant(text, NOW, town.tz) == instant_of(means)


@pytest.mark.parametrize(
    "text", ["", "25:00", "12:60", "02-30 10:00", "2021-13-01 10:00", "2021-03-01", "0836", "8.36"]
)
def test_6_1_anything_else_is_a_usage_error(town, text: str) -> None:
    with pytest.raises(Stop) as stopped:
        times.instant(text, NOW, town.tz)
    assert stopped.value.code == 2


@pytest.mark.parametrize("text", ["2021-3", "2021-13", "2021-00", "202103", "March"])
def test_a_month_is_written_one_way(town, text: str) -> None:
    with pytest.raises(Stop) as stopped:
        times.month(text, NOW, town.tz)
    assert stopped.value.code == 2


def test_an_interval_of_dates_is_whole_and_a_bare_end_follows_its_start(town) -> None:
    def span(start: str, end: str) -> list[str]:
        at = times.span(start, end, NOW, town.tz)
        return [f"{times._local(one, town.tz):%m-%d %H:%M}" for one in at]

    assert span("0302", "0303") == ["03-02 00:00", "03-04 00:00"]
    assert span("2021-03-02 09:00", "16:30") == ["03-02 09:00", "03-02 16:30"]
    assert span("03-02 17:30", "07:30") == ["03-02 17:30", "03-03 07:30"]
    assert span("tomorrow", "明天") == ["03-02 00:00", "03-03 00:00"]
