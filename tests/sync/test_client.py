"""The console's client against the real hub: exactly once through every fault of a network, and nothing waits for it (§6.7)."""

import shutil

import pytest

from tests.hub.consoles import Console as Stranger
from tests.hub.consoles import canonical
from tests.sync.network import held, level
from zjj_console.desk import conflict_view, liaison
from zjj_console.desk.desk import Desk
from zjj_console.domain.handles import set_home
from zjj_console.storage import audit, confirmed, reads, reads_conflicts
from zjj_console.storage.backup import backup
from zjj_console.storage.db import meta, set_meta
from zjj_console.sync import wire
from zjj_console.sync.client import Client, Trouble

POISON = ({"serial": 10**30}, {"reported_at": 2**61}, {"priority": 77}, {"text": "\u202e\n"},
          {"clocks": {"ACC": ["ACC", "wall", "cyzx", 1, 30, 2**61]}})  # fmt: skip
FAULTS = ("", "down", "lost", "busy", "page", "unanswered", "twice")


async def test_two_desks_dispatch_one_case_apart_one_leads_and_both_see_the_conflict(place):
    async with place:
        a, b = await place.console("a"), await place.console("b", "0002")
        a.do("xj dhj js 3")
        await level(a, b)
        assert a.do("pd A1001 cg").ok
        assert b.do("pd A1001 sc").ok, "a desk that is cut off works on"
        await level(a, b)
        cases = [console.desk.case("A1001") for console in (a, b)]
        assert cases[0] == cases[1] and cases[0].lead == "cg"
        seen = [reads_conflicts.listed(console.desk.reader) for console in (a, b)]
        assert [[one.first.own for one in found] for found in seen] == [[False], [True]]
        assert [line.kind for line in seen[0][0].events] == ["accepted", "dispatched"]
        assert all(audit.verify(console.desk.reader, console.desk.duty).bad is None for console in (a, b))


async def test_two_desks_that_both_accept_a_case_have_said_the_same(place):
    async with place:
        a, b = await place.console("a"), await place.console("b", "0002")
        a.do("xj dhj js 3")
        await level(a, b)
        assert a.do("sl A1001").ok and b.do("sl A1001").ok
        await level(a, b)
        assert reads_conflicts.listed(a.desk.reader) == reads_conflicts.listed(b.desk.reader) == []
        assert a.state() == b.state()
        assert all(audit.verify(console.desk.reader, console.desk.duty).bad is None for console in (a, b))


async def test_I_8_a_number_without_a_letter_is_never_another_consoles(place):
    async with place:
        a, b = await place.console("a"), await place.console("b")
        first, second = a.do("xj dhj js 3").case, b.do("xj zmc zy 2").case
        assert (first.serial, second.serial) == (1001, 1001)
        await level(a, b)
        set_home("B")
        assert b.desk.case("1001").id == second.id and b.desk.case("A1001").id == first.id
        assert [b.desk.case(ref).handle for ref in ("1001", "A1001")] == ["1001", "A1001"]


async def test_every_action_is_in_the_order_once_whatever_the_network_does(place):
    async with place:
        consoles = [await place.console(name, who, seed) for name, who, seed in (("a", "0001", 1), ("b", "0002", 2))]
        for console in consoles:
            console.network.fault = lambda chance: (
                FAULTS[int(chance * len(FAULTS) * 2) % len(FAULTS)] if chance < 0.6 else ""
            )
        for turn in range(12):
            for console in consoles:
                console.do(f"xj {'dhj' if turn % 2 else 'zmc'} js 3")
                console.do(f"bz {1001 + turn} 示例{turn}")
                for _ in range(2):
                    try:
                        await console.worker.once()
                    except Trouble as trouble:
                        assert trouble.kind in ("network", "busy")
                if turn == 6:
                    await console.restarted()
        for console in consoles:
            console.network.fault = ""
        await level(*consoles)
        ids = held(place)
        assert len(ids) == len(set(ids)) and set(ids) == consoles[0].own() | consoles[1].own()
        assert consoles[0].state() == consoles[1].state()
        assert all(not console.worker.exchange.offer() for console in consoles)


