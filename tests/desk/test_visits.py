"""The commander's monthly visit (R60): planned, recorded with situation and problems, every difficult case answered."""

import pytest
from msgspec.structs import replace

from zjj_console.desk import consult_view, consulting, followups, visiting
from zjj_console.desk.consulting import Decision
from zjj_console.desk.desk import Desk
from zjj_console.desk.session import actor_of
from zjj_console.domain.model import DAY
from zjj_console.storage import audit, projections, reads_meeting
from zjj_console.storage.db import connect, writing
from zjj_console.town.models import Post

CENTRE, DESK, COMMANDER, CHIEF, DEPUTY = "0005", "0002", "0011", "0021", "0031"
TOLD = ("运行平稳", "停车难")


@pytest.fixture
def hall(make_house, template, clock):
    """Tuesday 2021-03-02, 10:00; one difficult case in the area of the first station, nothing else."""
    clock.set("2021-03-02 10:00")
    hall = make_house(template)
    hall.line("xj dhj js 3 dh cg", CENTRE)
    hall.line("qs 1001", DESK)
    hall.line("yn 1001 n1", DESK)
    clock.later(minutes=1)
    return hall


def visits(hall, month="2021-03"):
    return reads_meeting.visits(hall.db, month)


def noted(station="z1", by=COMMANDER, at=None, hall=None):
    return visiting.record(station, by, at or hall.clock.now, *TOLD, noted=("all",))


def test_AC_60a_one_station_visited_and_on_the_25th_four_are_warned_of(hall, clock):
    hall.do(CENTRE, noted(hall=hall))
    clock.set("2021-03-24 23:00")
    assert [d.state for d in consult_view.visits_due(hall.db, hall.desk().facts())] == ["due"] * 4
    clock.set("2021-03-25 08:00")
    due = consult_view.visits_due(hall.db, hall.desk().facts())
    assert [(d.station, d.state) for d in due] == [(z, "warned") for z in ("z2", "z3", "z4", "z5")]
    clock.set("2021-04-01 08:00")
    late = consult_view.visits_due(hall.db, hall.desk().facts(), "2021-03")
    assert [(d.station, d.state) for d in late] == [(z, "overdue") for z in ("z2", "z3", "z4", "z5")]
    assert [d.state for d in consult_view.visits_due(hall.db, hall.desk().facts())] == ["due"] * 5, "April begins anew"


def test_R60_every_difficult_case_is_commanded_or_noted(hall, clock):
    refused = hall.refuse(CENTRE, visiting.record("z1", COMMANDER, clock.now, *TOLD), 8)
    assert "1001 未表态" in refused.text and "--noted" in refused.text
    done = hall.do(
        CENTRE,
        visiting.record("z1", COMMANDER, clock.now, *TOLD, {"1001": "城管牵头三日内拆除"}, due=clock.now + 3 * DAY),
    )
    assert done.data["commanded"] == ["1001"] and done.data["noted"] == []
    (v,) = visits(hall)
    assert (v.state, v.by, v.briefing, v.problems, v.recorded_by) == ("DONE", COMMANDER, *TOLD, CENTRE)
    kinds = hall.db.execute(
        "SELECT kind FROM event WHERE stream NOT LIKE 'visit%' ORDER BY lseq DESC LIMIT 1"
    ).fetchone()
    assert kinds[0] == "commanded", "it stands in the case's own history"
    task = followups.standing(hall.db, hall.desk().facts())[0]
    assert (task.ref, task.handle, task.owner, clock.text(task.due)[:10]) == (v.id, "1001", "cg", "2021-03-05")
    told = hall.db.execute("SELECT recipient, body FROM outbox WHERE kind = 'meeting'").fetchall()
    assert [(who, "三日内拆除" in body) for who, body in told] == [("2201", True)]
    clock.later(days=4)
    assert followups.overdue(hall.db, hall.desk().facts())[0].handle == "1001"
    hall.do(DESK, followups.done(v.id, "1001", "已拆除"))
    assert followups.standing(hall.db, hall.desk().facts()) == []
    hall.proven()


def test_what_a_consultation_put_to_the_commander_is_answered_by_his_visit(hall, clock):
    hall.line("hs 1001 理由", DESK)
    clock.set("2021-03-05 09:30")
    hall.do(CENTRE, consulting.open_())
    hall.do(CENTRE, consulting.decide("1", "3", Decision(text="请指挥长协调")))
    hall.do(CENTRE, consulting.close())
    assert [f.code for f in visiting.put_to(hall.db, "z1", hall.desk().facts())] == ["commander"]
    clock.set("2021-03-09 10:00")
    hall.do(CHIEF, visiting.record("z1", COMMANDER, clock.now, *TOLD, {"1001": "由二站配合"}))
    assert visiting.put_to(hall.db, "z1", hall.desk().facts()) == []
    done = [f for f in followups.all_(hall.db, hall.desk().facts()) if f.state == "done"]
    assert [(f.ref, f.code) for f in done] == [("HS-2021-W09", "commander")]
    hall.proven()


