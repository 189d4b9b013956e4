"""Who may do what (§2.6): the matrix of the specification against the table of the program.

● may, ○ may ask (the program may leave it to him or to the desk), - never. "night" and "night P1/2" are conditions.
"""

import pytest
from msgspec.structs import replace

from zjj_console.domain import permits
from zjj_console.domain.model import Actor, State

DAY, NIGHT = "2021-03-01 14:00", "2021-03-01 23:00"
ROLES = {
    "巡查": "patrol", "村居": "village", "部门": "handler", "副站长": "deputy", "站长": "chief", "指挥长": "commander",
    "坐席": "dispatcher", "值班长": "shift_lead", "队长": "team_leader", "镇中心": "centre", "督查": "inspector",
    "考核": "assessor",
}  # fmt: skip
COLUMNS = tuple(ROLES.values())
OWN, OTHER, N, N12 = "own", "not own", "night", "night P1/2"
YES, ASK, NO, RELAY = "●", "○", "-", "代"  # fmt: skip

# One row per action; cells in the order of COLUMNS. RELAY: the desk records what somebody in the field reported.
MATRIX = {
    "report":        (YES, YES, YES, YES, YES, YES, YES, YES, YES, YES, YES, NO),
    "note":          (YES, YES, YES, YES, YES, YES, YES, YES, YES, YES, YES, NO),
    "self_done":     (OWN, OWN, OWN, OWN, OWN, NO, RELAY, RELAY, OWN, RELAY, NO, NO),
    "self_start":    (OWN, OWN, OWN, OWN, OWN, NO, RELAY, RELAY, OWN, RELAY, NO, NO),
    "self_finish":   (OWN, OWN, OWN, OWN, OWN, NO, RELAY, RELAY, OWN, RELAY, NO, NO),
    "coordinate":    (ASK, ASK, ASK, YES, YES, YES, ASK, YES, NO, YES, NO, NO),
    "accept":        (NO, NO, NO, NO, NO, NO, YES, YES, N, YES, NO, NO),
    "ask_info":      (NO, NO, NO, NO, NO, NO, YES, YES, N, YES, NO, NO),
    "dispatch":      (NO, NO, NO, ASK, ASK, NO, YES, YES, N, YES, NO, NO),
    "assist":        (NO, NO, NO, ASK, ASK, NO, YES, YES, N, YES, NO, NO),
    "reassign":      (NO, NO, NO, ASK, ASK, NO, YES, YES, N, YES, NO, NO),
    "acknowledge":   (NO, NO, OWN, OWN, OWN, NO, RELAY, RELAY, OWN, RELAY, NO, NO),
    "arrive":        (NO, NO, OWN, OWN, OWN, NO, RELAY, RELAY, OWN, RELAY, NO, NO),
    "submit":        (NO, NO, OWN, NO, NO, NO, RELAY, RELAY, OWN, RELAY, NO, NO),
    "ask_return":    (NO, NO, OWN, OWN, OWN, NO, RELAY, RELAY, OWN, RELAY, NO, NO),
    "grant_return":  (NO, NO, NO, NO, NO, NO, YES, YES, N12, YES, NO, NO),
    "refuse_return": (NO, NO, NO, NO, NO, NO, YES, YES, N12, YES, NO, NO),
    "grant_extend":  (NO, NO, NO, NO, ASK, NO, YES, YES, NO, YES, NO, NO),
    "refuse_extend": (NO, NO, NO, NO, ASK, NO, YES, YES, NO, YES, NO, NO),
    "grant_suspend": (NO, NO, NO, ASK, ASK, ASK, NO, NO, NO, YES, NO, NO),
    "resume":        (NO, NO, NO, ASK, ASK, ASK, NO, NO, NO, YES, NO, NO),
    "supervise":     (NO, NO, NO, NO, OWN, OWN, ASK, YES, NO, YES, ASK, NO),
    "nominate":      (ASK, ASK, YES, YES, YES, YES, YES, YES, YES, YES, NO, NO),
    "lead_difficult": (NO, NO, NO, NO, NO, ASK, NO, N12, NO, YES, NO, NO),
    "verify_pass":   (NO, NO, NO, OTHER, OTHER, NO, YES, YES, NO, YES, YES, NO),
    "verify_fail":   (NO, NO, NO, OTHER, OTHER, NO, YES, YES, NO, YES, YES, NO),
    "grant_void":    (NO, NO, NO, NO, NO, NO, ASK, YES, NO, YES, NO, NO),
    "refuse_void":   (NO, NO, NO, NO, NO, NO, ASK, YES, NO, YES, NO, NO),
    "merge":         (NO, NO, NO, NO, NO, NO, YES, YES, NO, YES, NO, NO),
    "unmerge":       (NO, NO, NO, NO, NO, NO, YES, YES, NO, YES, NO, NO),
    "reopen":        (NO, NO, NO, NO, NO, NO, YES, YES, NO, YES, YES, NO),
    "ask_void":      (YES, YES, YES, YES, YES, YES, YES, YES, YES, YES, YES, NO),
}  # fmt: skip
CELLS = [(action, role, cell) for action, row in MATRIX.items() for role, cell in zip(COLUMNS, row, strict=True)]


