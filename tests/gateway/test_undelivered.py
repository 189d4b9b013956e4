"""T-OUT, NV-11: an order that has not arrived says so at the desk, and only where a gateway delivers at all."""

import pytest

from zjj_console.desk import alarming, posting
from zjj_console.domain.alarms import Grade
from zjj_console.storage import delivery


def lines(desk):
    return [(a.subject, a.grade, a.zh) for a in desk.alarms().alarms if a.subject.startswith("outbox")]


@pytest.fixture
def broken(post, messenger):
    """Whatever is sent, the server fails."""
    messenger.faults.extend(["500"] * 500)
    return post


def test_NV_11_a_first_priority_order_that_the_server_refuses_is_an_alarm_after_two_minutes(broken, do, desk, clock):
    do("xj dhj zy 1")
    sent = clock.now
    do("pd 1001 y1")
    for _ in range(11):
        broken.round()
        assert lines(desk) == []
        clock.later(seconds=10)
    clock.now = sent + 120_000_000
    ((subject, grade, zh),) = lines(desk)
    assert (subject, grade) == ("outbox:d-ZJJ2021-A-01001-1-y1", Grade.DESK)
    assert zh == "1001 派单消息23:24起未送达应急一队，改用电话；打通后 th 1001 1"
    before = clock.now - 1_000_000
    assert alarming.rings(desk.reader, desk.facts(), before, desk.alarms())


def test_T_OUT_second_priority_has_fifteen_minutes(broken, do, desk, clock, town):
    do("xj dhj zy 2")
    do("pd 1001 y1")
    clock.later(minutes=15)
    assert lines(desk) == []
    clock.later(seconds=town.flow.undo_seconds)
    assert [subject for subject, _, _ in lines(desk)] == ["outbox:d-ZJJ2021-A-01001-1-y1"]


def test_a_town_without_a_gateway_is_told_nothing(do, desk, clock):
    do("xj dhj zy 1")
    do("pd 1001 y1")
    clock.later(hours=1)
    assert lines(desk) == []
    do("th 1001 1")
    assert desk.reader.execute("SELECT status FROM outbox WHERE kind = 'dispatch'").fetchall() == [("PENDING",)]


def test_what_was_queued_before_the_gateway_began_raises_nothing(do, desk, clock, post_of):
    do("xj dhj zy 1")
    do("pd 1001 y1")
    post_of()
    clock.later(hours=1)
    assert lines(desk) == []


def test_a_gateway_that_was_switched_off_raises_nothing(broken, do, desk, clock):
    do("xj dhj zy 1")
    do("pd 1001 y1")
    clock.later(minutes=5)
    assert len(lines(desk)) == 1
    delivery.switch_off(broken.db)
    assert lines(desk) == []


def test_a_delivered_order_raises_nothing(post, do, desk, clock):
    do("xj dhj zy 1")
    do("pd 1001 y1")
    post.round()
    clock.later(minutes=5)
    assert lines(desk) == []


def test_a_receiver_whom_nobody_knows_is_an_alarm_at_once(post, do, desk, messenger, clock):
    messenger.members.discard("0051")
    do("xj dhj zy 1")
    do("pd 1001 y1")
    post.round()
    assert [grade for _, grade, _ in lines(desk)] == [Grade.DESK]


def test_2_7_who_was_reached_by_telephone_has_his_order(broken, do, desk, clock):
    do("xj dhj zy 1")
    do("pd 1001 y1")
    broken.round()
    clock.later(minutes=5)
    do("th 1001 2")
    assert len(lines(desk)) == 1  # nobody answered
    do("th 1001 1")
    letter = broken.letter(0)
    assert (letter.status, letter.msgid) == ("DELIVERED", "phone") and lines(desk) == []
    sent = letter.attempts
    clock.later(minutes=10)
    broken.round()
    assert broken.letter(0).attempts == sent


def test_2_7_a_call_that_is_undone_delivered_nothing(broken, do, desk, clock):
    do("xj dhj zy 1")
    do("pd 1001 y1")
    clock.later(minutes=5)
    do("th 1001 1")
    assert lines(desk) == []
    do("cx")
    assert broken.letter(0).status == "PENDING" and len(lines(desk)) == 1


def test_a_call_that_comes_while_a_message_is_under_way_stands(order_under_way, do, post, clock):
    letter = order_under_way
    do("th 1001 1")
    assert not delivery.settle(post.db, letter, "RETRY", next_at=clock.now)
    assert post.letter(0).status == "DELIVERED"


@pytest.fixture
def order_under_way(post, do, clock):
    do("xj dhj zy 1")
    do("pd 1001 y1")
    (letter,) = delivery.due(post.db, delivery.since(post.db), clock(), 10)
    assert delivery.claim(post.db, letter, clock(), 60_000_000)
    return letter


def test_an_order_that_was_acknowledged_otherwise_raises_nothing(broken, do, desk, clock):
    do("xj dhj zy 1")
    do("pd 1001 y1")
    clock.later(minutes=5)
    do("qs 1001")
    assert lines(desk) == []


def test_all_that_is_less_urgent_is_one_line(broken, do, desk, clock):
    do("xj dhj zd 3 dh cg")
    do("xj xwc js 3 dh cg", confirmed=True)
    clock.later(minutes=30)
    ((subject, grade, zh),) = lines(desk)
    assert (subject, grade) == ("outbox", Grade.NOTE) and zh.startswith("另有 2 条消息未送达")


def test_an_alarm_is_acknowledged_and_stays_until_it_is_solved(broken, do, desk, clock):
    do("xj dhj zy 1")
    do("pd 1001 y1")
    clock.later(minutes=5)
    ((subject, _, _),) = lines(desk)
    assert desk.act(alarming.acknowledge([subject])).ok
    assert [a.acked is not None for a in desk.alarms().alarms if a.subject == subject] == [True]


def test_what_was_given_up_is_sent_again_when_somebody_says_so(post, do, desk, messenger, clock):
    messenger.members.discard("0051")
    do("xj dhj zy 1")
    do("pd 1001 y1")
    post.round()
    messenger.members.add("0051")
    assert desk.act(posting.retry([], everything=True)).data["n"] == 1
    assert lines(desk) == []
    post.round()
    assert post.letter(0).status == "CONFIRMED"
    refused = desk.act(posting.retry(["d-ZJJ2021-A-01001-1-y1"]))
    assert (refused.code, refused.text) == (8, "d-ZJJ2021-A-01001-1-y1 为 已送达，不必重发")


def test_2_7_a_message_is_dropped_by_two_people_and_the_journal_knows(broken, do, desk, clock):
    key = "d-ZJJ2021-A-01001-1-y1"
    do("xj dhj zy 1")
    do("pd 1001 y1")
    broken.round()
    for second, reason, code in (
        ("0001", "人已到场", 7),
        ("2201", "人已到场", 7),
        ("0005", " ", 3),
        ("9999", "人已到场", 7),
    ):
        assert desk.act(posting.drop(key, reason, second, proven=False)).code == code
    done = desk.act(posting.drop(key, "人已到场", "0005", proven=False))
    assert done.ok and done.events == ("message_dropped",)
    clock.later(hours=1)
    assert lines(desk) == [] and broken.letter(0).status == "DROPPED"
    assert desk.act(posting.drop(key, "again", "0005", proven=False)).code == 8


def test_the_handover_counts_what_will_not_arrive_by_itself(broken, do, desk):
    from zjj_console.desk import packing

    do("xj dhj zy 1")
    do("pd 1001 y1")
    before = packing.unsent(desk.reader)
    broken.round()
    assert packing.unsent(desk.reader) == before > 0
