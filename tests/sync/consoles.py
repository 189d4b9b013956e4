"""Consoles on real files with real desks, which talk to the hub in memory; and what must be true of each at every moment."""

import contextlib
import shutil
import uuid
from unittest import mock

from tests.sync.trial_hub import Diverged
from zjj_console.desk.desk import Desk
from zjj_console.domain.judge import APPLIED, judge
from zjj_console.domain.registers import EMPTY, overtaken, register
from zjj_console.intake.engine import import_cases
from zjj_console.storage import audit, backup, confirmed, duty_rows, journal, projections
from zjj_console.storage.confirmed import Received
from zjj_console.storage.db import connect, file_identity, set_meta
from zjj_console.sync.wire import Pushed

HOUR = 3_600_000_000
_ORDER = "SELECT id, kind, hub_seq, verdict, body FROM event ORDER BY hub_seq IS NULL, coalesce(hub_seq, lseq)"


def picture(db):
    """Every row that screens read, without what is local to the file."""
    names = [r[1] for r in db.execute("PRAGMA table_info(case_row)") if r[1] not in ("rid", "origin_lseq")]
    cases = db.execute(f"SELECT {', '.join(names)} FROM case_row ORDER BY id").fetchall()
    timers = db.execute(
        "SELECT c.id, t.code, t.due_at, t.warn_at, t.priority FROM timer t JOIN case_row c ON c.rid = t.rid ORDER BY 1, 2"
    ).fetchall()
    tables = ("dispatch", "conflict", *duty_rows.TABLES)
    return {"case_row": cases, "timer": timers, **{table: duty_rows.contents(db, table) for table in tables}}


class Crash(Exception):
    """The process dies here."""


def received(pulled):
    return [
        Received(p.hub_seq, bytes.fromhex(p.hub_hash), p.body.encode(), bytes.fromhex(p.hash), p.verdict, p.received_at,
                 p.reason)
        for p in pulled
    ]  # fmt: skip


