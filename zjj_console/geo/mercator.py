"""Transverse Mercator: plane metres of a survey to degrees and back, by Kruger's series to the fourth order.

Within three degrees of the central meridian it is right to a millimetre. All surveys here stand on the ellipsoid of
CGCS2000, which is that of WGS-84 within a tenth of a millimetre.
"""

import math

from msgspec import Struct

from zjj_console.geo.shapes import Point

SEMI_MAJOR = 6_378_137.0
FLATTENING = 1 / 298.257222101
_E2 = FLATTENING * (2 - FLATTENING)
_E = math.sqrt(_E2)
_N = FLATTENING / (2 - FLATTENING)
_RADIUS = SEMI_MAJOR / (1 + _N) * (1 + _N**2 / 4 + _N**4 / 64)
_ALPHA = (
    _N / 2 - 2 * _N**2 / 3 + 5 * _N**3 / 16 + 41 * _N**4 / 180,
    13 * _N**2 / 48 - 3 * _N**3 / 5 + 557 * _N**4 / 1440,
    61 * _N**3 / 240 - 103 * _N**4 / 140,
    49561 * _N**4 / 161280,
)
_BETA = (
    _N / 2 - 2 * _N**2 / 3 + 37 * _N**3 / 96 - _N**4 / 360,
    _N**2 / 48 + _N**3 / 15 - 437 * _N**4 / 1440,
    17 * _N**3 / 480 - 37 * _N**4 / 840,
    4397 * _N**4 / 161280,
)


class Grid(Struct, frozen=True):
    """A plane: its central meridian and parallel of origin (degrees), and the metres that the origin is given."""

    meridian: float
    parallel: float = 0.0
    east: float = 0.0
    north: float = 0.0

    def forward(self, lon: float, lat: float) -> Point:
        """(x east, y north) in metres of a place in degrees."""
        x, y = _forward(lon - self.meridian, lat)
        return x + self.east, y - _forward(0.0, self.parallel)[1] + self.north

    def inverse(self, x: float, y: float) -> Point:
        """(lon, lat) in degrees of a place in metres."""
        lon, lat = _inverse(x - self.east, y - self.north + _forward(0.0, self.parallel)[1])
        return lon + self.meridian, lat


def _forward(lon: float, lat: float) -> Point:
    angle, sine = math.radians(lon), math.sin(math.radians(lat))
    t = math.sinh(math.atanh(sine) - _E * math.atanh(_E * sine))
    xi, eta = math.atan2(t, math.cos(angle)), math.asinh(math.sin(angle) / math.hypot(t, math.cos(angle)))
    north, east = xi, eta
    for j, a in enumerate(_ALPHA, 1):
        north += a * math.sin(2 * j * xi) * math.cosh(2 * j * eta)
        east += a * math.cos(2 * j * xi) * math.sinh(2 * j * eta)
    return _RADIUS * east, _RADIUS * north


def _inverse(x: float, y: float) -> Point:
    xi, eta = y / _RADIUS, x / _RADIUS
    north, east = xi, eta
    for j, b in enumerate(_BETA, 1):
        north -= b * math.sin(2 * j * xi) * math.cosh(2 * j * eta)
        east -= b * math.cos(2 * j * xi) * math.sinh(2 * j * eta)
    wanted = math.sin(north) / math.hypot(math.sinh(east), math.cos(north))
    tau = wanted / math.sqrt(1 - _E2)
    for _ in range(5):  # Newton; two rounds are enough but at the poles
        secant = math.hypot(1, tau)
        sigma = math.sinh(_E * math.atanh(_E * tau / secant))
        have = tau * math.hypot(1, sigma) - sigma * secant
        tau += (wanted - have) / math.hypot(1, have) * (1 + (1 - _E2) * tau * tau) / ((1 - _E2) * secant)
    return math.degrees(math.atan2(math.sinh(east), math.cos(north))), math.degrees(math.atan(tau))
