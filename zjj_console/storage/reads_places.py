"""What happened where: counts for a map."""

from zjj_console.storage.db import Connection


def tally(db: Connection, since: int, until: int) -> list[tuple[str, str, int | None, int | None, int]]:
    """(grid, committee, lon, lat, cases) of the cases reported in a window; positions in bins of a thousandth of a degree."""
    rows = db.execute(
        "SELECT grid, committee, lon / 1000, lat / 1000, count(*) FROM case_row"
        " WHERE reported_at >= ? AND reported_at < ? GROUP BY 1, 2, 3, 4",
        (since, until),
    )
    return [
        (g, c, None if x is None else x * 1000 + 500, None if y is None else y * 1000 + 500, n)
        for g, c, x, y, n in rows
    ]
