"""A hub and consoles that join it; the PostgreSQL of the hub's tests is there for those of the exchange too."""

import pytest

from tests.hub.conftest import pg as pg
from tests.sync.network import Town


@pytest.fixture
def place(tmp_path, town, template):
    return Town(tmp_path, town, template)
