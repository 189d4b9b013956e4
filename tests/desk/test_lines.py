"""What a typed line does: the acceptance scenarios of the obligations that the desk answers for, and atomicity."""

import pytest

from zjj_console.desk import shape, wording
from zjj_console.domain.lifecycle import BY_ACTION
from zjj_console.domain.model import MINUTE, Flow, State
from zjj_console.storage import audit, reads
from zjj_console.verbs.table import ACTING

S = State


def events(desk):
    return desk.reader.execute("SELECT count(*) FROM event").fetchone()[0]


def outbox(desk):
    return desk.reader.execute("SELECT key, recipient, status FROM outbox ORDER BY id").fetchall()


@pytest.fixture
def refused(desk):
    """The outcome of a line that must not succeed, and must not write."""

    def run(line, by=None, **options):
        before = events(by or desk), outbox(desk)
        done = (by or desk).run_line(line, **options)
        assert not done.ok, done.text
        assert (events(desk), outbox(desk)) == before
        assert done.text
        return done

    return run


def test_AC_01a_place_decides_grid_and_station(do):
    case = do("xj dhj zy 2").case
    assert (case.place, case.grid, case.station) == ("东湖街", "g1", "z1")


def test_AC_01b_no_dispatch_while_the_place_is_pending(do, refused):
    do("xj - zy 1")
    done = refused("pd 1001 y1")
    assert done.code == 8
    assert "先定地点" in done.text
    do("dz 1001 dhj")
    do("pd 1001 y1")


def test_AC_04a_R04_every_interval_balances(do, desk, desk_as, clock):
    for line in ("xj dhj zy 3", "xj dhj js 3", "xj zmc js 3", "xj zmc zy 3", "xj xwc js 2"):
        do(line)
    do("zc 1001 2")
    do("zf 1002 2")
    do("zf 1002 y", by=desk_as("0005"))
    do("cf 1003 1004")
    by_state = dict(desk.reader.execute("SELECT state, count(*) FROM case_row GROUP BY state").fetchall())
    assert by_state == {"CLOSED": 1, "VOIDED": 1, "MERGED": 1, "REPORTED": 2}
    assert sum(reads.by_state(desk.reader).values()) == 5 - 1 - 1 - 1


@pytest.mark.parametrize("place", ["东湖街", "大新街", "珠溪社区", "沈巷", "新旺村", "张马村", "淀峰村"])  # G1 to G7
def test_AC_11a_by_night_a_team_goes_to_any_grid(do, place):
    case = do(f"xj {place} js 3").case
    assert do(f"pd {case.handle} y1").case.lead == "y1"


def test_AC_11b_by_day_a_team_needs_a_reason_and_a_second_enter(do, desk, refused, clock):
    clock.set("2021-03-01 14:00")
    do("xj dhj js 3")
    shown = desk.preview("pd 1001 y1")
    assert (shown.ok, shown.text) == (False, "夜队非当值(17:30-07:30) 日间支援须理由，如 r2")
    assert refused("pd 1001 y1").code == 8
    shown = desk.preview("pd 1001 y1 r2")
    assert shown.ok
    assert "再按 Enter 确认" in shown.confirm
    assert "1001: 应急一队 非当值" in shown.confirm
    assert do("pd 1001 y1 r2").case.lead == "y1"


def test_AC_11b_the_reason_is_wanted_for_an_assisting_team_as_well(do, refused, clock):
    clock.set("2021-03-01 14:00")
    do("xj dhj js 3")
    assert refused("pd 1001 cg y1").field == "R11"
    do("pd 1001 cg y1 r2")


def test_R11_first_priority_is_itself_the_reason_by_day(do, clock):
    clock.set("2021-03-01 14:00")
    assert do("xj dhj zy 1 110 y1").case.state is S.DISPATCHED


def test_AC_14a_the_proposed_lead_of_a_difficult_case_is_the_station_of_its_grid(do, desk):
    do("xj xwc js 3")
    do("pd 1001 cg")
    do("yn 1001 n1")
    shown = desk.preview("yn 1001")
    assert (shown.fill, shown.choices[0].label) == ("yn 1001 z4", "四站")


def test_AC_16a_a_volunteer_clears_it_on_the_spot(do, desk_as):
    volunteer = desk_as("2705")
    do("xj dhj 暴露垃圾 3", by=volunteer)
    case = do("zc 1001 2", by=volunteer).case
    assert (case.flow, case.state, case.dispatches) == (Flow.SELF, S.CLOSED, ())


def test_AC_16b_a_village_station_never_leads_a_dispatched_case(do, refused):
    do("xj dhj js 3")
    done = refused("pd 1001 v05")
    assert (done.code, done.field) == (8, "R16")
    assert "非处置主体" in done.text


