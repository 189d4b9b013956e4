"""What every part of a profile is made of: where a value comes from, and how long something may take."""

from typing import Literal

from msgspec import Struct

Mark = Literal["D", "A", "T", "X", "R"]


class Limit(Struct, frozen=True):
    kind: Literal["wall", "duty", "workdays"]
    amount: int  # minutes for wall and duty, days for workdays
