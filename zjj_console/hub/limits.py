"""How often one may ask: a token bucket for each device, and one for each address that tries codes."""

from collections.abc import Callable, Hashable

from msgspec import Struct

_KEPT = 10_000  # buckets; beyond that the one that was asked longest ago is forgotten, that is, full again


class Rate(Struct, frozen=True):
    per_second: float
    burst: float


DEVICE_RATE = Rate(20, 100)
ENROL_RATE = Rate(0.2, 10)


class Buckets:
    """`take` says how many seconds to wait, 0 where none. `clock` gives seconds that only go forward."""

    def __init__(self, rate: Rate, clock: Callable[[], float]) -> None:
        self.rate, self.clock = rate, clock
        self._left: dict[Hashable, tuple[float, float]] = {}

    def take(self, key: Hashable) -> float:
        now = self.clock()
        left, since = self._left.pop(key, (self.rate.burst, now))
        left = min(self.rate.burst, left + (now - since) * self.rate.per_second)
        wait = 0.0 if left >= 1 else (1 - left) / self.rate.per_second
        self._left[key] = (left if wait else left - 1, now)
        while len(self._left) > _KEPT:
            del self._left[next(iter(self._left))]
        return wait
