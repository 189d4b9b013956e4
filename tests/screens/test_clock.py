"""The clock of the machine is set while the console runs, and the host sleeps (NV-9, NV-2): what the officer sees stays true."""

import re
from typing import Any

import pytest
from screen_driver import Console
from screen_scene import Clock

from zjj_console.desk.desk import Desk
from zjj_console.desk.steady import Steady
from zjj_console.domain.model import HOUR


class Machine:
    """The wall clock of the tests with a counter beside it that nobody can set."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self._set = clock, 0

    def set(self, by: int) -> None:
        self.clock.now += by
        self._set += by

    def count(self) -> int:
        return self.clock.now - self._set


@pytest.fixture
def machine(desk: Desk, clock: Clock) -> Machine:
    machine = Machine(clock)
    desk.now = Steady(clock, desk.town.alarm_rules.clock_jump, clock.now, machine.count)
    return machine


def shown_time(console: Console) -> str:
    return re.findall(r"\d\d:\d\d:\d\d", console.lines[0])[0]


async def alarms(console: Console) -> str:
    await console.press("f5")
    text = console.text
    await console.press("f2")
    return text


async def test_NV_9_set_back_an_hour_the_console_goes_on_and_says_so(opened: Any, desk: Desk, machine: Machine) -> None:
    async with opened() as console:
        await console.select("1005")
        await console.second()
        before, late = shown_time(console), [console.row(h) for h in ("1009", "1005")]
        machine.set(-HOUR)
        await console.second()
        assert shown_time(console) > before, "its clock never goes back"
        for row, was in zip((console.row(h) for h in ("1009", "1005")), late, strict=True):
            assert row.split()[:2] == was.split()[:2], "what was late stays late"
        assert "拨慢" in await alarms(console)
        await console.type(";bz 1005 照常")
        await console.press("enter")
        assert "备注 1005" in console.message
        assert console.selected == "1005"
        machine.set(HOUR)
        await console.second()
        assert "拨慢" not in await alarms(console)
        assert "停顿" not in console.message


async def test_NV_9_set_back_an_hour_the_next_deadline_still_rings_at_its_instant(
    opened: Any, desk: Desk, machine: Machine
) -> None:
    async with opened() as console:
        await console.second()
        due = min(
            row.next_due for row in console.queue.table.visible_rows() if row.next_due and row.next_due > desk.now()
        )
        handle = next(row.handle for row in console.queue.table.visible_rows() if row.next_due == due)
        machine.set(-HOUR)
        await console.second()
        await console.second((due - desk.now()) / 1e6 - 2)
        assert "超" not in console.row(handle).split(handle)[0]
        await console.second(3)
        await console.second(4)
        assert "超" in console.row(handle).split(handle)[0]


async def test_NV_9_set_forward_an_hour_what_fell_due_is_told_once_and_the_jump_is_an_alarm(
    opened: Any, desk: Desk, machine: Machine
) -> None:
    async with opened() as console:
        await console.second()
        machine.set(HOUR)
        await console.second()
        assert "期间到期" in console.message
        assert "拨快" in await alarms(console)
        await console.press("escape")
        await console.second()
        assert "期间到期" not in console.message


async def test_NV_2_a_host_that_slept_over_three_deadlines_tells_them_in_one_line_and_blames_no_clock(
    opened: Any, machine: Machine
) -> None:
    async with opened() as console:
        await console.type(";bz 1005 说到一半")
        await console.second()
        await console.second(13 * 60)  # wall and counter go on together: nobody has set anything
        for _ in range(3):
            await console.second(20)  # he types on, and sees it when he is done
        assert console.typed == "bz 1005 说到一半"
        await console.press("escape")
        assert [h for h in ("1011", "1010", "1008") if h not in console.message] == []
        await console.second(20)
        assert console.message == ""
        assert "拨" not in await alarms(console)