def test_AC_17a_upgrading_to_the_station_keeps_finder_and_report_time(do, clock):
    before = do("xj dhj js 3").case
    do("zc 1001")
    clock.later(days=2)
    case = do("xt 1001 物业与水务互推").case
    assert (case.state, case.reported_at, case.reporter) == (S.STATION_COORD, before.reported_at, before.reporter)


def test_AC_29a_one_line_reports_accepts_and_dispatches(do, desk):
    line = "xj dhj zy 1 110 y1"
    assert len(f";{line}\n") == 20
    done = do(line)
    assert done.events == ("reported", "accepted", "dispatched")
    assert (done.case.state, done.case.lead, done.case.lead_person) == (S.DISPATCHED, "y1", "0051")
    assert done.case.clocks["ACK"].running
    assert [(recipient, status) for _, recipient, status in outbox(desk)] == [("0051", "PENDING")]


def test_AC_47a_self_handled_leaves_no_order(do, desk):
    do("xj dhj 暴露垃圾 3 xc")
    case = do("zc 1001 2").case
    assert (case.state, case.flow) == (S.CLOSED, Flow.SELF)
    assert desk.reader.execute("SELECT count(*) FROM dispatch").fetchone()[0] == 0
    assert outbox(desk) == []


def test_AC_47b_self_handling_is_overdue_after_a_day_and_turns_general(do, desk, clock):
    before = do("xj dhj 暴露垃圾 3 xc").case
    started = do("zc 1001").case
    clock.now = started.clocks["SELF"].started + 24 * 60 * MINUTE
    assert reads.pressing(desk.reader, clock.now)[0] == 1
    case = do("zc 1001 n").case
    assert (case.state, case.flow, case.reported_at) == (S.REPORTED, Flow.GENERAL, before.reported_at)


def test_R48_the_order_is_addressed_to_a_person(do, desk):
    do("xj dhj js 3")
    case = do("pd 1001 cg").case
    assert case.lead_person == "2201"
    assert outbox(desk)[0] == ("d-ZJJ2021-A-01001-1-cg", "2201", "PENDING")


def test_AC_48b_a_department_off_duty_is_shown_as_paused_until_it_opens(do, desk):
    do("xj dhj js 3")
    do("pd 1001 cg")
    row = reads.page(desk.reader, reads.Filter(), 1)[0]
    assert wording.countdown(row, desk.now(), desk.duty) == "停至08:30"


def test_AC_49a_difficult_needs_an_attempt(do, refused):
    do("xj dhj js 3")
    do("sl 1001")
    assert refused("yn 1001 n1").text == "须先有协调或处置记录"


def test_AC_49b_two_departments_returned_it(do):
    do("xj dhj js 3")
    for unit in ("gbb", "cg"):
        do(f"pd 1001 {unit}")
        do("td 1001 1")
        case = do("td 1001 y").case
    assert (case.state, case.criterion) == (S.DIFF_REVIEW, "no_lead")


def test_AC_50a_only_the_lead_station_submits(do, desk_as, refused):
    do("xj xwc js 3")
    do("pd 1001 gbb")
    do("yn 1001 z4 n1")
    done = refused("tj 1001 1", by=desk_as("2404"))
    assert done.code == 7
    assert "疑难案件由牵头站提交" in done.text
    assert do("tj 1001 1", by=desk_as("0024")).case.state is S.SUBMITTED


def test_AC_54a_110_at_three_in_the_morning_has_its_quarter_of_an_hour(do, clock):
    clock.set("2021-03-02 03:10")
    case = do("xj dhj js 2 110").case
    assert (case.state, case.source) == (S.REPORTED, "p110")
    assert clock.text(case.clocks["ACC"].due) == "2021-03-02 03:25"
    assert clock.text(case.clocks["P110"].due) == "2021-03-02 03:25"


def test_AC_54b_first_contact_within_three_minutes(do, desk, clock):
    for _ in range(2):
        done = desk.run_line("xj dhj js 2 110", extra={"phone": "0000-0199"})
        assert done.ok, done.text
    clock.later(seconds=30)
    assert "FC" not in {c.code for c in do("xl 1001 1").case.clocks.values() if c.running}
    clock.later(minutes=3)
    row = next(r for r in reads.page(desk.reader, reads.Filter(), 5) if r.serial == 1002)
    assert (row.next_kind, row.overdue(clock.now)) == ("FC", True)


