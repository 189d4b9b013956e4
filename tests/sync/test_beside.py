"""The exchange that goes on beside a console: both directions, what it waits for, what it tells (§6.7)."""

import asyncio
import time

import pytest

from tests.sync.network import held
from zjj_console.desk import liaison
from zjj_console.storage import confirmed
from zjj_console.sync import link as links
from zjj_console.sync.beside import exchange_of
from zjj_console.sync.client import Trouble
from zjj_console.sync.patience import MOST, OPENS, PERSON, Patience


async def until(true):
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.005)


async def test_both_directions_go_on_by_themselves_until_cancelled(place, monkeypatch):
    monkeypatch.setattr("zjj_console.sync.worker.LOOK", 0.01)
    async with place:
        a, b = await place.console("a"), await place.console("b")
        running = [asyncio.create_task(console.worker.run()) for console in (a, b)]
        await until(lambda: liaison.view(b.desk.reader, b.path, place.hands.now).state == "level")
        a.do("xj dhj js 3")
        await until(lambda: b.desk.case("A1001") is not None)
        await until(lambda: not confirmed.waiting(a.desk.reader)[0])
        a.network.fault = "down"
        b.do("bz A1001 示例")
        await until(lambda: liaison.view(b.desk.reader, b.path, place.hands.now).waiting == 0)
        a.network.fault = ""
        await until(lambda: a.desk.case("1001").version == b.desk.case("A1001").version)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def test_after_five_failures_only_the_pull_still_tries(place, monkeypatch):
    monkeypatch.setattr("zjj_console.sync.worker.LOOK", 0.001)
    async with place:
        a = await place.console("a")
        a.do("xj dhj js 3")
        a.network.fault = "down"
        pushed = []
        real = a.worker.client.push

        async def push(events):
            pushed.append(len(events))
            return await real(events)

        a.worker.client.push = push
        running = asyncio.create_task(a.worker.run())
        await until(lambda: a.worker.patience.failures > 3 * OPENS)
        assert len(pushed) <= OPENS
        view = liaison.view(a.desk.reader, a.path, place.hands.now)
        assert view.state == "cut" and view.standing.cut and view.waiting == 1
        a.network.fault = ""
        await until(lambda: held(place))
        await until(lambda: liaison.view(a.desk.reader, a.path, place.hands.now).state == "level")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_push_that_is_refused_does_not_make_the_pull_ask_without_end(place, monkeypatch):
    monkeypatch.setattr("zjj_console.sync.worker.LOOK", 0.001)
    async with place:
        a, b = await place.console("a"), await place.console("b")
        a.do("xj dhj js 3")

        async def push(events):
            raise Trouble("person", "fork", "分叉", "fork")

        a.worker.client.push = push
        with pytest.raises(Trouble, match="fork"):
            await a.worker.once()
        b.do("xj dhj js 3")
        await b.worker.once()
        running = asyncio.create_task(a.worker.run())
        await until(lambda: a.desk.case("B1001") is not None)
        before = a.network.count
        await asyncio.sleep(0.2)
        assert a.network.count - before <= 2, "it waits for news as ever"
        assert liaison.view(a.desk.reader, a.path, place.hands.now).state == "stopped"
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def test_6_7_waiting_grows_at_random_to_half_a_minute_and_heeds_what_the_hub_says():
    most = Patience(lambda: 1.0)
    assert [most.failed("network") for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, MOST, MOST]
    assert most.open
    most.well()
    assert not most.open and most.failed("busy", 7) == 7 and Patience(lambda: 0.0).failed("network") == 0
    assert Patience(lambda: 0.5).failed("person") == PERSON


def test_a_console_without_a_hub_has_no_exchange_beside_it(desk):
    assert exchange_of(desk.path, desk.duty, desk.now) is None
    assert liaison.view(desk.reader, desk.path, desk.now()) is liaison.NONE


def test_what_keeps_the_exchange_from_beginning_is_said(desk):
    link = links.Link("https://hub.example", token="t" * 20, log="x", ca_file="/nowhere.pem")
    links.save(desk.path, link)
    made = exchange_of(desk.path, desk.duty, desk.now)
    made.start()
    end = time.monotonic() + 5
    while liaison.recall(desk.path).code != "ca_file":
        assert time.monotonic() < end
        time.sleep(0.01)
    made.stop()
    links.path_of(desk.path).chmod(0o644)
    assert exchange_of(desk.path, desk.duty, desk.now) is None
    assert "0600" in liaison.recall(desk.path).zh


def test_the_exchange_beside_a_console_ends_at_once_whatever_it_waits_for(desk):
    links.save(desk.path, links.Link("http://127.0.0.1:1", token="t" * 20, log="x"))
    made = exchange_of(desk.path, desk.duty, desk.now)
    made.start()
    made.stop()
    assert not made._thread.is_alive()
