"""Consoles that agree: whatever gets lost, comes twice, late or in disorder, and whoever dies meanwhile (§6.7, I-5, I-8).

A machine plays networks, crashes, clocks and officers against real desks on real files. The planted faults prove that it
sees what it is there to see.
"""

import pytest

from tests.sync.faults import FAULTS
from tests.sync.machine import hypothesize, play, search
from zjj_console.hub.chain import Fork
from zjj_console.storage.confirmed import Disorder

# fmt: off
MENDED = {  # histories that told on the program itself once
    "imports in another order after a restore": [(4, "xj zmc zy 1"), ("bring", 0, 0), ("bring", 1, 1), ("push", 1, "twice", 1), ("exchange", 0), ("hub_restore", 2)],
    "imports of two copies that come back in one answer in another order": [(2, "xj zmc zy 1"), ("copy", 1), ("bring", 0, 1), ("clone", 1), ("bring", 2, 1), ("push", 0), ("push", 2), ("exchange", 1), ("hub_restore", 4)],
    "a note before the import that begins its case": [(2, "xj dhj js 3"), ("bring", 1, 1), ("exchange", 3), ("pull", 2, 5), ("act", 4, 2, "bz 示例备注"), ("hub_restore", 4)],
    "a later epoch before the lost end of an earlier one": [(2, "xj zmc zy 2"), ("copy", 0), ("duty", 0, "qd"), ("push", 0), ("put_back", 0), ("pull", 0), ("bring", 0, 1), ("hub_restore", 1)],
    "an epoch that continues what the hub forgot": [(2, "xj dhj js 3"), ("copy", 0), ("hub_restore", 1), ("act", 0, 0, "sl"), ("push", 0), ("put_back", 0), ("act", 0, 0, "sl")],
    "a copy without any event": [(4, "xj dhj js 3"), ("copy", 2), ("act", 2, 1, "pd sc"), ("push", 2, "unanswered", 1), ("put_back", 2)],
    "a conflict about a handover is settled": [(2, "xj zmc zy 1"), ("act", 0, 0, "rj 盯守 | 到场核实"), ("push", 0), ("hand", 1, "prepare"), ("exchange", 1), ("settle", 1, 0, "local")],
    "a climb that clashed only until the hub had spoken": [(3, "xj zmc zy 1"), ("wait", 1, 30), ("wait", 0, 30), ("act", 2, 0, "pd cg"), ("exchange", 0), ("pull", 2), ("hub_restore", 4), ("pull", 0, 2), ("exchange", 1)],
    "own acts of two epochs in another order": [(2, "xj dhj js 3"), ("hub_restore", 1), ("pull", 0), ("push", 0), ("copy", 0), ("duty", 0, "qd 0002"), ("push", 0), ("put_back", 0), ("pull", 0), ("wait", 0, 240), ("hub_restore", 2), ("push_late", 0)],
}
# fmt: on
each_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
FOUND = (AssertionError, Disorder, Fork)


def test_6_7_consoles_agree_whatever_the_network_does(town, template):
    search(range(60), 30, town, template)


@pytest.mark.parametrize("history", MENDED.values(), ids=MENDED)
def test_what_went_wrong_once_goes_well(town, template, history):
    play(history, town, template)


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
