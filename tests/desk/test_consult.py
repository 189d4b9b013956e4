"""The weekly consultation at the desk (§2.9, R50, R56-R59): pool, collection, agenda, outcomes, minutes, follow-up."""

import hashlib

import pytest
from rich.cells import cell_len

from zjj_console.desk import agenda, consult_view, consulting, followups, pool
from zjj_console.desk.consulting import Decision
from zjj_console.desk.desk import Desk
from zjj_console.domain import consult
from zjj_console.domain.model import DAY, State
from zjj_console.storage import audit, duty_rows, projections, reads_meeting
from zjj_console.storage.db import connect, writing

CENTRE, DESK, CHIEF1, CHIEF4 = "0005", "0002", "0021", "0024"
WEEK = "2021-W09"


@pytest.fixture
def hall(make_house, template, clock):
    """Monday 2021-03-01, 10:00: an empty town; `hall.case(..)` makes cases that somebody has tried to solve."""
    clock.set("2021-03-01 10:00")
    hall = make_house(template)

    def case(place="dhj", priority=3, unit="cg", nominate=True):
        hall.line(f"xj {place} js {priority} dh {unit}", CENTRE)
        handle = str(1000 + hall.db.execute("SELECT count(*) FROM case_row").fetchone()[0])
        hall.line(f"qs {handle}", DESK)
        if nominate:
            hall.line(f"yn {handle} n1", DESK)
        clock.later(seconds=1)
        return handle

    hall.case = case
    return hall


def at(hall, handle):
    return projections.find(hall.db, handle, "A")


def meeting(hall, name=f"HS-{WEEK}"):
    return reads_meeting.meeting(hall.db, name)


def open_with(hall, *handles):
    for handle in handles:
        hall.line(f"hs {handle} 两部门均称非本部门职责", DESK)
    hall.clock.set("2021-03-05 09:30")
    hall.do(CENTRE, consulting.open_())


def texts(hall, kind="meeting"):
    return hall.db.execute("SELECT recipient, body FROM outbox WHERE kind = ? ORDER BY id", (kind,)).fetchall()


# pool -----------------------------------------------------------------------------------------------------------------------


def whys(hall):
    return {p.case.handle: [w.code for w in p.whys] for p in pool.pool(hall.db, hall.desk().facts())}


def test_the_pool_takes_difficult_cases_after_half_of_the_lead_limit(hall, clock):
    review, led = hall.case(), hall.case()
    hall.line(f"yn {led} z1", CENTRE)
    assert whys(hall) == {}
    clock.set("2021-03-03 14:30")
    assert whys(hall) == {review: ["led"], led: ["led"]}
    hall.line(f"hs {review}", DESK)
    listed = {p.case.handle: p.listed for p in pool.pool(hall.db, hall.desk().facts())}
    assert listed == {review: f"HS-{WEEK}", led: ""}


def test_the_pool_takes_two_returns_of_one_department_and_two_reworks(hall, clock):
    twice, rework = hall.case(nominate=False), hall.case(nominate=False)
    for _ in range(2):
        hall.line(f"td {twice} 1", DESK)
        hall.line(f"td {twice} y 2", CENTRE)
        hall.line(f"pd {twice} cg", CENTRE)
        hall.line(f"qs {twice}", DESK)
    for _ in range(2):
        hall.line(f"tj {rework} 1", DESK)
        hall.line(f"hc {rework} n 2", CENTRE)
    assert whys(hall) == {twice: ["returns"], rework: ["reworks"]}
    assert at(hall, rework).state is State.DIFF_REVIEW


def test_the_pool_leaves_out_what_waits_for_its_check_or_has_ended(hall, clock):
    twice = hall.case(nominate=False)
    for _ in range(2):
        hall.line(f"td {twice} 1", DESK)
        hall.line(f"td {twice} y 2", CENTRE)
        hall.line(f"pd {twice} cg", CENTRE)
        hall.line(f"qs {twice}", DESK)
    assert whys(hall) == {twice: ["returns"]}
    hall.line(f"tj {twice} 1", DESK)
    facts = hall.desk().facts()
    assert whys(hall) == {} and pool.why(hall.db, at(hall, twice), facts) == ()
    hall.line(f"hc {twice} y", CENTRE)
    assert not at(hall, twice).is_open and pool.why(hall.db, at(hall, twice), facts) == ()


