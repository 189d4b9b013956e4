"""The life cycle as a whole: what holds after any sequence of lines by anybody at any hour (§2.0, §2.1)."""

from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from msgspec import json

from zjj_console.desk.desk import Desk
from zjj_console.domain import climb, lifecycle
from zjj_console.domain.model import ENDED, MINUTE, OPEN, SUPPORT_RUNS, Command, Refusal, State
from zjj_console.storage import audit, duty_rows, projections
from zjj_console.storage.reads_overlays import supervisions

S = State
OPERATORS = ("0001", "0005", "0002", "0051", "2201", "0021", "2603", "2404", "0004")

# State -> clocks that must run, clocks that may run beside them (§2.1; requests, references and supports are overlays).
ANYWHERE = {"BB", "FC", "P110", "SUPV", "SUP_ACK", "SUP_ARR"}
CONFIGURATIONS = {
    S.REPORTED: ({"ACC"}, set()),
    S.INFO_NEEDED: ({"INFO"}, set()),
    S.ACCEPTED: ({"DSP"}, {"HDL"}),
    S.SELF_HANDLING: ({"SELF"}, set()),
    S.STATION_COORD: ({"COORD"}, set()),
    S.DISPATCHED: ({"ACK", "HDL"}, {"ARR", "EXT"}),
    S.HANDLING: ({"HDL"}, {"ARR", "RET", "EXT"}),
    S.DIFF_REVIEW: ({"DIF"}, {"HDL"}),
    S.DIFF_LED: ({"LED"}, {"EXT"}),
    S.SUSPENDED: ({"REV"}, {"RET", "EXT"}),
    S.SUBMITTED: ({"VER"}, set()),
    S.CLOSED: (set(), {"REO"}),
    S.VOIDED: (set(), set()),
    S.MERGED: (set(), set()),
}
REQUEST_CLOCK = {"return": "RET", "extend": "EXT", "suspend": "EXT"}


def running(case):
    return {clock.code for clock in case.clocks.values() if clock.running}


def check_case(case):
    """Invariants that one case shows by itself."""
    must, may = CONFIGURATIONS[case.state]
    clocks = running(case)
    assert must <= clocks, f"{case.state}: {must - clocks} should run"
    extra = clocks - must - may - (ANYWHERE if case.is_open else set())
    assert not extra, f"{case.state}: {extra} should not run"
    leads = [d for d in case.dispatches if d.active and d.role == "lead"]
    assert len(leads) <= 1  # I-2
    if leads:
        assert (leads[0].unit, leads[0].person) == (case.lead, case.lead_person)
    if case.state in (S.DISPATCHED, S.HANDLING, S.DIFF_LED, S.SUSPENDED):
        assert leads
    for kind in case.requests:  # I-9: it stops no clock, and has one of its own
        assert kind == "void" or REQUEST_CLOCK[kind] in clocks or case.state in (S.MERGED,), (case.state, kind)
    for clock in case.clocks.values():
        if clock.running:
            assert clock.due is not None  # I-3
    if case.priority == 1:  # I-10, unless the case became urgent only after the decision
        assert not {"extend", "suspend"} & case.requests.keys() or case.attempts
    assert case.custodian in ("day", "night")  # I-1
    assert case.state in ENDED or case.is_open


PLACES = ("dhj", "zmc", "xwc", "东湖街", "-")
CATEGORIES = ("zy", "jsx", "暴露垃圾", "js", "wzjy")
UNITS = ("cg", "sc", "pcs", "gbb", "y1", "y2", "z1", "z4", "bm06", "v03")
SPANS = ("30m", "2h", "2d", "9d", "20d", "40d")
ACTS = (
    "sl {c}", "sl {c} 1", "sl {c} 3", "dz {c} dhj", "wb {c} 几号楼", "fl {c} 1", "fl {c} 2", "xl {c} 1", "pd {c} {u}",
    "pd {c} {u} {v}", "pd {c} {u} r2", "jp {c} {u}", "qs {c}", "dd {c}", "tj {c} 1", "tj {c} 9 已移交", "hc {c} y",
    "hc {c} n 2", "fg {c} 3", "td {c} 1", "td {c} y", "td {c} y 1", "td {c} n", "gp {c} {u} r2", "yq {c} {t} r1",
    "yq {c} y", "yq {c} n", "gz {c} {t} r1", "gz {c} y", "gz {c} n", "hf {c}", "db {c} {t}", "db {c} n", "yn {c} n1",
    "yn {c} z1", "yn {c} {u}", "yn {c} z4 n2", "xt {c} 互推", "zc {c}", "zc {c} 2", "zc {c} n", "zb {c} 请到场",
    "zb {c} 3 cg", "zb {c}", "zb {c} n 1 另有任务", "zb {c} 撤回",
    "cf {c} {d}", "cf {c} {d} 同一处", "cz {c}", "ck {c} 1", "zf {c} 2", "zf {c} y", "zf {c} n", "bz {c} 备注",
    "th {c} 2", "bb {c} ZW-0001", "gc {c}", "hs {c} 互推", "cx",
)  # fmt: skip
# The ordinary way, so that random walks get far.
USUAL = {
    S.REPORTED: "sl {c}", S.INFO_NEEDED: "bz {c} 5号楼", S.ACCEPTED: "pd {c} {u} r2", S.SELF_HANDLING: "zc {c} 2",
    S.STATION_COORD: "yn {c} n1", S.DISPATCHED: "qs {c}", S.HANDLING: "tj {c} 1", S.DIFF_REVIEW: "yn {c} z1",
    S.DIFF_LED: "tj {c} 1", S.SUSPENDED: "hf {c}", S.SUBMITTED: "hc {c} n 2", S.CLOSED: "ck {c} 1",
    S.VOIDED: "ck {c} 3", S.MERGED: "cz {c}",
}  # fmt: skip


