"""Consoles that agree: whatever gets lost, comes twice, late or in disorder, and whoever dies meanwhile (§6.7, I-5, I-8).

A machine plays networks, crashes, clocks and officers against real desks on real files. The planted faults prove that it
sees what it is there to see.
"""

import pytest

from tests.sync.faults import FAULTS
from tests.sync.machine import hypothesize, play, search
from zjj_console.hub.chain import Fork
from zjj_console.storage.confirmed import Disorder

each_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
FOUND = (AssertionError, Disorder, Fork)


def test_6_7_consoles_agree_whatever_the_network_does(town, template):
    search(range(60), 30, town, template)


@each_fault
def test_a_planted_fault_is_found_and_nothing_without_it(town, template, fault):
    """Were one of these in the program, the machine would say so."""
    play(FAULTS[fault], town, template)
    with pytest.raises(FOUND):
        play(FAULTS[fault], town, template, fault)


@pytest.mark.slow
def test_6_7_consoles_agree_in_thousands_of_histories(town, template):
    search(range(1000, 4000), 50, town, template)


@pytest.mark.slow
def test_6_7_consoles_agree_in_histories_that_hypothesis_draws(town, template):
    hypothesize(1500, 50, town, template)


@pytest.mark.slow
@each_fault
def test_a_planted_fault_is_found_by_chance_too(town, template, fault):
    with pytest.raises(Exception):  # noqa: B017  the fault is planted in the program: it may fail in any way
        search(range(1000), 60, town, template, fault)
