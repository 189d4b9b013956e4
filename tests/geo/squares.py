"""A chessboard of square areas around 121E 31N, each a hundredth of a degree wide."""

from zjj_console.geo.shapes import Area, Point

SIDE = 0.01


def square(code: str, across: float, up: float, wide: float = 1, high: float = 1) -> Area:
    west, south = 121 + across * SIDE, 31 + up * SIDE
    east, north = west + wide * SIDE, south + high * SIDE
    middle: Point = ((west + east) / 2, (south + north) / 2)
    return Area(code, code.upper(), (((west, south), (east, south), (east, north), (west, north)),), middle)


def board(across: int, up: int) -> list[Area]:
    return [square(f"g{n + 1}", n % across, n // across) for n in range(across * up)]