def test_the_pool_takes_suspended_cases_before_their_review_and_escalated_ones(hall, clock):
    near, far, high = (hall.case(nominate=False) for _ in range(3))
    for handle, days in ((near, "13d"), (far, "20d")):
        hall.line(f"gz {handle} {days} r1 围挡", DESK)
        hall.line(f"gz {handle} y", CENTRE)
    db = connect(hall.path)
    for handle, level in ((high, 4), (far, 3)):
        db.execute("INSERT INTO ladder(case_id, state, trigger, level, raised_at, body) VALUES (?, 'open', 'HDL', ?, 0, x'')",
                   (at(hall, handle).id, level))  # fmt: skip
    db.close()
    assert whys(hall) == {near: ["review"], high: ["escalated"]}
    clock.later(days=7)
    assert whys(hall)[far] == ["review"]


def test_the_pool_never_reads_all_open_cases(hall):
    facts = hall.desk().facts()
    for sql in (reads_meeting._IN_STATES, reads_meeting._TROUBLED, reads_meeting._REVIEWED, reads_meeting._LADDER):
        plan = hall.db.execute(f"EXPLAIN QUERY PLAN {sql}", (1,) * sql.count("?")).fetchall()
        assert not [row for row in plan if "SCAN case_row" in row[3]], (sql, plan)
    assert pool.pool(hall.db, facts) == []


def test_everything_in_the_pool_goes_on_the_agenda_with_one_act(hall, clock):
    one, two = hall.case(), hall.case()
    clock.set("2021-03-03 15:00")
    done = hall.do(DESK, agenda.fill())
    assert done.data["added"] == [one, two] and [i.handle for i in meeting(hall).agenda] == [one, two]
    assert "已用牵头时限" in meeting(hall).agenda[0].why[0]
    assert hall.do(DESK, agenda.fill()).same


# hs -------------------------------------------------------------------------------------------------------------------------


def test_T30_hs_puts_a_case_on_the_coming_agenda_and_its_mark_is_shown(hall):
    handle = hall.case()
    before = at(hall, handle)
    said = hall.line(f"hs {handle} 两部门均称非本部门职责", DESK)
    case = at(hall, handle)
    assert f"HS-{WEEK} 议题1" in said.text and (case.consult, case.clocks) == (f"HS-{WEEK}", before.clocks)
    assert "consult" in hall.db.execute("SELECT marks FROM case_row WHERE serial = ?", (int(handle),)).fetchone()[0]
    assert hall.line(f"hs {handle} 两部门均称非本部门职责", DESK).text.startswith(f"{handle} 已是"), (
        "twice changes nothing"
    )
    assert len(meeting(hall).agenda) == 1 and meeting(hall).state == "COLLECTING"


def test_T30_hs_says_why_not(hall):
    hall.line("xj dhj js 3 dh", DESK)
    new = hall.desk(DESK).run_line("hs 1001 理由")
    assert new.code == 8 and "待受理时不可办" in new.text
    tried = hall.case(nominate=False)
    plain = hall.desk(DESK).run_line(f"hs {tried}")
    assert plain.code == 8 and "须写理由" in plain.text and not hall.desk(DESK).preview(f"hs {tried}").ok
    assert hall.desk("2603").run_line(f"hs {tried} 理由").code == 7
    other = hall.desk(CHIEF4).run_line(f"hs {tried} 理由")
    assert other.code == 7, "a chief speaks for his own area"
    assert hall.line(f"hs {tried} 理由", CHIEF1).ok
    assert hall.desk(DESK).run_line("hs 4711 理由").code == 6


def test_T42_what_a_meeting_has_on_record_is_not_undone_by_a_key(hall):
    handle = hall.case()
    hall.line(f"hs {handle} 理由", DESK)
    undone = hall.desk(DESK).run_line("cx")
    assert undone.code == 8 and at(hall, handle).consult == f"HS-{WEEK}"
    script = Desk(hall.path, hall.town, hall.desk(DESK).actor, hall.clock)
    again = script.run_line("cx")
    script.close()
    assert again.code == 8 and "撤题" in again.text and at(hall, handle).consult == f"HS-{WEEK}"


