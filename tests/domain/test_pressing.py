"""How a case presses by its next deadline (§3.6)."""

from types import SimpleNamespace

import pytest

from zjj_console.domain.alarms import Grade, pressing

WARN, DUE = 100, 200


@pytest.mark.parametrize(
    ("priority", "state", "kind", "now", "grade"),
    [
        (1, "HANDLING", "HDL", DUE, Grade.URGENT_LATE),
        (1, "HANDLING", "HDL", DUE - 1, Grade.SOON),  # somebody is there
        (1, "DISPATCHED", "ACK", WARN - 1, Grade.URGENT_NEW),
        (1, "REPORTED", "ACC", DUE, Grade.URGENT_LATE),
        (2, "REPORTED", "ACC", DUE, Grade.LATE),
        (2, "REPORTED", "ACC", WARN, Grade.SOON),
        (2, "REPORTED", "ACC", WARN - 1, None),
        (1, "SUSPENDED", "REV", DUE, None),  # a review presses nobody
        (1, "REPORTED", "", DUE, None),
    ],
)
def test_first_priority_presses_until_somebody_is_there_the_others_by_their_deadline(priority, state, kind, now, grade):
    case = SimpleNamespace(priority=priority, state=state, next_kind=kind, next_due=DUE, next_warn=WARN)
    assert pressing(case, now) is grade
