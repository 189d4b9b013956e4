"""From the outbox to the messenger (§2.7, R48): order, back-off, exactly once in effect, and who is left to the telephone."""

import os

import pytest

from tests.dying import KILLED, Fatal
from zjj_console.domain.model import MINUTE, SECOND
from zjj_console.storage import delivery
from zjj_console.storage.db import connect
from zjj_console.sync.gateway.deliver import Courier, backoff

NOTHING = (0, 0, 0, 0)


def came(found):
    return found.confirmed, found.retry, found.failed, found.dead


def number(content):
    """`1001` of `【ZJJ2021-A-01001】 ..`."""
    return content.partition("】")[0][-4:]


@pytest.fixture
def order(do, post, clock):
    """1001 of first priority was sent to 应急一队, 李乙 (0051), and waits to be delivered."""
    do("xj dhj zy 1")
    do("pd 1001 y1")


def test_R48_an_order_reaches_the_named_person_and_leaves_a_receipt(order, post, messenger):
    assert came(post.round()) == (1, 0, 0, 0)
    (said,) = messenger.contents("0051")
    assert "1001" in said and "东湖街" in said and said.endswith("编号 d-ZJJ2021-A-01001-1-y1")
    letter = post.letter()
    assert (letter.status, letter.attempts, letter.msgid, letter.doubt_at) == ("CONFIRMED", 1, "msg-1", 0)
    assert came(post.round()) == NOTHING


def test_what_can_still_be_undone_does_not_leave(do, post, messenger, clock, town):
    do("xj dhj zy 2")
    do("pd 1001 y1")
    post.round()
    assert messenger.inbox == []
    clock.later(seconds=town.flow.undo_seconds)
    post.round()
    assert len(messenger.inbox) == 1


def test_an_order_taken_back_before_it_left_never_leaves_not_even_after_a_failed_attempt(
    order, do, post, messenger, clock
):
    messenger.faults.append(-1)
    post.round()
    do("gp 1001 cg 1", confirmed=True)
    clock.later(minutes=10)
    post.round()
    assert messenger.contents("0051") == []
    assert dict(post.rows())["1-y1"] == "RECALLED"


def test_first_priority_goes_first(do, post, messenger, clock):
    for line in ("xj dhj zd 3 dh cg", "xj xwc js 2 dh cg", "xj dhj zy 1", "pd 1003 y1"):
        do(line)
    clock.later(minutes=1)
    post.round()
    assert [number(content) for _, content in messenger.inbox] == ["1003", "1002", "1001"]


def test_what_waited_before_the_gateway_began_is_never_sent(do, post_of, messenger, clock):
    do("xj dhj zy 1")
    do("pd 1001 y1")
    clock.later(minutes=5)
    post = post_of()
    assert came(post.round()) == NOTHING and messenger.inbox == []


def test_a_restored_or_copied_file_begins_anew(order, post, post_of, db_path, tmp_path, messenger, clock, copy_db):
    copied = connect(copy_db(db_path, tmp_path / "copy.db"))
    assert delivery.begin(copied, tmp_path / "copy.db", clock())
    assert delivery.since(copied) == clock.now
    assert not delivery.begin(post.db, db_path, clock())
    copied.close()


# back-off -----------------------------------------------------------------------------------------------------------------


class Even:
    @staticmethod
    def uniform(_: float, high: float) -> float:
        return high