def test_what_comes_after_the_lock_waits_for_the_next_meeting(hall):
    one, two = hall.case(), hall.case()
    hall.line(f"hs {one} 理由", DESK)
    hall.do(DESK, agenda.lock())
    assert hall.do(DESK, agenda.lock()).same, "cron may do it twice"
    assert "HS-2021-W10" in hall.line(f"hs {two} 理由", DESK).text
    assert "不再加题" in hall.refuse(DESK, agenda.put(two, "x", week=WEEK), 8).text
    assert meeting(hall).state == "LOCKED" and len(meeting(hall).agenda) == 1


# collection -------------------------------------------------------------------------------------------------------------------


def test_AC_58a_silence_is_shown_by_name_on_the_agenda(hall, clock):
    handle = hall.case()
    hall.do(CHIEF1, agenda.collect("z1", {handle: ("departments",)}, text="明确主责"))
    for station in ("z2", "z4", "z5"):
        hall.do(DESK, agenda.collect(station, {}, nil=True))
    clock.set("2021-03-03 16:30")
    facts = hall.desk().facts()
    assert [(g.unit, g.zh, g.late) for g in consult_view.missing_collections(hall.db, facts)] == [
        ("z3", "三站 未报", True)
    ]
    shown = {s.name: s.said for s in consult_view.week(hall.db, facts).stations}
    assert shown == {"一站": "1件", "二站": "零报告", "三站": "未报", "四站": "零报告", "五站": "零报告"}
    assert "三站 未报" in hall.do(DESK, agenda.lock()).warnings
    clock.set("2021-03-05 09:30")
    hall.do(CENTRE, consulting.open_())
    hall.do(CENTRE, consulting.decide("1", "6", Decision()))
    hall.do(CENTRE, consulting.close())
    assert "未报" in meeting(hall).sheets["text"]


def test_R58_a_station_reports_its_own_cases_with_a_tag_or_nothing(hall, clock):
    mine, elsewhere = hall.case(), hall.case("xwc")
    assert at(hall, elsewhere).station != "z1"
    assert "不在一站辖区" in hall.refuse(CHIEF1, agenda.collect("z1", {elsewhere: ("areas",)}), 8).text
    assert "至少一个跨类" in hall.refuse(CHIEF1, agenda.collect("z1", {mine: ()}), 3).text
    hall.refuse(CHIEF1, agenda.collect("z1", {}), 3)
    hall.refuse(CHIEF4, agenda.collect("z1", {mine: ("areas",)}), 7)
    hall.do(CHIEF1, agenda.collect("z1", {mine: ("areas", "levels")}))
    assert "不能零报告" in hall.refuse(CHIEF1, agenda.collect("z1", {}, nil=True), 8).text
    clock.set("2021-03-03 16:31")
    assert hall.do(DESK, agenda.collect("z2", {}, nil=True)).data["late"]
    assert meeting(hall).collections["z2"].late and not meeting(hall).collections["z1"].late


def test_a_reminder_goes_to_chief_and_deputy_of_silent_stations_once_an_hour(hall):
    hall.do(DESK, agenda.collect("z1", {}, nil=True))
    assert hall.do(DESK, agenda.remind()).data == {
        "meeting": f"HS-{WEEK}",
        "missing": ["z2", "z3", "z4", "z5"],
        "messages": 8,
    }
    hall.do(DESK, agenda.remind())
    assert len(texts(hall)) == 8 and "零报告" in texts(hall)[0][1]


# the meeting ---------------------------------------------------------------------------------------------------------------------


