"""The transition table (§2.3), row by row: from, to, clocks stopped and started, fields, counts. And what is forbidden."""

import pytest

from zjj_console.domain import lifecycle
from zjj_console.domain.model import DAY, HOUR, MINUTE, OPEN, Flow, State

S = State
CENTRE, LEAD, DISPATCHER = "0005", "0001", "0002"


def clocks(rules, case):
    return rules.running(case)


# Rows that change state: (row, from, action, who, arguments, to, clocks that stop, clocks that start).
ROWS = (
    ("T05", S.REPORTED, "self_start", LEAD, {}, S.SELF_HANDLING, {"ACC"}, {"SELF"}),
    ("T06", S.REPORTED, "coordinate", LEAD, {}, S.STATION_COORD, {"ACC"}, {"COORD"}),
    ("T06", S.SELF_HANDLING, "coordinate", LEAD, {}, S.STATION_COORD, {"SELF"}, {"COORD"}),
    ("T07", S.SELF_HANDLING, "self_finish", LEAD, {"result": "cleaned"}, S.CLOSED, {"SELF"}, {"REO"}),
    ("T07", S.STATION_COORD, "self_finish", LEAD, {"result": "cleaned"}, S.CLOSED, {"COORD"}, {"REO"}),
    ("T08", S.SELF_HANDLING, "self_fail", LEAD, {}, S.REPORTED, {"SELF"}, {"ACC"}),
    ("T08", S.STATION_COORD, "self_fail", LEAD, {}, S.REPORTED, {"COORD"}, {"ACC"}),
    ("T09", S.REPORTED, "ask_info", DISPATCHER, {"text": "几号楼"}, S.INFO_NEEDED, {"ACC"}, {"INFO"}),
    ("T10", S.INFO_NEEDED, "give_info", DISPATCHER, {"text": "5号楼"}, S.REPORTED, {"INFO"}, {"ACC"}),
    ("T11", S.REPORTED, "accept", DISPATCHER, {}, S.ACCEPTED, {"ACC"}, {"DSP"}),
    ("T13", S.ACCEPTED, "dispatch", DISPATCHER, {"unit": "cg"}, S.DISPATCHED, {"DSP"}, {"ACK", "HDL"}),
    ("T14", S.DISPATCHED, "acknowledge", DISPATCHER, {}, S.HANDLING, {"ACK"}, set()),
    ("T15", S.DISPATCHED, "arrive", DISPATCHER, {}, S.HANDLING, {"ACK"}, set()),
    ("T15", S.HANDLING, "arrive", DISPATCHER, {}, S.HANDLING, set(), set()),
    ("T16", S.DISPATCHED, "ask_return", DISPATCHER, {"reason": "not_ours"}, S.HANDLING, {"ACK"}, {"RET"}),
    ("T16", S.HANDLING, "ask_return", DISPATCHER, {"reason": "not_ours"}, S.HANDLING, set(), {"RET"}),
    ("T19", S.HANDLING, "reassign", DISPATCHER, {"unit": "sc"}, S.DISPATCHED, set(), {"ACK"}),
    ("T23", S.HANDLING, "submit", DISPATCHER, {"result": "rectified"}, S.SUBMITTED, {"HDL"}, {"VER"}),
    ("T24", S.SUBMITTED, "verify_pass", DISPATCHER, {}, S.CLOSED, {"VER"}, {"REO"}),
    ("T25", S.SUBMITTED, "verify_fail", DISPATCHER, {"reason": "incomplete"}, S.HANDLING, {"VER"}, {"HDL"}),
    ("T27", S.STATION_COORD, "nominate", LEAD, {"criterion": "no_lead"}, S.DIFF_REVIEW, {"COORD"}, {"DIF"}),
    ("T27", S.DISPATCHED, "nominate", LEAD, {"criterion": "no_lead"}, S.DIFF_REVIEW, {"ACK"}, {"DIF"}),
    ("T27", S.HANDLING, "nominate", LEAD, {"criterion": "no_lead"}, S.DIFF_REVIEW, set(), {"DIF"}),
    ("T28", S.DIFF_REVIEW, "lead_difficult", CENTRE, {"unit": "z1"}, S.DIFF_LED, {"DIF", "HDL"}, {"LED"}),
    ("T29", S.DIFF_REVIEW, "designate", CENTRE, {"unit": "sc"}, S.DISPATCHED, {"DIF"}, {"ACK"}),
    ("T32", S.DIFF_LED, "submit", LEAD, {"result": "rectified"}, S.SUBMITTED, {"LED"}, {"VER"}),
    ("T22", S.SUSPENDED, "resume", CENTRE, {}, S.HANDLING, {"REV"}, {"HDL"}),
    ("T37", S.CLOSED, "reopen", DISPATCHER, {"reason": "recurred"}, S.REPORTED, {"REO"}, {"ACC"}),
    ("T37", S.VOIDED, "reopen", DISPATCHER, {"reason": "closed_by_mistake"}, S.REPORTED, set(), {"ACC"}),
)  # fmt: skip