class DeskMachine(RuleBasedStateMachine):
    """Several officers at one database, days and nights passing."""

    def __init__(self, path, town, hands, actor):
        super().__init__()
        self.hands = hands
        hands.set("2021-03-05 15:00")  # a Friday afternoon: nights and a weekend lie ahead
        self.desks = {who: Desk(path, town, actor(who), hands) for who in OPERATORS}
        self.reader = self.desks["0001"].reader
        self.numbers = {}
        self.reported = {}
        self.happened = 0

    def teardown(self):
        for desk in self.desks.values():
            desk.close()

    def cases(self):
        ids = [row[0] for row in self.reader.execute("SELECT id FROM case_row ORDER BY rid")]
        return [projections.load(self.reader, case_id) for case_id in ids]

    def run(self, who, line):
        """One line; whatever the answer, it is a sentence, and a refusal writes nothing."""
        desk = self.desks[who]
        before = self.events()
        shown = desk.preview(line)
        assert self.events() == before
        done = desk.run_line(line, confirmed=True)
        assert done.text
        assert done.code in (0, 2, 3, 5, 6, 7, 8), done
        assert done.ok == (done.code == 0)
        if not done.ok:
            assert self.events() == before
            assert not shown.ok or line == "cx", (line, done)
        self.hands.later(seconds=3)

    def events(self):
        return self.reader.execute("SELECT count(*) FROM event").fetchone()[0]

    @initialize()
    def two_cases(self):
        self.run("0001", "xj dhj zy 3")
        self.run("0001", "xj dhj js 2 110")

    @rule(
        who=st.sampled_from(OPERATORS), place=st.sampled_from(PLACES), category=st.sampled_from(CATEGORIES),
        rest=st.sampled_from(("", "1 110 y1", "2 sp", "3", "4 dh", "3 rel=1001", "2 cg")),
    )  # fmt: skip
    def report(self, who, place, category, rest):
        self.run(who, f"xj {place} {category} {rest}")

    @rule(data=st.data(), who=st.sampled_from(OPERATORS), act=st.sampled_from(ACTS))
    def act(self, data, who, act):
        handles = [case.handle for case in self.cases()]
        words = {
            "c": data.draw(st.sampled_from(handles)), "d": data.draw(st.sampled_from(handles)),
            "u": data.draw(st.sampled_from(UNITS)), "v": data.draw(st.sampled_from(UNITS)),
            "t": data.draw(st.sampled_from(SPANS)),
        }  # fmt: skip
        self.run(who, act.format(**words))

    @rule(
        data=st.data(), who=st.sampled_from(("0001", "0005", "0002")), unit=st.sampled_from(("cg", "sc", "y1", "gbb"))
    )
    def go_on(self, data, who, unit):
        case = data.draw(st.sampled_from(self.cases()))
        self.run(who, USUAL[case.state].format(c=case.handle, u=unit))

    @rule(data=st.data(), who=st.sampled_from(("0001", "0005")), act=st.sampled_from(ACTS))
    def act_and_take_it_back(self, data, who, act):
        self.act(data, who, act)
        self.run(who, "cx")

    @rule(minutes=st.sampled_from((1, 7, 31, 130, 600, 1440, 4000)))
    def time_passes(self, minutes):
        self.hands.later(minutes=minutes)

    @rule()
    def sweep(self):
        self.desks["0001"].sweep()

    @invariant()
    def every_case_is_in_a_legal_configuration(self):
        for case in self.cases():
            check_case(case)

    @invariant()
    def timers_are_the_running_clocks(self):
        found = self.reader.execute(
            "SELECT c.id, code, due_at FROM timer t JOIN case_row c ON c.rid = t.rid WHERE code <> ?", (climb.TIMER,)
        )
        rows = Counter(found.fetchall())
        clocks = Counter((c.id, k.code, k.due) for c in self.cases() for k in c.clocks.values() if k.running)
        assert rows == clocks

    @invariant()
    def I_3_the_next_rung_of_every_climb_has_its_row(self):
        rows = self.reader.execute(
            "SELECT c.id, due_at FROM timer t JOIN case_row c ON c.rid = t.rid WHERE code = ?", (climb.TIMER,)
        ).fetchall()
        duty = self.desks["0001"].duty
        wanted = {c.id: climb.wake(c, duty_rows.load_climb(self.reader, c.id), duty) for c in self.cases()}
        assert dict(rows) == {case: at for case, at in wanted.items() if at is not None}

    @invariant()
    def a_climb_is_open_only_while_its_trigger_stands(self):
        for case in self.cases():
            found = duty_rows.load_climb(self.reader, case.id)
            assert found is None or not found.open or climb.standing(case, found) is not None
            assert found is None or [r.n for r in found.rungs] == sorted({r.n for r in found.rungs})

    @invariant()
    def I_2_one_active_lead_in_the_table_of_orders(self):
        rows = self.reader.execute(
            "SELECT case_id, unit FROM dispatch WHERE role = 'lead' AND active = 1 ORDER BY case_id"
        ).fetchall()
        leads = sorted((c.id, c.active_lead.unit) for c in self.cases() if c.active_lead)
        assert rows == leads

    @invariant()
    def I_4_I_5_the_version_is_the_number_of_events(self):
        known = {case.id for case in self.cases()}
        events = Counter(row[0] for row in self.reader.execute("SELECT stream FROM event") if row[0] in known)
        assert events == Counter({case.id: case.version for case in self.cases()})

    @invariant()
    def I_6_I_7_no_case_is_lost_and_the_books_balance(self):
        cases = self.cases()
        kinds = Counter("open" if case.state in OPEN else str(case.state) for case in cases)
        opened = self.reader.execute("SELECT count(*) FROM event WHERE kind = 'reported'").fetchone()[0]
        assert opened == kinds["open"] + kinds["CLOSED"] + kinds["VOIDED"] + kinds["MERGED"]
        assert len(cases) >= len(self.numbers)

    @invariant()
    def I_8_a_number_never_changes_and_neither_does_the_time_of_the_report(self):
        for case in self.cases():
            assert self.numbers.setdefault(case.number, case.id) == case.id
            assert self.reported.setdefault(case.id, case.reported_at) == case.reported_at

    @invariant()
    def the_journal_is_whole_and_the_rows_are_its_fold(self):
        report = audit.verify(self.reader, self.desks["0001"].duty)
        assert report.bad is None, report

    @invariant()
    def every_message_belongs_to_a_standing_order(self):
        """NV-12: one message per order; an order that ended takes its unsent message back."""
        orders = {(c.number, d.n): d for c in self.cases() for d in c.dispatches}
        pending = self.reader.execute(
            "SELECT key, recipient FROM outbox WHERE status = 'PENDING' AND kind = 'dispatch'"
        ).fetchall()
        for key, recipient in pending:
            number, n, _ = key[2:].rsplit("-", 2)
            order = orders[number, int(n)]
            assert order.active
            assert order.person == recipient
        assert len(pending) == sum(order.active for order in orders.values())

    @invariant()
    def a_request_for_support_tells_who_answers_for_it_and_no_more(self):
        """R51: one message per standing request; a request that is taken back takes its unsent message back."""
        pending = dict(
            self.reader.execute("SELECT key, recipient FROM outbox WHERE status = 'PENDING' AND kind = 'support'")
        )
        standing = {f"s-{c.number}-{c.aid.n}": c.aid for c in self.cases() if c.aid and c.support != "CANCELLED"}
        assert {key for key in pending if not key.endswith("-refused")} == standing.keys()
        assert all(pending[key] == aid.person for key, aid in standing.items())

    @invariant()
    def support_is_told_as_it_stands(self):
        for case in self.cases():
            assert (case.aid is None) == (case.support == "")
            if case.state in (S.CLOSED, S.VOIDED):
                assert case.support not in SUPPORT_RUNS
                assert case.supervised_until is None
            if not {"SUP_ACK", "SUP_ARR"}.isdisjoint(running(case)):
                assert case.support in SUPPORT_RUNS

    @invariant()
    def the_ledger_of_supervision_has_every_running_one(self):
        rows = supervisions(self.reader, self.hands.now)
        watched = {c.handle: c.supervised_until for c in self.cases() if "SUPV" in running(c)}
        assert {row.handle: row.due for row in rows if row.ended_at is None} == watched


