"""What the handover screen shows of the database: one handover with what blocks it now, and its neighbours in time."""

from collections.abc import Iterator
from datetime import timedelta

from zjj_console.desk import signatures, viewing, which
from zjj_console.desk.desk import Desk
from zjj_console.domain import handover as ho
from zjj_console.domain import handover_rules as rules
from zjj_console.domain.facts import Facts
from zjj_console.domain.handover import Handover
from zjj_console.domain.handover_rules import Finding
from zjj_console.i18n import t
from zjj_console.screens.session import Session
from zjj_console.storage import reads_duty
from zjj_console.widgets.handover_lines import Row, View, by_stations, stations

_PAST = 8


def look(session: Session, h: Handover, facts: Facts) -> View:
    """A handover as it stands. Signed ones are told as of their transfer, with the warnings that were ticked then."""
    frame = session.frame()
    by_station = by_stations(h, frame)
    if h.state in ho.DONE or h.package is None or by_station:
        ticked = [Finding(code, tick.back, tick.back, "", "") for code, tick in sorted(h.ticks.items())]
        if h.state in ho.DONE and h.moved_at is not None:
            frame = frame._replace(now=h.moved_at)
        late = "" if by_station else rules.lateness(h, facts.now, facts.town)
        rows = tuple(_rows(h, ticked, stations(frame) if by_station else []))
        return View(h, frame, rows, late=late, holder=facts.custodian)
    live = viewing.live(session.desk.reader, h, facts, proof=False)
    taking = signatures.person(facts) if facts.desk == h.to and h.frm != h.to else None
    return View(
        h, frame, tuple(_rows(h, rules.warnings(live), [])), 0, tuple(rules.blockers(h, live, taking)), live.changes,
        rules.lateness(h, facts.now, facts.town), live.balanced and not live.chain, facts.custodian,
    )  # fmt: skip


def _rows(h: Handover, warned: list[Finding], every_station: list[str]) -> Iterator[Row]:
    """Stations where they sign, must-reads, warnings, and last what was drawn by lot from the rest."""
    yield from (Row("station", code) for code in every_station)
    if h.package is None:
        return
    yield from (Row("must", item.id, item) for item in h.package.must)
    yield from (Row("warning", finding.id, finding=finding) for finding in warned)
    drawn = h.batch.back.split() if h.batch else []
    yield from (Row("sample", item.id, item) for item in h.package.items if not item.must and item.handle in drawn)


def ticked(row: Row, h: Handover) -> bool:
    if row.item is not None:
        return h.has_read(row.item)
    return row.id in (h.ticks if row.kind == "warning" else h.stations)


def first_open(view: View) -> int:
    """Where an interrupted handover goes on."""
    return next((i for i, row in enumerate(view.rows) if not ticked(row, view.h)), 0)


def of_the_day(desk: Desk, facts: Facts, h: Handover) -> list[Handover]:
    """The day's handovers in the order of the profile, those not begun as blanks."""
    found = (reads_duty.handover(desk.reader, ho.handover_id(code, h.day)) for code in facts.town.boundaries)
    return [known or which.blank(facts, code, h.day) for known, code in zip(found, facts.town.boundaries, strict=True)]


def earlier(desk: Desk, h: Handover) -> list[str]:
    """One line for each of the last handovers before the day."""
    rows = reads_duty.handovers(desk.reader, until=h.day.isoformat())[:_PAST]
    return [f"{viewing.number_of(row)}  {t(ho.STATE_ZH.get(row.state, row.state))}" for row in rows]


def neighbour(desk: Desk, h: Handover, step: int) -> str:
    """The name of the handover before or after in time, extra ones among them; empty at the end of the three days."""
    facts = desk.facts()
    days = [h.day + timedelta(days=n) for n in (-1, 0, 1)]
    near = {
        ho.handover_id(code, day): which.instant(facts, code, day) for day in days for code in facts.town.boundaries
    }
    stored = reads_duty.handovers(desk.reader, days[0].isoformat(), (days[2] + timedelta(days=1)).isoformat())
    near |= {row.id: row.at for row in stored}
    order = sorted(near, key=lambda name: (near[name], name))
    at = order.index(h.id) + step
    if not 0 <= at < len(order):
        return ""
    extra = {row.id: viewing.number_of(row) for row in stored if row.boundary == ho.EXTRA}
    return extra.get(order[at], order[at])