@pytest.mark.parametrize(
    ("row", "frm", "action", "who", "args", "to", "stopped", "started"), ROWS, ids=[f"{r[0]}-{r[1]}" for r in ROWS]
)
def test_row(rules, clock, row, frm, action, who, args, to, stopped, started):
    before = rules.standing(frm)
    clock.later(minutes=1)
    case = rules.do(before, action, who=who, **args)
    assert rules.events[0].data["step"] == row
    assert case.state is to
    assert clocks(rules, before) - clocks(rules, case) == stopped
    assert clocks(rules, case) - clocks(rules, before) == started
    assert case.version == before.version + 1
    assert case.since == (clock.now if to is not frm else before.since)
    for event in rules.events:
        assert set(event.data["set"]) == set(event.data["was"])


def test_T02_report_starts_acceptance_and_derives_grid_station_zone(rules, clock):
    case = rules.new(2, place="东湖街")
    assert (case.state, case.grid, case.station, case.zone) == (S.REPORTED, "g1", "z1", "p1")
    assert clocks(rules, case) == {"ACC"}
    assert case.clocks["ACC"].due == clock.now + 15 * MINUTE
    assert case.number == "ZJJ2021-A-01001"


def test_T03_an_imported_case_counts_from_its_own_report_and_may_be_overdue_at_once(rules, clock):
    case = rules.new(2, reported_at=clock.at("2021-03-01 21:00"), external_id="X-1")
    assert clock.text(case.clocks["ACC"].due) == "2021-03-01 21:15"
    assert (case.reported_at, case.recorded_at) == (clock.at("2021-03-01 21:00"), clock.now)


def test_T04_on_the_spot_closes_as_self_without_dispatch(rules, clock):
    case = rules.do(rules.new(), "self_done", who="2603", result="cleaned")
    assert (case.state, case.flow, case.self_mode, case.dispatches) == (S.CLOSED, Flow.SELF, "on_spot", ())
    assert (case.closed_at, clocks(rules, case)) == (clock.now, {"REO"})


def test_T04_first_priority_handled_on_the_spot_still_must_be_verified(rules):
    case = rules.do(rules.new(1), "self_done", who="2603", result="cleaned")
    assert (case.state, clocks(rules, case)) == (S.SUBMITTED, {"VER"})
    assert rules.do(case, "verify_pass").state is S.CLOSED


def test_T25_first_priority_self_handling_comes_back_with_a_deadline_and_must_be_verified_again(rules, clock):
    case = rules.do(rules.new(1), "self_done", who="2603", result="cleaned")
    clock.later(minutes=10)
    case = rules.do(case, "verify_fail", reason="not_done")
    assert (case.state, clocks(rules, case)) == (S.SELF_HANDLING, {"SELF"})
    assert case.clocks["SELF"].due == clock.now + 30 * MINUTE
    case = rules.do(case, "self_finish", who="2603", result="cleaned")
    assert (case.state, clocks(rules, case)) == (S.SUBMITTED, {"VER"})


def test_T07_mode_tells_whether_the_station_coordinated(rules):
    for state, mode in ((S.SELF_HANDLING, "on_spot"), (S.STATION_COORD, "coordinated")):
        case = rules.do(rules.standing(state), "self_finish", result="cleaned")
        assert (case.flow, case.self_mode) == (Flow.SELF, mode)


