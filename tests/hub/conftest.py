"""Every test of the order runs on SQLite, and on PostgreSQL where the machine has one."""

import time

import pytest

from tests.hub import postgres
from tests.hub.consoles import Bench


@pytest.fixture(scope="session")
def pg():
    why = postgres.missing()
    if why:
        pytest.skip(why)
    with postgres.cluster() as made:
        yield made


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hub.db'}"
    return request.getfixturevalue("pg").database()


@pytest.fixture
def bench(url):
    made = Bench(url)
    yield made
    made.store.close()


@pytest.fixture
def until():
    """Wait for something to become true."""

    def wait(true, seconds=15.0):
        end = time.monotonic() + seconds
        while not (found := true()):
            assert time.monotonic() < end, "it did not come"
            time.sleep(0.02)
        return found

    return wait
