"""escalation.toml: a ladder that could not be climbed is refused when it is read, not when somebody is to be called (P-155)."""

import pytest

from zjj_console.town.ladder import Ladder
from zjj_console.town.load import ProfileError

FILE = "escalation.toml"


def test_both_towns_have_a_ladder_without_complaint(profile, second_town) -> None:
    assert [f for f in profile.check(strict=True).errors if f.code == "P-155"] == []
    assert second_town.ladder.top == 3


def test_a_profile_without_the_file_has_no_ladder_and_says_so(profile) -> None:
    (profile.folder / FILE).unlink()
    assert profile.town().ladder == Ladder()
    assert [f.code for f in profile.check().warnings if "没有升级阶梯" in f.message] == ["P-155"]


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('rises = ["0m", "10m", "20m", "30m", "60m"]', 'rises = ["0m", "10m"]', "ladder.rules.1.rises"),
        (
            'rises = ["0m", "10m", "20m", "30m", "60m"]',
            'rises = ["0m", "10", "20m", "30m", "60m"]',
            "ladder.rules.1.rises",
        ),
        ("[ladder.rules.4]", "[ladder.rules.5]", "ladder.rules.5"),
        ("ACK = { first = 1 }", "ACK = { first = 6 }", "ladder.triggers.ACK"),
        ("ACK = { first = 1 }", "ACK = { firsts = 1 }", "ladder"),
        ('window = "10m wall"', 'window = "soon"', "ladder.rules.1.window"),
        ('quiet = ["22:00", "06:00"]', 'quiet = ["22h", "06:00"]', "ladder.quiet"),
        ("p1_repeat = 30", "p1_repeats = 30", "alarms"),
    ],
)
def test_P_155_what_cannot_be_climbed_names_its_place(profile, old: str, new: str, where: str) -> None:
    profile.replace(FILE, old, new)
    with pytest.raises(ProfileError) as told:
        profile.town()
    assert told.value.file == FILE
    assert where in told.value.where


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"deputy", "chief"', '"deputty", "chief"', "deputty 无人担任"),
        ('"commander", "centre", "meeting"]', '"meeting", "centre", "commander"]', "会商只能是最高一级"),
        ("ACK = { first = 1 }", "AKK = { first = 1 }", "没有时限 AKK"),
        ('"0m", "10m", "20m"', '"0m", "20m", "10m"', "由早到晚"),
        ('["80%", "0m", "1wd"', '["0m", "80%", "1wd"', "由早到晚"),
        ("p1_repeat = 30", "p1_repeat = 0", "p1_repeat 为 0"),
    ],
)
def test_P_155_what_makes_no_sense_is_an_error(profile, old: str, new: str, said: str) -> None:
    profile.replace(FILE, old, new)
    assert any(said in f.message for f in profile.check().errors)
