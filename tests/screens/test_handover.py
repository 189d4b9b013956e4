"""The handover screen (§4.6): few keys, every tick durable, no signature while something blocks it."""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from screen_driver import Console
from screen_scene import MORNING, TOWN, Clock, lay_day, open_desk
from textual.events import Key

from tests.conftest import fresh
from zjj_console.desk import handing, signatures, which
from zjj_console.desk.desk import Desk
from zjj_console.desk.session import actor_of, set_pin
from zjj_console.domain.handover import Handover
from zjj_console.domain.model import MINUTE
from zjj_console.i18n import set_lang
from zjj_console.screens.handover import HandoverScreen
from zjj_console.screens.session import FIRST_RUN
from zjj_console.storage.db import connect
from zjj_console.storage.setup import create

SIZES = [(80, 24), (120, 40), (200, 50)]
READY = MORNING + (11 * 60 + 24) * MINUTE  # 17:24


@pytest.fixture(scope="session")
def laid_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path, clock = tmp_path_factory.mktemp("day") / "day.db", Clock()
    create(path, "zjj")
    desk = open_desk(path, clock)
    refused = lay_day(desk, clock)
    for who in ("0002", "0312"):
        desk.actor = actor_of(TOWN, who, trial=True)
        desk.save_draft(FIRST_RUN, {"seen": 1})
    desk.close()
    assert refused == []
    return path


@pytest.fixture
def clock() -> Clock:
    return Clock(READY)


@pytest.fixture
def desk(laid_day: Path, clock: Clock, tmp_path: Path) -> Iterator[Desk]:
    """17:24, operated by the officer who takes over."""
    path = tmp_path / "day.db"
    fresh(laid_day, path)
    desk = open_desk(path, clock)
    desk.actor = actor_of(TOWN, "0312", trial=True)
    yield desk
    desk.close()


def h4(desk: Desk) -> Handover:
    found = which.find(desk.reader, desk.facts(), "H4-2021-03-01")
    assert isinstance(found, Handover)
    return found


def by_day(desk: Desk, *acts: Any) -> None:
    for act in acts:
        outcome = desk.act(act, actor=actor_of(TOWN, "0002", trial=True))
        assert outcome.ok, outcome.text


def screen(console: Console) -> HandoverScreen:
    assert isinstance(console.app.screen, HandoverScreen)
    return console.app.screen


async def hit(console: Console, *keys: str) -> None:
    """Keys in one burst, as a terminal delivers them; then wait until all is done."""
    for key in keys:
        console.app.post_message(Key(key, " " if key == "space" else key if len(key) == 1 else None))
    await console.idle()


async def read_all(console: Console) -> int:
    """Space on every must-read and warning; the digit 3 says the next action back. The number of keys."""
    keys = 0
    while (row := screen(console).row) is not None:
        before = row.id
        await hit(console, "space")
        keys += 1
        if console.typed is not None:
            await hit(console, "3", "enter")
            keys += 2
        after = screen(console).row
        if after is None or after.id == before:
            return keys
    return keys


# keys ---------------------------------------------------------------------------------------------------------------------


async def test_a_full_handover_of_14_must_reads_takes_at_most_25_keys(opened: Any, desk: Desk, clock: Clock) -> None:
    by_day(desk, handing.code("H4", ["1056"], "N2"), signatures.sign("H4", "out"))
    clock.now = READY + 12 * MINUTE
    async with opened((80, 24)) as console:
        await hit(console, "f6")
        keys = 1 + await read_all(console)
        await hit(console, "b", "g", "enter")
        assert keys + 3 <= 25
        h = h4(desk)
        assert (len(h.reads), len(h.ticks), h.state) == (14, 3, "IN_SIGNED"), console.message
        assert h.batch is not None and len(h.batch.back.split()) == 3
        assert [h.reads[i.id].back for i in h.package.must if i.priority <= 2] == ["跟踪处置至完"] * 2  # type: ignore[union-attr]
        assert desk.facts().holding.desk == "night"  # type: ignore[union-attr]
        assert "看护权 夜班 17:36起" in console.text