async def test_AC_05a_two_hours_without_the_hub_and_then_each_act_is_there_once_in_its_order(place):
    place.hands.set("2021-03-02 00:50")
    async with place:
        a, b = await place.console("a"), await place.console("b")
        await level(a, b)
        place.hands.set("2021-03-02 01:00")
        a.network.fault = "down"
        for n in range(6):
            assert a.do("xj dhj js 3").ok and a.do(f"sl {1001 + n}").ok and a.do(f"pd {1001 + n} cg").ok
            with pytest.raises(Trouble):
                await a.worker.once()
        waiting = [one.id for one in a.worker.exchange.offer()]
        view = liaison.view(a.desk.reader, a.path, place.hands.now)
        assert view.state == "cut" and view.waiting == len(waiting) >= 18
        place.hands.set("2021-03-02 03:00")
        a.network.fault = ""
        await level(a, b)
        assert held(place) == waiting, "each once, in the order in which it was done"
        assert b.state() == a.state() and len(b.state()) == 6


async def test_a_hub_restored_from_a_backup_gets_back_what_it_lost(place):
    async with place:
        a, b = await place.console("a"), await place.console("b", "0002")
        a.do("xj dhj js 3")
        await level(a, b)
        await place.hub.stop()
        place.store.close()
        shutil.copy(place.folder / "hub.db", place.folder / "backup.db")
        place.raise_hub()
        await place.hub.start()
        a.do("sl A1001")
        b.do("xj zmc zy 2")
        await level(a, b)
        before = held(place)
        await place.hub.stop()
        place.store.close()
        (place.folder / "backup.db").replace(place.folder / "hub.db")
        for name in ("hub.db-wal", "hub.db-shm"):
            (place.folder / name).unlink(missing_ok=True)
        place.raise_hub()
        await place.hub.start()
        assert len(held(place)) == 1
        b.do("xj zmc zy 1")
        await level(b, a, b)
        assert sorted(held(place)) == sorted({*before, *b.own()})
        assert a.state() == b.state()
        assert all(audit.verify(console.desk.reader, console.desk.duty).bad is None for console in (a, b))


async def test_a_database_that_was_put_back_goes_on_under_a_new_epoch_and_loses_nothing(place):
    async with place:
        a, b = await place.console("a"), await place.console("b", "0002")
        a.do("xj dhj js 3")
        await a.worker.once()
        older = backup(a.path, place.folder)
        a.do("bz 1001 备份之后")
        await a.worker.once()
        await a.close()
        older.replace(a.path)
        for ending in ("-wal", "-shm"):
            (place.folder / f"a.db{ending}").unlink(missing_ok=True)
        await a.restarted()
        a.do("bz 1001 还原之后")
        await level(a, b)
        assert int(meta(a.desk.reader, "epoch")) > 1 and len(held(place)) == 3
        assert a.state() == b.state()
        assert all(audit.verify(console.desk.reader, console.desk.duty).bad is None for console in (a, b))


async def test_what_a_strange_program_sends_stops_no_console(place):
    """I-15: what is of another type is kept aside by the hub; what leaves things out is taken, shown and judged."""
    async with place:
        a = await place.console("a")
        case = a.do("xj dhj js 3").case
        await a.worker.once()
        stranger = Stranger()
        client = Client(a.link, a.network)
        enrolled = await client.enrol(wire.Enrol(place.code(), stranger.device))
        client.use(enrolled.token)
        sent = [
            stranger.event(stream=case.id, actor=5),
            stranger.event("noted", case.id, {"set": {"priority": "many"}, "was": {}}),
            stranger.raw(canonical({"v": 1, "id": "0000-strange", "stream": case.id, "kind": "odd", "device": stranger.device,
                                    "epoch": 1, "dseq": 3, "at": 1, "data": {}})),
            stranger.event("dispatched", case.id, {"set": {"dispatches": [1], "state": "GONE", "text": "\u202e\n"}, "was": {}}),
            *(stranger.change(f"poison-{n}", {}, {"serial": 7, "console": "Q", **one}, kind="reported")
              for n, one in enumerate(POISON)),
        ]  # fmt: skip
        answer = await client.push(sent)
        assert [ack.hub_seq > 0 for ack in answer.acks] == [False] + [True] * (3 + len(POISON))
        await a.worker.once()
        told = reads.story(a.desk.reader, a.desk.case(case.id))
        assert {(m.kind, m.actor, m.apart) for m in told} >= {("noted", "0001", True), ("odd", "", False)}
        assert audit.verify(a.desk.reader, a.desk.duty).bad is None
        apart = reads_conflicts.listed(a.desk.reader)
        assert [one.first.reason for one in apart if one.first.stream.startswith("poison")] == ["bounds"] * len(POISON)
        told = [
            d for one in apart for d in conflict_view.differences(a.desk.reader, a.desk.town, one, lambda zh, **_: zh)
        ]
        assert {(d.name, d.wanted) for d in told} >= {
            ("dispatches", "-"),
            ("state", "-"),
            ("text", ""),
            ("priority", "-"),
        }
        a.do(f"bz {case.id} 照常")
        await a.worker.once()
        assert not a.worker.exchange.offer()