def test_T08_general_again_with_finder_and_report_time_unchanged(rules, clock):
    before = rules.standing(S.SELF_HANDLING)
    clock.later(hours=24)
    case = rules.do(before, "self_fail")
    assert case.flow is Flow.GENERAL
    assert (case.reported_at, case.reporter) == (before.reported_at, before.reporter)
    assert case.clocks["ACC"].due == clock.now + 30 * MINUTE


def test_T10_acceptance_resumes_with_what_was_left_but_at_least_five_minutes(rules, clock):
    case = rules.new()
    clock.later(minutes=10)
    case = rules.do(case, "ask_info", text="几号楼")
    assert case.clocks["ACC"].left == 20
    clock.later(hours=3)
    case = rules.do(case, "give_info", text="5号楼")
    assert case.clocks["ACC"].due == clock.now + 20 * MINUTE
    assert case.text.endswith("5号楼")
    clock.later(minutes=18)
    case = rules.do(rules.do(case, "ask_info", text="几层"), "give_info", text="3层")
    assert case.clocks["ACC"].due == clock.now + 5 * MINUTE
    assert case.info_rounds == 2
    assert rules.refused(case, "ask_info", text="再问").code == 8


def test_T13_first_dispatch_names_a_person_and_sets_due_final_for_ever(rules, clock):
    case = rules.do(rules.standing(S.ACCEPTED), "dispatch", unit="cg")
    assert case.active_lead.person == case.lead_person == "2201"
    assert case.due_final == case.clocks["HDL"].due
    assert case.attempts == 1


@pytest.mark.parametrize(("priority", "arrives"), [(1, True), (2, True), (3, False), (4, False)], ids=lambda v: str(v))
def test_T13_arrival_is_counted_for_first_and_second_priority_only(rules, priority, arrives):
    assert ("ARR" in clocks(rules, rules.standing(S.DISPATCHED, priority))) is arrives


def test_T13_assistants_stand_beside_the_one_lead(rules):
    case = rules.do(rules.standing(S.ACCEPTED), "dispatch", unit="sc", assists=("cg", "pcs"))
    assert (case.lead, case.assists) == ("sc", ("cg", "pcs"))
    assert [(d.role, d.unit) for d in case.dispatches] == [("lead", "sc"), ("assist", "cg"), ("assist", "pcs")]
    assert all(d.person for d in case.dispatches)


def test_T15_arrival_stops_its_clock_and_acknowledges_by_itself(rules):
    case = rules.do(rules.standing(S.DISPATCHED, 2), "arrive")
    assert (case.state, case.arrived, clocks(rules, case)) == (S.HANDLING, True, {"HDL"})
    assert case.active_lead.status == "ARRIVED"


def returned(rules, case, fault=None, who=LEAD, unit="cg"):
    case = rules.do(case, "ask_return", reason="not_ours", by=case.lead_person)
    return rules.do(case, "grant_return", who=who, **({"reason": fault} if fault else {}))


def test_T16_a_pending_return_stops_no_clock_and_handling_runs_out_all_the_same(rules, clock):
    case = rules.do(rules.standing(S.HANDLING), "ask_return", reason="not_ours")
    assert clocks(rules, case) == {"HDL", "RET"}
    assert rules.refused(case, "ask_return", reason="unclear").code == 8
    clock.set("2021-04-01 10:00")
    assert case.clocks["HDL"].due < clock.now


def test_T17_a_granted_return_keeps_the_handling_clock(rules, clock):
    handled = rules.standing(S.HANDLING)
    for fault in (None, "not_duty", "insufficient"):
        case = returned(rules, handled, fault)
        assert (case.state, case.lead, case.return_count, case.returned_by) == (S.ACCEPTED, "", 1, ("cg",))
        assert case.clocks["HDL"] == handled.clocks["HDL"]
        clock.set("2021-03-03 10:00")
        again = rules.do(case, "dispatch", unit="sc")
        assert (again.clocks["HDL"], again.due_final) == (handled.clocks["HDL"], handled.due_final)