async def test_with_a_pin_of_four_digits_it_takes_at_most_30_keys_even_in_one_burst(
    opened: Any, desk: Desk, clock: Clock
) -> None:
    by_day(desk, handing.code("H4", ["1056"], "N2"), signatures.sign("H4", "out"))
    with_pins(desk, clock)
    said_back = ["space", "3", "enter"]
    keys = ["f6", *said_back, "space", *said_back, *["space"] * 14, "b", "g", "enter", *"4711", "enter"]
    assert len(keys) <= 30
    async with opened((80, 24)) as console:
        await hit(console, *keys)
        h = h4(desk)
        assert (len(h.reads), len(h.ticks), h.state) == (14, 3, "IN_SIGNED"), console.message


def with_pins(desk: Desk, clock: Clock) -> None:
    db = connect(desk.path)
    set_pin(db, TOWN, "0312", "4711", clock.now)
    set_pin(db, TOWN, "0002", "0815", clock.now)
    db.close()
    desk.actor = actor_of(TOWN, "0312")


async def test_a_wrong_pin_signs_nothing(opened: Any, desk: Desk, clock: Clock) -> None:
    with_pins(desk, clock)
    async with opened((80, 24)) as console:
        await hit(console, "f6", "g")
        await hit(console, "ctrl+u", *"0002", "enter")
        assert "交班签字 何卯 口令" in console.text
        await hit(console, *"9999")
        assert "9999" not in console.text and "****" in console.text
        await hit(console, "enter")
        assert h4(desk).out_sign is None
        assert "口令不符" in console.message


# reading ------------------------------------------------------------------------------------------------------------------


async def test_opening_writes_nothing_and_r_builds_the_package(opened: Any, desk: Desk, clock: Clock) -> None:
    async with opened((80, 24)) as console:
        last = desk.reader.execute("SELECT max(lseq) FROM event").fetchone()  # behind what time alone decided
        await hit(console, "f6", "]", "space")
        assert "还没有交接包" in console.text
        assert desk.reader.execute("SELECT max(lseq) FROM event").fetchone() == last
        await hit(console, "r")
        assert "JJ-0302-H1 已建包" in console.message


async def test_first_and_second_priority_are_read_only_with_the_next_action_said_back(opened: Any, desk: Desk) -> None:
    async with opened((80, 24)) as console:
        await hit(console, "f6", "space")
        assert "1055 一级 复述下一步" in console.message
        assert "3 跟踪处置至完" in console.text
        await hit(console, "enter")
        assert "未记已读" in console.message
        assert h4(desk).reads == {}
        await hit(console, "space")
        await console.type("21点前到桥头看一次")
        await hit(console, "enter")
        assert [tick.back for tick in h4(desk).reads.values()] == ["21点前到桥头看一次"]


async def test_an_interrupted_handover_goes_on_where_it_was(opened: Any, desk: Desk) -> None:
    async with opened((80, 24)) as console:
        await hit(console, "f6", "space", "3", "enter", "space")
    async with opened((80, 24)) as console:
        await hit(console, "f6")
        assert "必读逐条确认 2/14" in console.text
        row = screen(console).row
        assert row is not None and row.item is not None and row.item.handle == "1056"


async def test_a_change_in_the_background_marks_the_case_and_leaves_the_cursor(
    opened: Any, desk: Desk, clock: Clock
) -> None:
    async with opened((120, 40)) as console:
        await hit(console, "f6", "down", "down", "down", "down")
        before = screen(console).row
        other = open_desk(desk.path, clock)
        other.actor = actor_of(TOWN, "0002", trial=True)
        assert other.run_line("bz 1046 已联系").ok
        assert other.run_line("xj dxj zd 3 xc cg 快照后新报(示例)").ok
        other.close()
        await console.second()
        assert screen(console).row == before
        assert "变 1046" in console.text
        assert "快照后变更 2: 1057 1046" in console.text
        await hit(console, "r")
        assert screen(console).row.id == before.id  # type: ignore[union-attr]
        assert "快照后变更 0" in console.text


