"""The sign of life of a console (NV-2): alive, stopped or none, and never a reason to fail."""

import os
import stat

import pytest

from zjj_console.desk.heartbeat import Heart, pulse
from zjj_console.storage import companion

STALE = 60


@pytest.fixture
def heart(db_path):
    return Heart(db_path)


def test_NV_2_a_beat_is_life_for_as_long_as_the_profile_says(db_path, heart, clock):
    assert pulse(db_path, clock(), STALE).state == "none"
    began = clock()
    heart.beat(began)
    clock.later(seconds=STALE)
    assert pulse(db_path, clock(), STALE).alive
    clock.later(seconds=1)
    found = pulse(db_path, clock(), STALE)
    assert (found.state, found.since, found.console) == ("stopped", began, heart.console)


def test_NV_9_a_beat_far_ahead_is_a_wrong_clock_and_no_life(db_path, heart, clock):
    heart.beat(clock())
    clock.later(hours=-1)
    assert pulse(db_path, clock(), STALE).state == "stopped"


def test_a_clean_end_leaves_nothing_behind(db_path, heart, clock):
    heart.beat(clock())
    heart.beat(clock())
    heart.stop()
    assert pulse(db_path, clock(), STALE).state == "none"
    assert {path.name for path in db_path.parent.iterdir() if ".beat" in path.name} == set()


def test_a_console_that_ends_does_not_end_another_one(db_path, heart, clock):
    other = Heart(db_path)
    heart.beat(clock())
    other.beat(clock())
    heart.stop()
    assert pulse(db_path, clock(), STALE).console == other.console
    other.stop()
    assert pulse(db_path, clock(), STALE).state == "none"


def test_a_console_that_never_beat_removes_nothing(db_path, heart, clock):
    heart.beat(clock())
    Heart(db_path).stop()
    assert pulse(db_path, clock(), STALE).alive


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"console": 1, "at": 2}', b"\xff\xfe"])
def test_a_file_that_is_no_beat_is_none(db_path, body, clock):
    companion.beside(db_path, ".beat").write_bytes(body)
    assert pulse(db_path, clock(), STALE).state == "none"


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written_costs_only_the_beat(db_path, heart, clock):
    mode = stat.S_IMODE(db_path.parent.stat().st_mode)
    db_path.parent.chmod(0o500)
    try:
        heart.beat(clock())
        heart.stop()
    finally:
        db_path.parent.chmod(mode)
    assert pulse(db_path, clock(), STALE).state == "none"


def test_a_beat_that_cannot_be_written_is_no_error(db_path, heart, clock):
    heart.path.mkdir()  # a file cannot be put in the place of a folder, whoever asks
    heart.beat(clock())
    heart.stop()
    assert pulse(db_path, clock(), STALE).state == "none"
    assert [path.name for path in db_path.parent.iterdir() if ".beat." in path.name] == []


def test_the_beat_of_a_link_is_that_of_its_file(db_path, heart, clock, tmp_path):
    link = tmp_path / "link.db"
    link.symlink_to(db_path)
    Heart(link).beat(clock())
    assert pulse(db_path, clock(), STALE).alive


def test_NV_19_a_beat_names_nobody(heart, clock):
    heart.beat(clock())
    found = heart.path.read_text()
    assert set(found) <= set('{}":,0123456789abcdefconsolat')