def test_T17_only_the_centres_own_wrong_dispatch_gives_the_next_handler_a_full_limit(rules, clock):
    handled = rules.standing(S.HANDLING)
    case = returned(rules, handled, "wrong_dispatch")
    assert "HDL" not in clocks(rules, case)
    clock.set("2021-03-03 10:00")
    case = rules.do(case, "dispatch", unit="sc")
    assert clock.text(case.due_final) == clock.text(case.clocks["HDL"].due) == "2021-03-08 10:00"


def test_T17_what_the_former_handler_wished_for_goes_with_his_order(rules, clock):
    case = rules.standing(S.HANDLING)
    case = rules.do(case, "ask_extend", reason="works", until=case.due_final + DAY)
    case = returned(rules, case)
    assert (case.requests, clocks(rules, case)) == ({}, {"DSP", "HDL"})


def test_T17_the_third_return_is_the_centres_to_decide(rules):
    case = returned(rules, rules.standing(S.HANDLING))
    for _ in range(2):
        case = rules.do(rules.do(case, "dispatch", unit="cg"), "ask_return", reason="not_ours")
        if case.return_count == 2:
            break
        case = rules.do(case, "grant_return", who=DISPATCHER)
    refusal = rules.refused(case, "grant_return", who=DISPATCHER)
    assert (refusal.code, refusal.rule) == (7, "T17")
    assert rules.do(case, "grant_return", who=CENTRE).return_count == 3


def test_T17b_two_returns_by_different_departments_nominate_in_the_same_transaction(rules):
    case = returned(rules, rules.standing(S.HANDLING))
    case = returned(rules, rules.do(case, "dispatch", unit="gbb"))
    assert [event.data["step"] for event in rules.events] == ["T17", "T17b"]
    assert (case.state, case.criterion, case.ever_difficult) == (S.DIFF_REVIEW, "no_lead", True)
    assert clocks(rules, case) == {"DIF", "HDL"}


def test_T17b_two_returns_by_the_same_department_do_not(rules):
    case = returned(rules, rules.standing(S.HANDLING))
    case = returned(rules, rules.do(case, "dispatch", unit="cg"))
    assert (case.state, case.return_count) == (S.ACCEPTED, 2)


def test_T18_a_refused_return_leaves_the_handler_and_his_clock(rules):
    case = rules.do(rules.standing(S.HANDLING), "ask_return", reason="not_ours")
    case = rules.do(case, "refuse_return", reason="not_ours")
    assert (case.state, case.requests, clocks(rules, case), case.return_count) == (S.HANDLING, {}, {"HDL"}, 0)


def test_T19_reassignment_never_gives_new_time_and_supersedes_the_order(rules, clock):
    before = rules.standing(S.HANDLING, 2)
    clock.later(hours=2)
    case = rules.do(before, "reassign", unit="sc")
    assert case.clocks["HDL"] == before.clocks["HDL"]
    assert case.due_final == before.due_final
    assert {"ACK", "ARR"} <= clocks(rules, case)
    assert [(d.unit, d.active, d.status) for d in case.dispatches] == [
        ("cg", False, "SUPERSEDED"), ("sc", True, "QUEUED"),
    ]  # fmt: skip


def test_T19_a_pending_return_ends_with_the_order_that_it_was_about(rules):
    case = rules.do(rules.standing(S.HANDLING), "ask_return", reason="not_ours")
    case = rules.do(case, "reassign", unit="sc")
    assert (case.requests, "RET" in clocks(rules, case)) == ({}, False)
    assert rules.refused(rules.do(case, "acknowledge"), "grant_return").code == 8


def test_T20_a_granted_extension_moves_both_dues_and_a_refused_one_neither(rules, clock):
    before = rules.standing(S.HANDLING)
    until = rules.duty.add(before.due_final, 16 * 60, "duty", "cg")
    case = rules.do(before, "ask_extend", reason="works", until=until)
    assert clocks(rules, case) == {"HDL", "EXT"}
    assert case.due_final == before.due_final
    granted = rules.do(case, "grant_extend", who=DISPATCHER)
    assert (granted.due_final, granted.clocks["HDL"].due, granted.extend_count) == (until, until, 1)
    refused = rules.do(case, "refuse_extend", who=DISPATCHER)
    assert (refused.due_final, refused.clocks["HDL"], refused.requests) == (before.due_final, before.clocks["HDL"], {})
    assert clocks(rules, granted) == clocks(rules, refused) == {"HDL"}