async def test_the_samples_of_the_batch_end_the_list_and_open(opened: Any, desk: Desk) -> None:
    async with opened((80, 24)) as console:
        await hit(console, "f6")
        assert "b 成批确认并抽读" in console.text
        await hit(console, "b")
        sampled = h4(desk).batch.back.split()  # type: ignore[union-attr]
        assert f"已成批 蒋寅 17:24 抽读 {' '.join(sampled)}" in console.text
        await hit(console, "end", "o")
        assert console.app.screen.selected_case() == desk.case(sampled[-1]).id  # type: ignore[union-attr, attr-defined]


# what stands against it -----------------------------------------------------------------------------------------------------


async def test_g_is_refused_with_B1_and_B5_until_they_are_settled(opened: Any, desk: Desk) -> None:
    by_day(desk, signatures.sign("H4", "out"))
    async with opened((200, 50)) as console:
        await hit(console, "f6", "g", "enter")
        assert "B1 1056 二级 无夜间承办" in console.message
        assert "B5 必读未读 14 件" in console.message
        await hit(console, "down", "down", "d", "2")
        assert h4(desk).codes[desk.case("1056").id].code == "N2"  # type: ignore[union-attr]
        assert "B1" not in console.text
        assert "N2 转夜间队" in console.text


async def test_first_and_second_priority_cannot_be_left_to_the_morning(opened: Any, desk: Desk) -> None:
    async with opened((80, 24)) as console:
        await hit(console, "f6", "d")
        assert "2 转夜间队" in console.message and "1 停表" not in console.message
        await hit(console, "1")
        assert h4(desk).codes == {}


async def test_p_opens_the_dispatch_line_of_the_selected_case(opened: Any, desk: Desk) -> None:
    desk.actor = actor_of(TOWN, "0002", trial=True)
    async with opened((80, 24)) as console:
        await hit(console, "f6", "down", "down", "p")
        assert console.typed is not None and " 1056 " in console.typed


async def test_unsigned_after_ten_minutes_it_says_so_and_after_twenty_whom_to_call(
    opened: Any, desk: Desk, clock: Clock
) -> None:
    clock.now = READY + 17 * MINUTE  # 17:41
    async with opened((80, 24)) as console:
        await hit(console, "f6")
        assert "!! 未签 11:00" in console.text and "请呼 E4" not in console.text
        await console.second(9 * 60)
        assert "请呼 E4 镇中心负责人" in console.text
        assert "看护权 仍在白班" in console.text


# signing ------------------------------------------------------------------------------------------------------------------


async def test_the_outgoing_officer_signs_first_and_custody_stays(opened: Any, desk: Desk) -> None:
    desk.actor = actor_of(TOWN, "0002", trial=True)
    async with opened((80, 24)) as console:
        await hit(console, "f6", "g")
        assert "交班签字" in console.message and console.typed == "0002"
        await hit(console, "enter")
        assert "看护权仍在白班" in console.message
        await hit(console, "g")
        assert "接班签字" in console.message and console.typed == ""


async def test_whoever_signs_in_operates_the_console_from_then_on(opened: Any, desk: Desk) -> None:
    by_day(desk, handing.code("H4", ["1056"], "N2"), signatures.sign("H4", "out"))
    night = actor_of(TOWN, "0312", trial=True)
    assert desk.act(handing.read("H4", [i.handle for i in h4(desk).unread], "3"), actor=night).ok
    assert desk.act(handing.read("H4", ["W2", "W3", "W5"]), actor=night).ok
    desk.actor = actor_of(TOWN, "0002", trial=True)
    async with opened((120, 40)) as console:
        await hit(console, "f6", "g", *"0312", "enter")
        assert "本台现由 蒋寅 操作" in console.message
        assert desk.actor.work_no == "0312"
        await hit(console, "space")
        assert "已签，不能再改" in console.message


async def test_a_forced_handover_asks_for_reason_and_a_second_person(opened: Any, desk: Desk) -> None:
    async with opened((80, 24)) as console:
        await hit(console, "f6", "f", "enter")
        await console.type("交班人临时就医(示例)")
        await hit(console, "enter", *"0005", "enter")
        h = h4(desk)
        assert h.state == "FORCED" and h.forced is not None
        assert (h.forced.second, h.forced.reason) == ("0005", "交班人临时就医(示例)")
        assert "带病交接" in console.text