def test_AC_56a_one_lead_two_assistants_three_messages_one_deadline(do, desk):
    do("xj dhj js 3")
    case = do("pd 1001 sc cg pcs").case
    assert (case.lead, case.assists) == ("sc", ("cg", "pcs"))
    assert [recipient for _, recipient, _ in outbox(desk)] == ["2301", "2201", "2101"]
    assert len([c for c in case.clocks.values() if c.code == "HDL" and c.running]) == 1


def test_AC_71b_two_reporters_one_clock(do, desk):
    for name in ("张三(示例)", "李四(示例)"):
        assert desk.run_line("xj dhj zy 1 110", extra={"reporter": name}).ok
    do("cf 1002 1001")
    master = desk.case("1001")
    assert master.reporter == "张三(示例)、李四(示例)"
    assert desk.reader.execute("SELECT DISTINCT c.id FROM timer t JOIN case_row c ON c.rid = t.rid").fetchall() == [
        (master.id,)
    ]


def test_T35_merging_across_villages_needs_words_in_the_line(do, refused):
    do("xj dhj js 3")
    do("xj zmc js 3")
    assert refused("cf 1001 1002").code == 8
    do("cf 1001 1002 同一条河")


def test_NV_6_a_homonym_is_listed_and_never_picked(desk, refused):
    shown = desk.preview("xj sjd js 3")
    assert not shown.ok
    assert {c.label for c in shown.choices} == {"沙家埭村", "盛家埭村"}
    assert refused("xj sjd js 3").code == 3


def test_NV_8_a_pending_return_parks_no_clock(do, desk, clock):
    do("xj dhj js 2")
    do("pd 1001 y1")
    case = do("td 1001 1").case
    clock.now = case.due_final
    assert reads.page(desk.reader, reads.Filter(), 1)[0].overdue(clock.now)
    rows = desk.reader.execute("SELECT due_at FROM timer WHERE code = 'HDL'").fetchall()
    assert rows == [(case.due_final,)]


def test_NV_17_a_placeholder_cannot_be_dispatched(do, refused):
    do("xj dhj js 3")
    done = refused("pd 1001 bm06")
    assert done.code in (3, 8)


def test_R17_the_line_that_nobody_may_do_is_exit_7(do, desk_as, refused):
    do("xj dhj js 3")
    assert refused("pd 1001 cg", by=desk_as("2201")).code == 7
    assert refused("xj dhj js 3", by=desk_as("0006")).code == 7


# Atomic composites ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "code"), [("xj dhj js 3 v05", 8), ("xj - zy 1 y1", 8), ("xj dhj js 3 rel=9999", 6), ("xj dhj js 3 y1", 8)]
)
def test_I_4_a_composite_line_is_all_or_nothing(desk, refused, clock, line, code):
    clock.set("2021-03-01 14:00")
    assert refused(line).code == code
    assert desk.reader.execute("SELECT count(*) FROM case_row").fetchone()[0] == 0
    assert desk.reader.execute("SELECT count(*) FROM line_history").fetchone()[0] == 0


def test_I_4_accept_is_taken_back_when_the_dispatch_behind_it_is_refused(do, desk, refused):
    do("xj dhj js 3")
    refused("pd 1001 v05")
    assert desk.case("1001").state is S.REPORTED


def test_I_4_a_difficult_line_is_all_or_nothing(do, desk, desk_as, refused, clock):
    clock.set("2021-03-01 14:00")
    do("xj xwc js 3")
    do("pd 1001 cg")
    assert refused("yn 1001 z4 n1", by=desk_as("0002")).code == 7  # may nominate, may not decide
    assert desk.case("1001").state is S.DISPATCHED


def test_one_action_one_command_id(do, desk):
    do("xj dhj zy 1 110 y1")
    rows = desk.reader.execute("SELECT cmd, count(*) FROM event GROUP BY cmd").fetchall()
    assert [n for _, n in rows] == [3]


# Versions and keys ------------------------------------------------------------------------------------------------


def test_I_5_a_stale_version_is_a_conflict_and_writes_nothing(do, desk, refused):
    case = do("xj dhj js 3").case
    do("bz 1001 别人先写了")
    done = refused("sl 1001", expect=(case.id, case.version))
    assert (done.code, done.text) == (5, "案件已被更新，请看后再做")
    do("sl 1001", expect=(case.id, case.version + 1))


def test_6_4_the_same_key_does_it_once(do, desk):
    first = do("xj dhj js 3", key="k-1")
    again = do("xj dhj js 3", key="k-1")
    assert (first.same, again.same) == (False, True)
    assert (again.case.id, again.text, again.events) == (first.case.id, first.text, first.events)
    assert events(desk) == 1