def test_T20_the_second_extension_is_the_centres_and_there_is_no_third(rules):
    case = rules.standing(S.HANDLING)
    for who, count in ((DISPATCHER, 1), (CENTRE, 2)):
        if count == 2:
            asked = rules.do(case, "ask_extend", reason="works", until=case.due_final + HOUR)
            assert rules.refused(asked, "grant_extend", who=DISPATCHER).code == 7
        case = rules.do(case, "ask_extend", reason="works", until=case.due_final + HOUR)
        case = rules.do(case, "grant_extend", who=who)
        assert case.extend_count == count
    case = rules.do(case, "ask_extend", reason="works", until=case.due_final + HOUR)
    assert rules.refused(case, "grant_extend", who=CENTRE).code == 8


def test_T20_the_desk_grants_no_more_than_the_original_limit(rules):
    case = rules.standing(S.HANDLING)
    full = rules.duty.add(case.due_final, 24 * 60, "duty", "cg")
    over = rules.do(case, "ask_extend", reason="works", until=full + HOUR)
    assert rules.refused(over, "grant_extend", who=DISPATCHER).code == 7
    assert rules.do(over, "grant_extend", who=CENTRE).due_final == full + HOUR
    exact = rules.do(case, "ask_extend", reason="works", until=full)
    assert rules.do(exact, "grant_extend", who=DISPATCHER).due_final == full


def test_T20_an_extension_never_shortens(rules, clock):
    case = rules.standing(S.HANDLING)
    assert rules.refused(case, "ask_extend", reason="works", until=clock.now + HOUR).rule == "T20"
    asked = rules.do(case, "ask_extend", reason="works", until=case.due_final + HOUR)
    assert rules.refused(asked, "grant_extend", until=case.due_final - HOUR).rule == "T20"


def test_T20_asked_before_overdue_or_not_at_all(rules, clock):
    case = rules.standing(S.HANDLING)
    clock.now = case.due_final
    assert rules.refused(case, "ask_extend", reason="works", until=clock.now + DAY).code == 8


def test_T20_T21_two_wishes_share_one_clock_that_runs_while_either_waits(rules):
    case = rules.standing(S.HANDLING)
    case = rules.do(case, "ask_extend", reason="works", until=case.due_final + HOUR)
    case = rules.do(case, "ask_suspend", reason="works", until=case.due_final)
    one = rules.do(case, "refuse_suspend", who=CENTRE)
    assert "EXT" in clocks(rules, one)
    assert "EXT" not in clocks(rules, rules.do(one, "refuse_extend"))


def test_T21_suspension_pauses_handling_and_names_its_review(rules, clock):
    before = rules.standing(S.HANDLING)
    until = clock.now + 20 * DAY
    case = rules.do(before, "ask_suspend", reason="works", until=until)
    assert rules.refused(case, "grant_suspend", who=DISPATCHER).code == 7
    case = rules.do(case, "grant_suspend", who=CENTRE)
    assert (case.state, clocks(rules, case), case.clocks["REV"].due) == (S.SUSPENDED, {"REV"}, until)
    assert case.clocks["HDL"].left == 24 * 60


def test_T21_review_within_thirty_days_when_asked_and_when_granted(rules, clock):
    case = rules.standing(S.HANDLING)
    assert rules.refused(case, "ask_suspend", reason="works", until=clock.now + 31 * DAY).rule == "T21"
    case = rules.do(case, "ask_suspend", reason="works", until=clock.now + 20 * DAY)
    assert rules.refused(case, "grant_suspend", who=CENTRE, until=clock.now + 31 * DAY).rule == "T21"


