"""What must never happen on a screen (§3.7)."""

import threading
from typing import Any

import pytest
from screen_scene import like, put

from zjj_console.desk.desk import Desk
from zjj_console.domain.model import DAY, HOUR, SECOND, Case, Clock, State
from zjj_console.storage import reads

HOSTILE = [
    "[/b]", "[bold red", "[/紧急] 桥", "\x1b]0;owned\x07标题", "\x1b[2J清屏", "甲\u202e乙丙\u202c", "👮\u200d♂️ 到场",
    "长" * 2000, "e\u0301\u0301\u0301", "\u0000\u0007响铃", "🇨🇳👍🏽", "\n\n换行\t制表", "$accent", "a" * 2000, "\ufeff\u200b零宽",
]  # fmt: skip


def many(desk: Desk, count: int, first: int = 2000, **changes: Any) -> list[Case]:
    """Cases that another process might bring, all like one reported case."""
    model = desk.case("1008")
    assert model is not None
    fields: dict[str, Any] = {"priority": 3, **changes}
    return [
        like(model, id=f"00000000-0000-7000-8000-{first + n:012}", serial=first + n, number="", **fields)
        for n in range(count)
    ]


async def test_NV_4_five_hundred_new_cases_leave_text_and_cursor_alone(opened: Any, desk: Desk) -> None:
    note = "放生处栏杆已围护，水务与桥管单位二十分钟内到场，行人改走东侧便桥，请各组注意"
    async with opened() as console:
        await console.select("1005")
        await console.verb("note", note[:20])
        for start in range(0, 500, 100):
            put(desk.path, desk, many(desk, 100, 2000 + start, priority=1))
            await console.second()
        await console.type(note[20:])
        assert console.typed == f"bz 1005 {note}"
        assert console.selected == "1005"
        await console.press("enter")
        assert "备注 1005" in console.message
        assert console.queue.new == 500


