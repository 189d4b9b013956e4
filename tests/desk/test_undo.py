"""T42: one's own last action within ten seconds, unless it has left or somebody built on it. Nothing is erased."""

import pytest

from zjj_console.domain.model import State
from zjj_console.storage import audit, projections

S = State


def events(desk):
    return desk.reader.execute("SELECT count(*) FROM event").fetchone()[0]


def outbox(desk):
    return desk.reader.execute("SELECT key, status FROM outbox ORDER BY id").fetchall()


@pytest.fixture
def cannot(desk):
    def run(by=None):
        before = events(desk)
        done = (by or desk).run_line("cx")
        assert (done.ok, done.code, events(desk)) == (False, 8, before)
        return done.text

    return run


LINES = (
    (("xj dhj js 3",), "sl 1001 2"), (("xj dhj js 3",), "pd 1001 cg"), (("xj dhj js 3", "pd 1001 cg"), "qs 1001"),
    (("xj dhj js 3", "pd 1001 cg"), "td 1001 1"), (("xj dhj js 3", "pd 1001 cg", "td 1001 1"), "td 1001 y 1"),
    (("xj dhj js 3", "pd 1001 cg"), "gp 1001 sc r2"), (("xj dhj js 3", "pd 1001 cg", "qs 1001"), "tj 1001 1"),
    (("xj dhj js 3",), "zc 1001 2"), (("xj dhj js 3", "xj dhj js 2"), "cf 1002 1001"), (("xj dhj js 3",), "db 1001 2h"),
)  # fmt: skip


@pytest.mark.parametrize(("before", "line"), LINES, ids=[line for _, line in LINES])
def test_within_ten_seconds_everything_stands_as_before(do, desk, clock, before, line):
    for step in before:
        do(step)
        clock.later(minutes=1)
    rows = {t: desk.reader.execute(f"SELECT * FROM {t} ORDER BY 1, 2").fetchall() for t in ("timer", "dispatch")}
    cases = [projections.load(desk.reader, r[0]) for r in desk.reader.execute("SELECT id FROM case_row").fetchall()]
    count = events(desk)
    do(line)
    clock.later(seconds=9 - 1)
    done = do("cx")
    assert events(desk) > count  # a compensating event, not an erasure
    for case in cases:
        back = projections.load(desk.reader, case.id)
        for name in case.__struct_fields__:
            assert name == "version" or getattr(back, name) == getattr(case, name), name
    for table, kept in rows.items():
        assert desk.reader.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() == kept, table
    assert done.events[0] == "undone"
    assert audit.verify(desk.reader, desk.duty).bad is None


def test_after_ten_seconds_it_stands(do, clock, cannot):
    do("xj dhj js 3")
    clock.later(seconds=9)
    clock.now += 1
    assert "10秒" in cannot()


def test_an_undone_order_is_recalled_before_it_leaves(do, desk):
    do("xj dhj js 3")
    do("pd 1001 cg")
    do("cx")
    assert [status for _, status in outbox(desk)] == ["RECALLED"]


def test_the_same_order_given_again_is_sent_again(do, desk):
    """The key of the message is that of the recalled one; it must not be taken for a repetition."""
    do("xj dhj js 3")
    do("pd 1001 cg")
    do("cx")
    do("pd 1001 cg")
    assert [status for _, status in outbox(desk)] == ["PENDING"]


def test_refused_once_the_message_has_left(do, desk, cannot):
    do("xj dhj js 3")
    do("pd 1001 cg")
    desk._writer.execute("UPDATE outbox SET status = 'SENT'")
    assert "gp" in cannot()


def test_T42_an_order_still_waiting_is_recalled_even_of_first_priority(do, desk):
    do("xj dhj zy 1 110")
    do("pd 1001 y1")
    do("cx")
    assert [row[0] for row in desk.reader.execute("SELECT status FROM outbox")] == ["RECALLED"]


def test_refused_when_somebody_has_acted_on_the_case(do, desk_as, cannot):
    do("xj dhj js 3")
    do("sl 1001")
    do("bz 1001 已看", by=desk_as("0002"))
    assert "已有人操作" in cannot()


def test_only_ones_own_action(do, desk_as, cannot):
    do("xj dhj js 3")
    assert "没有" in cannot(by=desk_as("0002"))


def test_an_undo_is_not_undone(do, cannot):
    do("xj dhj js 3")
    do("sl 1001")
    do("cx")
    cannot()


def test_a_new_case_taken_back_is_void_keeps_its_number_and_nobody_gets_its_message(do, desk):
    before = do("xj dhj js 3 cg").case
    case = do("cx").case
    assert (case.state, case.number, case.active_lead) == (S.VOIDED, before.number, None)
    assert [status for _, status in outbox(desk)] == ["RECALLED"]
    assert desk.reader.execute("SELECT count(*) FROM dispatch WHERE active = 1").fetchone()[0] == 0
    assert desk.reader.execute("SELECT count(*) FROM timer").fetchone()[0] == 0
    assert do("xj dhj js 3").case.serial == before.serial + 1


def test_T42_a_desk_takes_back_what_it_did_itself_not_what_its_operator_did_elsewhere(do, desk, clock, open_desk):
    elsewhere, _ = open_desk(desk.path, hands=clock)
    do("xj dhj js 3")
    do("xj dhj js 3")
    do("sl 1001")
    do("sl 1002", by=elsewhere)
    do("cx")
    elsewhere.close()
    assert [desk.case(ref).state for ref in ("1001", "1002")] == ["REPORTED", "ACCEPTED"]
