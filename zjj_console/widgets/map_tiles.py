"""The map without a map: a tile for each grid. For small screens, terminals without braille, and towns that gave no outlines."""

from functools import cache

from msgspec import Struct

from zjj_console.desk.mapping import Picture, Standing
from zjj_console.geo.steps import Flat, Ways, ways
from zjj_console.i18n import t
from zjj_console.widgets.cells import Line, Span, fit
from zjj_console.widgets.map_picture import COLOURS, SHADES

WIDE, HIGH = 20, 5  # cells of a tile with the blank ones after it


class Tile(Struct, frozen=True):
    """What a tile says: name, the layer's number with its class, how the grid stands, who is there."""

    code: str
    name: str
    value: int
    level: int
    standing: Standing
    there: str


def per_row(count: int, width: int) -> int:
    """How many stand side by side: as even rows as possible."""
    most = max(1, width // WIDE)
    rows = max(1, -(-count // most))
    return -(-count // rows)


def places(codes: list[str], width: int) -> dict[str, Flat]:
    """Where each tile stands, for the arrows."""
    across = per_row(len(codes), width)
    return {code: (n % across, n // across) for n, code in enumerate(codes)}


@cache
def ways_of(codes: tuple[str, ...], width: int) -> Ways:
    """Where the arrows lead among the tiles."""
    return ways(places(list(codes), width))


def lines(tiles: list[Tile], picture: Picture, chosen: str, width: int, *, plain: bool) -> list[Line]:
    """The tiles in rows, `HIGH` lines each, the last one blank."""
    across = per_row(len(tiles), width)
    size = max(WIDE, width // across)
    found: list[Line] = []
    for first in range(0, len(tiles), across):
        drawn = [_tile(one, picture, one.code == chosen, size, plain) for one in tiles[first : first + across]]
        found += [tuple(span for tile in drawn for span in tile[n]) for n in range(HIGH)]
    return found


def _tile(one: Tile, picture: Picture, chosen: bool, size: int, plain: bool) -> list[Line]:
    shade = "" if plain or not one.level else f" on {COLOURS[picture.layer]} {SHADES[one.level]}"
    here = one.standing
    head = "bold reverse $accent" if chosen else f"bold $foreground{shade}"
    urgent = f" {here.worst[:3].rstrip()}" if here.late else ""
    room = size - 1
    rows: tuple[Line, ...] = (
        ((fit(f"{'>' if chosen else ' '}{one.name}", room - 10), head), (fit(f"{one.value} [{one.level}] ", 10, right=True), head)),
        ((fit(f" {t('未结')}{here.open} {t('一级')}{here.first}", room), f"$foreground{shade}"),),
        ((fit(f" {t('超时')}{here.late}{urgent}", room), f"{'bold $p1' if here.late else '$foreground'}{shade}"),),
        ((fit(f" {one.there or t('无在场力量')}", room), f"{'$foreground' if one.there else '$dim'}{shade}"),),
        ((" " * room, ""),),
    )  # fmt: skip
    gap: Span = (" ", "")
    return [(*row, gap) for row in rows]


def legend_of(picture: Picture, *, plain: bool) -> Line:
    """What the classes mean, each in its colour and with its digit."""
    spans: list[Span] = [(" ", "")]
    for level, words in enumerate(picture.ranges()):
        shade = "" if plain or not level else f" on {COLOURS[picture.layer]} {SHADES[level]}"
        spans += [(f" [{level}]{words} ", f"$foreground{shade}")]
    return tuple(spans)
