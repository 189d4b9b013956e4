"""What must fail with exit 8 (or 7) and a sentence that says what to do instead (§2.3, Forbidden)."""

import pytest

from zjj_console.domain import lifecycle
from zjj_console.domain.model import DAY, HOUR, OPEN, Refusal, State

S = State
CENTRE, DISPATCHER = "0005", "0002"


def another(rules, clock, priority=2, place="东湖街", number="case-2"):
    return rules.new(priority, place, number=number, reporter="李四(示例)", serial=1002)


@pytest.mark.parametrize("state", sorted(OPEN - {S.SUBMITTED}))
def test_forbidden_close_without_verification(rules, state):
    assert rules.refused(rules.standing(state), "verify_pass", who=CENTRE).code == 8


@pytest.mark.parametrize("state", sorted(OPEN - {S.HANDLING, S.DIFF_LED}))
def test_forbidden_submit_without_an_active_lead(rules, state):
    assert rules.refused(rules.standing(state), "submit", result="rectified").code == 8


def test_NV_17_forbidden_dispatch_to_a_placeholder(rules):
    refusal = rules.refused(rules.standing(S.ACCEPTED), "dispatch", unit="bm06", person="2201")
    assert refusal.code == 8
    assert "部门06(名称待定)" in refusal.zh
    case = rules.standing(S.ACCEPTED)
    assert rules.refused(case, "dispatch", unit="cg", assists=("bm07",)).code == 8


def test_AC_16b_forbidden_village_station_as_lead(rules):
    assert rules.refused(rules.standing(S.ACCEPTED), "dispatch", unit="v05", person="2705").rule == "R16"


def test_R48_forbidden_dispatch_to_nobody(rules, town):
    assert rules.refused(rules.standing(S.ACCEPTED), "dispatch", unit="cg", person="").rule == "R48"


def test_R50_forbidden_take_a_difficult_case_from_its_station(rules):
    case = rules.standing(S.DIFF_LED)
    for action in ("reassign", "dispatch", "designate"):
        assert rules.refused(case, action, who=CENTRE, unit="sc").code == 8
    assert rules.refused(rules.standing(S.DIFF_REVIEW), "lead_difficult", who=CENTRE, unit="cg").rule == "R50"


def test_AC_50a_a_difficult_case_is_submitted_by_its_lead_station(rules):
    case = rules.do(rules.standing(S.DIFF_LED), "assist", assists=("gbb",))
    refusal = rules.refused(case, "submit", who="2404", result="rectified")
    assert (refusal.code, refusal.rule) == (7, "R50")
    assert "疑难案件由牵头站提交" in refusal.zh
    assert rules.refused(case, "submit", who="0022", result="rectified").code == 7  # chief of another station
    for who in ("0021", "0031"):
        assert rules.do(case, "submit", who=who, by=who, result="rectified").state is S.SUBMITTED


@pytest.mark.parametrize("state", [S.DISPATCHED, S.HANDLING])
def test_I_2_forbidden_second_active_lead(rules, state):
    case = rules.standing(state)
    assert rules.refused(case, "dispatch", unit="sc").code == 8
    both = rules.do(case, "assist", unit="sc", assists=("sc",))
    assert [d.unit for d in both.dispatches if d.active and d.role == "lead"] == ["cg"]
    assert rules.refused(both, "assist", unit="sc", assists=("sc",)).code == 8


def test_I_10_first_priority_is_never_extended_suspended_or_sent_back(rules, clock):
    case = rules.standing(S.HANDLING, 1)
    later = clock.now + DAY
    assert rules.refused(case, "ask_extend", reason="works", until=later).code == 8
    assert rules.refused(case, "ask_suspend", reason="works", until=later).code == 8
    assert rules.refused(rules.new(1), "ask_info", text="几号楼").code == 8
    assert rules.refused(rules.standing(S.HANDLING, 2), "ask_suspend", reason="works", until=later).code == 8
    assert rules.refused(rules.new(1), "self_start").code == 8


def test_T24_forbidden_verify_ones_own_submission_or_work(rules):
    case = rules.do(rules.standing(S.HANDLING), "submit", by="0002", result="rectified")
    assert rules.refused(case, "verify_pass", who="0002").rule == "T24"
    assert rules.refused(case, "verify_fail", who="0002", reason="not_done").rule == "T24"
    led = rules.do(rules.standing(S.DIFF_LED), "submit", result="rectified")
    assert rules.refused(led, "verify_pass", who="0021").code in (7, 8)
    assert rules.refused(led, "verify_pass", who="0031").code == 7  # deputy of the same station: not own
    assert rules.do(led, "verify_pass", who="0032").state is S.CLOSED