async def test_a_station_signs_by_telephone_through_the_desk(opened: Any, desk: Desk) -> None:
    desk.actor = actor_of(TOWN, "0002", trial=True)
    async with opened((80, 24)) as console:
        await hit(console, "f6", "[", "r", "home", "enter")
        assert "一站 代签" in console.message and console.typed == "0031"
        await hit(console, "enter", "1")
        assert "周丁 电话，何卯 代签" in console.text
        await hit(console, "g")
        assert "由各站签" in console.message


async def test_notes_equipment_gist_and_topics_go_into_the_record(opened: Any, desk: Desk) -> None:
    async with opened((80, 24)) as console:
        await hit(console, "f6", "n")
        await console.type("电梯钥匙在三号柜")
        await hit(console, "enter", "c", "ctrl+u")
        await console.type("对讲10/10")
        await hit(console, "enter", "h")
        await console.type("桥栏杆已围护")
        await hit(console, "enter", *"abc", "enter", "v")
        h = h4(desk)
        assert h.notes[-1].text == "电梯钥匙在三号柜"
        assert h.equipment == "对讲10/10"
        assert (list(h.gists.values()), list(h.nexts.values())) == (["桥栏杆已围护"], ["abc"])
        assert h.spoken is not None
        assert "桥栏杆已围护" in console.text


@pytest.mark.parametrize("ending", ["txt", "html", "xlsx"])
async def test_the_sheet_is_exported_and_no_file_is_overwritten(
    opened: Any, tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened((80, 24)) as console:
        await hit(console, "f6", "e", "ctrl+u", *f"a.{ending}", "enter")
        assert (tmp_path / f"a.{ending}").stat().st_size > 1000
        await hit(console, "e", "ctrl+u", *f"a.{ending}", "enter")
        assert "已存在" in console.message


# pictures -----------------------------------------------------------------------------------------------------------------


def tidy(console: Console) -> str:
    console.check_widths()
    ambiguous = {char for char in console.text if unicodedata.east_asian_width(char) == "A"}
    assert not ambiguous, f"glyphs of ambiguous width: {ambiguous}"
    return re.sub(r"(sha(?:256)?) [0-9a-f]+", lambda m: m[1] + " " + "x" * (len(m[0]) - len(m[1]) - 1), console.text)


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
async def test_NV_15_the_handover_is_usable_at_its_size(
    size: tuple[int, int], opened: Any, desk: Desk, screen_text: Any
) -> None:
    async with opened(size) as console:
        await hit(console, "f6", "space")
        assert tidy(console) == screen_text(name="read-back")
        await hit(console, "3", "enter", "space")
        assert tidy(console) == screen_text(name="reading")
        await hit(console, "f")
        await hit(console, "enter", "x", "enter", *"0005", "enter")
        assert tidy(console) == screen_text(name="forced")


async def test_the_unbuilt_the_late_and_the_english_handover(
    opened: Any, desk: Desk, clock: Clock, screen_text: Any
) -> None:
    clock.now = READY + 28 * MINUTE
    set_lang("en")
    async with opened((120, 40)) as console:
        await hit(console, "f6")
        assert tidy(console) == screen_text(name="late-en")
    set_lang("zh")
    async with opened((80, 24)) as console:
        await hit(console, "f6", "]")
        assert tidy(console) == screen_text(name="unbuilt")
        await hit(console, "[", "[")
        assert tidy(console) == screen_text(name="station-unbuilt")


async def test_NO_COLOR_keeps_marks_and_words(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened((80, 24), theme="night") as console:
        await hit(console, "f6")
        assert console.app.theme == "ansi"
        assert any(line.startswith(">[ ]") for line in console.lines)
        assert " X  B1 1056" in console.text and "须定: d" in console.text


async def test_who_reads_gives_his_own_name_to_the_ticks(opened: Any, desk: Desk) -> None:
    async with opened((120, 40)) as console:
        await console.press("f6")
        await console.type("w")
        await console.type("0312")
        await console.press("enter")
        assert console.app.desk.actor.work_no == "0312"
        await console.press("down", "space")
        ticks = {tick.by for tick in h4(desk).reads.values()}
        assert ticks == {"0312"}