def test_AC_59a_four_items_three_outcomes_then_close(hall):
    handles = [hall.case() for _ in range(4)]
    open_with(hall, *handles)
    for n, (outcome, units) in enumerate([("1", ("cg",)), ("2", ("z1", "gbb")), ("3", ())], 1):
        hall.do(CENTRE, consulting.decide(str(n), outcome, Decision(units)))
    refused = hall.refuse(CENTRE, consulting.close(), 8)
    assert "议题4 无结果" in refused.text and handles[3] in refused.text
    assert "已有结果" in hall.refuse(CENTRE, consulting.decide("1", "2", Decision(("z1",))), 8).text
    hall.do(CENTRE, consulting.decide("4", "4", Decision(level="district", text="界河")))
    done = hall.do(CENTRE, consulting.close())
    assert done.events == ("meeting_closed", "meeting_minuted") and meeting(hall).state == "MINUTED"
    hall.proven()


def test_T31_outcomes_move_the_cases_at_once_and_name_owner_and_due(hall, clock):
    handles = [hall.case() for _ in range(7)]
    hall.line(f"yn {handles[4]} z1", CENTRE)
    open_with(hall, *handles)
    due = clock.now + 5 * DAY
    says = [Decision(("cg", "gbb"), due=due), Decision(("z1", "cg")), Decision(), Decision(level="town"),
            Decision(review=clock.now + 14 * DAY, reason="works", text="围挡"), Decision(), Decision(text="不属本镇事权")]  # fmt: skip
    for n, said in enumerate(says, 1):
        hall.do(CENTRE, consulting.decide(str(n), str(n), said))
    cases = [at(hall, handle) for handle in handles]
    assert [str(c.state) for c in cases] == [
        "DISPATCHED", "DIFF_LED", "DIFF_REVIEW", "DIFF_REVIEW", "SUSPENDED", "DIFF_REVIEW", "SUBMITTED"
    ]  # fmt: skip
    assert (cases[0].lead, cases[0].assists, cases[0].designated, cases[0].due_final) == ("cg", ("gbb",), True, due)
    assert cases[3].raised == "town" and cases[5].consult == "HS-2021-W10"
    assert [c.consult for c in cases[:5]] == [""] * 5
    owners = [(i.outcome.owner, clock.text(i.outcome.due)[:10]) for i in meeting(hall).agenda]
    assert owners[0] == ("cg", "2021-03-10") and owners[1][0] == "z1" and owners[2] == ("z1", "2021-03-31")
    assert owners[3] == ("cyzx", "2021-03-12") and owners[4] == ("z1", "2021-03-19")
    orders = texts(hall, "dispatch")
    assert any(handles[0] in body and "主办" in body for _, body in orders), "the order goes out as any other"
    events = hall.db.execute("SELECT kind FROM event WHERE stream = ? ORDER BY lseq", (cases[0].id,)).fetchall()
    assert [kind for (kind,) in events][-2:] == ["put_on_agenda", "consult_assigned"]
    assert hall.desk(CENTRE).run_line(f"hc {handles[6]} y").code == 8, "another person verifies"
    assert hall.line(f"hc {handles[6]} y", DESK).case.state is State.CLOSED


def test_T31_needs_an_open_meeting_the_centre_and_what_the_outcome_asks_for(hall):
    handle = hall.case()
    hall.line(f"hs {handle} 理由", DESK)
    assert "先 consult open" in hall.refuse(CENTRE, consulting.decide("1", "1", Decision(("cg",))), 8).text
    open_with(hall)
    hall.refuse(DESK, consulting.decide("1", "1", Decision(("cg",))), 7)
    hall.refuse(CHIEF1, consulting.close(), 7)
    hall.refuse(CENTRE, consulting.decide("9", "1", Decision(("cg",))), 6)
    for outcome, said, code in (("8", Decision(), 3), ("1", Decision(), 3), ("2", Decision(("cg",)), 8), ("4", Decision(), 3),
                                ("5", Decision(review=hall.clock.now + DAY, reason="works"), 8), ("7", Decision(), 8),
                                ("1", Decision(("bm06",)), 8), ("1", Decision(("cg",), due=1), 3)):  # fmt: skip
        hall.refuse(CENTRE, consulting.decide("1", outcome, said), code)
    assert meeting(hall).undecided and at(hall, handle).state is State.DIFF_REVIEW


