"""Alarms and the ladder on the screen (F5, §2.10, §3.6): seen is not solved, mute ends, calls are recorded from the list."""

from typing import Any

import pytest

from zjj_console.desk.desk import Desk
from zjj_console.desk.heartbeat import Heart
from zjj_console.domain.model import SECOND
from zjj_console.i18n import set_lang
from zjj_console.storage import duty_rows

SIZES = [(80, 24), (120, 40), (200, 50)]


def climb(desk: Desk, handle: str) -> Any:
    case = desk.case(handle)
    assert case is not None
    found = duty_rows.load_climb(desk.reader, case.id)
    assert found is not None
    return found


def acked(desk: Desk) -> int:
    return int(desk.reader.execute("SELECT count(*) FROM alarm_ack").fetchone()[0])


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
async def test_NV_15_the_escalation_screen_is_usable_at_its_size(
    size: tuple[int, int], opened: Any, screen_text: Any
) -> None:
    async with opened(size) as console:
        await console.press("f5")
        for view in "123456":
            await console.type(view)
            console.check_widths()
            assert console.text == screen_text(name=f"view-{view}")


async def test_the_english_escalation(opened: Any, screen_text: Any) -> None:
    set_lang("en")
    async with opened((120, 40)) as console:
        await console.press("f5")
        await console.type("2")
        assert console.text == screen_text(name="climbs-en")


async def test_acknowledged_is_not_solved_it_stays_listed_and_counted(opened: Any, desk: Desk) -> None:
    """Complaint 17: stopping the tone is taken for taking the case."""
    async with opened() as console:
        assert "!!!急超 1009" in console.lines[1]
        total = console.app.session.look.total
        await console.type("a")
        assert "已确认 1 项" in console.message
        assert "1009" not in console.lines[1]  # the strip names what nobody has seen
        assert console.app.session.look.total == total
        await console.press("f5")
        row = next(line for line in console.lines if " 1009 " in line)
        assert "已确认" in row
        assert "!!!急超" in row
        assert climb(desk, "1009").open


async def test_an_acknowledged_alarm_rings_again_at_the_next_rung(opened: Any, desk: Desk, clock: Any) -> None:
    async with opened() as console:
        await console.type("a")
        assert "1009" not in console.lines[1]
        rung = climb(desk, "1009")
        await console.second(10 * 60)
        assert climb(desk, "1009").level == rung.level + 1
        await console.second()  # the strip is looked at once a second
        waiting = console.app.session.look.unacked
        assert "1009" in [alarm.row.handle for alarm in waiting if alarm.row is not None]


async def test_a_on_the_list_acknowledges_the_line_under_the_cursor_and_goes_on(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.press("f5")
        waiting = len(console.app.session.look.unacked)
        for n in range(1, waiting + 1):
            await console.type("a")
            assert acked(desk) == n
        assert "已确认" in console.lines[1]
        assert "F5" in console.lines[1]


async def test_a_call_is_recorded_from_the_list_and_only_then_counts(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.press("f5")
        await console.type("2")
        screen: Any = console.app.screen
        screen.find(desk.case("1009").id)  # type: ignore[union-attr]
        screen.look_at()
        assert climb(desk, "1009").waiting
        await console.type("l2")
        await console.press("enter")
        (call,) = climb(desk, "1009").rungs[-1].calls
        assert call.result == "no_answer"
        assert climb(desk, "1009").waiting  # 未接 is not notified
        await console.type("l1")
        await console.press("enter")
        assert not climb(desk, "1009").waiting


async def test_y_records_an_answer_and_e_raises_the_next_rung(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.press("f5")
        await console.type("2")
        screen: Any = console.app.screen
        screen.find(desk.case("1009").id)  # type: ignore[union-attr]
        screen.look_at()
        await console.type("e")
        await console.press("enter")
        assert climb(desk, "1009").rungs[-1].why == "hand"
        await console.type("y现场已看")
        await console.press("enter")
        assert climb(desk, "1009").rungs[-1].answer == "现场已看"


async def test_mute_is_of_this_desk_says_until_when_and_ends_by_itself(
    opened: Any, desk: Desk, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened() as console:
        rung: list[int] = []
        monkeypatch.setattr(
            console.app.notices, "_put", lambda text: rung.append(clock.now) if text == "\x07" else None
        )
        await console.press("f5")
        await console.type("m")
        minutes = desk.town.alarm_rules.mute_minutes
        assert "静音至" in console.lines[1]
        for _ in range(4):
            await console.second(30)
        assert rung == []
        await console.second(minutes * 60)
        await console.second(30)
        assert rung
        assert "静音至" not in console.lines[1]


async def test_first_priority_rings_every_30_seconds_until_somebody_has_seen_it(
    opened: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened() as console:
        bells: list[int] = []
        monkeypatch.setattr(
            console.app.notices, "_put", lambda text: bells.append(clock.now) if text == "\x07" else None
        )
        console.app.session.heard_at = clock.now
        for _ in range(60):
            await console.second()
        urgent = [a for a in console.app.session.look.unacked if a.row is not None and a.row.priority == 1]
        assert len(bells) >= 2 * len({a.raised % (30 * SECOND) for a in urgent})
        await console.press("f5")
        while console.app.session.look.unacked:
            await console.type("a")
        bells.clear()
        for _ in range(30):
            await console.second()
        assert bells == []
        for _ in range(10):
            await console.second(30)  # in the tests a second may be a long one
            if bells:
                break
        assert bells  # still late: it reminds


async def test_nobodys_name_or_number_is_in_the_title_or_a_notice(
    opened: Any, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZJJ_NOTICE", "bell,title,osc9,osc777")
    async with opened() as console:
        told: list[str] = []
        monkeypatch.setattr(console.app.notices, "_put", told.append)
        console.app.session.heard_at = 0
        await console.second()
        text = "".join(told)
        assert "\x1b]0;!!!" in text
        assert "\x1b]9;!!!急超 1009" in text
        assert "\x1b]777;notify;" in text
        for person in desk.town.people.values():
            assert person.name not in text
            assert person.phone not in text


async def test_the_list_never_loses_an_alarm_by_scrolling(opened: Any) -> None:
    """London 1992: the count of unhandled alarms is always visible, and the list has a way back."""
    async with opened((80, 24)) as console:
        for key in ("f2", "f4", "f5", "f6", "f10", "f1"):
            await console.press(key)
            assert "!!!急超 1009" in console.lines[1], key
            assert "另" in console.lines[1], key


async def test_NV_2_asleep_over_three_deadlines_is_told_once_and_names_them(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.second()
        await console.second(13 * 60)  # 1011, 1010 and 1008 fall due meanwhile
        assert "停顿 13:00，期间到期" in console.message
        for handle in ("1011", "1010", "1008"):
            assert handle in console.message
        await console.press("escape")
        await console.second()
        assert "停顿" not in console.message


async def test_a_console_that_broke_is_told_what_fell_due_since(opened: Any, desk: Desk, clock: Any) -> None:
    Heart(desk.path).beat(clock.now)
    clock.pass_(minutes=13)
    async with opened() as console:
        await console.second()
        assert "期间到期" in console.message
        assert "1011" in console.message