async def test_NV_4_nothing_is_reordered_within_three_seconds_after_a_key(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        before = console.handles
        await console.press("down")
        put(desk.path, desk, many(desk, 3, priority=1))
        await console.second(1)
        assert console.handles == before
        await console.second(1)
        assert console.handles == before
        await console.second(2)
        assert console.handles != before
        assert console.selected == before[1]


async def test_a_new_case_is_counted_until_the_top_is_looked_at(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        put(desk.path, desk, many(desk, 2))
        await console.second(5)
        assert "新案+2" in console.text
        await console.press("home")
        assert "新案+0" in console.text


async def test_NV_5_a_case_that_changed_under_the_preview_is_not_acted_on(
    opened: Any, desk: Desk, other_desk: Desk
) -> None:
    async with opened() as console:
        await console.select("1008")
        await console.verb("accept")
        assert other_desk.run_line("bz 1008 已有人在办").ok
        await console.press("enter")
        assert "案件已被更新" in console.message
        case = desk.case("1008")
        assert case is not None
        assert case.state is State.REPORTED


async def test_NV_5_a_key_right_after_its_row_changed_is_swallowed(opened: Any, desk: Desk, other_desk: Desk) -> None:
    async with opened() as console:
        await console.select("1008")
        assert other_desk.run_line("sl 1008").ok
        await console.second(4)
        await console.verb("dispatch")
        assert console.typed is None
        assert console.message == "刚有变动，请看清再按"
        console.clock.pass_(seconds=1)
        await console.verb("dispatch")
        assert console.typed is not None


async def test_the_cursor_stays_on_its_case_when_the_case_moves(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.select("1004")
        put(desk.path, desk, many(desk, 40, priority=1))
        await console.second(5)
        assert console.selected == "1004"


async def test_NV_18_first_priority_is_never_behind_paging(opened: Any, desk: Desk) -> None:
    put(desk.path, desk, many(desk, 300))
    late = many(desk, 1, 4000, priority=1, text="一级在最后登记", reported_at=desk.now() + HOUR)
    put(desk.path, desk, [like(late[0], clocks={})])
    async with opened((80, 24)) as console:
        assert "4000" in console.handles
        assert "一级在最后登记" in console.text


async def test_hostile_text_in_every_field_leaves_every_line_in_its_width(opened: Any, desk: Desk) -> None:
    cases = []
    for n, evil in enumerate(HOSTILE):
        words = dict.fromkeys(
            ("text", "place", "reporter", "phone", "external_id", "wechat_ref", "result_text", "result", "lead",
             "lead_person", "station", "grid", "category", "source", "evidence", "related"), evil
        )  # fmt: skip
        cases += many(desk, 1, 5000 + n, **{**words, "external_id": f"{evil}{n}", "priority": 1, "committee": ""})
    put(desk.path, desk, cases)
    for size in ((80, 24), (120, 40), (200, 50)):
        async with opened(size) as console:
            console.check_widths()
            await console.press("space")
            console.check_widths()
            await console.press("escape")
            for case in cases:
                assert console.queue.table.select(case.id)
                await console.idle()
                console.check_widths()  # drawer and side pane
                console.app.open_case(case.id)
                await console.idle()
                console.check_widths()
                await console.press("end")
                console.check_widths()
            await console.press("escape")
            await console.verb("note")
            for evil in HOSTILE:
                await console.paste(evil)
            console.check_widths()


async def test_NV_1_what_was_half_typed_is_there_after_a_crash(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.type(";bz 1005 说到一半")
        await console.second()
    async with opened() as console:
        assert "未完的命令" in console.message
        await console.type(";")
        assert console.typed == "bz 1005 说到一半"


async def test_a_suspended_case_stands_below_running_ones(opened: Any, desk: Desk) -> None:
    put(desk.path, desk, many(desk, 1, 3000, state=State.SUSPENDED, reported_at=desk.now() - 9 * DAY))
    async with opened() as console:
        assert console.handles[-1] == "3000"


async def test_a_suspended_case_neither_shouts_nor_counts_as_overdue(opened: Any, desk: Desk) -> None:
    """Header, counts, view and row agree: a clock that ran out on a case that stands still is told, not shouted."""
    late = Clock("BB", "wall", "", desk.now() - 13 * DAY, 0, desk.now() - 12 * DAY)
    put(desk.path, desk, many(desk, 1, 3000, state=State.SUSPENDED, clocks={"BB": late}))
    before = reads.pressing(desk.reader, desk.now())
    async with opened() as console:
        row = console.row("3000")
        assert "!" not in row
        assert "超12d" in row
        assert f"超时{before[0]} " in console.text
        await console.type("v")
        assert "3000" not in console.handles  # 超时
    assert before == (1, 1)


async def test_the_alarm_strip_counts_everything_that_presses(opened: Any, desk: Desk) -> None:
    late = Clock("ACC", "wall", "", desk.now() - HOUR, 0, desk.now() - HOUR // 2)
    put(desk.path, desk, many(desk, 6, 3000, clocks={"ACC": late}))
    async with opened() as console:
        overdue, soon = reads.pressing(desk.reader, desk.now())
        new = 1  # 1011: first priority and nobody sent
        asked = 1  # 1006: a return waits for its answer
        assert f"另{overdue + soon + new + asked - 1}项" in console.lines[1]
    assert overdue + soon == 8


async def test_what_only_time_decides_is_swept_at_start_and_every_minute_beside_the_ui(
    opened: Any, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []
    sweep = desk.sweep

    def watched() -> int:
        threads.append(threading.current_thread().name)
        return sweep()

    monkeypatch.setattr(desk, "sweep", watched)
    async with opened() as console:
        assert len(threads) == 1
        await console.second(59)
        assert len(threads) == 1
        await console.second(1)
        assert len(threads) == 2
    assert all(name.startswith("desk") for name in threads)


async def test_T22_a_suspended_case_comes_back_on_its_review_day_without_a_key(opened: Any, desk: Desk) -> None:
    for line in ("sl 1008", "pd 1008 y1", "qs 1008", "gz 1008 1 2d", "gz 1008 y"):
        desk.run_line(line, confirmed=True)
    assert desk.case("1008").state is State.SUSPENDED  # type: ignore[union-attr]
    async with opened() as console:
        await console.second(3 * DAY / SECOND)
        await console.second()
        assert desk.case("1008").state is State.HANDLING  # type: ignore[union-attr]
        assert "处置中" in console.row("1008")


async def test_enter_is_not_offered_for_what_another_desk_made_impossible(
    opened: Any, desk: Desk, other_desk: Desk
) -> None:
    async with opened() as console:
        await console.select("1008")
        await console.verb("accept")
        assert console.message.startswith("预览")
        assert other_desk.run_line("sl 1008").ok
        await console.second()
        assert not console.message.startswith("预览")
        assert "Enter 执行" not in console.text


async def test_NV_5_enter_right_after_the_preview_changed_is_swallowed(
    opened: Any, desk: Desk, other_desk: Desk
) -> None:
    async with opened() as console:
        await console.select("1008")
        await console.verb("accept")
        assert other_desk.run_line("bz 1008 已有人在办").ok
        await console.second()
        assert "刚有变动" in console.lines[-1]
        await console.press("enter")
        assert desk.case("1008").state is State.REPORTED  # type: ignore[union-attr]
        await console.second()
        assert "Enter 执行" in console.lines[-1]
        await console.press("enter")
        assert desk.case("1008").state is State.ACCEPTED  # type: ignore[union-attr]


async def test_NV_3_a_confirmation_does_not_outlive_the_case_it_was_given_for(
    opened: Any, desk: Desk, other_desk: Desk
) -> None:
    async with opened() as console:
        await console.select("1002")
        await console.verb("merge", "1001", enter=1)
        assert other_desk.run_line("bz 1002 另有情况").ok
        await console.second()
        await console.second()
        await console.press("enter")
        assert desk.case("1002").state is State.DISPATCHED  # type: ignore[union-attr]
        assert "再按 Enter" in console.message


async def test_a_cursor_that_rests_twice_is_counted_once(opened: Any) -> None:
    """On a busy machine a timer may have gone off when the next move puts it off."""
    async with opened() as console:
        await console.press("down")
        console.queue.rest()
        assert console.app.session.busy == 0


@pytest.mark.parametrize("key", ["f1", "f3", "f4", "f5", "f6", "f7", "f10"])
async def test_a_drawing_that_comes_when_its_screen_has_been_left_ends_nothing(
    opened: Any, desk: Desk, key: str
) -> None:
    async with opened() as console:
        await console.press(key)
        left = console.app.screen
        await console.press("f2")
        assert console.app.screen is console.queue
        left.draw()
        left.draw_line()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_NV_5_the_cursor_is_in_sight_when_a_filter_that_left_one_case_ends(
    opened: Any, desk: Desk, size: tuple[int, int]
) -> None:
    one = desk.case("1001")
    assert one is not None
    put(desk.path, desk, [like(one, id=f"0190aaaa-0000-7000-8000-{n:012}", serial=3000 + n, number=f"X-{n}",
                               text=f"{'桥' if n == 60 else '路'}{n}") for n in range(90)])  # fmt: skip
    async with opened(size=size) as console:
        for _ in range(2):
            await console.type("/桥6")
            await console.press("enter", "escape")
            assert console.queue.table.case_id.endswith("60")
            (row,) = [line for line in console.lines if line.startswith(">")]
            assert "3060" in row
