"""From one place to its neighbour in a direction: what an arrow key does on a map."""

import math
from collections.abc import Mapping

Flat = tuple[float, float]  # to the right, downwards; equal units both ways
ARROWS: dict[str, Flat] = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
_ASIDE = 1.5  # what a unit to the side counts against one ahead


def step(places: Mapping[str, Flat], here: str, arrow: str) -> str:
    """The neighbour that lies that way: nearest within 45 degrees, else nearest ahead at all; `here` where nothing is ahead."""
    x, y = places[here]
    ahead_x, ahead_y = ARROWS[arrow]
    best: tuple[bool, float, str] | None = None
    for code, (other_x, other_y) in places.items():
        dx, dy = other_x - x, other_y - y
        ahead, aside = dx * ahead_x + dy * ahead_y, abs(dx * ahead_y + dy * ahead_x)
        if code == here or ahead <= 0:
            continue
        rank = (aside > ahead, math.hypot(ahead, aside * _ASIDE), code)
        if best is None or rank < best:
            best = rank
    return best[2] if best else here
