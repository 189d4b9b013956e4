"""Positions that the stored cases carry, for whoever wants to compare a map with them."""

from msgspec import Struct

from zjj_console.storage.db import Connection


class Located(Struct, frozen=True, array_like=True):
    """A case with a position (millionths of a degree, WGS-84) and the grid that it was recorded in."""

    lon: int
    lat: int
    grid: str


def located(db: Connection, most: int) -> list[Located]:
    """The newest cases with a position and a grid, at most so many."""
    rows = db.execute(
        "SELECT lon, lat, grid FROM case_row WHERE lon IS NOT NULL AND lat IS NOT NULL AND grid <> ''"
        " ORDER BY rid DESC LIMIT ?",
        (most,),
    )
    return [Located(*row) for row in rows]