def test_T22_a_difficult_case_resumes_as_difficult(rules, clock):
    case = rules.standing(S.DIFF_LED)
    left = rules.duty.between(clock.now, case.clocks["LED"].due, case.clocks["LED"].kind, "z1")
    case = rules.do(case, "ask_suspend", reason="works", until=clock.now + 9 * DAY)
    case = rules.do(case, "grant_suspend", who=CENTRE)
    clock.later(days=9)
    case = rules.do(case, "resume", who=CENTRE)
    assert (case.state, clocks(rules, case)) == (S.DIFF_LED, {"LED"})
    assert rules.duty.between(clock.now, case.clocks["LED"].due, case.clocks["LED"].kind, "z1") == left
    assert case.due_final == case.clocks["LED"].due


def test_T23_submitting_withdraws_what_the_handler_still_wished_for(rules, clock):
    case = rules.standing(S.HANDLING)
    case = rules.do(case, "ask_return", reason="not_ours")
    case = rules.do(case, "ask_extend", reason="works", until=case.due_final + HOUR)
    case = rules.do(case, "ask_suspend", reason="works", until=case.due_final)
    case = rules.do(case, "ask_void", reason="test")
    case = rules.do(case, "submit", result="rectified")
    assert set(case.requests) == {"void"}
    assert clocks(rules, case) == {"VER"}


@pytest.mark.parametrize(("late", "on_time"), [(0, True), (1, False)])
def test_T24_on_time_is_the_submission_that_passed_against_due_final(rules, clock, late, on_time):
    case = rules.standing(S.HANDLING)
    clock.now = case.due_final + late
    case = rules.do(case, "submit", result="rectified")
    clock.later(days=5)
    case = rules.do(case, "verify_pass", who=DISPATCHER)
    assert (case.on_time, case.verified_by, case.closed_at) == (on_time, DISPATCHER, clock.now)
    assert not any(d.active for d in case.dispatches)


def test_T25_rework_moves_the_alarm_but_not_due_final(rules, clock):
    case = rules.standing(S.HANDLING, 2)
    clock.now = case.due_final - HOUR
    case = rules.do(case, "submit", result="rectified")
    clock.later(minutes=30)
    again = rules.do(case, "verify_fail", reason="incomplete")
    assert again.due_final == case.due_final
    assert again.clocks["HDL"].due == clock.now + 6 * HOUR  # 25 % of 24 h is more than the two hours of the floor
    assert (again.rework_count, again.verified_by) == (1, "")


def test_T25_the_alarm_never_moves_forward(rules, clock):
    case = rules.standing(S.HANDLING, 2)
    due = case.clocks["HDL"].due
    clock.later(minutes=5)
    case = rules.do(rules.do(case, "submit", result="rectified"), "verify_fail", reason="incomplete")
    assert case.clocks["HDL"].due == due


def test_T25_a_difficult_case_goes_back_to_its_lead_station(rules):
    case = rules.do(rules.standing(S.DIFF_LED), "submit", result="rectified")
    for _ in range(3):  # already difficult: never nominated again
        case = rules.do(case, "verify_fail", who=CENTRE, reason="incomplete")
        assert (case.state, clocks(rules, case)) == (S.DIFF_LED, {"LED"})
        case = rules.do(case, "submit", result="rectified")


def test_T26_the_second_rework_nominates_in_the_same_transaction(rules):
    case = rules.standing(S.SUBMITTED)
    case = rules.do(rules.do(case, "verify_fail", reason="not_done"), "submit", result="rectified")
    case = rules.do(case, "verify_fail", reason="not_done")
    assert [event.data["step"] for event in rules.events] == ["T25", "T26"]
    assert (case.state, case.criterion, case.rework_count) == (S.DIFF_REVIEW, "poor_effect", 2)
    assert clocks(rules, case) == {"DIF", "HDL"}


def test_T27_keeps_the_old_order_until_the_centre_decides(rules):
    case = rules.do(rules.standing(S.HANDLING), "ask_return", reason="not_ours")
    case = rules.do(case, "nominate", criterion="no_lead")
    assert (case.requests, case.active_lead.unit, clocks(rules, case)) == ({}, "cg", {"DIF", "HDL"})


def test_T28_the_station_leads_and_has_the_time_of_a_difficult_case(rules, clock):
    case = rules.do(rules.standing(S.DIFF_REVIEW), "lead_difficult", who=CENTRE, unit="z1")
    assert (case.flow, case.lead, case.lead_person) == (Flow.DIFFICULT, "z1", "0021")
    assert case.due_final == case.clocks["LED"].due == rules.duty.add(clock.now, 5 * 480, "duty", "z1")


