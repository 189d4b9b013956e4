"""Consoles on real files with real desks, which talk to the hub in memory; and what must be the same on all of them."""

import contextlib
import uuid
from unittest import mock

from zjj_console.desk.desk import Desk
from zjj_console.intake.engine import import_cases
from zjj_console.storage import audit, confirmed, duty_rows, journal
from zjj_console.storage.confirmed import Received
from zjj_console.storage.db import connect, meta, set_meta, writing
from zjj_console.sync.wire import Pushed

HOUR = 3_600_000_000


def picture(db):
    """Every row that screens read, without what is local to the file."""
    names = [r[1] for r in db.execute("PRAGMA table_info(case_row)") if r[1] not in ("rid", "origin_lseq")]
    cases = db.execute(f"SELECT {', '.join(names)} FROM case_row ORDER BY id").fetchall()
    tables = ("timer", "dispatch", "conflict", *duty_rows.TABLES)
    return {"case_row": cases, **{table: duty_rows.contents(db, table) for table in tables}}


class Crash(Exception):
    """The process dies here."""


def received(pulled):
    return [
        Received(p.hub_seq, bytes.fromhex(p.hub_hash), p.body.encode(), bytes.fromhex(p.hash), p.verdict, p.received_at,
                 p.reason)
        for p in pulled
    ]  # fmt: skip


class Console:
    """One desk with its own file, clock and letter. `acted` holds the ids of everything that it said was saved."""

    def __init__(self, path, town, actor, hands, letter, hub):
        self.path, self.town, self.actor, self.hands, self.hub = path, town, actor, hands, hub
        self.skew, self.acted, self.given = 0, set(), {}
        db = connect(path)
        with writing(db):
            set_meta(db, device=str(uuid.uuid5(uuid.NAMESPACE_DNS, letter)), console=letter, hub_log=hub.name)
        db.close()
        self.desk = self._open()

    def _open(self):
        return Desk(self.path, self.town, self.actor, lambda: self.hands.now + self.skew)

    @property
    def db(self):
        return self.desk.reader

    def reopen(self):
        self.desk.close()
        self.desk = self._open()

    def _own(self):
        return {row[0] for row in self.db.execute("SELECT id FROM event WHERE device = ?", (meta(self.db, "device"),))}

    def act(self, line, selected="", dies=False):
        """A line of the officer; whether it was done. Refusals are part of life."""
        self.hands.later(seconds=1)
        if dies:
            before = self._own()
            with contextlib.suppress(Crash), mock.patch.object(journal, "set_meta", side_effect=Crash):
                self.desk.run_line(line, selected, confirmed=True)
            self.reopen()
            assert self._own() == before
            return False
        done = self.desk.run_line(line, selected, confirmed=True)
        self.acted |= self._own() if done.ok else set()
        self._numbers()
        return done.ok

    def _numbers(self):
        """I-8: a number that this console gave is never another case's."""
        letter = meta(self.db, "console")
        for serial, case in self.db.execute("SELECT serial, id FROM case_row WHERE console = ?", (letter,)).fetchall():
            assert self.given.setdefault(serial, case) == case, f"number {letter}{serial} was given twice"

    def bring(self, path):
        self.hands.later(seconds=1)
        import_cases(self.desk, path)
        self.acted |= self._own()
        self._numbers()

    def outbox(self, limit=1000):
        return [Pushed(e.body.decode(), e.hash.hex()) for e in confirmed.outbox_events(self.db, limit)]

    def push(self, events):
        self.acked(self.hub.push(events))

    def acked(self, answer):
        """An answer to a push confirms nothing."""

    def ask(self, limit=1000):
        """A pull: its answer, or None where the hub's order is another one now."""
        from tests.sync.trial_hub import Diverged

        try:
            return self.hub.pull(*confirmed.position(self.db), limit)
        except Diverged:
            self.rewind()
            return None

    def take(self, answer, dies=False):
        """Whether the answer was taken; one that came late is not."""

        def one(db):
            confirmed.apply(db, self.desk.duty, received(answer.events))
            if dies:
                raise Crash

        try:
            self.desk.at_once(one)
        except confirmed.Disorder as wrong:
            assert wrong.code == "gap", wrong
            return False
        except Crash:
            self.reopen()
            return False
        return True

    def rewind(self):
        cursor, _ = confirmed.position(self.db)
        common = cursor
        while common and (
            common > self.hub.head or self.hub.log[common - 1].hub_hash != confirmed.hash_at(self.db, common).hex()
        ):
            common -= 1
        self.desk.at_once(lambda db: confirmed.rewind(db, self.desk.duty, common))

    def quiet(self):
        return not self.outbox(1) and confirmed.position(self.db)[0] == self.hub.head

    def sync(self):
        self.push(self.outbox())
        answer = self.ask()
        if answer is not None:
            self.take(answer)

    # what must hold -------------------------------------------------------------------------------------------------

    def check(self):
        """At every moment: the confirmed events are the hub's order up to the cursor, and the rows are their fold."""
        report = audit.verify(self.db, self.desk.duty)
        assert report.bad is None, report.message
        rows = self.db.execute("SELECT hub_seq, id, verdict FROM event WHERE hub_seq IS NOT NULL ORDER BY hub_seq")
        found = [tuple(row) for row in rows.fetchall()]
        cursor, _ = confirmed.position(self.db)
        assert [row[0] for row in found] == list(range(1, cursor + 1))
        apart = {row[0] for row in self.db.execute("SELECT event_id FROM conflict").fetchall()}
        assert {row[1] for row in found if row[2]} <= apart

    def picture(self):
        return picture(self.db)

    def conflicts(self):
        return {row[0] for row in self.db.execute("SELECT event_id FROM conflict").fetchall()}
