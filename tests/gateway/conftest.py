"""A messenger on the loopback, the real client, and a desk whose outbox it delivers; one clock for all of them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from tests.gateway.server import AGENT, CORP, SECRET, Messenger
from zjj_console.storage import delivery
from zjj_console.storage.db import connect
from zjj_console.sync.gateway.client import Client
from zjj_console.sync.gateway.deliver import Courier, Round
from zjj_console.sync.gateway.setup import Setup


@pytest.fixture
def messenger(clock: Any, town: Any) -> Iterator[Messenger]:
    found = Messenger(clock, set(town.people) | {"Wang.Wu"})
    yield found
    found.close()


@pytest.fixture
def setup_of(messenger: Messenger) -> Setup:
    return Setup(messenger.url, CORP, AGENT, connect_seconds=1, read_seconds=1)


@pytest.fixture
def client_for(setup_of: Setup, clock: Any) -> Iterator[Callable[..., Client]]:
    opened: list[Client] = []

    def make(secret: str = SECRET, folder: Path = Path(), **changes: Any) -> Client:
        opened.append(Client(replace(setup_of, **changes), secret, clock, folder))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


class Post:
    """A courier on a file. `round()` delivers; `rows()` are (key end, status) of all messages in order."""

    def __init__(self, path: Path, client: Any, setup: Setup, clock: Any, users: dict[str, str]) -> None:
        self.db = connect(path)
        delivery.begin(self.db, path, clock())
        self.courier = Courier(self.db, client, setup, users, clock, Random(7))

    def round(self) -> Round:
        return self.courier.round()

    def rows(self) -> list[tuple[str, str]]:
        return [
            (key.split("-", 4)[-1], status)
            for key, status in self.db.execute("SELECT key, status FROM outbox ORDER BY id")
        ]

    def letter(self, n: int = -1) -> Any:
        return delivery.letters(self.db, (), 100)[::-1][n]


@pytest.fixture
def post_of(
    db_path: Path, client_for: Callable[..., Client], setup_of: Setup, clock: Any
) -> Iterator[Callable[..., Post]]:
    opened: list[Post] = []

    def make(client: Any = None, users: dict[str, str] | None = None, **changes: Any) -> Post:
        opened.append(Post(db_path, client or client_for(**changes), replace(setup_of, **changes), clock, users or {}))
        return opened[-1]

    yield make
    for one in opened:
        one.db.close()


@pytest.fixture
def post(post_of: Callable[..., Post]) -> Post:
    return post_of()
