"""I-1, I-4: a process that dies between the two signatures, or inside one, leaves either everything or nothing."""

import os
import signal

import pytest

from tests.dying import KILLED, Fatal
from zjj_console.desk import handing, signatures, viewing
from zjj_console.desk.desk import Desk
from zjj_console.desk.session import actor_of


@pytest.fixture(scope="module")
def ready(published, copy_db, tmp_path_factory, house_on):
    """Everything is read and chosen for H4 of Monday, and the outgoing officer has signed."""
    path = copy_db(published, tmp_path_factory.mktemp("ready") / "ready.db")
    house, clock = house_on(path)
    clock.set("2021-03-01 17:25")
    house.sign_in("0002", "0312", "0051")
    for line in ("xj dhj zy 2 dh pcs", "xj zmc js 3 dh cg", "xj xwc js 3", "qs 1001"):
        house.line(line)
    house.do("0002", handing.prepare("H4"))
    house.read_all("H4", "0312")
    house.do("0002", handing.code("H4", ["1001"], "N2"))
    house.do("0002", signatures.sign("H4", "out"))
    house.close()
    return path


def in_child(path, town, clock, who, act, prepare=lambda desk: None):
    """Run an act in a process of its own; its number."""
    child = os.fork()
    if child == 0:
        try:
            desk = Desk(path, town, actor_of(town, who, trial=True), clock)
            prepare(desk)
            done = desk.act(act)
            os._exit(0 if done.ok else 1)
        finally:
            os._exit(2)
    return child


def statements(path, town, clock, who, act):
    desk = Desk(path, town, actor_of(town, who, trial=True), clock)
    desk._writer = counting = Fatal(desk._writer, 0)
    assert desk.act(act).ok
    desk.close()
    return counting.count


def whole(house):
    """Either all of it or none: custody, record, cases and orders agree, and the journal proves it."""
    h = house.handover("H4")
    moved = len(house.db.execute("SELECT * FROM custody").fetchall())
    desks = {row[0] for row in house.db.execute("SELECT custodian FROM case_row WHERE is_open = 1").fetchall()}
    lead = house.desk().case("1001").lead
    done = h.state in ("IN_SIGNED", "FORCED")
    expected = (1, {"night"}, "y1") if done else (0, {"day"}, "pcs")
    assert (moved, desks, lead) == expected, h.state
    assert (h.moved_at is not None, bool(h.sheets), house.desk().facts().custodian) == (
        done, done, "night" if done else "day")  # fmt: skip
    assert all(check.ok for check in viewing.verify(house.db, h))
    house.proven()
    return done


def goes_on(house, done):
    """The other side is not held up by what died."""
    if not done:
        house.do("0051", signatures.sign("H4", "in", tick_all=True))
    assert house.desk("0051").run_line("sl 1003").ok
    assert whole(house)


ACTS = {
    "in": ("0312", signatures.sign("H4", "in", tick_all=True)),
    "force": ("0312", signatures.force("H4", "示例", "0001", proven=True)),
}


@pytest.mark.parametrize("how", ACTS)
def test_a_process_that_dies_at_any_statement_of_the_transfer_moves_all_or_nothing(
    ready, make_house, copy_db, tmp_path, town, clock, how
):
    clock.set("2021-03-01 17:36")
    who, act = ACTS[how]
    total = statements(copy_db(ready, tmp_path / "count.db"), town, clock, who, act)
    assert total > 20
    for left in sorted({1, 2, total - 2, total - 1, total, *range(3, total, max(1, total // 5))}):
        house = make_house(ready)
        child = in_child(
            house.path, town, clock, who, act, lambda desk, n=left: setattr(desk, "_writer", Fatal(desk._writer, n))
        )
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == KILLED
        assert whole(house) is False, f"died before statement {left} of {total}, COMMIT is the last"
        goes_on(house, False)


def test_a_process_that_is_killed_at_any_moment_moves_all_or_nothing(ready, make_house, town, clock):
    """The kernel ends it in the middle of whatever it does: a signal with no handler, after so many milliseconds."""
    clock.set("2021-03-01 17:36")

    def doomed(seconds):
        def arm(desk):
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, seconds)

        return arm

    for n in range(1, 11):
        house = make_house(ready)
        child = in_child(house.path, town, clock, *ACTS["in"], doomed(0.004 * n))
        os.waitpid(child, 0)
        goes_on(house, whole(house))


def test_death_between_the_signatures_keeps_the_first_and_custody_where_it_was(published, make_house, town, clock):
    clock.set("2021-03-01 17:25")
    house = make_house(published)
    house.sign_in("0002", "0312", "0051")
    house.line("xj dhj js 3 dh pcs")
    house.do("0002", handing.prepare("H4"))
    house.read_all("H4", "0312")
    child = in_child(house.path, town, clock, "0002", signatures.sign("H4", "out"))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert house.handover("H4").state == "OUT_SIGNED" and house.desk().facts().custodian == "day"
    clock.set("2021-03-01 17:55")
    house.do("0312", signatures.sign("H4", "in", tick_all=True))
    assert house.handover("H4").out_sign.by == "0002" and house.desk().facts().custodian == "night"
    house.proven()


def test_a_transfer_that_fails_inside_leaves_nothing(ready, make_house, clock, monkeypatch):
    clock.set("2021-03-01 17:36")
    house = make_house(ready)

    def fails(*_):
        raise RuntimeError("示例")

    monkeypatch.setattr("zjj_console.desk.outbox.tell", fails)
    with pytest.raises(RuntimeError):
        house.desk("0312").act(ACTS["in"][1])
    monkeypatch.undo()
    assert whole(house) is False
    goes_on(house, False)