async def test_what_the_hub_acknowledged_and_then_lost_is_sent_again(place):
    async with place:
        a = await place.console("a")
        a.do("xj dhj js 3")
        real = a.worker.client.push

        async def push(events):
            answer = await real(events)
            with place.store.engine.connect().execution_options(zjj_writes=True) as db, db.begin():
                for trigger in ("hub_event_no_delete",):
                    db.exec_driver_sql(f"DROP TRIGGER {trigger}")
                db.exec_driver_sql("DELETE FROM hub_event")
                db.exec_driver_sql("UPDATE hub_head SET seq = 0, hash = zeroblob(32)")
                db.exec_driver_sql("UPDATE device SET epoch = 0, dseq = 0, hash = zeroblob(32)")
            return answer

        a.worker.client.push = push
        await a.worker.once()
        a.worker.client.push = real
        assert confirmed.waiting(a.desk.reader)[0] == 1
        await a.worker.once()
        assert len(held(place)) == 1 and confirmed.waiting(a.desk.reader)[0] == 0


async def test_a_script_leaves_behind_as_of_when_the_data_are(place):
    async with place:
        a = await place.console("a")
        for _ in range(2):
            place.hands.later(minutes=5)
            a.do("xj dhj js 3")
            await a.worker.once()
            standing = liaison.recall(a.path)
            assert standing.level == standing.contact and place.hands.now - standing.level < 1_000_000


async def test_an_order_that_another_desk_overtook_is_not_sent_any_more(place):
    async with place:
        a, b = await place.console("a"), await place.console("b")
        a.do("xj dhj js 3")
        await level(a, b)
        assert a.do("pd A1001 cg").ok and b.do("pd A1001 sc").ok
        await level(a, b)
        told = "SELECT status FROM outbox WHERE kind = 'dispatch'"
        assert [c.desk.reader.execute(told).fetchall() for c in (a, b)] == [[("PENDING",)], [("RECALLED",)]]
        assert b.do("gp A1001 gbb r2").ok
        await level(b, a)
        assert a.desk.reader.execute(told).fetchall() == [("RECALLED",)]


async def test_an_open_desk_numbers_by_the_letter_that_the_hub_gave_meanwhile(place):
    async with place:
        await place.console("a")
        b = await place.console("b")
        other = Desk(b.path, place.town, b.desk.actor, place.tick)
        b.desk.at_once(lambda db: set_meta(db, console="Q"))
        assert other.run_line("xj dhj js 3").case.console == "Q"
        other.close()


async def test_what_is_in_stays_in_where_the_exchange_dies_between_two_pieces(place, monkeypatch):
    monkeypatch.setattr("zjj_console.sync.exchange.PIECE", (2, 2))
    async with place:
        a, b = await place.console("a"), await place.console("b")
        for _ in range(6):
            a.do("xj dhj js 3")
        await a.worker.once()
        answer = await b.worker.client.pull(*b.worker.exchange.position())
        pieces = b.worker.exchange.take(answer.events)
        next(pieces)
        pieces.close()
        assert b.worker.exchange.position()[0] == 2 and len(b.state()) == 2
        await b.restarted()
        await b.worker.once()
        assert b.state() == a.state()


async def test_a_push_that_is_too_large_is_made_smaller(place):
    async with place:
        a = await place.console("a")
        for _ in range(4):
            a.do("xj dhj js 3")
        real, sizes = a.worker.client.push, []

        async def push(events):
            sizes.append(len(events))
            if len(events) > 1:
                raise Trouble("person", "too_large", "请求太大", "too large")
            return await real(events)

        a.worker.client.push = push
        await a.worker.once()
        assert len(held(place)) == 4 and sizes[0] == 4 and sizes[-1] == 1


async def test_a_page_of_the_network_between_is_no_answer(place):
    async with place:
        a = await place.console("a")
        for fault, kind in (("page", "network"), ("busy", "network"), ("down", "network")):
            a.network.fault = fault
            with pytest.raises(Trouble) as caught:
                await Client(a.link, a.network).hello()
            assert caught.value.kind == kind and caught.value.zh and caught.value.en
        a.network.fault = ""
        assert (await Client(a.link, a.network).hello()).protocol == wire.PROTOCOL
