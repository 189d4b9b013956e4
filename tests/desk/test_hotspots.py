"""R37 on a desk: the same hot spots for commands and for the map."""

from zjj_console.desk.hotspots import hotspots, survey
from zjj_console.domain.model import DAY
from zjj_console.storage.db import connect


def test_R37_the_desk_names_its_hot_spots_up_to_this_moment(desk, do, clock):
    for _ in range(4):
        do("xj dhj js 3")
    db = connect(desk.path)
    db.execute("UPDATE case_row SET state = 'CLOSED', is_open = 0 WHERE serial < 1004")
    newest = db.execute("SELECT max(reported_at) FROM case_row").fetchone()[0]
    (spot,) = hotspots(db, desk.town, newest)
    assert (spot.closed, spot.open, spot.handles) == (3, 1, ("1004", "1003", "1002", "1001"))
    found = survey(db, desk.town, newest)
    assert (found.spots, found.cases, found.days) == ((spot,), 4, desk.town.hotspot.days)
    assert hotspots(db, desk.town, newest + 8 * DAY, 7) == []
    assert survey(db, desk.town, newest, grid="none").cases == 0
    db.close()
