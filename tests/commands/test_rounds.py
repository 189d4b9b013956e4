"""Rounds of work until a signal, as `zjj watch` and `zjj gateway run` go on."""

import os
import signal

import pytest

from zjj_console.commands.rounds import identity, until_stopped


@pytest.fixture(autouse=True)
def own_signals():
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_lets_the_round_under_way_finish_and_says_how_it_ended(number, code):
    done = []

    def work():
        if len(done) == 2:
            os.kill(os.getpid(), number)
        done.append("whole")

    assert until_stopped(0.001, work) == code
    assert len(done) == 3


def test_what_the_work_raises_ends_the_rounds():
    with pytest.raises(ZeroDivisionError):
        until_stopped(60, lambda: 1 / 0)


def test_another_file_under_the_same_name_is_another_file(tmp_path):
    path = tmp_path / "a.db"
    assert identity(path) is None
    path.write_text("one")
    before = identity(path)
    path.write_text("two")
    assert identity(path) == before
    (tmp_path / "b.db").write_text("three")
    (tmp_path / "b.db").replace(path)
    assert identity(path) not in (None, before)