def run_machine(new_db, town, clock, actor, examples, steps):
    run_state_machine_as_test(
        lambda: DeskMachine(new_db(), town, clock, actor),
        settings=settings(max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=True),
    )


def test_invariants_hold_after_every_line_of_everybody(new_db, town, clock, actor):
    run_machine(new_db, town, clock, actor, examples=14, steps=50)


@pytest.mark.slow
def test_invariants_hold_after_many_more_lines(new_db, town, clock, actor):
    run_machine(new_db, town, clock, actor, examples=300, steps=120)


# Reachability: every command of every row, from every configuration that can be reached --------------------------


@pytest.fixture
def graph(rules, clock):
    """{configuration: configurations one command away}, explored from a fresh report until nothing new appears.

    A configuration is what decides about the next step: state, running clocks, requests, flow and the like.
    """
    clock.set("2021-03-01 10:00")
    args = {
        "unit": "cg", "person": "2201", "result": "rectified", "reason": "works", "text": "示例", "criterion": "no_lead",
        "committee": "310118102003", "master": "other", "until": clock.at("2021-03-20 10:00"), "by": "2201",
    }  # fmt: skip
    variants = {
        "lead_difficult": [{"unit": "z1", "person": "0021"}], "submit": [{}, {"by": "0021"}],
        "reassign": [{"unit": "sc", "person": "2301"}], "grant_return": [{}, {"reason": "wrong_dispatch"}],
        "designate": [{"unit": "sc", "person": "2301"}], "dispatch": [{}, {"unit": "gbb", "person": "2404"}],
        "screen": [{"reason": "accepted"}, {"reason": "answered"}], "assist": [{"assists": ("sc",)}],
        "grant_extend": [{"until": None}], "grant_suspend": [{"until": None}],
        "to_agenda": [{"meeting": "HS-2021-W09"}], "consult_joint": [{"unit": "z1", "person": "0021"}],
        "consult_assign": [{"unit": "sc", "person": "2301", "due": clock.at("2021-03-09 10:00")}],
    }  # fmt: skip
    other, start = rules.new(3, number="other"), clock.now

    def key(case):
        return (
            case.state, frozenset(running(case)), frozenset(case.requests), case.flow, case.previous, case.cycle,
            min(case.return_count, 3), min(case.rework_count, 2), min(case.info_rounds, 2), min(case.attempts, 1),
            case.designated, len(set(case.returned_by)), min(case.extend_count, 1), bool(case.consult),
        )  # fmt: skip

    def successors(case):
        clock.now = start + case.version * MINUTE  # no two actions on a case at one instant
        for action in lifecycle.BY_ACTION:
            if action in (
                "note",
                "follow",
                "call",
                "backfill",
                "locate",
                "support",
                "supervise",
                "contact",
                "refuse_void",
                "consult_commander",
                "consult_raise",
                "consult_defer",
                "off_agenda",
                "command",
            ):
                continue  # change no state
            if action in ("merge", "ask_void") and case.state is not S.REPORTED:
                continue  # both are tried from every state elsewhere (T34, T35)
            if action.startswith("ask_") and case.requests:
                continue  # one wish at a time; all at once stand in test_lifecycle (T20_T21, T23)
            for extra in variants.get(action, [{}]):
                command = Command(action, {**args, **extra})
                if lifecycle.step_for(case, command) is None:
                    continue  # refused whoever gives it; that too stands in test_lifecycle
                for who in ("0005", "0001"):
                    facts = rules.facts(who, (other,))
                    done = lifecycle.decide(case, command, facts)
                    if isinstance(done, Refusal):
                        continue
                    after = case
                    for event in done:
                        if event.case == case.id:
                            after = lifecycle.evolve(after, json.decode(json.encode(event), type=type(event)))
                    yield after
                    break

    def explore(priorities=(1, 3)):
        found, edges = {}, {}
        todo = [rules.new(p, source=s) for p in priorities for s in ("phone", "p110")]
        found.update((key(case), case) for case in todo)
        while todo:
            case = todo.pop()
            nexts = edges.setdefault(key(case), set())
            if case.cycle > 1:
                continue
            for after in successors(case):
                check_case(after)
                nexts.add(key(after))
                if key(after) not in found:
                    found[key(after)] = after
                    todo.append(after)
        return found, edges

    return explore


def test_every_state_is_reachable_and_every_open_one_can_be_closed(graph):
    found, edges = graph()
    assert {k[0] for k in found} == set(S) - {S.DRAFT}
    back = {}
    for frm, nexts in edges.items():
        for to in nexts:
            back.setdefault(to, set()).add(frm)
    can = {k for k in found if k[0] is S.CLOSED}
    todo = list(can)
    while todo:
        for frm in back.get(todo.pop(), ()):
            if frm not in can:
                can.add(frm)
                todo.append(frm)
    stuck = [k for k, case in found.items() if k[0] in OPEN and k not in can and case.cycle == 1]
    assert not stuck, stuck[:3]
