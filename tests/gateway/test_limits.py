"""The share of a member: 30 a minute, 1000 an hour; what the server would drop without a word waits here."""

from zjj_console.domain.model import HOUR, MINUTE, SECOND
from zjj_console.sync.gateway.limits import Limits


def sent(limits, member, n, start, step=0):
    for i in range(n):
        at = start + i * step
        assert limits.free_at(member, at) == at
        limits.note(member, at)


def test_the_thirty_first_of_a_minute_waits_for_the_first_to_be_a_minute_old():
    limits = Limits()
    sent(limits, "a", 30, 1000, SECOND)
    at = 1000 + 30 * SECOND
    assert limits.free_at("a", at) == 1000 + MINUTE
    assert limits.free_at("a", 1000 + MINUTE) == 1000 + MINUTE
    limits.note("a", 1000 + MINUTE)
    assert limits.free_at("a", 1000 + MINUTE) == 1000 + SECOND + MINUTE


def test_the_share_of_one_is_not_that_of_another():
    limits = Limits()
    sent(limits, "a", 30, 0)
    assert limits.free_at("b", 0) == 0


def test_the_thousand_and_first_of_an_hour_waits_for_an_hour():
    limits = Limits()
    sent(limits, "a", 1000, 0, 3 * SECOND)
    now = 999 * 3 * SECOND + 3 * SECOND
    assert limits.free_at("a", now) == HOUR
    assert limits.free_at("a", HOUR) == HOUR


def test_what_another_run_has_sent_counts_and_what_is_old_does_not():
    limits = Limits(per_minute=2)
    limits.remember("a", [10, 20])
    assert limits.known("a") and not limits.known("b")
    assert limits.free_at("a", 30) == 10 + MINUTE
    assert limits.free_at("a", 20 + HOUR) == 20 + HOUR
