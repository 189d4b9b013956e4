"""A town of two to five consoles and a hub under officers, networks, crashes and clocks: a machine of steps (§6.7).

A step is data: its name and what it is about. So a history is a list that can be kept where it shows something (faults.py),
drawn at random, or drawn by Hypothesis. Whatever is asked of a console, case or message that is not there does nothing.
"""

import contextlib
import random
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.conftest import Hands, actor_of
from tests.sync.consoles import HOUR, Console
from tests.sync.trial_hub import TrialHub
from zjj_console.desk import conflicts, handing, signatures
from zjj_console.hub.weigh import read
from zjj_console.storage import reads_conflicts

SHM = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
OFFICERS = {"A": "0001", "B": "0002", "C": "0001", "D": "0312", "E": "0005"}
FILES = ({"WX-1": "积水", "WX-2": "积水", "WX-3": "积水"}, {"WX-3": "积水", "WX-2": "积水很深", "WX-4": "积水"})
HEADER = "编号,上报时间,地点,类别,描述,来源\n"

BEGIN = ("xj dhj js 3", "xj zmc zy 2", "xj zmc zy 1")
ON_CASE = ("sl", "pd cg", "pd sc", "qs", "dd", "bz 示例备注", "tj 1", "hc y", "gp gbb r2", "db 2d", "td 1", "td y 1", "gz 0318 r1",
           "sj e3", "rj 盯守 | 到场核实", "zf 2", "gc", "th 2", "cf {other}", "cx")  # fmt: skip
ON_DUTY = (
    *BEGIN,
    "qd",
    "qd 0002",
    "qd 0312",
    "qt",
    "qt 0001",
    "bl 0001 17:28 07:31 忘签",
    "jz z1 运行平稳 | 停车难",
    "cx",
)
HANDS = ("prepare", "read", "out", "in")


