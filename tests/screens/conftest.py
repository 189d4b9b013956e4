"""A desk with a laid night, and a console on it driven by keys."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

sys.path.insert(0, str(Path(__file__).parent))

from screen_driver import Console
from screen_scene import Clock, lay, open_desk

from tests.conftest import fresh
from zjj_console.desk.desk import Desk
from zjj_console.i18n import set_lang
from zjj_console.screens.session import FIRST_RUN
from zjj_console.storage.setup import create

OpenConsole = Callable[..., AbstractAsyncContextManager[Console]]


class ScreenText(SingleFileSnapshotExtension):
    """A screen as plain text, one file per picture, readable in a review."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"

    def serialize(self, data: Any, **_: Any) -> str:
        return str(data)


@pytest.fixture
def screen_text(snapshot: Any) -> Any:
    return snapshot.use_extension(ScreenText)


@pytest.fixture(scope="session")
def laid_night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A database with a night of cases, made once, and the instant at which the night stands."""
    path, clock = tmp_path_factory.mktemp("night") / "night.db", Clock()
    create(path, "zjj")
    desk = open_desk(path, clock)
    refused = lay(desk, clock)
    desk.save_draft(FIRST_RUN, {"seen": 1})
    desk.sweep()  # what has become due by now is there before a console opens
    desk.close()
    assert refused == []
    return path, clock.now


@pytest.fixture
def clock(laid_night: tuple[Path, int]) -> Clock:
    return Clock(laid_night[1])


@pytest.fixture
def desk(laid_night: tuple[Path, int], clock: Clock, tmp_path: Path) -> Iterator[Desk]:
    path = tmp_path / "night.db"
    fresh(laid_night[0], path)
    desk = open_desk(path, clock)
    yield desk
    desk.close()


@pytest.fixture
def empty_desk(clock: Clock, tmp_path: Path) -> Iterator[Desk]:
    path = tmp_path / "empty.db"
    create(path, "zjj")
    desk = open_desk(path, clock)
    yield desk
    desk.close()


@pytest.fixture
def other_desk(desk: Desk, clock: Clock) -> Iterator[Desk]:
    """Another process on the same database."""
    other = open_desk(desk.path, clock)
    yield other
    other.close()


@pytest.fixture
def opened(desk: Desk, clock: Clock) -> OpenConsole:
    """`async with opened(size) as console`."""

    @asynccontextmanager
    async def start(
        size: tuple[int, int] = (120, 40), on: Desk | None = None, **options: Any
    ) -> AsyncIterator[Console]:
        async with Console.start(on or desk, clock, size, **options) as console:
            yield console

    return start


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    set_lang("zh")
    yield
    set_lang("zh")
