"""Counts over time as one short word. Braille is always one cell wide; block elements are not and are never used."""

from collections.abc import Sequence

LEVELS = 4
_BLANK = 0x2800
_LEFT = (0x00, 0x40, 0x44, 0x46, 0x47)  # 0 to 4 dots from the ground up, in the left and the right half of a cell
_RIGHT = (0x00, 0x80, 0xA0, 0xB0, 0xB8)


def spark(counts: Sequence[int]) -> str:
    """Bars of up to four dots, two counts to a cell, the last one at the right edge; zero is left blank.

    Up to four a count is as many dots; a larger one makes the highest bar four dots and no bar vanish.
    """
    top = max(LEVELS, *counts, 0)
    bars = [-(-LEVELS * max(0, count) // top) for count in counts]
    bars = [0] * (len(bars) % 2) + bars
    return "".join(chr(_BLANK + _LEFT[left] + _RIGHT[right]) for left, right in zip(bars[::2], bars[1::2], strict=True))


def digits(counts: Sequence[int]) -> str:
    """The same for terminals without Braille, a character to each count: `.` for none, `+` for more than nine."""
    return "".join("." if count < 1 else str(count) if count < 10 else "+" for count in counts)
