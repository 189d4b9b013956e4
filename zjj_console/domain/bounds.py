"""What the fields of a case may hold at all: a value of the right type that no program of ours writes stops every reader.

One table by name of field, for the case and what it holds alike (clock, order, request, support). It says nothing of a town:
codes that a profile does not know are shown as they are. The judge asks it, so hub and console give the same verdict.
"""

import re
from typing import Any

from msgspec import Struct

from zjj_console.domain.model import DAY, State
from zjj_console.domain.safe import steers

FIRST_INSTANT = -25_567 * DAY  # 1900-01-01, µs UTC: paper registers
LAST_INSTANT = 84_006 * DAY  # 2200-01-01: beyond it no calendar goes, and counting duty minutes up to it must end
MAX_SERIAL = 9_999_999
MAX_LENGTH = 20_000  # characters: a report of 8,000 and what was asked back several times
_INSTANT = (FIRST_INSTANT, LAST_INSTANT)
_COUNT = (0, 1_000_000)
_MINUTES = (-10_000_000, 10_000_000)
Range = tuple[int, int]

RANGES: dict[str, Range] = {
    "serial": (0, MAX_SERIAL),
    "priority": (1, 4),
    "lon": (-180_000_000, 180_000_000),
    "lat": (-90_000_000, 90_000_000),
    **dict.fromkeys(
        ("return_count", "rework_count", "extend_count", "info_rounds", "attempts", "cycle", "n", "version"), _COUNT
    ),
    **dict.fromkeys(("limit", "left"), _MINUTES),
    **dict.fromkeys(
        ("reported_at", "recorded_at", "since", "due_final", "submitted_at", "closed_at", "supervised_until",
         "started", "due", "stopped", "at", "until", "answer_due", "arrive_due", "accepted_at", "arrived_at", "ended_at"),
        _INSTANT,
    ),
}  # fmt: skip
_SUPPORT = ("", "REQUESTED", "ACCEPTED", "ARRIVED", "DONE", "REFUSED", "CANCELLED")
_STATE = "|".join(State)
_WORDS = {
    "console": re.compile("[A-Z]?").fullmatch,
    "support": re.compile("|".join(_SUPPORT)).fullmatch,
    "previous": re.compile(f"(?:(?:{_STATE})(?: (?:{_STATE}))*)?").fullmatch,
    "window": re.compile("day|shoulder|night").fullmatch,
}


def within(name: str, value: Any) -> bool:
    """Whether a typed value of this field may stand in a case. Of rows and names every one is asked."""
    if isinstance(value, str):
        if len(value) > MAX_LENGTH or steers(value):
            return False
        known = _WORDS.get(name)
        return known is None or known(value) is not None
    if value is None or isinstance(value, bool):
        return True
    if isinstance(value, int):
        low, high = RANGES[name]
        return low <= value <= high
    if isinstance(value, dict):
        return all(within("", key) and within(name, one) for key, one in value.items())
    if isinstance(value, Struct):
        return all(within(field, getattr(value, field)) for field in value.__struct_fields__)
    return all(within(name, one) for one in value)
