"""A console whose line dropped opens again where it was: same screen, same case, the half-typed line (NV-1)."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from screen_driver import Console
from screen_scene import put

from tests.screens.test_never import many
from zjj_console.desk.desk import Desk
from zjj_console.screens.base import ConsoleScreen
from zjj_console.screens.session import PLACE_DRAFT

WAYS = {  # keys to a place with something chosen on it
    "help": ("f1",),
    "queue": ("v", "down", "down"),
    "case": ("down", "enter"),
    "map": ("f3", "right", "v", "j"),
    "roster": ("f4", "w", "right"),
    "escalation": ("f5", "j", "j"),
    "handover": ("f6", "j"),
    "consult": ("f7", "tab"),
    "log": ("f10",),
    "form": ("n", "tab"),
    "help over a case": ("down", "enter", "f1"),
    "case over the ladder": ("f5", "j", "enter"),
}


@asynccontextmanager
async def stopped(opened: Any, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Console]:
    """A console that does not end well."""
    async with opened(size) as console:
        yield console
        console.app.places.note(console.app.screen_stack)
        await console.app.session.save_drafts()
        console.app.incident = "line"


def seen(console: Console) -> tuple[list[tuple[str, dict[str, str]]], list[str]]:
    """The screens on each other with what is chosen, and the body of the uppermost."""
    stack = [(type(s).__name__, s.spot()) for s in console.app.screen_stack if isinstance(s, ConsoleScreen)]
    return stack, console.lines[2:-2]


QUICK = ("map", "escalation", "case over the ladder")


@pytest.mark.parametrize(
    "keys",
    [pytest.param(keys, marks=() if name in QUICK else pytest.mark.slow, id=name) for name, keys in WAYS.items()],
)
async def test_NV_1_after_the_line_dropped_the_same_screen_stands_on_the_same_case(
    keys: tuple[str, ...], opened: Any
) -> None:
    async with stopped(opened) as console:
        await console.press(*keys)
        await console.second(0)
        before = seen(console)
    async with opened() as console:
        assert seen(console)[0] == before[0]
        await console.second(0)
        assert seen(console)[1] == before[1]


async def test_NV_1_a_case_far_down_the_list_is_under_the_cursor_again(opened: Any, desk: Desk) -> None:
    put(desk.path, desk, many(desk, 900))
    async with stopped(opened) as console:
        await console.press("end", "up")
        handle = console.selected
        assert handle not in ("", "1001")
    async with opened() as console:
        assert console.selected == handle
        assert handle in console.text


@pytest.mark.parametrize("typed", [";bz 1005 说到一半", "b说到一半"], ids=["typed", "opened by a verb key"])
async def test_NV_1_the_half_typed_line_comes_back_with_its_case(typed: str, opened: Any) -> None:
    async with stopped(opened) as console:
        await console.select("1005")
        await console.type(typed)
        line = console.typed
    async with opened() as console:
        assert console.selected == "1005"
        assert "未完的命令" in console.message
        await console.type(";")
        assert console.typed == line == "bz 1005 说到一半"


async def test_NV_1_what_was_pasted_is_kept_without_another_key(opened: Any) -> None:
    async with stopped(opened) as console:
        await console.type(";bz 1005 ")
        await console.paste("桥边 已围护")
    async with opened() as console:
        await console.type(";")
        assert console.typed == "bz 1005 桥边 已围护"


async def test_a_place_is_kept_once_the_keys_rest_and_not_at_every_key(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.press("f5", "j")
        await console.second(1)
        assert PLACE_DRAFT not in desk.drafts()
        await console.second(3)
        kept = desk.drafts()[PLACE_DRAFT]
        assert [spot["place"] for spot in kept["places"]] == ["queue", "escalation"]
        before = desk.changed()
        await console.second(1)
        assert before and not desk.changed()


async def test_who_left_on_purpose_begins_at_the_queue(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.press("f5")
        await console.second(4)
    assert PLACE_DRAFT not in desk.drafts()
    async with opened() as console:
        assert console.app.screen is console.queue


async def test_the_place_of_a_console_that_is_still_there_is_nobody_elses(opened: Any, desk: Desk) -> None:
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        desk.save_draft(PLACE_DRAFT, {"pid": other.pid, "places": [{"place": "queue"}, {"place": "log"}]})
        async with opened() as console:
            assert console.app.screen is console.queue
    finally:
        other.kill()
        other.wait()
        assert other.stdin is not None
        other.stdin.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [{"pid": "x", "places": 3}, {"places": [7, {"place": "nowhere"}, {"place": "case", "case": "gone"}]},
     {"pid": os.getpid(), "places": [{"place": "roster", "day": "gestern", "view": "?"}, {"place": "map", "grid": "", "layer": "?"}]},
     {"places": [{"place": "log", "at": "-4"}, {"place": "consult", "word": "1999-W77"}, {"place": "handover", "which": "H9"}]},
     {"places": [{"place": "queue", "view": "?", "filter": "[/b]", "case": "gone"}, {"place": "escalation", "view": "?"}] * 9}],
    ids=range(5),
)  # fmt: skip
async def test_a_place_that_is_no_more_opens_what_there_is(body: dict[str, Any], opened: Any, desk: Desk) -> None:
    desk.save_draft(PLACE_DRAFT, body)
    async with opened() as console:
        await console.press("f2")
        await console.second()
        assert console.app.screen is console.queue


def test_NV_1_two_officers_who_type_at_once_each_find_their_own_line(desk: Desk, other_desk: Desk) -> None:
    other_desk.actor = other_desk.actor.__class__("0002", "李某", "centre", desk.actor.roles, trial=True)
    desk.save_draft("console-line", {"line": "甲"})
    other_desk.save_draft("console-line", {"line": "乙"})
    assert (desk.drafts()["console-line"], other_desk.drafts()["console-line"]) == ({"line": "甲"}, {"line": "乙"})
    other_desk.drop_draft("console-line")
    assert "console-line" not in other_desk.drafts()
    assert desk.drafts()["console-line"] == {"line": "甲"}
