"""Orders follow the effective roster; codes of a handover act at its signature or say why not; who may write in it."""

from datetime import date

import pytest

from zjj_console.desk import handing, packing, shift_changes, signatures, viewing
from zjj_console.domain import handover_rules as rules
from zjj_console.domain.permits import ACTS


def test_complaint_6_an_order_goes_to_the_stand_in_although_nobody_has_signed_in(house, clock):
    clock.set("2021-03-01 09:00")
    start, end = clock.at("2021-03-01 00:00"), clock.at("2021-03-03 00:00")
    house.do("0001", shift_changes.leave("0051", start, end))
    house.do("0001", shift_changes.substitute("0051", "0061", date(2021, 3, 1)))
    clock.set("2021-03-01 20:00")  # nobody of the team has signed in
    assert house.line("xj dhj zy 1 110 y1", who="0001").case.lead_person == "0061"


def test_an_order_never_goes_to_somebody_on_leave_while_another_is_free(house, clock):
    clock.set("2021-03-01 09:00")
    first = house.line("xj dhj zd 3 dh cg", who="0001").case.lead_person
    house.do("0001", shift_changes.leave(first, clock.at("2021-03-01 08:00"), clock.at("2021-03-02 00:00")))
    second = house.line("xj dhj zd 3 dh cg", who="0001").case.lead_person
    assert second != first and house.town.people[second].unit == "cg"


def test_B5_an_urgent_case_that_came_after_the_snapshot_is_read_before_anybody_signs(evening):
    house = evening
    house.line("xj dhj zd 3 dh")
    house.do("0002", handing.prepare("H4"))
    house.read_all("H4", "0312")
    house.do("0002", signatures.sign("H4", "out"))
    handle = house.line("xj xhxc zy 1 110 y1").case.handle
    refused = house.refuse("0312", signatures.sign("H4", "in", tick_all=True), 8)
    assert refused.field == "B5" and handle in refused.text
    house.do("0002", handing.prepare("H4", anew=True))
    house.read_all("H4", "0312")
    house.do("0002", signatures.sign("H4", "out"))
    house.do("0312", signatures.sign("H4", "in", tick_all=True))


def test_changes_since_the_snapshot_stand_on_the_sheet_and_in_the_record(evening):
    house = evening
    house.line("xj dhj zd 3 dh")
    house.do("0002", handing.prepare("H4"))
    house.read_all("H4", "0312")
    house.do("0002", signatures.sign("H4", "out"))
    handle = house.line("xj xhxc zd 3 xc").case.handle
    house.do("0312", signatures.sign("H4", "in", tick_all=True))
    h = house.handover("H4", "0312")
    assert h.changed == (handle,)
    assert f"快照后变更 1 件: {handle}" in h.sheets["text"]
    assert all(check.ok for check in viewing.verify(house.db, h))


def test_N3_without_anybody_on_call_is_said_at_the_signature(evening):
    house = evening
    house.line("xj dhj zy 2 dh pcs")
    done = house.hand_over("H4", "0002", "0312", "N3")
    assert any("无听班人登记" in warning for warning in done.warnings), done.warnings


def test_a_code_that_no_longer_fits_the_case_does_not_settle_B1(evening):
    house = evening
    house.line("xj dhj zd 3 dh pcs")
    house.do("0002", handing.prepare("H4"))
    house.do("0002", handing.code("H4", ["1001"], "N1"))
    h = house.handover("H4")
    desk = house.desk()
    case = desk.case("1001")
    urgent = rules.Live(
        desk.now(), cases=(type(case)(**{**{f: getattr(case, f) for f in case.__struct_fields__}, "priority": 1}),)
    )
    assert "B1" in {f.code for f in rules.blockers(h, urgent)}


def test_a_package_built_long_before_its_time_is_not_signed(evening, clock):
    house = evening
    clock.set("2021-03-01 15:00")
    house.do("0002", handing.prepare("H4"))
    clock.set("2021-03-01 17:31")
    assert "过旧" in house.refuse("0002", signatures.sign("H4", "out"), 8).text


def test_what_comes_next_is_told_with_its_own_deadline(evening, clock):
    house = evening
    house.line("xj dhj zd 3 dh pcs")
    case = house.desk().case("1001")
    house.do("0002", handing.prepare("H4"))
    item = house.handover("H4").package.item("1001")
    due = house.duty.local(case.clocks["ACK"].due)
    assert "催签收" in item.next and f"{due:%H:%M}" in item.next
    assert packing.digest_of(house.handover("H4").package) == house.handover("H4").digest


@pytest.mark.parametrize("who", ["0425", "2101", "0006"])
def test_2_6_only_officers_of_desk_and_stations_write_in_a_handover(evening, who):
    house = evening
    house.line("xj dhj zd 3 dh")
    house.do("0002", handing.prepare("H4"))
    acts = (handing.prepare("H4"), handing.read("H4", ["1001"]), handing.code("H4", ["1001"], "N1"),
            handing.note("H4", "x"), handing.spoken("H4"), signatures.sign("H4", "in"))  # fmt: skip
    for act in acts:
        house.refuse(who, act, 7)


def test_2_6_every_act_names_roles_that_exist(town):
    known = {role for person in town.people.values() for role in person.roles} | {post.role for post in town.posts}
    for act, (anywhere, own) in ACTS.items():
        assert set(anywhere) | set(own) <= known, act