def test_6_4_the_same_key_with_other_content_or_by_another_is_a_conflict(do, desk, desk_as, refused):
    do("xj dhj js 3", key="k-1")
    assert refused("xj dhj js 2", key="k-1").code == 5
    assert refused("xj dhj js 3", key="k-1", by=desk_as("0002")).code == 5


def test_6_4_a_refused_line_does_not_use_up_its_key(do, refused):
    refused("sl 1001", key="k-2")
    do("xj dhj js 3")
    do("sl 1001", key="k-2")


def test_a_preview_says_what_enter_does_and_writes_nothing(do, desk):
    do("xj dhj zy 3")
    before = desk.reader.execute("SELECT count(*) FROM event").fetchone(), desk.changed()
    for line in ("pd 1001 cg", "sl 1001", "zf 1001 2", "xj dhj js 3", "cx", "1001", "ss 灾险"):
        assert desk.preview(line).ok, line
    assert (desk.reader.execute("SELECT count(*) FROM event").fetchone(), before[1]) == before
    shown = desk.preview("pd 1001 cg")
    assert do("pd 1001 cg").text == shown.text


@pytest.mark.parametrize(
    ("setup", "line", "words"),
    [
        ((), "zf 1001 2", "作废"), ((), "cf 1001 1002", "主案"), (("pd 1001 y1",), "gp 1001 y2", "换主办"),
        (("pd 1001 y1",), "pd 1001 cg", "主责仍为 应急一队"),
    ],
)  # fmt: skip
def test_3_4_a_dangerous_verb_asks_again_with_case_and_consequence(do, desk, setup, line, words):
    do("xj dhj zy 1")
    do("xj dhj zy 1")
    for step in setup:
        do(step)
    shown = desk.preview(line)
    assert shown.ok, shown.text
    assert "1001" in shown.confirm
    assert words in shown.confirm


def test_the_menu_and_the_rules_agree(do, desk):
    """What the menu offers is not refused for its state or its officer, what it greys out is."""
    case = do("xj dhj js 3").case
    for legal in desk.actions(case.id):
        assert legal.ok or legal.why
        states = [step.frm for action in legal.verb.actions for step in BY_ACTION.get(action, ())]
        if legal.verb.actions and not legal.verb.later and legal.verb.group not in ACTING:
            assert legal.ok <= any(case.state in frm for frm in states), legal.verb.id


def test_history_and_audit_after_a_busy_hour(do, desk):
    for line in ("xj dhj zy 1 110 y1", "dd 1001", "tj 1001 1", "hc 1001 y", "ck 1001 1", "sl 1001"):
        do(line)
    assert desk.history()[0] == "sl 1001"
    assert audit.verify(desk.reader, desk.duty).bad is None


def test_AC_07a_an_assistant_sees_the_whole_history_but_not_the_callers_number(desk, desk_as):
    assert desk.run_line("xj dhj zy 1 110 y1", extra={"phone": "10000005678"}).ok
    assert desk.run_line("pd 1001 z5", confirmed=True).ok
    case = desk.case("1001")
    assert case.assists == ("z5",)
    assert shape.phone_for(case, desk_as("0025").actor) == "1** **** 5678"
    for who in ("0051", "0002"):  # the lead unit and the desk
        assert shape.phone_for(case, desk_as(who).actor) == "10000005678"
    assert [moment.kind for moment in reads.timeline(desk.reader, case)] == [
        "reported", "accepted", "dispatched", "assisted",
    ]  # fmt: skip


def test_NV_19_the_timeline_does_not_leak_it_either(desk, desk_as):
    assert desk.run_line("xj dhj zy 1 110 y1", extra={"phone": "10000005678"}).ok
    reader, case = desk_as("2603"), desk.case("1001")
    moments = reads.timeline(reader.reader, case)
    shown = [shape.moment_json(m, case, reader.actor, desk.town, desk.duty) for m in moments]
    assert "10000005678" not in str(shown)


def test_AC_48a_the_order_goes_to_the_officer_resident_at_the_station_or_to_the_one_named(do, desk, clock):
    clock.set("2021-03-02 10:00")
    do("xj zmc xf 3")
    do("pd 1001 cg")
    here = next(p.work_no for p in desk.town.holders("z5", "resident") if p.unit == "cg")
    assert here != desk.town.staff("cg")[0].work_no  # or the first member would pass for him
    assert desk.case("1001").lead_person == here
    other = next(p.work_no for p in desk.town.staff("cg") if p.work_no != here)
    do("xj dhj xf 3")
    do(f"pd 1002 cg {other}")
    assert desk.case("1002").lead_person == other
    stranger = next(p.work_no for p in desk.town.staff("sc"))
    do("xj dhj xf 3")
    assert desk.run_line(f"pd 1003 cg {stranger}").code == 3
