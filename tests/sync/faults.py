"""Faults to plant: what a program like this one gets wrong, each with a short history in which it shows.

A fault takes a function that holds a patch while the machine runs. A history is a list of steps (machine.py); its first
one says how many consoles there are and what the case is that all of them know.
"""

from unittest import mock

from tests.sync.consoles import Console, received
from tests.sync.trial_hub import TrialHub
from zjj_console.domain.judge import APPLIED, Judged, judge
from zjj_console.domain.lifecycle import evolve
from zjj_console.hub.chain import Fits, Link, unpack
from zjj_console.storage import audit, confirmed, journal, order, projections, refold
from zjj_console.storage.db import set_meta
from zjj_console.sync.wire import PushAnswer

THREE = (3, "xj dhj js 3")


def _appended(hub, item):
    e = item.envelope
    hub.append(Fits(item, Link(e.device, e.epoch, e.dseq, item.hash), b""))


def no_dedupe(during):
    """The hub stores what comes again once more."""

    def push(hub, events):
        for item in unpack(events):
            _appended(hub, item)
        return PushAnswer([], hub.head, hub.now)

    during(mock.patch.object(TrialHub, "push", push))


def device_gap_accepted(during):
    """The hub takes events of a device in any order."""

    def push(hub, events):
        for item in unpack(events):
            if item.envelope.id not in hub.known:
                _appended(hub, item)
        return PushAnswer([], hub.head, hub.now)

    during(mock.patch.object(TrialHub, "push", push))


def row_skipped(during):
    """The last event of a pull is lost, and the cursor moves on."""
    real = confirmed.apply

    def apply(db, duty, pulled):
        taken = real(db, duty, pulled[:-1])
        if pulled:
            set_meta(db, hub_seq=str(pulled[-1].hub_seq), hub_hash=pulled[-1].hub_hash.hex())
        return taken

    during(mock.patch.object(confirmed, "apply", apply))


def no_rebase(during):
    """What was pulled is folded on top of what is pending here."""

    def settle(db, duty, news):
        for one in news:
            for event in () if one.known or one.entry.verdict else order.events_of(one.entry.body):
                before = projections.load(db, event.case)
                judged = judge(before, event)
                if judged.verdict == APPLIED:
                    projections.write(db, before, judged.case, duty)
                    projections.write_timers(db, judged.case, duty, None)

    during(mock.patch.object(confirmed, "_settle", settle))


def cursor_before_events(during):
    """The cursor is committed first; a crash falls between the two."""

    def take(console, answer, dies=False, stale=False):
        cursor, chain = confirmed.position(console.db)
        if not answer.events or answer.events[0].hub_seq != cursor + 1:
            return
        last = answer.events[-1]
        console.desk.at_once(lambda db: set_meta(db, hub_seq=str(last.hub_seq), hub_hash=last.hub_hash))
        if dies:
            console.reopen()
            return

        def rest(db):
            set_meta(db, hub_seq=str(cursor), hub_hash=chain.hex())
            confirmed.apply(db, console.desk.duty, received(answer.events))

        console.desk.at_once(rest)

    during(mock.patch.object(Console, "take", take))


def ack_confirms(during):
    """An answer to a push is taken as the order."""

    def acked(console, answer):
        def mark(db):
            for ack in answer.acks:
                db.execute(
                    "UPDATE event SET hub_seq = ?, hub_hash = x'', verdict = ?, reason = '', received_at = 0"
                    " WHERE id = ? AND hub_seq IS NULL", (ack.hub_seq, ack.verdict, ack.id),
                )  # fmt: skip

        console.desk.at_once(mark)

    during(mock.patch.object(Console, "acked", acked))


def conflict_dropped(during):
    """What does not apply is kept in the journal and shown nowhere."""
    during(mock.patch.object(order.Fold, "_stands_apart", lambda *_: None))


def pending_not_judged(during):
    """The later act overwrites the earlier one in silence, until the hub has spoken."""
    during(mock.patch.object(order, "judge", lambda case, event: Judged(evolve(case, event))))


def refusal_not_seen(during):
    """Own acts that come back stand as they are, whatever the hub said."""
    during(mock.patch.object(confirmed, "_echo", lambda db, stream, ones, own: all(n.known for n in ones)))


def second_import_wins(during):
    """Who imported a case first is not asked."""
    during(mock.patch.object(confirmed, "_standing", lambda db, ids: (dict.fromkeys(ids), set())))


