"""Complaint 2: several desks sweep one database at the same moment, and each rung is raised once."""

import threading

from zjj_console.desk.desk import Desk
from zjj_console.desk.session import actor_of

CASES = 12


def test_complaint_2_two_desks_at_the_same_moment_raise_each_rung_once(night):
    for _ in range(CASES):
        night.line("xj dhj zy 1 dh")
    for n in range(CASES):
        night.line(f"pd {1001 + n} y1")
    night.asleep("21m")
    barrier, failed = threading.Barrier(3), []

    def sweeps():
        desk = Desk(night.path, night.town, actor_of(night.town, "0002", trial=True), night.hands)
        try:
            barrier.wait(10)
            desk.sweep()
        except Exception as error:  # told by the test below, not by a thread that dies unseen
            failed.append(error)
        finally:
            desk.close()

    threads = [threading.Thread(target=sweeps) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert failed == []
    found = night.called()
    assert len(found) == len(set(found)) == 2 * CASES
    assert {text.removeprefix(text.partition("E")[0]) for text in found} == {
        "E1 0031 03-01 23:34", "E2 0021 03-01 23:44"
    }  # fmt: skip


def test_a_sweep_that_read_before_another_one_wrote_raises_nothing_twice(urgent, sweep):
    urgent.leap("23:44:00")
    mine, others = urgent.desk, urgent.desk_of("0002")
    act = sweep(mine)  # what is due is known, and then the other desk is faster
    others.sweep()
    assert mine.act(act).events == ()
    urgent.calls("E1 0031 03-01 23:34", "E2 0021 03-01 23:44")


def test_complaint_5_what_one_desk_records_holds_the_climb_for_the_other(urgent):
    urgent.at("23:34:00")
    urgent.line("th 1001 1", who="0002")
    urgent.at("23:43:59")
    urgent.desk_of("0002").sweep()
    urgent.calls("E1 0031 03-01 23:34")
    urgent.at("23:44:00")
    urgent.calls("E2 0021 03-01 23:44")
