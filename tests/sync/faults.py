"""Faults to plant: what a program like this one gets wrong. `during` takes a patch that holds while the machine runs."""

from unittest import mock

import msgspec

from tests.sync.consoles import Console, Crash, received
from tests.sync.trial_hub import TrialHub
from zjj_console.domain.judge import APPLIED, Judged, judge
from zjj_console.domain.lifecycle import evolve
from zjj_console.storage import audit, confirmed, journal, order, projections, refold
from zjj_console.storage.db import set_meta
from zjj_console.sync.wire import Ack, PushAnswer


def no_dedupe(machine, during):
    """The hub stores what comes again once more."""

    def push(hub, events):
        stored = [hub.append(e.body.encode(), bytes.fromhex(e.hash)) for e in events]
        ids = [msgspec.json.decode(e.body)["id"] for e in events]
        return PushAnswer([Ack(i, s.hub_seq, s.verdict) for i, s in zip(ids, stored, strict=True)], hub.head, hub.now)

    during(mock.patch.object(TrialHub, "push", push))


def device_gap_accepted(machine, during):
    """The hub takes events of a device in any order."""

    def push(hub, events):
        for e in events:
            if hub.known(e.body.encode(), b"") is None:
                hub.append(e.body.encode(), bytes.fromhex(e.hash))
        return PushAnswer([], hub.head, hub.now)

    during(mock.patch.object(TrialHub, "push", push))


def row_skipped(machine, during):
    """The last event of a pull is lost, and the cursor moves on."""
    real = confirmed.apply

    def apply(db, duty, pulled):
        cursor, _ = confirmed.position(db)
        done = real(db, duty, pulled[:-1] if len(pulled) > 1 and pulled[0].hub_seq == cursor + 1 else pulled)
        set_meta(db, hub_seq=str(pulled[-1].hub_seq), hub_hash=pulled[-1].hub_hash.hex())
        return done

    during(mock.patch.object(confirmed, "apply", apply))


def no_rebase(machine, during):
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


def cursor_before_events(machine, during):
    """The cursor is committed first; a crash falls between the two."""

    def take(console, answer, dies=False):
        at = confirmed.position(console.db)
        if not answer.events or answer.events[0].hub_seq != at[0] + 1:
            return False
        last = answer.events[-1]
        console.desk.at_once(lambda db: set_meta(db, hub_seq=str(last.hub_seq), hub_hash=last.hub_hash))
        if dies:
            console.reopen()
            return False

        def rest(db):
            set_meta(db, hub_seq=str(at[0]), hub_hash=at[1].hex())
            confirmed.apply(db, console.desk.duty, received(answer.events))

        console.desk.at_once(rest)
        return True

    during(mock.patch.object(Console, "take", take))


def ack_confirms(machine, during):
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


def conflict_dropped(machine, during):
    during(mock.patch.object(order.Fold, "_stands_apart", lambda *_: None))


def pending_not_judged(machine, during):
    """The later act overwrites the earlier one in silence."""
    during(mock.patch.object(order, "judge", lambda case, event: Judged(evolve(case, event))))


def refusal_not_seen(machine, during):
    """Own acts that come back stand as they are, whatever the hub said."""
    during(mock.patch.object(confirmed, "_echo", lambda db, stream, ones: all(n.known for n in ones)))


def second_import_wins(machine, during):
    """Who imported a case first is not asked."""
    during(mock.patch.object(confirmed, "_standing", lambda db, ids: ({}, set())))


def duty_not_folded_again(machine, during):
    """Rows of duty take what comes behind what is there, though it comes before it."""

    def rows_of(db, scope):
        newest = order.where(db, *refold.condition(scope))[-1]
        refold.add(db, newest, scope.day)

    during(mock.patch.object(refold, "rows_of", rows_of))


def rewind_forgets_rows(machine, during):
    """After a restore of the hub the rows stay as they were."""
    real = confirmed.rewind

    def rewind(db, duty, seq):
        with mock.patch.object(audit, "rebuild", lambda *_: 0):
            return real(db, duty, seq)

    during(mock.patch.object(confirmed, "rewind", rewind))


def number_given_again(machine, during):
    during(mock.patch.object(projections, "keep_number", lambda *_: None))


def half_a_transaction(machine, during):
    """What was taken stays, though the process died before it was whole."""

    def take(console, answer, dies=False):
        try:
            for one in answer.events:
                console.desk.at_once(lambda db, one=one: journal.set_meta(db, hub_seq=str(one.hub_seq - 1)))
                console.desk.at_once(lambda db, one=one: confirmed.apply(db, console.desk.duty, received([one])))
                if dies:
                    raise Crash
        except Crash:
            console.reopen()
        return True

    during(mock.patch.object(Console, "take", take))


FAULTS = (
    no_dedupe, device_gap_accepted, row_skipped, no_rebase, cursor_before_events, ack_confirms, conflict_dropped,
    pending_not_judged, refusal_not_seen, second_import_wins, duty_not_folded_again, rewind_forgets_rows,
    number_given_again, half_a_transaction,
)  # fmt: skip