def test_T29_a_designated_lead_gets_a_new_limit_and_returns_only_to_the_centre(rules, clock):
    review = rules.standing(S.DIFF_REVIEW)
    clock.set("2021-03-04 10:00")
    case = rules.do(review, "designate", who=CENTRE, unit="sc")
    assert (case.designated, case.lead) == (True, "sc")
    assert clock.text(case.due_final) == clock.text(case.clocks["HDL"].due) == "2021-03-09 10:00"
    asked = rules.do(case, "ask_return", reason="not_ours")
    assert rules.refused(asked, "grant_return", who=DISPATCHER).code == 7


def test_T28_T29_a_wish_to_void_is_not_lost_by_the_way(rules):
    review = rules.do(rules.standing(S.DIFF_REVIEW), "ask_void", reason="unfounded")
    for action, unit in (("lead_difficult", "z1"), ("designate", "sc")):
        assert set(rules.do(review, action, who=CENTRE, unit=unit).requests) == {"void"}


@pytest.mark.parametrize("state", sorted(OPEN - {S.SUBMITTED}))
def test_T33_supervision_hangs_on_any_open_case_until_submitted(rules, clock, state):
    case = rules.do(rules.standing(state), "supervise", until=clock.now + 2 * HOUR)
    assert case.clocks["SUPV"].due == case.supervised_until == clock.now + 2 * HOUR
    released = rules.do(case, "release_supervision")
    assert (released.supervised_until, "SUPV" in clocks(rules, released)) == (None, False)


def test_T33_submitting_ends_the_supervision(rules, clock):
    case = rules.do(rules.standing(S.HANDLING), "supervise", until=clock.now + 2 * HOUR)
    case = rules.do(case, "submit", result="rectified")
    assert (case.supervised_until, clocks(rules, case)) == (None, {"VER"})


@pytest.mark.parametrize("state", sorted(OPEN))
def test_T34_void_needs_two_people(rules, clock, state):
    case = rules.do(rules.standing(state), "ask_void", who=LEAD, reason="test")
    refusal = rules.refused(case, "grant_void", who=LEAD)
    assert (refusal.code, refusal.rule) == (8, "T34")
    void = rules.do(case, "grant_void", who=CENTRE)
    assert (void.state, clocks(rules, void), void.requests, void.on_time) == (S.VOIDED, set(), {}, None)
    assert (void.number, void.text, void.reporter) == (case.number, case.text, case.reporter)  # I-6
    assert rules.do(case, "refuse_void", who=CENTRE).requests == {}
    assert rules.refused(rules.standing(state), "grant_void", who=CENTRE).code == 8


def another(rules, clock, priority=2, place="东湖街", number="case-2"):
    return rules.new(priority, place, number=number, reporter="李四(示例)", serial=1002)


@pytest.mark.parametrize("state", sorted(OPEN))
def test_T35_T36_merged_and_back_as_it_was(rules, clock, state):
    """Clocks of the child stop; taken back within 24 h it stands where it stood, elapsed time counted."""
    child = rules.standing(state)
    clock.later(minutes=1)
    merged = rules.do(child, "merge", others=(another(rules, clock),), master="case-2")
    assert (merged.state, merged.master, clocks(rules, merged)) == (S.MERGED, "case-2", set())
    absorbed = next(e for e in rules.events if e.case == "case-2")
    assert absorbed.kind == "absorbed"
    clock.later(hours=23)
    back = rules.do(merged, "unmerge")
    assert (back.state, back.previous, back.master) == (child.state, child.previous, "")
    assert back.clocks == child.clocks
    after = {S.SUSPENDED: ("resume", {}), S.SUBMITTED: ("verify_fail", {"reason": "not_done"})}.get(state)
    if after:
        assert rules.do(back, after[0], who=CENTRE, **after[1]).state is S.HANDLING
    clock.later(hours=1)
    assert rules.refused(merged, "unmerge").code == 8


