"""What somebody with the database in his hands changes is found, and where the database can it is refused."""

from typing import Any

import pytest
from sqlalchemy import delete, select, update

from tests.hub.consoles import Bench
from zjj_console.domain.judge import CONFLICT
from zjj_console.hub.problems import Refused
from zjj_console.hub.tables import DEVICE, EVENT, HEAD, ORIGIN, QUARANTINE
from zjj_console.hub.verify import verify
from zjj_console.sync import wire


def _tampered(bench: Bench, *statements: Any) -> int | None:
    """What verify finds after somebody with the database in his hands ran these."""

    def tamper(db):
        if bench.store.sqlite:
            for verb in ("update", "delete"):
                db.exec_driver_sql(f"DROP TRIGGER hub_event_no_{verb}")
        for statement in statements:
            db.execute(statement)

    bench.store.writing(tamper)
    with bench.store.reading() as db:
        return verify(db).bad


CHANGED = {
    "body": (update(EVENT).where(EVENT.c.hub_seq == 2).values(body=b"{}"), 2),
    "one letter": (None, 2),
    "verdict": (update(EVENT).where(EVENT.c.hub_seq == 2).values(verdict=1), 2),
    "reason": (update(EVENT).where(EVENT.c.hub_seq == 2).values(reason="x"), 2),
    "stream": (update(EVENT).where(EVENT.c.hub_seq == 2).values(stream="other"), 2),
    "id": (update(EVENT).where(EVENT.c.hub_seq == 2).values(id="another-id"), 2),
    "kind": (update(EVENT).where(EVENT.c.hub_seq == 2).values(kind="other"), 2),
    "instant": (update(EVENT).where(EVENT.c.hub_seq == 2).values(at=1), 2),
    "hash": (update(EVENT).where(EVENT.c.hub_seq == 2).values(hash=b"1" * 32), 2),
    "hub hash": (update(EVENT).where(EVENT.c.hub_seq == 2).values(hub_hash=b"1" * 32), 2),
    "removed": (delete(EVENT).where(EVENT.c.hub_seq == 2), 2),
    "end cut off": (delete(EVENT).where(EVENT.c.hub_seq == 3), 3),
    "device": (update(DEVICE).values(dseq=2), 0),
    "head": (update(HEAD).values(hash=b"1" * 32), 4),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGED)
def test_verify_names_the_first_event_that_does_not_hold(bench, what):
    a = bench.console()
    bench.push(a, *(a.event() for _ in range(3)))
    statement, seq = CHANGED[what]
    if statement is None:
        (body,) = bench.rows(select(EVENT.c.body).where(EVENT.c.hub_seq == 2))[0]
        statement = update(EVENT).where(EVENT.c.hub_seq == 2).values(body=bytes(body).replace(b"0001", b"0002"))

    assert _tampered(bench, statement) == seq


def test_verify_finds_a_verdict_that_was_forged_along_with_the_chain(tmp_path):
    bench = Bench(f"sqlite:///{tmp_path / 'hub.db'}")
    a = bench.console()
    bench.push(a, a.event())
    chain = wire.hub_chained(wire.GENESIS, 1, a.hash, CONFLICT, "text")
    forged = update(EVENT).values(verdict=CONFLICT, reason="text", hub_hash=chain)
    assert _tampered(bench, forged, update(HEAD).values(hash=chain)) == 1
    bench.store.close()


BESIDE = {
    "quarantine": update(QUARANTINE).values(body=b"!"),
    "quarantine emptied": delete(QUARANTINE),
    "origin gone": delete(ORIGIN),
    "origin moved": update(ORIGIN).values(row=1),
    "device not enrolled": delete(DEVICE),
}


@pytest.mark.parametrize("what", BESIDE)
def test_verify_finds_what_was_changed_beside_the_order(tmp_path, what):
    bench = Bench(f"sqlite:///{tmp_path / 'hub.db'}")
    a = bench.console()
    bench.push(a, a.event("cases_imported", "import:1", {"rows": [["case-1", {"text": "x"}]]}), a.raw(b"?"))
    assert _tampered(bench, BESIDE[what]) == 0
    bench.store.close()


def test_sqlite_refuses_to_change_the_log(tmp_path):
    bench = Bench(f"sqlite:///{tmp_path / 'hub.db'}")
    a = bench.console()
    bench.push(a, a.event())
    for statement in (update(EVENT).values(verdict=1), delete(EVENT)):
        with pytest.raises(Refused, match="unavailable"):
            bench.store.writing(lambda db, statement=statement: db.execute(statement))
    bench.store.close()
