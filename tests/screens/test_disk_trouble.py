"""A running console whose disk is full or whose database is held or damaged: it says so, keeps what is typed, and goes on."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from screen_scene import Clock, open_desk

from tests.conftest import fresh
from tests.faults.conftest import Disk
from tests.faults.conftest import disk as disk
from zjj_console.desk.desk import Desk
from zjj_console.screens.session import COMMAND_DRAFT
from zjj_console.storage import backup
from zjj_console.storage import db as database
from zjj_console.storage.db import SqliteError, connect

LONG = "桥头护栏已围好，绕行牌立在北口，行人走东侧便桥。" * 8


def told(renderable: Any) -> str:
    return "".join(segment.text for segment in renderable.segments)


@pytest.fixture
def desk_on(
    laid_night: tuple[Path, int], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Path], Desk]]:
    """A desk on a copy of the night that waits for nobody."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.0)
    opened: list[Desk] = []

    def on(path: Path) -> Desk:
        opened.append(open_desk(fresh(laid_night[0], path), clock))
        return opened[-1]

    yield on
    for desk in opened:
        desk.close()


async def test_NV_1_a_draft_that_does_not_fit_on_the_disk_is_kept_and_written_as_soon_as_it_does(
    opened: Any, desk_on: Callable[[Path], Desk], disk: Disk
) -> None:
    desk = desk_on(disk.folder / "night.db")
    async with opened(on=desk) as console:
        await console.type(f";bz 1005 {LONG}")
        disk.fill()
        for _ in range(2):
            await console.second()
        assert "草稿还没存下" in console.message and "腾出空间" in console.message
        assert COMMAND_DRAFT not in desk.drafts()
        await console.type("完")
        await console.second()
        disk.free()
        await console.second()
        assert desk.drafts()[COMMAND_DRAFT]["line"].endswith("完")
        assert console.typed is not None and console.typed.endswith("完")


async def test_a_held_database_is_said_in_the_message_line_and_the_typed_line_waits(
    opened: Any, desk_on: Callable[[Path], Desk], tmp_path: Path
) -> None:
    desk = desk_on(tmp_path / "night.db")
    async with opened(on=desk) as console:
        other = connect(desk.path)
        other.execute("BEGIN IMMEDIATE")
        await console.type(";bz 1005 示例")
        await console.press("enter")
        assert "数据库忙，稍后再试" in console.message
        await console.second()
        other.execute("ROLLBACK")
        other.close()
        await console.second()
        assert desk.drafts()[COMMAND_DRAFT] == {"line": "bz 1005 示例"}
        await console.type(";")
        assert console.typed == "bz 1005 示例"
        await console.press("enter")
        assert "备注 1005" in console.message


async def test_a_database_that_cannot_be_read_for_a_second_is_said_and_read_again(
    opened: Any, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened() as console:

        def locked() -> bool:
            raise SqliteError("database is locked")

        with monkeypatch.context() as now:
            now.setattr(desk, "changed", locked)
            await console.second()
            assert "数据库忙" in console.message
        await console.second()
        assert console.app.is_running and not console.app.incident


async def test_a_damaged_page_under_a_key_ends_the_console_with_the_way_out(
    opened: Any, desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    def torn(*_: Any) -> None:
        raise SqliteError("database disk image is malformed")

    said: list[str] = []
    with pytest.raises(SqliteError):
        async with opened() as console:
            monkeypatch.setattr(desk, "actions", torn)
            monkeypatch.setattr(
                console.app, "_close_messages_no_wait", lambda: said.extend(map(told, console.app._exit_renderables))
            )
            await console.press("p")
    assert len(said) == 1 and "zjj db restore" in said[0] and "\n" not in said[0].strip()


async def test_NV_2_a_console_over_a_database_that_was_put_back_says_so_and_is_taken_for_gone_by_the_watch(
    opened: Any, desk_on: Callable[[Path], Desk], tmp_path: Path
) -> None:
    desk = desk_on(tmp_path / "night.db")
    async with opened(on=desk) as console:
        await console.second()
        saved = backup.backup(desk.path, tmp_path / "backups")
        backup.restore(saved, desk.path)
        beaten = console.app.heart.left()
        for _ in range(3):
            await console.second(20)
            assert "已被换掉" in console.message and "重开" in console.message
        assert console.app.heart.left() == beaten
