"""Consoles that agree: whatever gets lost, comes twice, late or in disorder, and whoever dies meanwhile (§6.7, I-5, I-8).

A state machine plays networks, crashes, clocks and officers against real desks on real files. The planted faults at the end
prove that it sees what it is there to see.
"""

import contextlib
import shutil
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.conftest import Hands, actor_of, fresh
from tests.sync.consoles import HOUR, Console
from tests.sync.faults import FAULTS
from tests.sync.trial_hub import Fork, TrialHub
from zjj_console.desk import conflicts
from zjj_console.storage import confirmed, reads_conflicts
from zjj_console.storage.db import SqliteError, StorageError

SHM = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
ACTS = ("sl {}", "pd {} cg", "pd {} sc", "qs {}", "bz {} 示例备注", "tj {} 1", "hc {} y", "gp {} gbb r2", "db {} 2d", "sj {}",
        "td {} 1", "gz {}")  # fmt: skip
DUTY = ("qd", "qt 0001", "qd 0002 phone", "xj dhj js 3", "xj zmc zy 2")
FILES = (("WX-1", "WX-2", "WX-3"), ("WX-3", "WX-2", "WX-4"))
WHO = st.integers(0, 2)
HEADER = "编号,上报时间,地点,类别,描述,来源\n"


class Agreement(RuleBasedStateMachine):
    """Three consoles and a hub. `town` and `template` are set by the test; `plant` is a fault, or nothing."""

    town = template = None
    plant = staticmethod(lambda machine, during: None)

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=SHM))
        self.hub, self.late, self.sent = TrialHub(), [], []
        self.hands = Hands(self.town)
        self.consoles = [
            Console(fresh(self.template, self.folder / f"{letter}.db"), self.town, actor_of(self.town, who), self.hands,
                    letter, self.hub)
            for letter, who in (("A", "0001"), ("B", "0002"), ("C", "0001"))
        ]  # fmt: skip
        for number, codes in enumerate(FILES):
            lines = "".join(
                f"{code},2021-03-01 23:0{n},东湖街,道路积水,示例{code},12345\n" for n, code in enumerate(codes)
            )
            (self.folder / f"{number}.csv").write_text(HEADER + lines)
        self.planted = contextlib.ExitStack()
        self.plant(self, self.planted.enter_context)

    def teardown(self):
        try:
            self.heal()
        finally:
            self.planted.close()
            for console in self.consoles:
                console.desk.close()
            shutil.rmtree(self.folder)

    def case_of(self, console, pick):
        rows = console.db.execute("SELECT id FROM case_row ORDER BY id").fetchall()
        return rows[pick % len(rows)][0] if rows else ""

    # what people do -------------------------------------------------------------------------------------------------

    @initialize(line=st.sampled_from(DUTY[3:]))
    def begin(self, line):
        """One case that everybody knows: what they do to it apart is what this is about."""
        self.consoles[0].act(line)
        for console in self.consoles:
            console.sync()

    @rule(who=WHO, line=st.sampled_from(DUTY))
    def duty(self, who, line):
        self.consoles[who].act(line)

    @rule(who=WHO, pick=st.integers(0, 5), line=st.sampled_from(ACTS), dies=st.sampled_from([False] * 9 + [True]))
    def act(self, who, pick, line, dies):
        case = self.case_of(self.consoles[who], pick)
        if case:
            self.consoles[who].act(line.format(""), case, dies)

    @rule(who=WHO, pick=st.integers(0, 5), lines=st.lists(st.sampled_from(ACTS), min_size=2, max_size=5))
    def burst(self, who, pick, lines):
        """A desk that has been offline for a while."""
        case = self.case_of(self.consoles[who], pick)
        for line in lines if case else ():
            self.consoles[who].act(line.format(""), case)

    @rule(pick=st.integers(0, 5), line=st.sampled_from(ACTS), other=st.sampled_from(ACTS))
    def apart(self, pick, line, other):
        """Two desks on one case at once."""
        case = self.case_of(self.consoles[0], pick)
        self.consoles[0].act(line.format(""), case)
        self.consoles[1].act(other.format(""), case)

    @rule(who=WHO, number=st.integers(0, 1))
    def bring(self, who, number):
        self.consoles[who].bring(self.folder / f"{number}.csv")

    @rule(who=WHO, hours=st.sampled_from([-1, 0, 1]))
    def skew(self, who, hours):
        self.consoles[who].skew = hours * HOUR

    @rule(who=WHO, choice=st.sampled_from(["local", "remote", "keep"]))
    def resolve(self, who, choice):
        console = self.consoles[who]
        found = reads_conflicts.listed(console.db)
        if found:
            done = console.desk.act(conflicts.resolve(found[0].id, choice))
            assert done.ok, done.text
            console.acted |= console._own()

    # what the network does ------------------------------------------------------------------------------------------

    @rule(
        who=WHO,
        how=st.sampled_from(["whole", "lost", "unanswered", "twice", "part", "disorder"]),
        count=st.integers(1, 4),
    )
    def push(self, who, how, count):
        console = self.consoles[who]
        events = console.outbox(count if how == "part" else 1000)
        if not events or how == "lost":
            return
        self.sent.append(events)
        if how == "disorder":
            console.push(events[::-1])
        elif how == "unanswered":
            self.hub.push(events)
        else:
            console.push(events)
            if how == "twice":
                console.push(events)

    @precondition(lambda self: self.sent)
    @rule(pick=st.integers(0, 9))
    def push_again_late(self, pick):
        self.hub.push(self.sent[pick % len(self.sent)])

    @rule(
        who=WHO,
        limit=st.sampled_from([1, 2, 5, 1000]),
        how=st.sampled_from(["whole", "whole", "twice", "late", "dies"]),
    )
    def pull(self, who, limit, how):
        console = self.consoles[who]
        answer = console.ask(limit)
        if answer is None:
            return
        if how == "late":
            self.late.append((who, answer))
            return
        console.take(answer, dies=how == "dies")
        if how == "twice":
            console.take(answer)
        console.check()

    @precondition(lambda self: self.late)
    @rule(pick=st.integers(0, 9))
    def answer_late(self, pick):
        who, answer = self.late.pop(pick % len(self.late))
        if all(e.hub_seq <= self.hub.head and e == self.hub.log[e.hub_seq - 1] for e in answer.events):
            self.consoles[who].take(answer)  # from before a restore: its chain is refused, see below
        self.consoles[who].check()

    @rule(who=WHO)
    def restart(self, who):
        self.consoles[who].reopen()

    @precondition(lambda self: self.hub.head > 3)
    @rule(back=st.integers(1, 4), sure=st.sampled_from([False, False, True]))
    def restore(self, back, sure):
        """The hub is put back to a backup: consoles are ahead of it."""
        if sure:
            self.hub.restore(self.hub.head - back)
            self.sent.clear()

    # what must hold -------------------------------------------------------------------------------------------------

    @invariant()
    def the_order_has_no_gap(self):
        assert [one.hub_seq for one in self.hub.log] == list(range(1, self.hub.head + 1))

    def heal(self):
        for _ in range(6):
            for console in self.consoles:
                console.sync()
            if all(console.quiet() for console in self.consoles):
                break
        assert all(console.quiet() for console in self.consoles)
        ids = [msgspec.json.decode(one.body)["id"] for one in self.hub.log]
        assert len(ids) == len(set(ids))
        apart = {i for i, one in zip(ids, self.hub.log, strict=True) if one.verdict}
        first = self.consoles[0].picture()
        for console in self.consoles:
            console.check()
            assert console.acted <= set(ids)
            assert console.conflicts() == apart
            for table, rows in console.picture().items():
                assert rows == first[table], table
            before = console.picture()
            console.desk.rebuild()
            assert console.picture() == before


def machine(town, template, plant=None):
    return type(
        "Agreeing",
        (Agreement,),
        {"town": town, "template": template, "plant": staticmethod(plant or (lambda machine, during: None))},
    )


def play(made, examples, steps, phases=(Phase.generate,)):
    checks = list(HealthCheck)
    run_state_machine_as_test(
        made,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=checks, phases=phases,
            derandomize=True, database=None, report_multiple_bugs=False, print_blob=False,
        ),
    )  # fmt: skip


def test_6_7_consoles_agree_whatever_the_network_does(town, template):
    play(machine(town, template), 60, 30, (Phase.generate, Phase.shrink))


@pytest.mark.slow
def test_6_7_consoles_agree_in_a_thousand_histories(town, template):
    play(machine(town, template), 1500, 50, (Phase.generate, Phase.shrink))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_planted_fault_is_found(town, template, fault):
    """Were one of these in the program, the machine would say so."""
    with pytest.raises((AssertionError, confirmed.Disorder, Fork, StorageError, SqliteError)):
        play(machine(town, template, fault), 300, 30)
