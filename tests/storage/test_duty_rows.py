"""Rows of roster, sign-in, custody and handover are what the journal folds to, and any other row is named."""

from datetime import date

import pytest

from zjj_console.desk import (
    agenda,
    alarming,
    climbing,
    handing,
    rostering,
    shift_changes,
    signatures,
    signing,
    stationing,
    visiting,
)  # fmt: skip
from zjj_console.desk.desk import Desk
from zjj_console.domain.model import Actor
from zjj_console.storage import audit, duty_rows, reads_duty
from zjj_console.storage.db import connect, writing
from zjj_console.storage.journal import Stored


@pytest.fixture(scope="module")
def lived(template, copy_db, tmp_path_factory, town, open_desk):
    """A published month, a substitution, leave, a stationing, signs with a fix, an evening handover and a forced morning."""
    path = copy_db(template, tmp_path_factory.mktemp("lived") / "lived.db")
    first, hands = open_desk(path, "0001")
    desks = {"0001": first}

    def do(who, act):
        if who not in desks:
            known = town.people[who]
            desks[who] = Desk(path, town, Actor(who, known.name, known.unit, frozenset(known.roles), True), hands)
        done = desks[who].act(act)
        assert done.ok, done.text
        return done

    hands.set("2021-02-20 09:00")
    do("0001", rostering.keep("2021-03", rostering.plan(first.reader, town, first.duty, "2021-03").assignments))
    do("0001", rostering.publish("2021-03", "示例"))
    do("0001", shift_changes.leave("0425", hands.at("2021-03-09 00:00"), hands.at("2021-03-10 00:00")))
    do("0001", shift_changes.leave("0426", hands.at("2021-03-11 00:00"), hands.at("2021-03-12 00:00")))
    gone = do("0001", shift_changes.leave("0431", hands.at("2021-03-13 00:00"), hands.at("2021-03-14 00:00"))).data[
        "id"
    ]
    do("0001", shift_changes.end_leave(gone))
    span = hands.at("2021-03-03 09:00"), hands.at("2021-03-03 16:00")
    asked = do("0001", stationing.request("zzb", "z1", *span, "town_priority", person="2401")).data["id"]
    do("0001", stationing.move(asked, "approve"))
    hands.set("2021-03-01 17:25")
    do("0001", shift_changes.substitute("0425", "0061", reason="示例"))
    for who in ("0002", "0312", "0051"):
        do(who, signing.sign_in(who))
    assert first.run_line("xj dhj js 3 dh cg").ok
    do("0002", handing.prepare("H4"))
    do("0312", handing.read("H4", ["1001"], "3"))
    do("0002", signatures.sign("H4", "out"))
    do("0312", signatures.sign("H4", "in", tick_all=True))
    do("0002", handing.note("H4", "补记"))
    do("0002", signing.ask_fix("0002", date(2021, 3, 1), "CEN-DAY", hands.now - 3_600_000_000, None, "忘签"))
    hands.set("2021-03-02 07:29")
    do("0008", handing.prepare("H1"))
    do("0008", signatures.force("H1", "示例", "0001", proven=True))
    do("0005", agenda.collect("z1", {}, nil=True))
    do("0005", agenda.skip("2021-W09", "示例"))
    do("0005", visiting.record("z1", "0011", hands.now, "平稳", "无"))
    do("0008", climbing.escalate("1001", 2, console="A"))
    do("0008", alarming.acknowledge([first.case("1001").id, "post:z5:deputy"]))
    first.sweep()  # the check of the posts: the night is not over yet
    for desk in desks.values():
        desk.close()
    return path


@pytest.fixture
def db(lived, copy_db, tmp_path):
    db = connect(copy_db(lived, tmp_path / "duty.db"))
    yield db
    db.close()


def everything(db):
    return {table: duty_rows.contents(db, table) for table in duty_rows.TABLES}


NOT_YET = ["meeting", "visit"]


def test_every_table_of_duty_has_rows_so_that_these_tests_can_fail(db):
    assert [table for table, rows in everything(db).items() if not rows and table not in NOT_YET] == []


