"""I-1: every open case has exactly one custodian at every instant; it moves by a signed handover and by nothing else."""

import threading

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from zjj_console.desk import handing, signatures, signing, which
from zjj_console.domain.custody import DESK_ACTIONS
from zjj_console.storage import reads_duty

STEPS = ("H1", "H4", "HX", "out", "in", "force", "prepare", "new", "close", "reopen", "merge", "unmerge", "back", "ahead",
         "note", "undo", "rebuild")  # fmt: skip
PEOPLE = {"day": ("0002", "0003"), "night": ("0312", "0051")}


def intervals(house):
    return reads_duty.custodies(house.db)


def tile(house):
    """Each interval ends where the next begins; none begins before the one before it."""
    rows = intervals(house)
    starts = [row.start for row in rows]
    assert starts == sorted(starts), starts
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert {row.desk for row in rows} <= {"day", "night"}
    holder = house.desk().facts().holding
    if rows:
        assert (holder.desk, holder.since, holder.person) == (rows[-1].desk, rows[-1].start, rows[-1].person)


def owners(house, at):
    """Every desk of which some interval holds the instant."""
    rows = intervals(house)
    ends = [*(row.start for row in rows[1:]), 1 << 62][: len(rows)]
    return [row.desk for row, end in zip(rows, ends, strict=True) if row.start <= at < end]


class Sequence:
    """Carries out steps that may be refused; what is asked is only that custody stays whole."""

    def __init__(self, house, clock):
        self.house, self.clock, self.name = house, clock, "H4"

    def both(self, name):
        self.name = name
        self.try_act("out", handing.prepare(name))
        h = self.found()
        if h is None or h.package is None:
            return
        into = self.who("in", h)
        handles = [item.handle for item in h.unread]
        if handles:
            self.house.desk(into).act(handing.read(name, handles, "3"))
        for item in h.package.items:
            if item.priority <= 2:
                self.house.desk(into).act(handing.code(name, [item.handle], "N2" if h.to == "night" else "R4"))

    def found(self):
        desk = self.house.desk()
        h = which.find(desk.reader, desk.facts(), self.name)
        return h if hasattr(h, "frm") else None

    def who(self, side, h=None):
        h = h or self.found()
        desk = "day" if h is None else h.frm if side == "out" else h.to
        return PEOPLE[desk][0 if side == "out" else 1]

    def try_act(self, side, act):
        who = self.who(side)
        self.house.desk(who).act(signing.sign_in(who))
        return self.house.desk(who).act(act)

    def line(self, text):
        who = PEOPLE[self.house.desk().facts().custodian][0]
        done = self.house.desk(who).run_line(text, confirmed=True)
        self.clock.later(seconds=1)
        return done

    def do(self, step):
        handles = [r[0] for r in self.house.db.execute("SELECT serial FROM case_row ORDER BY serial").fetchall()]
        last, first = (handles[-1], handles[0]) if handles else (0, 0)
        match step:
            case "H1" | "H4" | "HX":
                self.both(step)
            case "prepare":
                self.try_act("out", handing.prepare(self.name))
            case "out" | "in":
                self.try_act(step, signatures.sign(self.name, step, tick_all=True))
            case "force":
                self.try_act("in", signatures.force(self.name, "示例", "0001", proven=True))
            case "new":
                self.line("xj dhj zy 2 pcs")
            case "close":
                self.line(f"tj {last} 1")
                self.line(f"hc {last} y")
            case "reopen":
                self.line(f"ck {last} 1")
            case "merge":
                self.line(f"cf {last} {first}")
            case "unmerge":
                self.line(f"cz {last}")
            case "undo":
                self.line("cx")
            case "note":
                self.house.desk().act(handing.note(self.name, "示例"))
            case "back":
                self.clock.later(hours=-1)
            case "ahead":
                self.clock.later(hours=7, minutes=5)
            case "rebuild":
                self.house.desk().rebuild()


def run(make_house, clock, steps, begin="2021-03-01 17:25"):
    clock.set(begin)
    house = make_house()
    sequence = Sequence(house, clock)
    instants = [clock.now]
    for step in steps:
        sequence.do(step)
        clock.later(seconds=30)
        instants.append(clock.now)
        tile(house)
        holder = house.desk().facts().custodian
        found = {row[0] for row in house.db.execute("SELECT custodian FROM case_row WHERE is_open = 1").fetchall()}
        assert found <= {holder}, (step, found, holder)
    rows = intervals(house)
    for at in instants:
        assert len(owners(house, at)) == (1 if rows and at >= rows[0].start else 0)
    house.proven()
    return house


