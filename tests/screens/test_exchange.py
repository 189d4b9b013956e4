"""How the exchange with the hub is told above every screen, and the page on which conflicts are settled (§6.7)."""

from itertools import accumulate

import pytest
from msgspec.structs import replace
from rich.cells import set_cell_size

from zjj_console.desk import conflict_view, liaison
from zjj_console.desk.liaison import Liaison
from zjj_console.domain.judge import CONFLICT
from zjj_console.domain.model import MINUTE
from zjj_console.i18n import set_lang, teller
from zjj_console.screens.conflicts import ConflictScreen
from zjj_console.storage import confirmed
from zjj_console.storage.confirmed import Received
from zjj_console.storage.db import connect, writing
from zjj_console.storage.reads_conflicts import Clash, ConflictLine
from zjj_console.sync.wire import hub_chained
from zjj_console.widgets import conflict_lines
from zjj_console.widgets.columns import Frame

SIZES = [(80, 24), (120, 40)]


def follow(desk, standing):
    """The database has joined a hub, and this is how the exchange stands."""
    db = connect(desk.path)
    with writing(db):
        confirmed.join(db, desk.duty, "log-1", "A")
    db.close()
    liaison.keep(desk.path, standing)


def clash(desk, now):
    """The hub does not apply the last thing that was done here."""
    db = connect(desk.path)
    with writing(db):
        last = confirmed.outbox_events(db, 1000)[-1]
        chain = hub_chained(confirmed.GENESIS, 1, last.hash, CONFLICT, "state lead")
        confirmed.apply(db, desk.duty, [Received(1, chain, last.body, last.hash, CONFLICT, now, "state lead")])
    db.close()


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (Liaison(contact=0, level=0), "同步"),
        (Liaison(contact=0, level=0, head=9), "同步中"),
        (Liaison(contact=0, cut=-MINUTE, kind="network"), "同步断"),
        (Liaison(contact=0, cut=-MINUTE, kind="person", zh="本机已被中心停用"), "同步停"),
        (Liaison(contact=-5 * MINUTE, level=-5 * MINUTE), "未同步"),
    ],
    ids=["level", "behind", "cut", "stopped", "silent"],
)
async def test_6_7_every_screen_says_as_of_when_the_data_are(opened, desk, clock, standing, said):
    at = {
        name: clock.now + getattr(standing, name)
        for name in ("contact", "level", "cut")
        if getattr(standing, name) or name != "cut"
    }
    follow(desk, replace(standing, **at))
    async with opened((120, 40)) as console:
        await console.second()
        head = console.text.splitlines()[2]
        assert said in head and "待发" in head


async def test_nothing_is_said_where_no_hub_was_joined(opened):
    async with opened((120, 40)) as console:
        await console.second()
        assert "同步" not in console.text.splitlines()[2]


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
async def test_a_conflict_is_seen_above_every_screen_and_settled_by_a_key(opened, desk, clock, size, screen_text):
    desk.run_line("bz 1001 示例", confirmed=True)
    follow(desk, Liaison(contact=clock.now, level=clock.now))
    clash(desk, clock.now)
    async with opened(size) as console:
        await console.second()
        assert "冲突1" in console.text.splitlines()[2] and "本台A" in console.text.splitlines()[0]
        await console.press("f10")
        await console.type("4")
        assert isinstance(console.app.screen, ConflictScreen)
        assert console.text == screen_text(name="conflict")
        await console.press("enter")
        assert "未生效 陈甲 本台 备注" in console.text, "the case's own page says it too"
        await console.press("escape")
        await console.type("2")
        await console.press("n")
        assert console.app.screen.found, "any other key leaves it"
        await console.type("2y")
        await console.second()
        assert "冲突" not in console.text.splitlines()[2] and not console.app.screen.found
        await console.type("v")
        assert [one.first.choice for one in console.app.screen.found] == ["remote"]


async def test_the_page_is_complete_in_english(opened, desk, clock):
    desk.run_line("bz 1001 示例", confirmed=True)
    follow(
        desk, Liaison(contact=clock.now, cut=clock.now, kind="network", zh="中心不通", en="the hub cannot be reached")
    )
    clash(desk, clock.now)
    set_lang("en")
    async with opened((120, 40)) as console:
        await console.second()
        await console.press("f10")
        await console.type("4")
        text = console.text
        assert (
            "the hub cannot be reached" in text and "changed elsewhere first" in text and "Cut off from the hub" in text
        )


def test_every_field_of_a_conflict_has_its_english():
    say = teller("en")
    assert [zh for zh, _ in conflict_view._FIELDS.values() if say(zh) == zh] == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_blank_stands_between_the_columns_of_the_conflict_page(desk, clock, lang):
    set_lang(lang)
    long = ConflictLine("e", "c", "lead_reassigned", "22010001", own=False, at=clock.now, verdict=CONFLICT, reason="lead",
                        provisional=False, resolved_by="", choice="", console="B", serial=123456789, cmd="x", device="d")  # fmt: skip
    frame = Frame(desk.town, desk.duty, clock.now)
    for line in (conflict_lines.head(120), conflict_lines.clash(Clash((long,)), frame, 120, selected=False)):
        text = "".join(span for span, _ in line)
        edges = accumulate(size for _, size in conflict_lines._COLUMNS)
        assert [set_cell_size(text, 1 + edge)[-1] for edge in edges] == [" "] * 4, text
