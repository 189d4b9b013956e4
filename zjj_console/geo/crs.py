"""Systems of coordinates that a Chinese town meets, each to WGS-84 degrees and back.

`wgs84` is what satellites say; `gcj02` is that shifted by law (about 480 m in Shanghai), `bd09` shifted once more by
one vendor. `cgcs2000` is the national system: its degrees are those of WGS-84 within decimetres, its plane is
three-degree Gauss-Kruger on 120 E. `shanghai` is the city's own plane, whose parameters are not public: the origin used
here is the public approximation, wrong by tens of metres, and every answer from it is to be shown as approximate.
"""

import math
from collections.abc import Callable

from msgspec import Struct

from zjj_console.geo.mercator import Grid
from zjj_console.geo.shapes import Box, Point

CHINA: Box = (72.004, 0.8293, 137.8347, 55.8271)  # west, south, east, north: where GCJ-02 is shifted
GAUSS = Grid(120.0, east=500_000.0)
ZONE = 40_000_000.0  # prefix of the three-degree zone on 120 E, where eastings carry it
SHANGHAI = Grid(121 + 28 / 60 + 1.80651 / 3600, 31 + 14 / 60 + 7.55996 / 3600)
_AXIS, _ECCENTRICITY = 6_378_245.0, 0.00669342162296594323  # of Krasovsky's ellipsoid, on which GCJ-02 is reckoned
_TURN = math.pi * 3000 / 180
_CLOSE = 1e-12  # degrees

Turn = Callable[[float, float], Point]


class System(Struct, frozen=True):
    """`to` and `back` take and give (x east, y north): degrees, or metres where `plane`. `fits` says what can be a value."""

    code: str
    zh: str
    en: str
    to: Turn
    back: Turn
    fits: Callable[[float, float], bool]
    plane: bool = False
    approximate: bool = False


def to_wgs84(crs: str, x: float, y: float) -> Point:
    """(lon, lat) in degrees. Raises KeyError for an unknown system, ValueError for what cannot be a value of it."""
    system = SYSTEMS[crs]
    if not system.fits(x, y):
        raise ValueError(f"({x}, {y}) is no position in {crs}")
    return system.to(x, y)


def from_wgs84(crs: str, lon: float, lat: float) -> Point:
    """A position in a system; `cgcs2000` answers in degrees. Raises KeyError, ValueError as above."""
    if not _degrees(lon, lat):
        raise ValueError(f"({lon}, {lat}) is no position in degrees")
    return SYSTEMS[crs].back(lon, lat)


def in_china(lon: float, lat: float) -> bool:
    """Whether a position lies in the box within which GCJ-02 is shifted; false for NaN."""
    west, south, east, north = CHINA
    return west <= lon <= east and south <= lat <= north


def _degrees(x: float, y: float) -> bool:
    return abs(x) <= 180 and abs(y) <= 90


def _same(x: float, y: float) -> Point:
    return x, y


def _shift(lon: float, lat: float) -> Point:
    """How far GCJ-02 lies from WGS-84, in degrees."""
    x, y = lon - 105.0, lat - 35.0
    root = 0.1 * math.sqrt(abs(x))
    waves = 20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)
    north = -100.0 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 2 * root
    north += (waves + 20 * math.sin(y * math.pi) + 40 * math.sin(y / 3 * math.pi)) * 2 / 3
    north += (160 * math.sin(y / 12 * math.pi) + 320 * math.sin(y * math.pi / 30)) * 2 / 3
    east = 300.0 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + root
    east += (waves + 20 * math.sin(x * math.pi) + 40 * math.sin(x / 3 * math.pi)) * 2 / 3
    east += (150 * math.sin(x / 12 * math.pi) + 300 * math.sin(x / 30 * math.pi)) * 2 / 3
    sine = math.sin(math.radians(lat))
    magic = 1 - _ECCENTRICITY * sine * sine
    along = _AXIS * (1 - _ECCENTRICITY) / (magic * math.sqrt(magic))
    across = _AXIS / math.sqrt(magic) * math.cos(math.radians(lat))
    return math.degrees(east / across), math.degrees(north / along)


def _to_gcj02(lon: float, lat: float) -> Point:
    if not in_china(lon, lat):
        return lon, lat
    east, north = _shift(lon, lat)
    return lon + east, lat + north


def _to_bd09(lon: float, lat: float) -> Point:
    return _gcj02_to_bd09(*_to_gcj02(lon, lat)) if in_china(lon, lat) else (lon, lat)


def _gcj02_to_bd09(x: float, y: float) -> Point:
    far = math.hypot(x, y) + 0.00002 * math.sin(y * _TURN)
    angle = math.atan2(y, x) + 0.000003 * math.cos(x * _TURN)
    return far * math.cos(angle) + 0.0065, far * math.sin(angle) + 0.006


def _undo(turn: Turn) -> Turn:
    """The inverse of a small shift: guess, look how far off the guess comes out, mend it. Three rounds, mostly."""

    def back(x: float, y: float) -> Point:
        if not in_china(x, y):
            return x, y
        lon, lat = x, y
        for _ in range(12):  # at the edge of the box, where the shift begins, there may be no exact answer
            east, north = turn(lon, lat)
            lon, lat = lon + x - east, lat + y - north
            if abs(x - east) < _CLOSE and abs(y - north) < _CLOSE:
                break
        return lon, lat

    return back


def _cgcs2000(x: float, y: float) -> Point:
    if _degrees(x, y):
        return x, y
    return GAUSS.inverse(x - ZONE if x > ZONE else x, y)


def _gauss(x: float, y: float) -> bool:
    """Degrees, or metres within some 300 km of the meridian, with or without the prefix of the zone."""
    return _degrees(x, y) or (200_000 <= (x - ZONE if x > ZONE else x) <= 800_000 and 0 < y < 6_300_000)


def _near_shanghai(x: float, y: float) -> bool:
    """Metres; what looks like Chinese degrees is taken for them, though it could be a spot of 65 m at the origin."""
    return abs(x) <= 150_000 and abs(y) <= 150_000 and not in_china(x, y)


SYSTEMS: dict[str, System] = {
    system.code: system
    for system in (
        System("wgs84", "WGS-84 经纬度", "WGS-84 degrees", _same, _same, _degrees),
        System("gcj02", "GCJ-02 经纬度(高德、腾讯)", "GCJ-02 degrees", _undo(_to_gcj02), _to_gcj02, _degrees),
        System("bd09", "BD-09 经纬度(百度)", "BD-09 degrees", _undo(_to_bd09), _to_bd09, _degrees),
        System("cgcs2000", "CGCS2000 经纬度或三度带(120E)平面米", "CGCS2000 degrees, or metres on 120 E", _cgcs2000, _same, _gauss),
        System("shanghai", "上海城市平面米(近似，误差数十米)", "Shanghai city plane, metres (approximate, tens of metres)",
               SHANGHAI.inverse, SHANGHAI.forward, _near_shanghai, plane=True, approximate=True),
    )
}  # fmt: skip