@settings(max_examples=12)
@given(steps=st.lists(st.sampled_from(STEPS), min_size=4, max_size=18))
@example(
    steps=["new", "H4", "out", "in", "back", "HX", "out", "in", "force", "new", "ahead", "ahead", "H1", "out", "in"]
)
@example(steps=["new", "H4", "force", "back", "HX", "out", "in", "HX", "force", "unmerge", "reopen"])
@example(steps=["new", "new", "merge", "H4", "out", "in", "unmerge", "close", "reopen", "note", "HX", "out", "in"])
def test_NV_7_custody_tiles_time_whatever_is_signed_forced_or_interrupted(make_house, clock, steps):
    run(make_house, clock, steps)


@pytest.mark.slow
@settings(max_examples=600)
@given(steps=st.lists(st.sampled_from(STEPS), min_size=10, max_size=60))
def test_NV_7_custody_tiles_time_in_long_sequences(make_house, clock, steps):
    run(make_house, clock, steps)


def test_the_steps_of_the_sequences_do_move_custody(make_house, clock):
    steps = ["new", "H4", "out", "in", "HX", "out", "in", "new", "ahead", "ahead", "H1", "force"]
    house = run(make_house, clock, steps)
    assert [row.desk for row in intervals(house)] == ["night", "night", "day"]


def test_I_1_what_comes_back_belongs_to_the_desk_that_holds_custody(evening):
    house = evening
    for line in ("xj dhj js 3 dh cg", "xj zmc js 3 dh cg", "xj xwc js 3 dh cg", "cf 1002 1003 示例同一处", "qs 1001", "tj 1001 1",
                 "hc 1001 y"):  # fmt: skip
        house.line(line)
    house.hand_over("H4", "0002", "0312")
    for line in ("ck 1001 1", "cz 1002", "xj dhj js 3"):
        case = house.line(line, "0312").case
        assert (case.is_open, case.custodian) == (True, "night"), line
    house.proven()


def test_R43_the_desk_without_custody_sees_and_does_not_act(evening):
    house = evening
    house.line("xj dhj zy 3 dh")
    house.hand_over("H4", "0002", "0312")
    case = house.desk().case("1001")
    for line in ("sl 1001", "pd 1001 cg", "jp 1001 cg"):
        done = house.desk().run_line(line, confirmed=True)
        assert not done.ok and house.desk().case("1001").version == case.version, line
    assert house.desk().run_line("sl 1001").field == "I-1"
    house.line("bz 1001 白班补充", "0002")
    house.line("sl 1001", "0312")
    assert "dispatch" in DESK_ACTIONS


@pytest.mark.parametrize(("wanted", "hours"), [("H4", 9.5), ("H1", 15)])
def test_custody_does_not_move_hours_before_its_boundary(make_house, clock, wanted, hours):
    """Half an hour before, when the package is built; neither two of the centre nor a second PIN make it earlier."""
    clock.set("2021-03-01 08:00" if wanted == "H4" else "2021-03-01 16:30")
    house = make_house()
    house.sign_in("0001", "0005")
    name = f"{wanted}-2021-03-0{1 if wanted == 'H4' else 2}"
    house.do("0001", handing.prepare(name))
    house.read_all(name, "0005")
    house.refuse("0001", signatures.sign(name, "out"), 8)
    house.refuse("0001", signatures.force(name, "示例", "0005", proven=True), 8)
    assert intervals(house) == [] and hours > 0.5


def test_a_handover_from_a_desk_without_custody_moves_nothing_even_by_force(evening, clock):
    house = evening
    house.hand_over("H4", "0002", "0312")
    clock.set("2021-03-02 07:25")
    house.sign_in("0008")
    house.hand_over("H1", "0051", "0008")
    clock.set("2021-03-03 07:25")  # the evening in between was never signed: the day still has it
    house.do("0008", handing.prepare("H1"))
    assert house.refuse("0008", signatures.force("H1", "示例", "0001", proven=True)).field == "I-1"
    assert [row.desk for row in intervals(house)] == ["night", "day"]


