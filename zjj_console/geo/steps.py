"""From one place to its neighbour in a direction: what the arrow keys do on a map."""

import math
from collections.abc import Iterator, Mapping

Flat = tuple[float, float]  # to the right, downwards; equal units both ways
ARROWS: dict[str, Flat] = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
Ways = dict[tuple[str, str], str]  # (place, arrow) -> place; the place itself where the map ends
_ASIDE = 1.5  # what a unit to the side counts against one ahead


def ways(places: Mapping[str, Flat]) -> Ways:
    """Where each arrow leads from each place. Every place can be reached from every other."""
    found = {(code, arrow): step(places, code, arrow) for code in places for arrow in ARROWS}
    best = sum(len(reached(found, code)) for code in places)
    while best < len(places) ** 2:  # rare: a place that is nobody's nearest is given to one from where it lies ahead
        for key, there in _detours(places, found):
            trial = {**found, key: there}
            total = sum(len(reached(trial, code)) for code in places)
            if total > best:
                found, best = trial, total
                break
        else:
            break
    return found


def step(places: Mapping[str, Flat], here: str, arrow: str) -> str:
    """The neighbour that lies that way: nearest within 45 degrees, else nearest ahead at all; `here` where nothing is ahead."""
    return min(_ahead(places, here, arrow), default=((False, 0.0), here))[1]


def reached(found: Ways, start: str) -> set[str]:
    """All places to which arrows lead from one, and itself."""
    seen, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        new = {found[here, arrow] for arrow in ARROWS} - seen
        seen |= new
        waiting += new
    return seen


def _ahead(places: Mapping[str, Flat], here: str, arrow: str) -> Iterator[tuple[tuple[bool, float], str]]:
    """(how far off, place) of all that lies that way."""
    x, y = places[here]
    ahead_x, ahead_y = ARROWS[arrow]
    for code, (other_x, other_y) in places.items():
        dx, dy = other_x - x, other_y - y
        ahead, aside = dx * ahead_x + dy * ahead_y, abs(dx * ahead_y + dy * ahead_x)
        if ahead > 0:
            yield (aside > ahead, math.hypot(ahead, aside * _ASIDE)), code


def _detours(places: Mapping[str, Flat], found: Ways) -> list[tuple[tuple[str, str], str]]:
    """Arrows that could lead to a place which cannot be reached from there, the least twisted first."""
    offers = []
    for here in places:
        known = reached(found, here)
        if len(known) < len(places):
            offers += [
                (rank, (here, arrow), code)
                for arrow in ARROWS
                for rank, code in _ahead(places, here, arrow)
                if code not in known
            ]
    return [(key, code) for _, key, code in sorted(offers)]