def duty_not_folded_again(during):
    """Rows of duty take what comes behind what is there, though it comes before it."""

    def rows_of(db, scope):
        refold.add(db, order.where(db, *refold.condition(scope))[-1], scope.day)

    during(mock.patch.object(refold, "rows_of", rows_of))


def rewind_forgets_rows(during):
    """After a restore of the hub the rows stay as they were."""
    real = confirmed.rewind

    def rewind(db, duty, seq):
        with (
            mock.patch.object(audit, "rebuild", lambda *_: 0),
            mock.patch.object(confirmed, "_settle", lambda *_: None),
        ):
            return real(db, duty, seq)

    during(mock.patch.object(confirmed, "rewind", rewind))


def number_given_again(during):
    """A number whose case has another one now is free."""
    during(mock.patch.object(projections, "keep_number", lambda *_: None))


def half_a_transaction(during):
    """Events are committed before their rows and the cursor; a crash falls between."""
    real = confirmed._settle

    def settle(db, duty, news):
        db.execute("COMMIT")
        db.execute("BEGIN IMMEDIATE")
        real(db, duty, news)

    during(mock.patch.object(confirmed, "_settle", settle))


def copy_goes_on(during):
    """An older copy of the file goes on where it stops, as if it were the file."""
    during(mock.patch.object(journal, "file_identity", lambda _: "restored"))


def copies_live_alike(during):
    """Two copies of one file begin the same epoch."""
    during(mock.patch.object(journal, "_LIVES", 1))


def numbers_of_a_copy_forgotten(during):
    """What numbers there were is known to the file alone."""
    during(mock.patch.object(journal, "_noted", lambda _: 0))


# fmt: off
FAULTS = {
    no_dedupe: [THREE, ("act", 0, 0, "sl"), ("push", 0, "twice")],
    device_gap_accepted: [THREE, ("burst", 0, 0, "sl", "pd cg"), ("push", 0, "disorder")],
    row_skipped: [THREE, ("burst", 0, 0, "sl", "pd cg"), ("push", 0), ("pull", 1)],
    no_rebase: [THREE, ("apart", 0, 1, 0, "gp gbb r2", "sl"), ("exchange", 0), ("apart", 0, 1, 0, "sl", "sl"), ("exchange", 0), ("exchange", 1)],
    cursor_before_events: [THREE, ("act", 0, 0, "sl"), ("push", 0), ("pull", 1, 1000, "dies")],
    ack_confirms: [THREE, ("act", 0, 0, "sl"), ("push", 0), ("pull", 0)],
    conflict_dropped: [THREE, ("apart", 0, 1, 0, "pd cg", "pd sc"), ("exchange", 0), ("exchange", 1)],
    pending_not_judged: [THREE, ("apart", 0, 1, 0, "pd cg", "pd sc"), ("exchange", 0), ("pull", 1)],
    refusal_not_seen: [THREE, ("apart", 0, 1, 0, "pd cg", "pd sc"), ("push", 0), ("push", 1), ("pull", 1, 1), ("pull", 1, 1)],
    second_import_wins: [THREE, ("bring", 0, 0), ("exchange", 0), ("act", 0, 1, "sl"), ("act", 0, 2, "sl"), ("bring", 1, 0), ("exchange", 1), ("pull", 0)],
    duty_not_folded_again: [THREE, ("duty", 0, "qd 0002"), ("push", 0), ("duty", 1, "qd 0312"), ("pull", 1)],
    rewind_forgets_rows: [THREE, ("apart", 0, 1, 0, "pd cg", "pd sc"), ("push", 0), ("exchange", 1), ("hub_restore", 2), ("pull", 1)],
    number_given_again: [THREE, ("bring", 1, 0), ("push", 1), ("bring", 0, 0), ("pull", 0), ("bring", 0, 1), ("duty", 0, "xj dhj js 3")],
    half_a_transaction: [THREE, ("act", 0, 0, "sl"), ("push", 0), ("pull", 1, 1000, "dies"), ("restart", 1), ("pull", 1)],
    copy_goes_on: [THREE, ("copy", 0), ("act", 0, 0, "sl"), ("push", 0), ("put_back", 0), ("act", 0, 0, "bz 示例备注"), ("push", 0)],
    copies_live_alike: [THREE, ("copy", 0), ("put_back", 0), ("act", 0, 0, "sl"), ("push", 0), ("put_back", 0), ("act", 0, 0, "bz 示例备注"), ("push", 0)],
    numbers_of_a_copy_forgotten: [THREE, ("copy", 0), ("put_back", 0), ("duty", 0, "xj dhj js 3"), ("put_back", 0), ("duty", 0, "xj dhj js 3")],
}
# fmt: on
