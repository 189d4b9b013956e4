"""The second town and the duty arithmetic that the papers are printed with."""

import pytest

from tests.conftest import Hands
from zjj_console.domain.duty import DutyTime
from zjj_console.town.calendar import day_type
from zjj_console.town.models import Town


@pytest.fixture
def duty(example_town: Town) -> DutyTime:
    return DutyTime(example_town, lambda day: day_type(example_town, day)[0] == "workday")


@pytest.fixture
def hands(example_town: Town) -> Hands:
    return Hands(example_town)