def test_the_journal_folded_again_gives_the_same_rows(db, duty):
    before = everything(db)
    assert audit.verify(db, duty).bad is None
    with writing(db):
        audit.rebuild(db, duty)
    assert everything(db) == before
    assert audit.verify(db, duty).bad is None


def test_lost_rows_come_back_from_the_journal(db, duty):
    before = everything(db)
    with writing(db):
        duty_rows.clear(db)
    assert audit.verify(db, duty).bad == 0
    with writing(db):
        audit.rebuild(db, duty)
    assert everything(db) == before


FLIPS = [
    ("assignment", "UPDATE assignment SET person = '0099' WHERE day = '2021-03-05' AND post = 'seat' AND seat = 1"),
    ("assignment", "DELETE FROM assignment WHERE day = '2021-03-05'"),
    ("roster_version", "UPDATE roster_version SET digest = 'x'"),
    ("leave", "UPDATE leave SET end_at = end_at + 1"),
    ("leave", "DELETE FROM leave WHERE person = '0425'"),
    ("stationing", "UPDATE stationing SET state = 'ARRIVED'"),
    ("sign", "UPDATE sign SET in_at = in_at - 60000000 WHERE person = '0312'"),
    ("sign", "UPDATE sign SET fix = 'approved' WHERE fix = 'asked'"),
    ("custody", "UPDATE custody SET desk = 'day' WHERE seq = 1"),
    ("custody", "UPDATE custody SET from_at = from_at - 1 WHERE seq = 2"),
    ("custody", "DELETE FROM custody WHERE seq = 2"),
    ("handover", "UPDATE handover SET forced = 0 WHERE forced = 1"),
    ("ladder", "UPDATE ladder SET level = 5"),
    ("ladder", "UPDATE ladder SET body = CAST(replace(CAST(body AS TEXT), 'manual', 'ACK') AS BLOB)"),
    ("ladder", "DELETE FROM ladder"),
    ("alarm_ack", "UPDATE alarm_ack SET at = at + 1"),
    ("alarm_ack", "DELETE FROM alarm_ack"),
    ("post_check", "DELETE FROM post_check"),
    ("handover", "UPDATE handover SET body = CAST(replace(CAST(body AS TEXT), '补记', '改记') AS BLOB)"),
]


@pytest.mark.parametrize(("table", "sql"), FLIPS)
def test_a_flipped_row_is_named_and_a_rebuild_puts_it_right(db, duty, table, sql):
    before = everything(db)
    assert db.execute(sql).rowcount > 0
    report = audit.verify(db, duty)
    assert report.bad == 0 and table in report.message and table in report.message_zh, report
    with writing(db):
        audit.rebuild(db, duty)
    assert everything(db) == before and audit.verify(db, duty).bad is None


def test_the_history_of_custody_is_read_oldest_first_and_its_last_row_is_who_has_it_now(db):
    rows = reads_duty.custodies(db)
    assert [(row.seq, row.desk) for row in rows] == [(1, "night"), (2, "day")]
    assert reads_duty.custody(db) == rows[-1]
    assert [row.state for row in reads_duty.handovers(db)] == ["FORCED", "IN_SIGNED"]


def test_a_book_holds_what_touches_its_window_and_nothing_else(db, clock):
    end = clock.at("2021-03-02 07:30")
    book = reads_duty.book(db, end, end + 1)
    assert {a.day.isoformat() for a in book.assignments} == {"2021-03-02"}, "a shift that ends now is over"
    before = reads_duty.book(db, end - 1, end)
    assert {a.shift for a in before.assignments} >= {"QRT-NGT"}
    assert {a.day.isoformat() for a in before.assignments if a.shift == "QRT-NGT"} == {"2021-03-01"}
    leaves = reads_duty.leaves(db, clock.at("2021-03-09 23:59"), clock.at("2021-03-11 00:00"))
    assert [row.person for row in leaves] == ["0425"]


def test_an_event_of_a_kind_not_known_here_changes_no_row(db):
    before = everything(db)
    with writing(db):
        duty_rows.apply(db, Stored("noted", "some-case", {"set": {}}, "0001", 1))
    assert everything(db) == before