def test_outcome_4_may_suspend_what_waits_for_the_district(hall, clock):
    handle = hall.case()
    hall.line(f"yn {handle} z1", CENTRE)
    open_with(hall, handle)
    hall.do(
        CENTRE,
        consulting.decide("1", "4", Decision(level="district", review=clock.now + 20 * DAY, text="区级协调期间设警示")),
    )
    case = at(hall, handle)
    assert (case.state, case.raised, case.consult) == (State.SUSPENDED, "district", "")


def test_outcome_6_twice_and_the_third_is_refused(hall, clock):
    handle = hall.case()
    open_with(hall, handle)
    for week in ("2021-03-12 09:30", "2021-03-19 09:30"):
        hall.do(CENTRE, consulting.decide(handle, "6", Decision()))
        hall.do(CENTRE, consulting.close())
        clock.set(week)
        hall.do(CENTRE, consulting.open_())
    assert meeting(hall, "HS-2021-W11").agenda[0].deferrals == 2
    assert "已续议2次" in hall.refuse(CENTRE, consulting.decide("1", "6", Decision()), 8).text
    hall.do(CENTRE, consulting.decide("1", "1", Decision(("cg",))))
    hall.do(CENTRE, consulting.close())
    hall.proven()


def test_responsible_units_that_did_not_come_are_told_and_the_commander_gets_his_task(hall):
    one, two, three = hall.case(), hall.case(), hall.case()
    open_with(hall, one, two, three)
    hall.do(DESK, consulting.attend(["cg", "z1"], people="戚子"))
    assert "须书面意见" in hall.do(DESK, consulting.attend(["gbb"], absent=True)).warnings[0]
    hall.do(CENTRE, consulting.decide("1", "1", Decision(("cg",), text="三日内清除")))
    hall.do(CENTRE, consulting.decide("2", "2", Decision(("z1", "gbb"))))
    hall.do(CENTRE, consulting.decide("3", "3", Decision()))
    done = hall.do(CENTRE, consulting.close())
    assert {who for who, _ in texts(hall)} == {"2404", "0011"} and done.data["messages"] == 2
    assert "cg" not in done.data["absent"]
    assert "联合处置" in dict(texts(hall))["2404"]


def test_the_minutes_fit_80_columns_and_are_the_same_bytes_for_ever(hall, clock):
    handle = hall.case()
    hall.do(DESK, agenda.collect("z1", {handle: ("departments",)}, text="明确主责部门与时限" * 9))
    hall.do(DESK, agenda.detail(handle, proposed="cg", invited=("cg", "gbb"), materials="照片2张", missing="权属证明"))
    open_with(hall)
    hall.do(CENTRE, consulting.attend(["cg"]))
    hall.do(CENTRE, consulting.decide("1", "1", Decision(("cg",), text="<b>三日内</b>")))
    hall.do(CENTRE, consulting.close())
    sheets = dict(meeting(hall).sheets)
    assert all(cell_len(line) <= 80 for page in sheets["text"].split("\f") for line in page.splitlines())
    for words in (
        handle,
        "定主责并派单 城管中队",
        "跨部门",
        "缺 权属证明",
        "钱乙(0005)",
        "未报",
    ):
        assert words in sheets["text"], words
    assert "<b>三日内" not in sheets["html"] and "&lt;b&gt;" in sheets["html"] and "<script" not in sheets["html"]
    digest = hashlib.sha256(sheets["html"].encode()).hexdigest()
    clock.later(days=30)
    hall.line(f"bz {handle} 事后备注", DESK)
    with writing(connect(hall.path)) as db:
        audit.rebuild(db, hall.duty)
    again = meeting(hall).sheets
    assert again == sheets and hashlib.sha256(again["html"].encode()).hexdigest() == digest