def test_T35_the_master_takes_the_higher_priority_and_both_reporters(rules, clock):
    child = rules.new(1, reporter="张三(示例)")
    master = another(rules, clock, 3)
    rules.do(child, "merge", others=(master,), master="case-2")
    taken = lifecycle.evolve(master, next(e for e in rules.events if e.case == "case-2"))
    assert (taken.priority, taken.reporter) == (1, "李四(示例)、张三(示例)")


def test_T35_another_village_needs_words(rules, clock):
    child, master = rules.new(), another(rules, clock, place="新旺村")
    assert rules.refused(child, "merge", others=(master,), master="case-2").code == 8
    assert rules.do(child, "merge", others=(master,), master="case-2", text="同一处桥").state is S.MERGED


def test_T35_a_master_closed_less_than_a_day_ago_still_takes(rules, clock):
    closed = rules.standing(S.CLOSED)
    child = another(rules, clock)
    clock.later(hours=23)
    assert rules.do(child, "merge", others=(closed,), master=closed.id).state is S.MERGED
    clock.later(hours=2)
    assert rules.refused(child, "merge", others=(closed,), master=closed.id).code == 8


def test_T37_reopened_within_thirty_days_as_the_next_cycle(rules, clock):
    closed = rules.standing(S.CLOSED)
    clock.later(days=30)
    case = rules.do(closed, "reopen", reason="recurred")
    assert (case.cycle, case.lead, case.due_final, case.result) == (2, "", None, "")
    assert clocks(rules, case) == {"ACC"}
    assert case.reported_at == closed.reported_at
    again = rules.do(rules.do(case, "accept"), "dispatch", unit="cg")
    assert again.due_final == again.clocks["HDL"].due > clock.now
    clock.later(seconds=1)
    assert rules.refused(closed, "reopen", reason="recurred").code == 8


def test_T38_support_is_answered_by_the_station_of_the_place(rules):
    case = rules.do(rules.new(), "support", text="请派员到场")
    assert {"SUP_ACK", "SUP_ARR"} <= clocks(rules, case)
    assert rules.refused(rules.new(place="待定"), "support").code == 8


def test_T39_110_starts_screening_and_first_contact_at_the_push(rules, clock):
    case = rules.new(2, source="p110", phone="0000-0199", reported_at=clock.now - MINUTE)
    assert clocks(rules, case) == {"ACC", "P110", "FC"}
    assert case.clocks["FC"].due == clock.now + 2 * MINUTE
    kept = rules.do(case, "screen", reason="accepted")
    assert (kept.state, clocks(rules, kept)) == (S.REPORTED, {"ACC", "FC"})
    for reason in ("screened_out", "answered"):
        gone = rules.do(case, "screen", reason=reason)
        assert (gone.state, clocks(rules, gone)) == (S.VOIDED, set())
    assert "FC" not in clocks(rules, rules.do(case, "contact", reason="reached"))
    assert rules.refused(rules.new(), "screen", reason="accepted").code == 8


def test_T42_the_inverse_puts_back_every_value_and_adds_a_version(rules, clock):
    before = rules.standing(S.HANDLING)
    case = rules.do(before, "submit", result="rectified")
    back = lifecycle.evolve(case, lifecycle.inverse(case, rules.events))
    assert back.version == case.version + 1
    for name in lifecycle._FIELDS:
        assert getattr(back, name) == getattr(before, name), name


def test_T42_a_new_case_taken_back_is_void_and_nobody_still_has_an_order(rules):
    case = rules.do(rules.do(rules.new(), "accept"), "dispatch", unit="cg")
    event = lifecycle.event_of("reported", case, case, {})
    back = lifecycle.evolve(case, lifecycle.inverse(case, [event]))
    assert (back.state, clocks(rules, back), back.active_lead) == (S.VOIDED, set(), None)
    assert back.dispatches[0].status == "RECALLED"


def test_R32_a_source_that_must_carry_a_reference_is_counted_until_it_does(rules):
    case = rules.new(2, source="video")
    assert clocks(rules, case) == {"ACC", "BB"}
    case = rules.do(case, "backfill", text="ZW-0001")
    assert (case.wechat_ref, clocks(rules, case)) == ("ZW-0001", {"ACC"})