class Agreement:
    """`plant` is a fault, or nothing."""

    def __init__(self, town, template, plant=lambda during: None):
        self.town, self.template = town, template
        self.folder = Path(tempfile.mkdtemp(dir=SHM))
        self.hub, self.late, self.sent, self.consoles = TrialHub(), [], [], []
        self.hands = Hands(self.town)
        self.planted = contextlib.ExitStack()
        plant(self.planted.enter_context)

    def close(self):
        self.planted.close()
        for console in self.consoles:
            console.desk.close()
        shutil.rmtree(self.folder)

    def begin(self, count, line):
        """One case that everybody knows: what they do to it apart is what this is about."""
        for letter, who in list(OFFICERS.items())[:count]:
            path, actor = self.folder / f"{letter}.db", actor_of(self.town, who)
            self.consoles.append(Console(self.template, path, self.town, actor, self.hands, letter, self.hub))
        self.consoles[0].line(line)
        for console in self.consoles:
            console.sync()

    def step(self, step):
        name, *rest = step
        getattr(self, name)(*rest)
        self.hub.check()

    def console(self, who):
        return self.consoles[who % len(self.consoles)]

    # what people do -------------------------------------------------------------------------------------------------

    def act(self, who, pick, line, dies=False):
        """On a case; those of the town are numbered by their ids."""
        console = self.console(who)
        cases = console.cases()
        if cases:
            console.line(line.format(other=cases[(pick + 1) % len(cases)]), cases[pick % len(cases)], dies)

    def burst(self, who, pick, *lines):
        """A desk that has been offline for a while."""
        for line in lines:
            self.act(who, pick, line)

    def apart(self, who, other, pick, line, against):
        """Two desks on one case at once."""
        self.act(who, pick, line)
        self.act(other, pick, against)

    def duty(self, who, line):
        self.console(who).line(line)

    def hand(self, who, what):
        """One's part of the evening's handover."""
        console, name = self.console(who), "H4"
        acts = {"prepare": handing.prepare(name, anew=True), "out": signatures.sign(name, "out"),
                "in": signatures.sign(name, "in", tick_all=True)}  # fmt: skip
        if what == "read":
            for case_id in console.cases():
                console.act(handing.read(name, [case_id], "3"))
        else:
            console.act(acts[what])

    def bring(self, who, number):
        """A file of cases; two consoles may bring the same ones."""
        path = self.folder / f"{number}.csv"
        lines = (f"{code},2021-03-01 20:00,东湖街,道路积水,{text},电话\n" for code, text in FILES[number].items())
        path.write_text(HEADER + "".join(lines))
        self.console(who).bring(path)

    def settle(self, who, pick, choice):
        console = self.console(who)
        found = reads_conflicts.listed(console.db)
        if found:
            console.act(conflicts.resolve(found[pick % len(found)].first.event_id, choice))

    def skew(self, who, hours):
        self.console(who).skew = hours * HOUR

    def wait(self, who, minutes):
        """Time passes, and one console does what time alone decides."""
        self.hands.later(minutes=minutes)
        self.console(who).sweep()

    # what the network does ------------------------------------------------------------------------------------------

    def push(self, who, how="whole", count=1000):
        console = self.console(who)
        events = console.outbox(count)
        if not events or console.cut:
            return
        self.sent.append(events)
        if how == "disorder":
            console.push(events[::-1])
        elif how == "unanswered":  # the answer is lost, or the hub died when it had stored them
            self.hub.push(events)
        elif how != "lost":
            console.push(events)
            if how == "twice":
                console.push(events)

    def exchange(self, who):
        """Both ways and undisturbed."""
        self.push(who)
        self.pull(who)

    def push_late(self, pick):
        """A push arrives once more, long after, maybe of a disk that is gone."""
        if self.sent:
            self.hub.push(self.sent[pick % len(self.sent)])

    def pull(self, who, limit=1000, how="whole"):
        console = self.console(who)
        if console.cut:
            return
        answer = console.ask(limit)
        if answer is None:
            pass
        elif how == "late":
            self.late.append((console.letter, answer))
        else:
            console.take(answer, dies=how == "dies")
            if how == "twice":
                console.take(answer)
        console.check()

    def pull_late(self, pick):
        """An answer arrives that was on its way for long, maybe from before the hub was restored."""
        if self.late:
            letter, answer = self.late.pop(pick % len(self.late))
            console = next(c for c in self.consoles if c.letter == letter)
            console.take(answer, stale=True)
            console.check()

    def cut(self, who, away=True):
        self.console(who).cut = away

    # who dies, and what comes back ----------------------------------------------------------------------------------

    def restart(self, who):
        self.console(who).reopen()

    def hub_restart(self):
        self.hub.restore(self.hub.head)

    def hub_restore(self, back):
        """The hub is put back to a backup, and consoles are ahead of it.

        What it forgets must be at the console that did it: two disks lost at once is beyond what anybody promises.
        """
        there = set().union(*(console.own() for console in self.consoles))
        keep = self.hub.head
        while keep and back and self.hub.ids[keep - 1] in there:
            keep, back = keep - 1, back - 1
        self.hub.restore(keep)

    def copy(self, who):
        self.console(who).keep()

    def put_back(self, who):
        """An older copy of a console's file is put in its place, where the hub or nobody has what it forgets."""
        console = self.console(who)
        if not console.kept:
            return
        there = set().union(*(other.everything() for other in self.consoles if other is not console))
        if console.forgets() & there <= set(self.hub.ids):
            gone = console.put_back()
            self.late = [(to, a) for to, a in self.late if not gone & {read(e.body.encode()).id for e in a.events}]
            console.check()

    def clone(self, who):
        """The copy of a console's file goes on beside it, on another machine. So that numbers differ it has its own letter."""
        console, letter, path = self.console(who), "F", self.folder / "F.db"
        if console.kept and not path.exists():
            actor = actor_of(self.town, OFFICERS["A"])
            self.consoles.append(
                Console(console.kept, path, self.town, actor, self.hands, letter, self.hub, console.device)
            )

    # what must hold -------------------------------------------------------------------------------------------------

    def heal(self):
        """All are connected and quiet: every one holds the same, and nothing that was saved is missing (I-1, I-2, I-6)."""
        for _ in range(6):
            for console in self.consoles:
                console.cut = False
                console.sync()
            if all(console.quiet() for console in self.consoles):
                break
        assert all(console.quiet() for console in self.consoles), "they never come to rest"
        self.hub.check()
        ids, apart = set(self.hub.ids), self.hub.refused()
        first = self.consoles[0].picture()
        for console in self.consoles:
            console.check()
            assert console.acted <= ids, "what was saved is not in the order"
            assert console.conflicts() == apart, "what does not apply is not shown"
            before = console.picture()
            for table, rows in before.items():
                assert rows == first[table], table
            console.desk.rebuild()
            assert console.picture() == before


