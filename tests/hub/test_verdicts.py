"""Verdicts: what an event is worth in the order, and that it stays so (§6.7, I-5, I-15)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.hub.consoles import Bench, whole
from zjj_console.domain.judge import APPLIED, CONFLICT, DENIED, INVALID
from zjj_console.hub.tables import ORIGIN
from zjj_console.hub.weigh import Memory, folded

STRANGE = [{"set": 1}, {"set": {"priority": "x"}}, {"set": {"state": "NOWHERE"}}, {"set": {"clocks": [1]}, "was": 3}]


@pytest.mark.parametrize("data", STRANGE, ids=str)
def test_strange_data_is_invalid_and_stays_in_the_order(bench, data):
    a = bench.console()
    found = bench.verdicts(a, a.event("reported", data=data), a.event())
    assert [verdict for verdict, _ in found] == [INVALID, APPLIED] and found[0][1] in ("set", "data")
    whole(bench)


def test_a_newer_envelope_is_kept_byte_for_byte_and_not_applied(bench):
    a = bench.console()
    assert bench.verdicts(a, a.event(v=2, data={"set": {"text": "x"}}), a.event(kind="never_heard_of")) == [
        (INVALID, "version"), (APPLIED, ""),
    ]  # fmt: skip


def test_two_desks_change_one_field_the_first_in_the_order_stands(bench):
    a, b = bench.console(), bench.console()
    bench.push(a, a.change("case-1", {}, {"text": "one", "priority": 2}, kind="reported"))
    assert bench.verdicts(a, a.change("case-1", {"priority": 2}, {"priority": 1})) == [(APPLIED, "")]
    assert bench.verdicts(b, b.change("case-1", {"priority": 2}, {"priority": 4})) == [(CONFLICT, "priority")]
    assert bench.verdicts(b, b.change("case-1", {"text": "one"}, {"text": "two"})) == [(APPLIED, "")]
    with bench.store.reading() as db:
        case = folded(db, ["case-1"])["case-1"]
    assert (case.text, case.priority, case.version) == ("two", 1, 3)
    whole(bench)


def test_a_verdict_stays_whatever_the_case_has_become(bench):
    a, b = bench.console(), bench.console()
    first = a.change("case-1", {}, {"text": "one", "priority": 2}, kind="reported")
    raised, late = (
        a.change("case-1", {"priority": 2}, {"priority": 1}),
        b.change("case-1", {"priority": 2}, {"priority": 4}),
    )
    assert bench.verdicts(a, first, raised) == [(APPLIED, "")] * 2
    assert bench.verdicts(b, late) == [(CONFLICT, "priority")]
    assert bench.verdicts(a, a.change("case-1", {"priority": 1}, {"priority": 2})) == [(APPLIED, "")]
    assert bench.verdicts(b, late) == [(CONFLICT, "priority")], "it would apply now"
    assert bench.verdicts(b, b.change("case-1", {"priority": 2}, {"priority": 3})) == [(APPLIED, "")]
    assert bench.verdicts(a, first, raised) == [(APPLIED, "")] * 2, "it would not now"
    whole(bench)


def test_what_another_process_appended_is_judged_by(bench):
    a, other = bench.console(), Bench(bench.url)
    b = other.console()
    assert bench.verdicts(a, a.change("case-1", {}, {"priority": 2}, kind="reported")) == [(APPLIED, "")]
    assert other.verdicts(b, b.change("case-1", {"priority": 2}, {"priority": 3})) == [(APPLIED, "")]
    assert bench.verdicts(a, a.change("case-1", {"priority": 2}, {"priority": 1})) == [(CONFLICT, "priority")]
    other.store.close()
    whole(bench)


def test_duty_and_unknown_streams_stand_as_they_came(bench):
    a = bench.console()
    streams = ["roster:2021-03", "handover:H4-2021-03-01", "meeting:HS-2021-W09", "leave:1", "alarm", "desk"]
    events = [a.event("substituted", stream, {"rows": [[1]], "put": {"x": 1}}) for stream in streams]
    assert bench.verdicts(a, *events) == [(APPLIED, "")] * len(streams)


def test_an_imported_case_is_judged_from_its_row_also_after_a_restart(bench):
    a, b = bench.console(), bench.console()
    rows = [[f"case-{i}", {"text": f"t{i}", "priority": 3}] for i in range(500)]
    assert bench.verdicts(a, a.event("cases_imported", "import:1", {"rows": rows})) == [(APPLIED, "")]
    changed = [["case-7", {"text": "another"}], ["case-900", {"text": "new"}]]
    assert bench.verdicts(b, b.event("cases_imported", "import:2", {"rows": changed})) == [(APPLIED, "")]
    for memory in (bench.memory, Memory()):
        bench.memory = memory
        assert bench.verdicts(b, b.change("case-7", {"text": "another"}, {"text": "x"})) == [(CONFLICT, "text")]
        assert bench.verdicts(b, b.change("case-900", {"text": "new"}, {"text": "new"})) == [(APPLIED, "")]
    assert bench.verdicts(a, a.change("case-7", {"priority": 3}, {"priority": 1})) == [(APPLIED, "")]
    whole(bench)


@pytest.mark.parametrize("rows", [None, 3, [1], [["x"]], [[1, {}]], [["a", {}]] * 501, [["a\0", {}]]], ids=str)
def test_a_chunk_that_is_none_is_invalid(bench, rows):
    a = bench.console()
    assert bench.verdicts(a, a.event("cases_imported", "import:1", {"rows": rows})) == [(INVALID, "data")]
    whole(bench)


def test_a_row_that_is_no_case_begins_none_and_the_next_chunk_may(bench):
    a = bench.console()
    bad, good = {"priority": "?"}, {"priority": 2}
    for values in (bad, good):
        bench.push(a, a.event("cases_imported", "import:1", {"rows": [["case-1", values]]}))
    bench.memory = Memory()
    assert bench.verdicts(a, a.change("case-1", {"priority": 2}, {"priority": 1})) == [(APPLIED, "")]
    whole(bench)


def test_the_gateway_brings_reports_and_nothing_else(bench):
    g = bench.console("gateway")
    assert bench.verdicts(g, g.change("c1", {}, {"text": "x"}, kind="reported"), g.event("accepted", "c1")) == [
        (APPLIED, ""), (DENIED, "role"),
    ]  # fmt: skip
    reader = bench.console("reader")
    assert bench.push(reader, reader.event()).code == "not_allowed"
    whole(bench)


@pytest.mark.parametrize("bad", [{"serial": 10**30}, {"reported_at": 2**61}, {"priority": 77}, {"text": "甲\n乙"}])
def test_what_no_case_can_hold_is_invalid_here_and_begins_nothing(bench, bad):
    a = bench.console()
    row = ["c2", {"text": "x", **bad}]
    pushed = (
        a.change("c1", {}, {"text": "x", **bad}, kind="reported"),
        a.event("cases_imported", "import", {"rows": [row, ["c3", {"text": "y"}]]}),
        a.change("c2", {"text": ""}, {"text": "z"}),
    )
    assert bench.verdicts(a, *pushed) == [(INVALID, "bounds"), (APPLIED, ""), (INVALID, "case")]
    assert [row.case_id for row in bench.rows(select(ORIGIN))] == ["c3"]
    whole(bench)


def test_an_instant_beyond_every_calendar_is_no_envelope(bench):
    a = bench.console()
    answers = bench.verdicts(a, a.event(at=2**61), a.event(happened=2**61), a.event(happened=10**30), a.event())
    assert answers == [(INVALID, "unreadable")] * 3 + [(APPLIED, "")]
    whole(bench)


def test_the_gateway_gives_no_number_of_a_console(bench):
    a, g = bench.console(), bench.console("gateway")
    assert bench.verdicts(a, a.change("c1", {}, {"serial": 1001, "text": "x"}, kind="reported")) == [(APPLIED, "")]
    of_a = {"serial": 1001, "text": "y"}
    assert bench.verdicts(
        g,
        g.change("c2", {}, {**of_a, "console": "A"}, kind="reported"),
        g.change("c3", {}, of_a, kind="reported"),
        g.change("c1", {}, of_a, kind="reported"),
    ) == [(INVALID, "letter"), (INVALID, "letter"), (APPLIED, "")]
    whole(bench)


# what was folded and remembered equals what is folded anew -----------------------------------------------------------
CHANGES = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from(["c1", "c2", "c3"]), st.sampled_from(["text", "place"]),
              st.integers(0, 3), st.integers(0, 3), st.booleans(), st.booleans()),
    max_size=30,
)  # fmt: skip


@settings(max_examples=40)
@given(changes=CHANGES)
def test_what_is_remembered_equals_what_the_log_folds_to(tmp_path_factory, changes):
    bench = Bench(f"sqlite:///{tmp_path_factory.mktemp('fold') / 'hub.db'}")
    bench.memory.limit = 2  # so that it forgets as well
    desks = [bench.console(), bench.console()]
    for who, case, field, was, new, chunk, restart in changes:
        if restart:
            bench.memory = Memory(2)
        if chunk:
            event = desks[who].event("cases_imported", "import:1", {"rows": [[case, {field: str(new)}]]})
        else:
            kind = "reported" if new == 0 else "corrected"
            event = desks[who].change(case, {field: str(was)}, {field: str(new)}, kind)
        bench.push(desks[who], event)
        with bench.store.reading() as db:
            assert bench.memory.cases == folded(db, sorted(bench.memory.cases))
    whole(bench)
    bench.store.close()