@pytest.mark.parametrize("boundary", ["H2", "H3"])
def test_opening_or_closing_the_stations_never_moves_custody(evening, clock, boundary):
    house = evening
    house.hand_over("H4", "0002", "0312")
    clock.set("2021-03-02 08:30" if boundary == "H2" else "2021-03-02 16:30")
    house.do("0008", handing.prepare(boundary))
    house.refuse("0001", signatures.force(boundary, "示例", "0005", proven=True), 8)
    house.refuse("0001", signatures.sign(boundary, "in"), 8)
    for station in ("z1", "z2", "z3", "z4", "z5"):
        house.do("0002", signatures.sign_station(boundary, station, f"003{station[1]}", "phone"))
    assert [row.desk for row in intervals(house)] == ["night"]


def test_a_relief_at_the_minute_of_a_signed_one_never_reopens_it(evening, clock):
    """The clock set back by an hour makes the same minute twice."""
    house = evening
    house.hand_over("H4", "0002", "0312")
    clock.set("2021-03-01 22:00")
    house.sign_in("0052")
    house.hand_over("HX", "0312", "0052")
    signed = house.handover("HX")
    clock.later(hours=1)
    clock.later(hours=-1)
    assert house.do("0312", handing.prepare("HX")).same
    assert house.handover("HX") == signed
    assert len(intervals(house)) == 2


def test_an_unsigned_relief_is_found_before_a_signed_one(evening, clock):
    house = evening
    house.hand_over("H4", "0002", "0312")
    clock.set("2021-03-01 22:00")
    house.sign_in("0052")
    house.hand_over("HX", "0312", "0052")
    clock.set("2021-03-01 21:30")
    house.do("0312", handing.prepare("HX"))
    assert house.handover("HX").id.endswith("@2130")


def test_two_desks_that_sign_for_the_same_handover_at_once_move_custody_once(evening):
    house = evening
    house.line("xj dhj js 3")
    house.do("0002", handing.prepare("H4"))
    house.read_all("H4", "0312")
    house.do("0002", signatures.sign("H4", "out"))
    gate, answers = threading.Barrier(2), []

    def sign(desk):
        gate.wait()
        answers.append(desk.act(signatures.sign("H4", "in", tick_all=True)))

    racers = [threading.Thread(target=sign, args=(house.desk(who),)) for who in ("0312", "0051")]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert sorted(done.code for done in answers) == [0, 8], answers
    assert len(intervals(house)) == 1
    house.proven()


def test_two_desks_that_force_and_sign_at_once_move_custody_once(evening):
    house = evening
    house.do("0002", handing.prepare("H4"))
    house.do("0002", signatures.sign("H4", "out"))
    gate, answers = threading.Barrier(2), []

    def run_one(who, act):
        gate.wait()
        answers.append(house.desk(who).act(act))

    acts = (
        ("0312", signatures.sign("H4", "in", tick_all=True)),
        ("0051", signatures.force("H4", "示例", "0001", proven=True)),
    )
    for who, _ in acts:
        house.desk(who)
    racers = [threading.Thread(target=run_one, args=pair) for pair in acts]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert sorted(done.code for done in answers) == [0, 8], answers
    assert len(intervals(house)) == 1
    house.proven()


def test_an_undo_never_takes_back_custody_nor_what_was_done_before_it_moved(evening, clock):
    house = evening
    house.line("xj dhj js 3 dh")
    house.line("sl 1001")
    house.hand_over("H4", "0002", "0312")
    version = house.desk().case("1001").version
    for who in ("0002", "0312"):
        done = house.desk(who).run_line("cx")
        assert not done.ok, done.text
    assert house.desk().case("1001").version == version
    assert house.desk().facts().custodian == "night"


def test_I_1_the_first_case_of_an_empty_journal_belongs_to_the_desk_that_begins_it(desk, clock):
    """The console was opened in the afternoon and nothing happened until the night."""
    clock.set("2021-03-01 16:00")
    assert desk.facts().custodian == "day"
    clock.set("2021-03-01 18:00")
    case = desk.run_line("xj dhj js 3").case
    assert case.custodian == desk.facts().custodian == "night"