def test_follow_up_is_the_first_item_of_the_next_meeting_and_overdue_may_be_supervised(hall, clock):
    one, two = hall.case(), hall.case()
    open_with(hall, one, two)
    hall.do(CENTRE, consulting.decide("1", "1", Decision(("cg",), due=clock.now + 2 * DAY)))
    hall.do(CENTRE, consulting.decide("2", "4", Decision(level="town")))
    hall.do(CENTRE, consulting.close())
    clock.set("2021-03-12 09:30")
    facts = hall.desk().facts()
    assert [(f.handle, f.state, f.days_late) for f in followups.standing(hall.db, facts)] == [
        (one, "overdue", 5),
        (two, "overdue", 0),
    ]
    assert [g.kind for g in consult_view.gaps(hall.db, facts)] == ["collection"] * 5 + ["follow_up"] * 2
    hall.line(f"db {one} 1d 限期", CENTRE)
    assert followups.overdue(hall.db, hall.desk().facts())[0].supervised
    hall.do(DESK, followups.done(f"HS-{WEEK}", two, "已报镇长办公会"))
    hall.refuse(DESK, followups.done(f"HS-{WEEK}", two), 8)
    hall.do(CENTRE, consulting.open_())
    hall.do(CENTRE, consulting.close())
    text = meeting(hall, "HS-2021-W10").sheets["text"]
    assert text.index("上次决议督办") < text.index("各站收集") and f"{one} 定主责并派单" in text and "逾期" in text
    assert [f.handle for f in followups.all_(hall.db, hall.desk().facts()) if f.state == "done"] == [two]


def test_a_decision_is_done_when_its_case_has_ended(hall):
    handle = hall.case()
    open_with(hall, handle)
    hall.do(CENTRE, consulting.decide("1", "1", Decision(("cg",))))
    hall.do(CENTRE, consulting.close())
    for line in (f"qs {handle}", f"tj {handle} 1"):
        hall.line(line, DESK)
    assert followups.all_(hall.db, hall.desk().facts())[0].state == "running"
    hall.line(f"hc {handle} y", CENTRE)
    assert followups.all_(hall.db, hall.desk().facts())[0].state == "done"


def test_AC_50a_a_case_that_a_meeting_gave_to_a_station_is_submitted_by_it(hall):
    handle = hall.case()
    open_with(hall, handle)
    hall.do(CENTRE, consulting.decide("1", "2", Decision(("z4", "gbb"))))
    refused = hall.desk("2404").run_line(f"tj {handle} 1")
    assert refused.code == 7 and "疑难案件由牵头站提交" in refused.text
    assert hall.line(f"tj {handle} 1", CHIEF4).case.state is State.SUBMITTED
    assert hall.line(f"hc {handle} y", CENTRE).case.state is State.CLOSED


def test_R56_joint_handling_records_lead_assistants_and_messages(hall):
    handle = hall.case()
    open_with(hall, handle)
    hall.do(CENTRE, consulting.decide("1", "2", Decision(("z1", "gbb", "cg"))))
    case = at(hall, handle)
    assert (case.lead, set(case.assists)) == ("z1", {"gbb", "cg"})
    active = {(d.role, d.unit) for d in case.dispatches if d.active}
    assert active == {("lead", "z1"), ("assist", "gbb"), ("assist", "cg")}
    assert len([body for _, body in texts(hall, "dispatch") if "协办" in body]) >= 2


def test_a_case_that_ended_meanwhile_is_withdrawn_with_a_reason(hall):
    handle = hall.case()
    hall.line(f"yn {handle} z1", CENTRE)
    open_with(hall, handle)
    hall.line(f"tj {handle} 1", CHIEF1)
    assert "待核查时不可办" in hall.refuse(CENTRE, consulting.decide("1", "1", Decision(("cg",))), 8).text
    hall.refuse(CENTRE, agenda.withdraw(handle, " "), 3)
    hall.do(CENTRE, agenda.withdraw("1", "已提交"))
    hall.do(CENTRE, consulting.close())
    assert "已提交" in meeting(hall).sheets["text"] and at(hall, handle).consult == ""


# weeks without one, urgent ones, stations' own ----------------------------------------------------------------------------------------