def test_T35_forbidden_merge_into_itself_or_a_cycle(rules, clock):
    case, other = rules.new(), another(rules, clock)
    assert rules.refused(case, "merge", others=(case,), master=case.id).code == 8
    merged = rules.do(case, "merge", others=(other,), master=other.id)
    assert rules.refused(other, "merge", others=(merged,), master=merged.id).code == 8
    assert rules.refused(other, "merge", master="nowhere").code == 6


def test_AC_01b_forbidden_dispatch_before_the_place_is_known(rules):
    case = rules.do(rules.new(1, place="待定"), "accept")
    assert "先定地点" in rules.refused(case, "dispatch", unit="y1").zh
    assert rules.refused(rules.new(3, place="待定"), "accept").code == 8
    case = rules.do(case, "locate", committee="310118102206")
    assert (case.grid, case.station, case.place) == ("g5", "z4", "新旺村")
    assert rules.do(case, "dispatch", unit="y1").state is S.DISPATCHED


def test_R49_forbidden_difficult_without_an_attempt_or_a_criterion(rules):
    assert rules.refused(rules.standing(S.ACCEPTED), "nominate", criterion="no_lead").zh == "须先有协调或处置记录"
    assert rules.refused(rules.standing(S.HANDLING), "nominate").rule == "R49"


@pytest.mark.parametrize("state", [S.CLOSED, S.VOIDED])
def test_an_ended_case_takes_nothing_but_reopening_and_notes(rules, state):
    case = rules.standing(state)
    allowed = {"reopen", "note", "follow", "backfill"}
    for action in lifecycle.BY_ACTION.keys() - allowed:
        refusal = rules.refused(case, action, who=CENTRE)
        assert refusal.code == 8
        assert "ck" in refusal.zh  # what to do instead


@pytest.mark.parametrize("state", sorted(OPEN))
def test_every_action_outside_its_states_is_refused_with_a_sentence(rules, state):
    case = rules.standing(state)
    for action, steps in lifecycle.BY_ACTION.items():
        if not any(state in step.frm for step in steps):
            assert rules.refused(case, action).code == 8


@pytest.mark.parametrize(
    ("state", "action", "table", "args"),
    [
        (S.HANDLING, "ask_return", "return", {}), (S.HANDLING, "ask_extend", "extend", {}),
        (S.HANDLING, "ask_suspend", "suspend", {}), (S.SUBMITTED, "verify_fail", "rework", {}),
        (S.REPORTED, "ask_void", "void", {}), (S.CLOSED, "reopen", "reopen", {}),
    ],
)  # fmt: skip
def test_2_12_a_reason_code_is_required_and_other_needs_words(rules, clock, town, state, action, table, args):
    case = rules.standing(state)
    args = {"until": (case.due_final or clock.now) + HOUR}
    assert rules.refused(case, action, **args).rule == "2.12"
    for reason in town.reasons[table].values():
        done = rules.decide(case, action, **args, reason=reason.code)
        assert isinstance(done, Refusal) is reason.needs_text, reason
        assert not isinstance(rules.decide(case, action, **args, reason=reason.code, text="说明"), Refusal)


def test_2_12_result_other_needs_words(rules):
    case = rules.standing(S.HANDLING)
    assert rules.refused(case, "submit").rule == "T23"
    assert rules.refused(case, "submit", result="other").rule == "2.12"
    assert rules.do(case, "submit", result="other", text="已移交").state is S.SUBMITTED


def test_no_action_changes_who_reported_or_when(rules, clock):
    """Change of reported_at is forbidden; only merging adds a second reporter."""
    for state in OPEN:
        case = rules.standing(state)
        for action in lifecycle.BY_ACTION:
            done = rules.decide(case, action, who=CENTRE, unit="sc", result="rectified", reason="works", text="x",
                                criterion="no_lead", committee="310118102206", until=clock.now + 10 * DAY)  # fmt: skip
            if not isinstance(done, Refusal):
                assert not {"reported_at", "reporter", "number", "serial", "id"} & set(done[0].data["set"]), action


def test_the_event_names_whom_a_relayed_act_spoke_for(rules):
    rules.do(rules.standing(S.DISPATCHED), "acknowledge", who=DISPATCHER)
    assert rules.events[0].data["by"] == "2201"
    rules.do(rules.standing(S.DISPATCHED), "acknowledge", who="2201")
    assert "by" not in rules.events[0].data
