"""A console shows that it lives: once a second while it is open, not after it was closed, and it says so if it broke."""

from zjj_console.desk.heartbeat import pulse
from zjj_console.domain.model import SECOND


async def test_NV_2_an_opened_beats_and_a_closed_one_leaves_no_beat(desk, clock, opened):
    async with opened((80, 24)) as console:
        assert pulse(desk.path, clock(), 60).state == "none"
        await console.app.second()
        assert pulse(desk.path, clock(), 60).alive
        console.app.leave()
    assert pulse(desk.path, clock(), 60).state == "none"


async def test_NV_2_a_console_that_broke_is_a_console_that_stopped(desk, clock, opened):
    async with opened((80, 24)) as console:
        await console.app.second()
        console.app.incident = "0badcafe"
    assert pulse(desk.path, clock() + 61 * SECOND, 60).state == "stopped"