def test_AC_59b_the_calendar_shows_S_with_the_reason_and_X_without(hall, clock):
    handle = hall.case()
    hall.line(f"hs {handle} 理由", DESK)
    clock.set("2021-03-06 08:00")
    facts = hall.desk().facts()
    assert [g.ref for g in consult_view.missing_weeks(hall.db, facts)] == [WEEK]
    assert [(w, mark) for w, mark, _ in consult_view.calendar(hall.db, facts, 1)] == [(WEEK, "X"), ("2021-W08", "-")]
    hall.refuse(DESK, agenda.skip(WEEK, "春节"), 7)
    hall.refuse(CENTRE, agenda.skip(WEEK, " "), 3)
    hall.do(CENTRE, agenda.skip(WEEK, "春节"))
    facts = hall.desk().facts()
    week, mark, record = consult_view.calendar(hall.db, facts, 1)[0]
    assert (week, mark, record.reason) == (WEEK, "S", "春节") and consult_view.missing_weeks(hall.db, facts) == ()
    assert at(hall, handle).consult == "HS-2021-W10" and meeting(hall, "HS-2021-W10").agenda[0].deferrals == 0
    assert "不能再开" in hall.refuse(CENTRE, consulting.open_(WEEK), 8).text
    hall.refuse(CENTRE, agenda.skip(WEEK, "再记"), 8)
    hall.proven()


def test_one_meeting_per_week_and_none_before_its_week(hall, clock):
    clock.set("2021-03-05 09:30")
    hall.do(CENTRE, consulting.open_())
    hall.do(CENTRE, consulting.close())
    assert "不能再开" in hall.refuse(CENTRE, consulting.open_(WEEK), 8).text
    assert "未到该周" in hall.refuse(CENTRE, consulting.open_(), 8).text
    hall.refuse(CENTRE, agenda.skip(WEEK, "x"), 8)


def test_E5_an_urgent_consultation_at_any_hour_with_minutes_within_a_day(hall, clock):
    slow, fast = hall.case(), hall.case(priority=1)
    hall.line(f"hs {fast} 理由", DESK)
    clock.set("2021-03-01 23:41")
    assert "其余上周会" in hall.refuse("0001", consulting.urgent(slow, "x"), 8).text
    hall.refuse("0001", consulting.urgent(fast, ""), 3)
    hall.refuse(DESK, consulting.urgent(fast, "x"), 7)
    name = hall.do("0001", consulting.urgent(fast, "两队推诿")).data["meeting"]
    assert name == "LS-2021-03-01-2341" and meeting(hall, name).state == "OPEN" and at(hall, fast).consult == name
    assert meeting(hall).items[at(hall, fast).id].withdrawn == f"转临时会商 {name}"
    clock.set("2021-03-02 23:41")
    assert [g.ref for g in consult_view.gaps(hall.db, hall.desk().facts()) if g.kind == "minutes"] == [name]
    hall.refuse(CENTRE, consulting.decide("1", "5", Decision(review=clock.now + DAY, reason="works", text="x")), 8)
    hall.do(CENTRE, consulting.decide(fast, "1", Decision(("pcs",))))
    hall.do(CENTRE, consulting.close(name))
    assert meeting(hall, name).state == "MINUTED" and "临时会商纪要" in meeting(hall, name).sheets["text"]
    assert at(hall, fast).lead == "pcs"
    hall.proven()


def test_AC_57a_a_station_without_result_gives_an_attempt_and_a_place_in_the_pool(hall, clock):
    hall.line("xj dhj js 3 dh", CENTRE)
    hall.line("sl 1001", CENTRE)
    assert hall.desk(DESK).run_line("yn 1001 n1").code == 8, "nobody has tried yet"
    hall.refuse(CHIEF4, consulting.station("z1", "1001", "2", Decision()), 7)
    hall.refuse(CENTRE, consulting.station("z4", "1001", "2", Decision()), 8)
    hall.refuse(CHIEF1, consulting.station("z1", "1001", "3", Decision()), 3)
    done = hall.do(CHIEF1, consulting.station("z1", "1001", "2", Decision(text="权属不清"), ("cg", "sc")))
    assert done.data["attempts"] == 1 and done.data["meeting"] == "ZH-z1-2021-03-01-1"
    assert whys(hall) == {"1001": ["station"]}
    record = meeting(hall, done.data["meeting"])
    assert record.state == "MINUTED" and "未果" in record.sheets["text"]
    assert hall.line("yn 1001 n1", DESK).case.state is State.DIFF_REVIEW
    assert "一站会商03-01" in agenda.tried(hall.db, at(hall, "1001"), hall.desk().facts())