@pytest.fixture
def may(rules, clock, town):
    """May somebody of that role, in that unit, do that action at that hour?"""

    def ask(action, role, *, unit="cg", at=DAY, priority=3, state=State.HANDLING, lead="cg"):
        clock.set(DAY)
        case = replace(rules.standing(State.HANDLING), state=state, priority=priority, lead=lead, reporter="z1")
        clock.set(at)
        facts = replace(rules.facts(), actor=Actor("9999", "某人", unit, frozenset({role})))
        return permits.refuse(action, case, facts) is None

    return ask


@pytest.mark.parametrize(("action", "role", "cell"), CELLS, ids=[f"{a}-{r}" for a, r, _ in CELLS])
def test_matrix(may, action, role, cell):
    if cell in (YES, RELAY):
        assert may(action, role)
        assert may(action, role, at=NIGHT)
    elif cell == NO:
        for at in (DAY, NIGHT):
            assert not may(action, role, at=at, priority=1)
            assert not may(action, role, at=at, unit="z1", lead="z1")
    elif cell == N:
        assert may(action, role, at=NIGHT, priority=4)
        assert not may(action, role, at=DAY, priority=1)
    elif cell == N12:
        assert may(action, role, at=NIGHT, priority=2)
        assert not may(action, role, at=NIGHT, priority=3)
        assert not may(action, role, at=DAY, priority=2)
    elif cell == OWN:
        assert may(action, role, unit="z1", lead="z1")
        assert not may(action, role, unit="z2", lead="z1")
    elif cell == OTHER:
        assert may(action, role, unit="z2", lead="z1")
        assert not may(action, role, unit="z1", lead="z1")


def test_every_action_of_the_life_cycle_has_a_row():
    from zjj_console.domain.lifecycle import BY_ACTION

    assert BY_ACTION.keys() <= permits.PERMITS.keys()
    assert {role for row in permits.PERMITS.values() for role in row} <= permits.ROLE_ZH.keys()


def test_acting_for_an_assistant_is_not_acting_for_the_lead(rules):
    """Own means the order: an assistant's signature must not stop the lead's clock."""
    case = rules.do(rules.standing(State.DISPATCHED), "assist", assists=("gbb",))
    assert rules.refused(case, "acknowledge", who="2404").code == 7
    assert rules.do(case, "acknowledge", who="2201").state is State.HANDLING


def test_difficult_is_submitted_by_chief_or_deputy_of_the_lead_station_only(may):
    for role in ("chief", "deputy"):
        assert may("submit", role, unit="z1", lead="z1", state=State.DIFF_LED)
        assert not may("submit", role, unit="z2", lead="z1", state=State.DIFF_LED)
    assert not may("submit", "handler", unit="z1", lead="z1", state=State.DIFF_LED)


def test_self_handling_is_for_ones_own_finding_or_area(rules, may, town):
    case = rules.new(place="东湖街", reporter="v03")
    for who, allowed in (("2603", True), ("2601", False), ("0021", True), ("0022", False)):
        assert (permits.refuse("self_done", case, rules.facts(who)) is None) is allowed, who


def test_a_person_with_several_roles_uses_the_best_one(rules):
    case = rules.standing(State.DISPATCHED)
    assert permits.by_proxy("acknowledge", case, rules.facts("0002"))
    assert not permits.by_proxy("acknowledge", replace(case, lead="y1"), rules.facts("0312"))
    assert not permits.by_proxy("dispatch", case, rules.facts("0002"))


def test_a_refusal_names_who_may(rules):
    refusal = rules.refused(rules.standing(State.ACCEPTED), "dispatch", who="2201", unit="sc")
    assert refusal.code == 7
    assert "坐席" in refusal.zh
    assert "dispatcher" in refusal.en
