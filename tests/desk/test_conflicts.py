"""What two desks did without knowing of each other, at the desk: it is settled by a person, once, and undone by nobody (§6.7)."""

import pytest

from tests.sync.consoles import Console
from tests.sync.trial_hub import TrialHub
from zjj_console.desk import conflicts, handing
from zjj_console.storage import projections, reads_conflicts


@pytest.fixture
def desks(town, template, clock, actor, tmp_path):
    """Two desks on one case; both dispatched it, and the hub took A's order first."""
    hub, made = TrialHub(), []
    for letter, who in (("A", "0001"), ("B", "0002")):
        made.append(Console(template, tmp_path / f"{letter}.db", town, actor(who), clock, letter, hub))
    a, b = made
    a.line("xj dhj js 3")
    a.sync()
    b.sync()
    case = a.cases()[0]
    a.line("pd cg", case)
    b.line("pd sc", case)
    a.sync()
    yield a, b
    for console in made:
        console.desk.close()


def level(*consoles):
    for _ in range(3):
        for console in consoles:
            console.sync()


def open_(console):
    return reads_conflicts.listed(console.db)


@pytest.mark.parametrize("choice", conflicts.CHOICES)
def test_one_desk_settles_it_for_all_and_the_case_stays_as_it_stands(desks, choice):
    a, b = desks
    level(b, a)
    stands = projections.load(a.db, a.cases()[0])
    assert stands.lead == projections.load(b.db, stands.id).lead == "cg"
    (clash,) = open_(a)
    done = a.act(conflicts.resolve(clash.id, choice))
    assert done.ok and set(done.events) == {"conflict_resolved"}
    assert open_(a) == [] and len(open_(b)) == 1
    level(a, b)
    assert open_(b) == []
    assert projections.load(b.db, stands.id) == stands
    for console in desks:
        console.check()
        assert {row[0] for row in console.db.execute("SELECT choice FROM conflict").fetchall()} == {choice}


def test_it_is_settled_once_by_whoever_comes_first_in_the_order(desks):
    a, b = desks
    level(b, a)
    (clash,) = open_(a)
    assert a.act(conflicts.resolve(clash.id, "remote")).ok
    assert a.act(conflicts.resolve(clash.id, "keep")).code == 8
    assert b.act(conflicts.resolve(clash.id, "local")).ok, "b has not heard of it"
    level(a, b)
    for console in desks:
        console.check()
        assert {row[0] for row in console.db.execute("SELECT choice FROM conflict").fetchall()} == {"remote"}


def test_what_is_not_there_or_not_a_choice_is_refused_and_leaves_no_trace(desks):
    a, b = desks
    level(b, a)
    (clash,) = open_(a)
    before = a.everything()
    refused = [
        a.act(conflicts.resolve(*asked)).code for asked in (("nothing", "keep"), ("", "keep"), (clash.id, "mine"))
    ]
    assert refused == [6, 6, 2]
    assert a.everything() == before and open_(a) == [clash]


def test_a_conflict_about_a_handover_is_settled_like_one_about_a_case(desks):
    a, b = desks
    level(b, a)
    for console in desks:
        assert console.act(handing.prepare("H4")).ok
    b.act(handing.prepare("H4", anew=True))
    level(a, b)
    clash = next(one for one in open_(b) if one.first.stream.startswith("handover:"))
    assert b.act(conflicts.resolve(clash.id, "remote")).ok
    level(b, a)
    for console in desks:
        console.check()
        assert clash.id not in [one.id for one in open_(console)]
    assert a.picture() == b.picture()


def test_an_act_that_clashed_is_not_undone_for_it_does_not_stand(desks):
    _, b = desks
    b.sync()
    assert projections.load(b.db, b.cases()[0]).lead == "cg"
    before = b.everything()
    refused = b.desk.run_line("cx")
    assert not refused.ok and refused.code == 8 and "本未生效" in refused.text
    assert b.everything() == before
    assert len(open_(b)) == 1
