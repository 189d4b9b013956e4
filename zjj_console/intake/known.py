"""Rows that came before: the same, changed, or in conflict with what has been done since (§6.4)."""

from typing import Any, NamedTuple

import msgspec
from msgspec.structs import fields, replace

from zjj_console.domain import timing
from zjj_console.domain.facts import Facts
from zjj_console.domain.lifecycle import event_of, evolve
from zjj_console.domain.model import Case, Event, State
from zjj_console.intake.cases import Builder, differing
from zjj_console.intake.rows import Told
from zjj_console.intake.words import Fault
from zjj_console.storage import journal, projections
from zjj_console.storage.db import Connection

_TYPES = {f.name: f.type for f in fields(Case)}
_BY_ID = "SELECT id FROM case_row WHERE id IN (SELECT value FROM json_each(?))"
_BY_OUTSIDE = (
    "SELECT j.value ->> 0, j.value ->> 1, c.id FROM json_each(?) j JOIN case_row c"
    " ON c.source = j.value ->> 0 AND c.external_id = j.value ->> 1 AND c.external_id <> ''"
)
_CLOCKS = ("ACC", "P110", "FC", "BB")


class Key(NamedTuple):
    """What a row is known by: the id that it makes, and its source and outside number unless it brought an id of ours."""

    id: str
    source: str
    external: str


def ids(db: Connection, keys: list[Key]) -> dict[str, str]:
    """Id of a told row -> id of the case that it means, for those that exist."""
    outside = {(key.source, key.external): key.id for key in keys if key.external}
    others = [key.id for key in keys if not key.external]
    found: dict[str, str] = {}
    if outside:
        rows = db.execute(_BY_OUTSIDE, (_json(list(outside)),))
        found = {outside[source, external]: case_id for source, external, case_id in rows}
    if others:
        found |= {row[0]: row[0] for row in db.execute(_BY_ID, (_json(others),))}
    return found


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


class Standing:
    """Judges rows against standing cases inside one transaction. Chunk events are decoded once per batch."""

    def __init__(self, db: Connection, builder: Builder) -> None:
        self.db, self.builder = db, builder
        self._chunks: dict[int, list[Any]] = {}

    def judge(self, told: Told, case: Case) -> Event | Fault | None:
        """None: the same. An event: what has changed. A Fault: changed, but the case has moved on."""
        news = differing(told.said, case)
        if not news:
            return None
        first = self._as_imported(case.id)
        if first is not None:
            news = [name for name in news if name in differing(told.said, first)]
            if not news:
                return None
        if case.state is not State.REPORTED:
            shown = "、".join(news[:4])
            return Fault(
                "E_CONFLICT", "external_id", f"案件 {case.handle} 已在办理，内容不同: {shown}", "由坐席在案件上更正"
            )
        after = self._changed(told, case, news)
        if isinstance(after, Fault):
            return after
        return event_of("corrected", case, after, {"args": {}, "step": "T03"})

    def _as_imported(self, case_id: str) -> Case | None:
        """The case as imports have told it, without what officers did; None for a case that was typed here."""
        row = self.db.execute("SELECT origin_lseq, origin_off FROM case_row WHERE id = ?", (case_id,)).fetchone()
        if row is None or row[0] is None:
            return None
        if row[0] not in self._chunks:
            body = self.db.execute("SELECT body FROM event WHERE lseq = ?", (row[0],)).fetchone()[0]
            self._chunks[row[0]] = journal.decode(body).data["rows"]
        case = evolve(None, Event("imported", case_id, {"set": self._chunks[row[0]][row[1]][1]}))
        later = self.db.execute(
            "SELECT body FROM event WHERE stream = ? AND kind = 'corrected' ORDER BY lseq", (case_id,)
        )
        for (body,) in later:
            case = evolve(case, Event("corrected", case_id, journal.decode(body).data))
        return case

    def _changed(self, told: Told, case: Case, news: list[str]) -> Case | Fault:
        if {"serial", "console", "number"} & set(news):  # I-8: a number once given never changes
            return Fault("E_CONFLICT", "number", f"此案已是 {case.number}，案号不同", "核对案号，或清空案号列")
        said = {name: msgspec.convert(told.said[name], _TYPES[name]) for name in news}
        if said.get("state", State.REPORTED) is not State.REPORTED:
            return self._moved_on(told, case)
        after = replace(case, **said, missing=tuple(name for name in case.missing if name not in said))
        grid, station, zone = self.builder.town.whereabouts(after.committee, after.lon, after.lat)
        after = replace(after, grid=grid, station=station, zone=zone)
        after = replace(after, since=after.reported_at if case.since == case.reported_at else case.since)
        return self._clocks(after, case)

    def _clocks(self, after: Case, before: Case) -> Case:
        """Clocks that still run are counted anew from the report; one that somebody has met stays met."""
        facts: Facts = self.builder.facts(self.builder.now)
        source = facts.town.sources.get(after.source)
        wanted = {
            "ACC": True,
            "P110": after.source == "p110",
            "FC": after.source == "p110" and bool(after.phone),
            "BB": bool(source and source.needs_backfill and not after.wechat_ref),
        }
        for code in _CLOCKS:
            clock = after.clocks.get(code)
            if clock is not None and not clock.running:
                continue
            if wanted[code]:
                after = timing.start(after, code, facts, at=after.reported_at)
            elif clock is not None:
                after = timing.stop(after, (code,), facts.now)
        return after

    def _moved_on(self, told: Told, case: Case) -> Case | Fault:
        """The other system has gone on with a case that nobody here has touched: it stands where the file says."""
        full = {name: getattr(case, name) for name in _KEPT if getattr(case, name) != _DEFAULT[name]}
        said = {**msgspec.to_builtins(full), **told.said}
        merged = Told(case.id, said, said.get("priority", case.priority), told.spot, told.dispatched_at, told.review_at)
        built = self.builder.build(merged, case.serial)
        if isinstance(built, Fault):
            return built
        return replace(built, version=case.version, followed=case.followed, cycle=case.cycle, related=case.related)


_KEPT = (
    "serial", "console", "number", "recorded_at", "custodian", "priority", "category", "place", "committee", "text",
    "source", "external_id", "wechat_ref", "reporter", "phone", "reported_at", "evidence",
)  # fmt: skip
_DEFAULT = {f.name: f.default for f in fields(Case)}


def load_many(db: Connection, ids: list[str]) -> dict[str, Case]:
    """Whole cases by id."""
    sql = f"{projections.SELECT_CASE} WHERE id IN (SELECT value FROM json_each(?))"
    rows = db.execute(sql, (_json(ids),))
    return {case.id: case for case in map(projections.case_from, rows)}