def test_2_7_attempts_are_30_seconds_apart_then_twice_that_up_to_ten_minutes():
    assert [backoff(n, Even()) // SECOND for n in range(1, 8)] == [30, 60, 120, 240, 480, 600, 600]
    assert backoff(5000, Even()) == 600 * SECOND


def test_a_busy_server_is_asked_again_after_the_back_off_and_not_before(order, post, messenger, clock):
    messenger.faults.extend([-1, -1])
    assert came(post.round()) == (0, 1, 0, 0)
    clock.later(seconds=20)
    assert came(post.round()) == NOTHING
    clock.later(seconds=10)
    assert came(post.round()) == (0, 1, 0, 0)
    assert post.letter().next_at - clock.now >= 48 * SECOND
    clock.later(seconds=60)
    assert came(post.round()) == (1, 0, 0, 0)
    assert post.letter().attempts == 3


def test_AC_05a_two_hours_without_a_network_and_then_each_once_in_order(
    do, post, messenger, clock, client_for, setup_of
):
    clock.set("2021-03-02 01:00")
    url = messenger.url
    gone = client_for(base_url="http://127.0.0.1:9")
    post.courier.client = gone
    for n in range(6):
        do("xj dhj zy 1")
        do(f"pd 100{n + 1} y1", confirmed=True)
        post.round()
        clock.later(minutes=15)
    assert {status for _, status in post.rows()} <= {"PENDING", "RETRY"} and len(post.rows()) == 6
    clock.set("2021-03-02 03:00")
    post.courier.client = client_for(base_url=url)
    for _ in range(40):
        post.round()
        clock.later(seconds=30)
    assert sorted(number(content) for _, content in messenger.inbox) == [f"100{n}" for n in range(1, 7)]
    assert {status for _, status in post.rows()} == {"CONFIRMED"} and messenger.doubles == 0


def test_what_was_not_delivered_within_a_day_is_given_up(order, post, messenger, clock):
    clock.later(hours=24, seconds=1)
    assert came(post.round()) == (0, 0, 0, 1)
    assert messenger.inbox == [] and post.letter().status == "DEAD"


def test_a_server_that_wants_peace_gets_it_and_the_message_loses_no_attempt(order, post, messenger, clock):
    messenger.faults.append(45009)
    found = post.round()
    assert found.hold - clock.now == 90 * SECOND and post.letter().attempts == 0
    clock.later(seconds=60)
    asked = messenger.calls.total()
    assert post.round().hold > clock.now and messenger.calls.total() == asked
    clock.later(seconds=31)
    assert came(post.round()) == (1, 0, 0, 0)


def test_a_refused_app_stops_the_round_and_says_what_to_mend(order, do, post, messenger, clock, client_for):
    post.courier.client = client_for(secret="wrong")
    found = post.round()
    assert found.stop.zh == "应用密钥不对，或授权已撤(40001)"
    assert post.letter().status == "PENDING" and messenger.calls["message/send"] == 0
    clock.later(minutes=10)
    post.courier.client = client_for()
    assert came(post.round()) == (1, 0, 0, 0)


# receivers ----------------------------------------------------------------------------------------------------------------


def test_a_receiver_whom_the_messenger_does_not_know_is_left_to_the_telephone(order, post, messenger):
    messenger.members.discard("0051")
    assert came(post.round()) == (0, 0, 1, 0)
    letter = post.letter()
    assert (letter.status, letter.error) == ("FAILED", "成员不在应用可见范围(81013)")
    assert came(post.round()) == NOTHING


def test_a_work_number_is_written_to_under_its_user_id(order, post_of, messenger):
    post_of(users={"0051": "Wang.Wu"}).round()
    assert len(messenger.contents("wang.wu")) == 1


def told(post, n, clock, to="0051"):
    from zjj_console.storage.db import writing

    with writing(post.db):
        for i in range(n):
            post.db.execute(
                "INSERT INTO outbox(key, case_id, kind, recipient, body, created_at, not_before, status)"
                " VALUES (?, '', 'roster', ?, ?, ?, ?, 'PENDING')",
                (f"r-{clock.now}-{to}-{i}", to, f"示例 {i}", clock.now, clock.now),
            )


def test_the_thirty_first_message_of_a_minute_waits_and_none_is_dropped(post, messenger, clock):
    told(post, 45, clock)
    told(post, 1, clock, "2201")
    found = post.round()
    assert (found.confirmed, found.waiting) == (31, 15)
    clock.later(seconds=61)
    assert post.round().confirmed == 15
    assert messenger.dropped == 0 and len(messenger.contents("0051")) == 45


def test_the_limit_holds_over_a_new_process(post, post_of, messenger, clock):
    told(post, 30, clock)
    post.round()
    clock.later(seconds=20)
    told(post, 5, clock)
    found = post_of().round()
    assert (found.confirmed, found.waiting) == (0, 5)
    clock.later(seconds=41)
    post_of().round()
    assert messenger.dropped == 0 and len(messenger.contents("0051")) == 35


# exactly once -------------------------------------------------------------------------------------------------------------


def test_NV_12_an_outbox_replayed_three_times_is_one_effective_message(order, post, messenger, clock):
    for _ in range(3):
        post.round()
        post.db.execute("UPDATE outbox SET status = 'PENDING', attempts = 0, next_at = 0")
        clock.later(seconds=60)
    assert len(messenger.contents("0051")) == 1 and messenger.doubles == 2


def test_two_orders_of_the_same_words_are_two_messages(post, messenger, clock):
    told(post, 1, clock)
    clock.later(seconds=1)
    told(post, 1, clock)
    post.round()
    assert len(messenger.contents("0051")) == 2 and messenger.doubles == 0


@pytest.mark.parametrize("fault", ["taken-reset", "taken-500", "taken-page", "taken-silent"])
def test_a_message_that_arrived_although_nobody_said_so_arrives_once(order, post, messenger, clock, fault):
    messenger.faults.append(fault)
    assert came(post.round()) == (0, 1, 0, 0)
    assert post.letter().doubt_at
    clock.later(seconds=31)
    assert came(post.round()) == (1, 0, 0, 0)
    assert len(messenger.contents("0051")) == 1 and messenger.doubles == 1


def test_after_the_check_of_doubles_has_ended_a_doubtful_message_is_not_repeated(order, post, messenger, clock):
    messenger.faults.append("taken-reset")
    post.round()
    clock.later(seconds=1800)
    assert came(post.round()) == (0, 0, 0, 1)
    assert len(messenger.contents("0051")) == 1 and "不明" in post.letter().error


def test_a_busy_answer_leaves_no_doubt_so_that_it_is_repeated_for_hours(order, post, messenger, clock):
    for _ in range(3):
        messenger.faults.append(-1)
        post.round()
        clock.later(hours=1)
    assert came(post.round()) == (1, 0, 0, 0)


def in_child(path, setup, client, clock, left):
    """A courier whose process ends before statement number `left`."""
    child = os.fork()
    if child == 0:
        try:
            Courier(Fatal(connect(path), left), client, setup, {}, clock).round()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_process_that_dies_anywhere_sends_each_message_once(
    order, post, db_path, messenger, setup_of, clock, client_for
):
    """Before every statement of a round: also between sending and recording."""
    left = 1
    while in_child(db_path, setup_of, client_for(), clock, left) == KILLED:
        clock.later(seconds=120)
        left += 1
        for _ in range(2):
            post.round()
            clock.later(seconds=120)
        assert post.letter().status == "CONFIRMED", left
        assert len(messenger.contents("0051")) == 1, left
        post.db.execute("UPDATE outbox SET status = 'PENDING', attempts = 0, next_at = 0, doubt_at = 0, msgid = ''")
        messenger.inbox.clear()
        messenger._seen.clear()
    assert left > 8


def test_two_gateways_at_once_send_once(order, post, post_of, messenger):
    other = post_of()
    letters = delivery.due(post.db, delivery.since(post.db), post.courier.now(), 10)
    assert came(post.round()) == (1, 0, 0, 0)
    assert not delivery.claim(other.db, letters[0], post.courier.now(), MINUTE)
    assert came(other.round()) == NOTHING
    assert len(messenger.inbox) == 1 and messenger.doubles == 0


def test_what_another_process_is_sending_is_left_alone_until_its_lease_ends(order, post, messenger, clock):
    (letter,) = delivery.due(post.db, delivery.since(post.db), clock(), 10)
    assert delivery.claim(post.db, letter, clock(), MINUTE)
    assert came(post.round()) == NOTHING
    clock.later(seconds=61)
    assert came(post.round()) == (1, 0, 0, 0)


def test_P5_no_transaction_is_open_while_the_server_keeps_us_waiting(order, post, do, messenger):
    class Watched:
        def send(self, members, note):
            assert not post.db.in_transaction
            do("bz 1001 处置中")  # the desk writes meanwhile
            return client.send(members, note)

    client, post.courier.client = post.courier.client, Watched()
    assert came(post.round()) == (1, 0, 0, 0)


def test_undo_after_the_order_has_left_is_refused(order, post, desk, clock):
    post.round()
    assert desk.run_line("cx").code == 8