def test_only_the_commander_or_who_acts_for_him_counts(hall, clock, town):
    for nobody in ("0012", CHIEF, DEPUTY, CENTRE):
        assert "指挥长" in hall.refuse(CENTRE, noted(by=nobody, hall=hall), 8).text
    acting = Post("z1", "commander", CHIEF, acting=True)
    stood_in = Desk(hall.path, replace(town, posts=(*town.posts, acting)), actor_of(town, CENTRE, trial=True), clock)
    done = stood_in.act(noted(by=CHIEF, hall=hall))
    stood_in.close()
    assert done.ok and done.data["acting"] and "(代理)" in done.text
    assert visits(hall)[0].acting and not consult_view.station_visits(hall.db, hall.desk().facts())[0].due


def test_R60_a_commander_of_the_centre_visits_only_stations_that_have_none_of_their_own(hall, clock, town):
    at_centre = Post(town.centre.code, "commander", CHIEF)
    for posts, ok in ((town.posts, False), (tuple(p for p in town.posts if p.work_no != COMMANDER), True)):
        desk = Desk(hall.path, replace(town, posts=(*posts, at_centre)), actor_of(town, CENTRE, trial=True), clock)
        done = desk.act(noted(by=CHIEF, hall=hall))
        desk.close()
        assert done.ok is ok, done.text


def test_2_6_chief_commander_and_centre_record_and_a_deputy_asks(hall):
    assert "提请" in hall.refuse(DEPUTY, noted(hall=hall), 7).text
    hall.refuse(DESK, noted(hall=hall), 7)
    hall.refuse("0022", noted(hall=hall), 7)
    for who in (CHIEF, COMMANDER, CENTRE):
        assert hall.do(who, noted(hall=hall)).ok
    assert [v.id for v in visits(hall)] == ["JZ-z1-2021-03-1", "JZ-z1-2021-03-2", "JZ-z1-2021-03-3"]


def test_situation_and_problems_must_be_recorded_and_never_for_the_future(hall, clock):
    for briefing, problems in (("", "无"), ("平稳", " ")):
        hall.refuse(CENTRE, visiting.record("z1", COMMANDER, clock.now, briefing, problems, noted=("all",)), 3)
    hall.refuse(CENTRE, noted(at=clock.now + DAY, hall=hall), 3)
    hall.refuse(CENTRE, noted("cg", hall=hall), 3)
    hall.refuse(CENTRE, visiting.record("z1", COMMANDER, clock.now, *TOLD, {"4711": "x"}), 6)
    hall.refuse(CENTRE, visiting.record("z1", COMMANDER, clock.now, *TOLD, {"1001": " "}), 3)


def test_a_plan_becomes_the_visit_and_may_be_moved_or_cancelled(hall, clock):
    hall.do(DESK, visiting.plan("z1", clock.at("2021-03-10 14:00")))
    hall.do(DEPUTY, visiting.plan("z1", clock.at("2021-03-11 09:00")))
    (v,) = visits(hall)
    assert (v.state, clock.text(v.at), v.planned_by) == ("PLANNED", "2021-03-11 09:00", DEPUTY)
    hall.refuse("0032", visiting.plan("z1", clock.at("2021-03-12 09:00")), 7)
    hall.refuse(DESK, visiting.plan("z1", clock.at("2021-03-01 09:00")), 8)
    clock.set("2021-03-11 11:00")
    hall.do(COMMANDER, noted(hall=hall))
    assert [(v.id, v.state) for v in visits(hall)] == [("JZ-z1-2021-03-1", "DONE")]
    hall.refuse(DESK, visiting.cancel("JZ-z1-2021-03-1"), 8)
    hall.do(DESK, visiting.plan("z2", clock.at("2021-03-20 09:00")))
    hall.do(DESK, visiting.cancel("JZ-z2-2021-03-1"))
    assert [d.planned_at for d in consult_view.visits_due(hall.db, hall.desk().facts())] == [None] * 4


def test_jz_says_how_the_month_stands_plans_and_records(hall, clock):
    assert "一站 赵午 未进站 疑难 1001" in hall.line("jz", DESK).text
    assert "约 03-15" in hall.line("jz z1 0315", DESK).text
    assert "约03-15" in hall.line("jz z1", DESK).text
    lacking = hall.desk(CHIEF).run_line("jz z1 平稳 | 停车难")
    assert lacking.code == 8 and "1001" in lacking.text
    said = hall.line("jz z1 平稳 | 停车难 | 1001=三日内拆除 | 知悉", CHIEF)
    assert (
        "指挥 1 件" in said.text
        and visits(hall)[0].cases[projections.find(hall.db, "1001", "A").id].text == "三日内拆除"
    )
    assert "已进站" in hall.line("jz z1", DESK).text
    assert hall.desk(DESK).preview("jz cg").code == 3


def test_rebuilding_gives_the_same_visits(hall):
    hall.do(CHIEF, noted(hall=hall))
    before = visits(hall)
    with writing(connect(hall.path)) as db:
        audit.rebuild(db, hall.duty)
    assert visits(hall) == before
    with writing(connect(hall.path)) as db:
        db.execute("UPDATE visit SET state = 'PLANNED'")
    assert "visit" in audit.verify(hall.db, hall.duty).message
