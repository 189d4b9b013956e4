"""How long to wait before the hub is tried again (§6.7): back-off with full jitter, and a breaker after five failures."""

import random
from collections.abc import Callable

FIRST, MOST = 0.5, 30.0  # seconds [A]
OPENS = 5  # failures in a row, after which only one side still tries
PERSON = 60.0  # seconds between looks where somebody must do something first


class Patience:
    """`chance` gives 0 to 1; failures are counted over both directions, a pull that comes through ends them."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self.failures, self._chance = 0, chance

    @property
    def open(self) -> bool:
        """Whether the breaker has tripped: pushes wait until a pull has come through."""
        return self.failures >= OPENS

    def failed(self, kind: str, retry_after: float = 0) -> float:
        """Count a failure; the seconds to wait now."""
        self.failures += 1
        if kind in ("person", "old"):
            return PERSON * (0.75 + self._chance() / 2)
        ceiling = min(MOST, FIRST * 2.0 ** min(self.failures - 1, 16))
        return max(retry_after, float(self._chance() * ceiling))

    def well(self) -> None:
        self.failures = 0
