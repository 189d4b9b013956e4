"""Consultation and visit without a database (§2.9, R57-R60): the week, the agenda, the outcomes as rows of the life cycle."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from zjj_console.domain import consult, visit
from zjj_console.domain import consult_week as weeks
from zjj_console.domain.consult import Collection, Item, Meeting, Outcome
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.model import DAY, HOUR, Refusal, State
from zjj_console.town.calendar import day_type
from zjj_console.town.models import Post

S = State


def duty_of(town):
    return DutyTime(town, lambda day: day_type(town, day)[0] == "workday")


@pytest.fixture
def duty(town):
    return duty_of(town)


def item(n, outcome="", **more):
    decided = Outcome(outcome, "0005", 1, "cg", 2) if outcome else None
    return Item(n, f"case-{n}", str(1000 + n), "z1", "0001", 1, outcome=decided, **more)


def opened(*items, state="OPEN"):
    return Meeting("HS-2021-W09", "town", 1, "2021-W09", state=state, items={i.case: i for i in items})


# the week -------------------------------------------------------------------------------------------------------------------


def test_A21_the_week_of_the_profile_is_wednesday_thursday_friday(town, duty, clock):
    t = weeks.times(town, duty, "2021-W09")
    said = [clock.text(at) for at in (t.collect, t.lock, t.meet, t.day_ends, t.week_ends)]
    assert said == ["2021-03-03 16:30", "2021-03-04 12:00", "2021-03-05 09:30", "2021-03-06 00:00", "2021-03-08 00:00"]
    assert town.meetings.mark == "A", "the paper says every week and no more"


@pytest.mark.parametrize(
    ("word", "week"),
    [("", "2021-W09"), ("2021-W06", "2021-W06"), ("W06", "2021-W06"), ("6", "2021-W06"), ("HS-2021-W06", "2021-W06"),
     ("w6", "2021-W06"), ("2021-W60", None), ("2021-02-08", None), ("周六", None)],
)  # fmt: skip
def test_a_week_is_named_in_several_ways_and_never_guessed(word, week):
    assert weeks.parse_week(word, date(2021, 3, 1)) == week


def test_the_years_end_has_its_own_weeks(town):
    named = list(weeks.weeks(town, date(2020, 12, 28), date(2021, 1, 11)))
    assert named == ["2020-W53", "2021-W01", "2021-W02"]


def test_a_town_may_meet_every_second_week(example_town):
    assert list(weeks.weeks(example_town, date(2021, 3, 1), date(2021, 3, 28))) == ["2021-W09", "2021-W11"]
    assert not weeks.is_meeting_week(example_town, "2021-W10")


def test_AC_59b_a_week_without_meeting_needs_a_reason(town, duty, clock):
    begin = clock.at("2021-01-25 08:00")
    now = clock.at("2021-02-22 09:00")
    held = {w: Meeting(f"HS-{w}", "town", 0, w, state="MINUTED") for w in ("2021-W04", "2021-W05", "2021-W07")}
    gaps = weeks.missing_weeks(town, duty, held, begin, now)
    assert [(g.ref, clock.text(g.at)) for g in gaps] == [("2021-W06", "2021-02-13 00:00")]
    assert "2021-W06 未会商也未记理由" in gaps[0].zh
    skipped = {**held, "2021-W06": Meeting("HS-2021-W06", "town", 0, "2021-W06", state="SKIPPED", reason="春节")}
    assert weeks.missing_weeks(town, duty, skipped, begin, now) == ()


def test_a_week_is_not_missing_before_its_day_is_over_nor_before_the_system_began(town, duty, clock):
    begin = clock.at("2021-02-20 08:00")
    assert weeks.missing_weeks(town, duty, {}, begin, clock.at("2021-02-26 23:59")) == ()
    assert [g.ref for g in weeks.missing_weeks(town, duty, {}, begin, clock.at("2021-02-27 00:00"))] == ["2021-W08"]
    far = weeks.missing_weeks(town, duty, {}, clock.at("2020-06-01 08:00"), clock.at("2021-03-01 08:00"))
    assert len(far) == town.meetings.look_back_weeks


def test_AC_58a_a_silent_station_is_named_before_and_after_the_closing_time(town, duty, clock):
    said = {u: Collection(u, "0021", "示例", 1, nil=True) for u in ("z1", "z2", "z4", "z5")}
    m = replace(weeks.blank(town, duty, "2021-W09"), collections=said, state="COLLECTING")
    before = weeks.missing_collections(town, duty, m, clock.at("2021-03-02 00:30"))
    after = weeks.missing_collections(town, duty, m, clock.at("2021-03-03 16:30"))
    assert [(g.unit, g.zh, g.late) for g in before] == [("z3", "三站 未报", False)]
    assert [(g.unit, g.late) for g in after] == [("z3", True)]
    assert weeks.missing_collections(town, duty, replace(m, state="MINUTED"), clock.at("2021-03-06 08:00")) == ()
    assert weeks.silent(town, m) == ("z3",)


def test_minutes_are_due_the_same_day_and_within_a_day_of_an_urgent_one(town, duty, clock):
    at = clock.at("2021-03-05 09:30")
    weekly = Meeting("HS-2021-W09", "town", at, "2021-W09", state="OPEN", opened_at=at)
    urgent = Meeting("LS-2021-03-05-0930", "urgent", at, state="OPEN", opened_at=at)
    assert clock.text(weeks.minutes_due(town, duty, weekly)) == "2021-03-06 00:00"
    assert weeks.minutes_due(town, duty, urgent) == at + 24 * HOUR
    assert [g.ref for g in weeks.late_minutes(town, duty, [weekly, urgent], at + 15 * HOUR)] == [weekly.id]
    assert weeks.late_minutes(town, duty, [replace(weekly, state="MINUTED")], at + 15 * HOUR) == ()


# closing and deciding ----------------------------------------------------------------------------------------------------------


def test_AC_59a_four_items_three_outcomes_do_not_close():
    refusal = consult.close_refusal(opened(item(1, "assign"), item(2, "joint"), item(3, "suspend"), item(4)))
    assert refusal is not None and "议题4 无结果" in refusal.zh and refusal.code == 8
    assert consult.close_refusal(opened(item(1, "assign"), item(2, "joint"), item(3, "end"), item(4, "defer"))) is None


def test_what_was_withdrawn_needs_no_outcome_and_is_not_counted():
    m = opened(item(1, withdrawn="已办结"), item(2), item(3, "end"))
    refusal = consult.close_refusal(m)
    assert refusal is not None and "议题1 无结果" in refusal.zh, "people count what is left"
    assert [i.handle for i in m.agenda] == ["1002", "1003"]


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=8), st.sampled_from(list(consult.STATE_ZH)))
def test_property_no_meeting_closes_with_an_item_without_outcome(kinds, state):
    items = [
        item(n, "assign" if decided else "", withdrawn="x" if gone else "")
        for n, (decided, gone) in enumerate(kinds, 1)
    ]
    closes = consult.close_refusal(opened(*items, state=state)) is None
    assert closes == (state == "OPEN" and all(i.outcome or i.withdrawn for i in items))


def test_one_item_one_outcome_and_only_in_an_open_meeting():
    kinds = {k.code: k for k in consult.OUTCOMES}
    m = opened(item(1), item(2, "joint"))
    assert consult.decide_refusal(m, m.items["case-1"], kinds["assign"], 2) is None
    again = consult.decide_refusal(m, m.items["case-2"], kinds["assign"], 2)
    assert again is not None and "已有结果 联合处置" in again.zh
    for state in ("PLANNED", "COLLECTING", "LOCKED", "MINUTED", "SKIPPED"):
        refusal = consult.decide_refusal(replace(m, state=state), m.items["case-1"], kinds["assign"], 2)
        assert refusal is not None and refusal.rule == "T31"


def test_the_third_deferral_is_refused():
    kind = consult.find_outcome("6")
    verdicts = [consult.decide_refusal(opened(i), i, kind, 2) for i in (item(1, deferrals=n) for n in range(3))]
    assert [v is None for v in verdicts] == [True, True, False]
    assert "须定其他结果" in verdicts[2].zh


def test_R58_cross_tags_are_the_three_of_the_paper(town):
    known = {r.code: r.name for r in town.reasons["cross"].values()}
    assert list(known.values()) == ["跨部门", "跨层级", "跨区域"]
    assert consult.tags_refusal(("departments", "areas"), known) is None
    assert consult.tags_refusal((), known).code == 3
    assert "可用" in consult.tags_refusal(("other",), known).zh


def test_missing_material_warns_and_the_record_folds_from_its_events():
    bare = item(1)
    full = replace(bare, cross=("levels",), question="明确主责", proposed="cg", invited=("cg",))
    assert "未填" in consult.warnings(bare)[0] and consult.warnings(full) == ()
    assert consult.warnings(replace(full, missing="照片")) == ("1001 缺材料: 照片",)
    m = Meeting("HS-2021-W09", "town", 5, "2021-W09")
    record = None
    for put in ({"items": {"case-1": full}, "state": "COLLECTING"}, {"items": {"case-2": item(2)}}, {"unheard_of": 1}):
        event = consult.event_of("x", m, {}, **put)
        record = consult.evolve(record, event.case, event.data)
    assert (record.state, record.at, [i.handle for i in record.agenda]) == ("COLLECTING", 5, ["1001", "1002"])


# outcomes as rows of the life cycle ----------------------------------------------------------------------------------------------


def listed(rules, state, **more):
    case = rules.standing(state, **more)
    return rules.do(case, "to_agenda", meeting="HS-2021-W09", text="两部门互推")


@pytest.mark.parametrize(
    "state", [S.STATION_COORD, S.ACCEPTED, S.DISPATCHED, S.HANDLING, S.DIFF_REVIEW, S.DIFF_LED, S.SUSPENDED]
)
def test_T30_an_agenda_stops_no_clock_and_is_shown(rules, state):
    from zjj_console.domain.marks import marks

    case = replace(rules.standing(state), attempts=1)
    after = rules.do(case, "to_agenda", meeting="HS-2021-W09", text="两部门互推")
    assert (after.clocks, after.state) == (case.clocks, state) and "consult" in marks(after)
    assert rules.events[0].data["step"] == "T30"
    assert "已在 HS-2021-W09" in rules.refused(after, "to_agenda", meeting="HS-2021-W10").zh


def test_T30_needs_an_attempt_and_below_the_pool_a_reason(rules):
    assert rules.refused(rules.standing(S.ACCEPTED), "to_agenda", meeting="m", text="理由").rule == "R49"
    case = rules.standing(S.HANDLING)
    assert rules.refused(case, "to_agenda", meeting="m").rule == "T30"
    for fields in ({"return_count": 2}, {"rework_count": 2}):
        assert rules.do(replace(case, **fields), "to_agenda", meeting="m").consult == "m"
    assert rules.do(case, "to_agenda", meeting="m", pooled=True).consult == "m"
    assert rules.do(rules.standing(S.DIFF_REVIEW), "to_agenda", meeting="m").consult == "m"


def test_T31_only_what_is_on_the_agenda_and_only_the_centre(rules):
    case = rules.standing(S.DIFF_LED)
    for action in (
        "consult_assign",
        "consult_joint",
        "consult_commander",
        "consult_raise",
        "consult_defer",
        "consult_end",
    ):
        args = {"unit": "z1", "text": "x"}
        assert rules.refused(case, action, who="0005", **args).rule == "T31"
        assert rules.refused(listed(rules, S.DIFF_LED), action, who="0002", **args).code == 7
        assert rules.refused(listed(rules, S.DIFF_LED), action, who="0005", meeting="HS-2021-W10", **args).rule == "T31"


@pytest.mark.parametrize("state", [S.ACCEPTED, S.DISPATCHED, S.HANDLING, S.DIFF_REVIEW, S.DIFF_LED, S.SUSPENDED])
def test_T31_1_fixes_responsibility_with_a_limit_of_its_own(rules, state):
    case = rules.do(replace(rules.standing(state), attempts=1), "to_agenda", meeting="m", text="x")
    due = rules.hands.now + 3 * DAY
    after = rules.do(case, "consult_assign", who="0005", meeting="m", unit="gbb", due=due)
    assert (after.state, after.lead, after.designated, after.flow, after.consult) == (
        S.DISPATCHED,
        "gbb",
        True,
        "general",
        "",
    )
    assert after.clocks["HDL"].due == after.due_final == due
    assert {"ACK", "HDL"} <= rules.running(after) <= {"ACK", "HDL", "ARR"}
    asked = rules.do(after, "ask_return", who="2404", reason="not_ours")
    assert rules.refused(asked, "grant_return", who="0002").code == 7, "a designated unit returns it only by the centre"


def test_T31_1_without_a_due_time_takes_the_limit_of_the_profile(rules):
    after = rules.do(listed(rules, S.DIFF_REVIEW), "consult_assign", who="0005", unit="sc")
    assert after.clocks["HDL"].started == rules.hands.now and after.due_final == after.clocks["HDL"].due


@pytest.mark.parametrize("state", [S.HANDLING, S.DIFF_REVIEW, S.DIFF_LED, S.SUSPENDED])
def test_T31_2_a_station_leads_with_assistants_until_the_decided_time(rules, state):
    due = rules.hands.now + 7 * DAY
    after = rules.do(listed(rules, state), "consult_joint", who="0005", unit="z1", assists=("cg", "gbb"), due=due)
    assert (after.state, after.lead, after.due_final) == (S.DIFF_LED, "z1", due)
    assert after.clocks["LED"].due == due and rules.running(after) == {"LED"}
    assert set(after.assists) >= {"gbb"} and after.active_lead.unit == "z1"
    assert rules.refused(listed(rules, state), "consult_joint", who="0005", unit="cg").rule == "R50"


def test_T31_2_the_same_lead_station_keeps_its_order_and_gets_a_new_limit(rules):
    case = listed(rules, S.DIFF_LED)
    rules.hands.later(days=2)
    after = rules.do(case, "consult_joint", who="0005", unit=case.lead)
    assert after.active_lead.n == case.active_lead.n
    assert after.clocks["LED"].started == rules.hands.now and after.due_final == after.clocks["LED"].due


def test_T31_3_and_4_leave_the_case_where_it_is(rules):
    case = listed(rules, S.DIFF_LED)
    told = rules.do(case, "consult_commander", who="0005")
    up = rules.do(case, "consult_raise", who="0005", level="district")
    assert (told.state, told.clocks, told.consult) == (case.state, case.clocks, "")
    assert (up.state, up.clocks, up.raised) == (case.state, case.clocks, "district")


def test_T31_5_suspends_slow_cases_with_review_and_measure(rules):
    until = rules.hands.now + 14 * DAY
    args = {"until": until, "reason": "works", "text": "已围挡并设警示"}
    after = rules.do(listed(rules, S.DIFF_LED), "consult_suspend", who="0005", **args)
    assert after.state is S.SUSPENDED and rules.running(after) == {"REV"} and after.clocks["REV"].due == until
    back = rules.do(after, "resume", who="0005")
    assert back.state is S.DIFF_LED and rules.running(back) == {"LED"}
    case = listed(rules, S.DIFF_LED)
    assert rules.refused(case, "consult_suspend", who="0005", **{**args, "text": ""}).rule == "T21"
    assert rules.refused(case, "consult_suspend", who="0005", **{**args, "reason": ""}).rule == "2.12"
    assert (
        rules.refused(case, "consult_suspend", who="0005", **{**args, "until": rules.hands.now + 90 * DAY}).rule
        == "T21"
    )
    for priority in (1, 2):
        assert rules.refused(replace(case, priority=priority), "consult_suspend", who="0005", **args).rule == "T21"


def test_T31_5_a_suspended_case_gets_another_review_and_keeps_what_was_left(rules):
    case = rules.do(rules.standing(S.SUSPENDED), "to_agenda", meeting="m")
    until = rules.hands.now + 10 * DAY
    after = rules.do(case, "consult_suspend", who="0005", until=until, reason="works", text="围挡")
    assert after.clocks["REV"].due == until and after.clocks["HDL"] == case.clocks["HDL"]
    assert (
        rules.do(after, "resume", who="0005").clocks["HDL"].due
        == rules.do(case, "resume", who="0005").clocks["HDL"].due
    )


@pytest.mark.parametrize(
    ("state", "goes_on"), [(S.HANDLING, "HDL"), (S.DIFF_REVIEW, "DIF"), (S.DIFF_LED, "LED"), (S.SUSPENDED, "HDL")]
)
def test_T31_7_an_end_is_checked_by_another_person_and_may_fail(rules, state, goes_on):
    after = rules.do(listed(rules, state), "consult_end", who="0005", text="不属本镇事权", by="0005", result="other")
    assert after.state is S.SUBMITTED and rules.running(after) == {"VER"}
    assert rules.refused(after, "verify_pass", who="0005").rule == "T24"
    assert rules.do(after, "verify_pass", who="0002").state is S.CLOSED
    back = rules.do(after, "verify_fail", who="0002", reason="incomplete")
    assert back.state is (S.HANDLING if state is S.SUSPENDED else state) and goes_on in rules.running(back)
    assert rules.refused(listed(rules, state), "consult_end", who="0005").rule == "2.3"


def test_AC_57a_no_result_at_the_station_is_a_prior_attempt(rules):
    case = rules.standing(S.ACCEPTED)
    chief = next(p.work_no for p in rules.town.holders(case.station, "chief"))
    assert rules.refused(case, "nominate", criterion="no_lead").rule == "R49"
    after = rules.do(case, "station_undecided", who=chief)
    assert (after.attempts, after.state, after.clocks) == (1, case.state, case.clocks)
    assert rules.do(after, "nominate", criterion="no_lead").state is S.DIFF_REVIEW
    other = next(u.code for u in rules.town.of_kind("station") if u.code != case.station)
    stranger = next(p.work_no for p in rules.town.holders(other, "chief"))
    assert rules.refused(case, "station_undecided", who=stranger).code == 7


def test_R57_a_station_that_fixes_responsibility_sends_it(rules):
    case = rules.standing(S.STATION_COORD)
    chief = next(p.work_no for p in rules.town.holders(case.station, "chief"))
    after = rules.do(case, "station_assign", who=chief, unit="cg")
    assert (after.state, after.lead, after.flow, after.designated) == (S.DISPATCHED, "cg", "general", False)
    assert {"ACK", "HDL"} <= rules.running(after)
    rules.hands.later(hours=1)
    moved = rules.do(rules.standing(S.HANDLING), "station_assign", who=chief, unit="sc")
    assert moved.lead == "sc" and moved.clocks["HDL"].started <= rules.hands.now


# visits --------------------------------------------------------------------------------------------------------------------------


def test_AC_60a_on_the_25th_four_are_warned_of_and_later_overdue(town, duty, clock):
    done = [visit.Visit("JZ-z1-2021-03-1", "z1", "2021-03", clock.at("2021-03-02 10:00"), "DONE", "0011")]

    def due(now):
        return visit.visits_due(town, duty, done, "2021-03", clock.at(now))

    assert {d.state for d in due("2021-03-24 23:59")} == {"due"}
    warned = due("2021-03-25 00:00")
    assert [(d.station, d.state) for d in warned] == [(z, "warned") for z in ("z2", "z3", "z4", "z5")]
    assert all("指挥长" in d.zh and "not yet visited" in d.en for d in warned)
    assert {d.state for d in due("2021-04-01 00:00")} == {"overdue"} and len(due("2021-04-01 00:00")) == 4


def test_a_planned_visit_is_told_and_does_not_count(town, duty, clock):
    plan = visit.Visit("JZ-z2-2021-03-1", "z2", "2021-03", clock.at("2021-03-29 14:00"))
    found = {d.station: d for d in visit.visits_due(town, duty, [plan], "2021-03", clock.at("2021-03-25 09:00"))}
    assert found["z2"].planned_at == plan.at and "约 03-29" in found["z2"].zh


def test_the_commander_visits_and_an_acting_one_is_marked(town):
    day = date(2021, 3, 2)
    assert visit.visitor(town, "z1", "0011", day).acting is False
    for nobody in ("0012", "0021", "0031", "0005"):
        assert visit.visitor(town, "z1", nobody, day) is None
    term = Post("z1", "commander", "0021", acting=True, since=date(2021, 3, 1), until=date(2021, 3, 31))
    stood_in = replace(town, posts=(*town.posts, term))
    assert visit.visitor(stood_in, "z1", "0021", day).acting is True
    assert visit.visitor(stood_in, "z1", "0021", date(2021, 4, 1)) is None
    assert visit.visitor_of(stood_in, "z1", day).work_no == "0011"


def test_a_town_without_commanders_is_visited_by_whom_its_profile_names(example_town):
    day = date(2021, 3, 2)
    assert visit.visitor_of(example_town, "z1", day).work_no == "0005"
    assert visit.visitor(example_town, "z2", "0001", day).acting is True
    duty = duty_of(example_town)
    due = visit.visits_due(
        example_town, duty, [], "2021-03", duty.instant(duty.local(0).replace(year=2021, month=3, day=26))
    )
    assert len(due) == 3 and "指挥长" not in due[0].zh and "中心负责人" in due[0].zh


def test_months_follow_each_other_over_the_year():
    assert [visit.next_month(m) for m in ("2021-01", "2021-11", "2021-12")] == ["2021-02", "2021-12", "2022-01"]


def test_refusals_have_both_languages():
    for refusal in (consult.close_refusal(opened(item(1))), consult.tags_refusal((), {"a": "甲"})):
        assert isinstance(refusal, Refusal) and refusal.zh and refusal.en.isascii()
