"""When the same trouble at the same place is a hot spot of source management (R37). All numbers are ours [A]."""

from msgspec import Struct

from zjj_console.town.limits import Mark


class HotspotRules(Struct, frozen=True):
    """`least` closed cases of one category within `radius` metres in `days` days make a hot spot."""

    least: int = 3
    radius: int = 100
    days: int = 90
    mark: Mark = "A"