class Console:
    """One desk with its own file, clock and letter.

    `acted`: ids of everything that it said was saved. `given`: the case of every number that it told anybody. `cut`: the
    network is away. `kept`: an older copy of the file, which may be put in its place.
    """

    def __init__(self, template, path, town, actor, hands, letter, hub, of=None):
        """`of`: whose device this is, where it is no console of its own but a copy of its file that goes on beside it."""
        self.path, self.town, self.actor, self.hands, self.hub = path, town, actor, hands, hub
        self.letter, self.device = letter, of or str(uuid.uuid5(uuid.NAMESPACE_DNS, letter))
        self.skew, self.acted, self.given, self.cut, self.kept = 0, set(), {}, False, None
        shutil.copyfile(template, path)
        db = connect(path)
        mine = {} if of else {"device": self.device, "hub_log": hub.name, "file": file_identity(path)}
        set_meta(db, console=letter, **mine)
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

    def own(self):
        return {row[0] for row in self.db.execute("SELECT id FROM event WHERE device = ?", (self.device,)).fetchall()}

    def everything(self):
        return {row[0] for row in self.db.execute("SELECT id FROM event").fetchall()}

    def cases(self):
        return [row[0] for row in self.db.execute("SELECT id FROM case_row ORDER BY id").fetchall()]

    # what people do -------------------------------------------------------------------------------------------------

    def line(self, line, selected="", dies=False):
        """A line of the officer. That it is refused is part of life; that it is half done is not."""
        self.hands.later(seconds=1)
        before = self.own()
        if dies:
            with contextlib.suppress(Crash), mock.patch.object(journal, "set_meta", side_effect=Crash):
                self.desk.run_line(line, selected, confirmed=True)
            self.reopen()
            assert self.own() == before
            return
        done = self.desk.run_line(line, selected, confirmed=True)
        assert done.ok or self.own() == before
        self._saved()

    def act(self, act):
        self.hands.later(seconds=1)
        done = self.desk.act(act)
        self._saved()
        return done

    def sweep(self):
        self.desk.sweep()
        self._saved()

    def bring(self, path):
        self.hands.later(seconds=1)
        done = import_cases(self.desk, path)
        assert done.new + done.same + done.changed, done
        self._saved()

    def _saved(self):
        """I-8: a number that this console gave is never another case's."""
        self.acted |= self.own()
        for serial, case in self.db.execute(
            "SELECT serial, id FROM case_row WHERE console = ?", (self.letter,)
        ).fetchall():
            assert self.given.setdefault(serial, case) == case, f"number {self.letter}{serial} was given twice"

    # copies of the file ---------------------------------------------------------------------------------------------

    def keep(self):
        """A copy of the whole file, as `zjj db backup` makes it."""
        if self.kept:
            self.kept.unlink()
        self.kept = backup.backup(self.path, self.path.parent / f"kept-{self.letter}", "0")

    def forgets(self):
        """Own events that would be gone from this file were the copy put in its place."""
        copy = connect(self.kept, readonly=True)
        try:
            there = {row[0] for row in copy.execute("SELECT id FROM event WHERE device = ?", (self.device,)).fetchall()}
        finally:
            copy.close()
        return self.own() - there

    def put_back(self):
        """The disk is gone, and with it what nobody else has: only that may be missing afterwards."""
        gone = self.forgets() - set(self.hub.ids)
        self.desk.close()
        backup.restore(self.kept, self.path)
        self.desk = self._open()
        self.acted -= gone
        return gone

    # exchange -------------------------------------------------------------------------------------------------------

    def outbox(self, limit=1000):
        events = confirmed.outbox_events(self.db, limit)
        return [Pushed(e.body.decode(), e.hash.hex(), e.previous.hex()) for e in events]

    def push(self, events):
        self.acked(self.hub.push(events))

    def acked(self, answer):
        """An answer to a push confirms nothing."""

    def ask(self, limit=1000):
        """A pull: its answer, or None where the hub's order is another one now."""
        try:
            return self.hub.pull(*confirmed.position(self.db), limit)
        except Diverged:
            self.rewind()
            return None

    def take(self, answer, dies=False, stale=False):
        """Take an answer in. One that came late does not fit any more; `stale`: it may even be of another history."""

        def one(db):
            confirmed.apply(db, self.desk.duty, received(answer.events))
            if dies:
                raise Crash

        try:
            self.desk.at_once(one)
        except confirmed.Disorder as wrong:
            assert wrong.code in (("gap", "chain") if stale else ("gap",)), (wrong.code, wrong)
        except Crash:
            self.reopen()

    def rewind(self):
        cursor, _ = confirmed.position(self.db)
        common = min(cursor, self.hub.head)
        while common and self.hub.log[common - 1].hub_hash != confirmed.hash_at(self.db, common).hex():
            common -= 1
        self.desk.at_once(lambda db: confirmed.rewind(db, self.desk.duty, common))

    def quiet(self):
        return not self.outbox(1) and confirmed.position(self.db)[0] == self.hub.head

    def sync(self):
        events = self.outbox()
        if events:
            self.push(events)
        answer = self.ask()
        if answer is not None:
            self.take(answer)

    # what must hold -------------------------------------------------------------------------------------------------

    def check(self):
        """At every moment: chains hold, the confirmed events are the hub's order up to the cursor, rows are their fold."""
        report = audit.verify(self.db, self.desk.duty)
        assert report.bad is None, report.message
        rows = self.db.execute(_ORDER).fetchall()
        cursor, _ = confirmed.position(self.db)
        assert [row[2] for row in rows if row[2] is not None] == list(range(1, cursor + 1))
        cases, apart = folded(rows)
        assert self.conflicts() == apart
        assert {case_id: projections.load(self.db, case_id) for case_id in self.cases()} == cases

    def picture(self):
        return picture(self.db)

    def conflicts(self):
        return {row[0] for row in self.db.execute("SELECT event_id FROM conflict").fetchall()}


def folded(rows):
    """Cases and what stands apart, event by event, told once more and independently of the program's own fold."""
    cases, ends, apart = {}, {}, set()
    for event_id, kind, _, verdict, body in rows:
        stored = journal.decode(body)
        of = register(stored.stream, kind)
        last = ends.get(of, EMPTY)
        stands = not verdict
        if of[0] and stands:
            stands = verdict is not None or not overtaken(last, stored.seen, stored.data)
            ends[of] = last.then(event_id, stored.data) if stands else last
        for event in journal.case_events(body) if stands else ():
            judged = judge(cases.get(event.case), event)
            if judged.verdict == APPLIED:
                cases[event.case] = judged.case
            elif kind != "cases_imported":
                assert verdict is None, "the hub's verdict is not the judge's"
                stands = False
        if not stands:
            apart.add(event_id)
    return cases, apart