WHO, PICK = range(5), range(5)
BEGINNINGS = ((2, 2, 2, 3, 3, 4, 5), BEGIN)
STEPS = (  # how often, name, and what to choose from for each thing that it is about
    (4, "act", WHO, PICK, ON_CASE, (False,) * 9 + (True,)),
    (2, "burst", WHO, PICK, ON_CASE, ON_CASE, ON_CASE),
    (2, "apart", WHO, WHO, PICK, ON_CASE, ON_CASE),
    (2, "duty", WHO, ON_DUTY),
    (1, "hand", WHO, HANDS),
    (2, "bring", WHO, (0, 1)),
    (2, "settle", WHO, PICK, tuple(conflicts.CHOICES)),
    (1, "skew", WHO, (-1, 0, 1)),
    (1, "wait", WHO, (1, 30, 240)),
    (5, "exchange", WHO),
    (5, "push", WHO, ("whole", "part", "lost", "unanswered", "twice", "disorder"), (1, 2, 5, 1000)),
    (1, "push_late", PICK),
    (5, "pull", WHO, (1, 2, 5, 1000), ("whole", "whole", "twice", "late", "dies")),
    (1, "pull_late", PICK),
    (1, "cut", WHO, (True, False)),
    (1, "restart", WHO),
    (1, "hub_restart"),
    (1, "hub_restore", range(1, 5)),
    (2, "copy", WHO),
    (2, "put_back", WHO),
    (1, "clone", WHO),
)  # fmt: skip


def drawn(number, length):
    """The history of a number: always the same one, and each another one."""
    by = random.Random(number)
    chosen = by.choices(STEPS, [weight for weight, *_ in STEPS], k=length)
    return [tuple(map(by.choice, BEGINNINGS)), *((name, *map(by.choice, about)) for _, name, *about in chosen)]


def play(history, *made):
    """One history, and what must hold at its end; `made` as the machine takes it."""
    town = Agreement(*made)
    try:
        town.begin(*history[0])
        for step in history[1:]:
            town.step(step)
        town.heal()
    finally:
        town.close()


def shortened(history, *made):
    """What of a history that fails is enough to fail."""
    size = len(history) // 2
    while size:
        for at in range(len(history) - size, 0, -size):
            less = history[:at] + history[at + size :]
            with contextlib.suppress(Exception):
                play(less, *made)
                continue
            history = less
        size //= 2
    return history


def search(numbers, length, *made):
    """Play the histories of these numbers; the first that fails is shown as short as it can be."""
    for number in numbers:
        try:
            play(drawn(number, length), *made)
        except Exception as error:
            error.add_note(f"history {number}: {shortened(drawn(number, length), *made)}")
            raise


def hypothesize(examples, length, *made):
    """The same steps drawn by Hypothesis: histories that repeat themselves more than chance would."""
    one = [
        st.tuples(st.just(name), *map(st.sampled_from, about)) for weight, name, *about in STEPS for _ in range(weight)
    ]

    class Drawn(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.town, self.sound = Agreement(*made), True

        @initialize(beginning=st.tuples(*map(st.sampled_from, BEGINNINGS)))
        def begin(self, beginning):
            self.town.begin(*beginning)

        # One rule: with a rule for each, swarm testing would switch half of them off, and most are needed together.
        @rule(step=st.one_of(one))
        def step(self, step):
            self.sound = False
            self.town.step(step)
            self.sound = True

        def teardown(self):
            try:
                if self.sound:
                    self.town.heal()
            finally:
                self.town.close()

    quiet = settings(
        max_examples=examples, stateful_step_count=length, deadline=None, suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink), derandomize=True, database=None, print_blob=False,
    )  # fmt: skip
    run_state_machine_as_test(Drawn, settings=quiet)