def test_AC_57a_what_somebody_settled_since_is_not_in_the_pool_for_its_station_any_more(hall, clock):
    hall.line("xj dhj js 3 dh", CENTRE)
    hall.line("sl 1001", CENTRE)
    hall.do(CHIEF1, consulting.station("z1", "1001", "2", Decision(text="权属不清")))
    hall.line("yn 1001 n1", DESK)
    assert "station" in whys(hall)["1001"]
    clock.later(minutes=5)
    open_with(hall, "1001")
    hall.do(CENTRE, consulting.decide("1", "1", Decision(("cg",))))
    assert at(hall, "1001").designated and "1001" not in whys(hall)


def test_R57_a_station_that_fixes_responsibility_dispatches(hall):
    handle = hall.case(nominate=False)
    hall.refuse(CHIEF1, consulting.station("z1", handle, "1", Decision()), 3)
    done = hall.do(CHIEF1, consulting.station("z1", handle, "定责", Decision(("sc",), text="市场主体")))
    assert (at(hall, handle).lead, done.data["state"]) == ("sc", "DISPATCHED")
    again = hall.do(CHIEF1, consulting.station("z1", handle, "1", Decision(("cg",))))
    assert again.data["meeting"].endswith("-2") and whys(hall) == {}


def test_the_read_side_has_all_of_the_screen(hall, clock):
    one, two = hall.case(), hall.case()
    hall.line(f"hs {one} 理由", DESK)
    clock.set("2021-03-04 09:00")
    w = consult_view.week(hall.db, hall.desk().facts())
    assert (w.meeting.id, [r.item.handle for r in w.rows], [p.case.handle for p in w.pool]) == (
        f"HS-{WEEK}",
        [one],
        [two],
    )
    assert len(w.visits) == 5 and len(w.stations) == 5 and w.rows[0].result == "待议" and w.rows[0].case.handle == one
    with pytest.raises(KeyError):
        consult_view.week(hall.db, hall.desk().facts(), "LS-1")
    data = consult_view.meeting_json(hall.db, w.meeting, hall.desk().facts())
    assert data["items"][0]["outcome"] is None and data["collect_closes"] == "2021-03-03T16:30:00+08:00"


def test_rebuilding_gives_the_same_meetings_and_cases(hall, clock):
    handles = [hall.case() for _ in range(3)]
    hall.do(CHIEF1, agenda.collect("z1", {handles[0]: ("departments",)}, text="x"))
    open_with(hall, *handles[1:])
    for n, outcome in enumerate(("1", "6", "3"), 1):
        hall.do(CENTRE, consulting.decide(str(n), outcome, Decision(("cg",) if outcome == "1" else ())))
    hall.do(CENTRE, consulting.close())
    before = {t: duty_rows.contents(hall.db, t) for t in duty_rows.TABLES}
    rows = hall.db.execute("SELECT * FROM case_row ORDER BY rid").fetchall()
    assert before["meeting"]
    with writing(connect(hall.path)) as db:
        assert audit.rebuild(db, hall.duty) == 3
    assert {t: duty_rows.contents(hall.db, t) for t in duty_rows.TABLES} == before
    found = hall.db.execute("SELECT * FROM case_row ORDER BY rid").fetchall()
    assert [r[1:] for r in found] == [r[1:] for r in rows]
    with writing(connect(hall.path)) as db:
        db.execute("UPDATE meeting SET state = 'OPEN' WHERE id = ?", (f"HS-{WEEK}",))
    assert "meeting" in audit.verify(hall.db, hall.duty).message, "a changed row is found"


def test_property_whatever_is_decided_no_meeting_closes_too_early(hall, clock):
    """Every subset of three items decided: only the whole lets it close."""
    handles = [hall.case() for _ in range(3)]
    open_with(hall, *handles)
    for n in range(3):
        assert not hall.desk(CENTRE).act(consulting.close()).ok
        hall.do(CENTRE, consulting.decide(str(3 - n), "4", Decision(level="town")))
        assert (consult.close_refusal(meeting(hall)) is None) == (n == 2)
    assert hall.desk(CENTRE).act(consulting.close()).ok
