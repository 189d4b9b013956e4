"""Whatever happens in a night: looking every few minutes, or only when something is done, or with a new process each
time, the same people are called at the same instants, and the journal folds to the same rows.
"""

from hypothesis import given, settings
from hypothesis import strategies as st

LINES = (
    "qs 1001", "dd 1001", "th 1001 1", "th 1001 2", "th 1001 3", "th 1001 4", "sj 1001", "sj 1001 e3", "sj 1001 y 知悉",
    "sj 1001 n", "gp 1001 y2 r2", "gp 1001 y1 r2", "tj 1001 1 已清理", "fg 1001 2", "td 1001 1", "td 1001 y 1",
    "pd 1001 sc", "zb 1001", "db 1001 2h 限时", "yn 1001 n1", "yn 1001 z1", "xj dhj zy 1 dh", "cf 1002 1001",
    "qs 1002", "pd 1002 cg", "th 1002 2",
)  # fmt: skip
WAITS = ("0s", "5s", "1m", "4m", "10m", "11m", "20m", "45m", "3h", "9h", "2d")
script = st.lists(st.tuples(st.sampled_from(WAITS), st.sampled_from(LINES)), min_size=3, max_size=9)
undoing = st.lists(
    st.tuples(st.sampled_from(WAITS), st.sampled_from((*LINES, "cx", "cx", "cx"))), min_size=3, max_size=9
)
start = st.sampled_from(("2021-02-10 15:00", "2021-03-01 23:24", "2021-03-05 08:55", "2021-03-05 21:10"))
priority = st.sampled_from((1, 2, 3, 4))


def played(make_night, steps, begin, level, look="", *, new_process=False):
    """What one way of looking makes of a script: outcomes, calls, climbs, what waits."""
    night = make_night()
    night.hands.set(begin)
    night.line(f"xj dhj zy {level} dh")
    night.line("pd 1001 cg")
    codes = []
    for wait, line in (*steps, ("2d", "bz 1001 完")):
        end = night.hands.now
        night.asleep(wait)
        end, night.hands.now = night.hands.now, end
        if look:
            while night.hands.now < end:
                night.desk.sweep()
                night.asleep(look)
        night.hands.now = end
        if new_process:
            night.restart()
        codes.append(night.desk.run_line(line, confirmed=True).code)
    night.desk.sweep()
    handles = dict(night.sql("SELECT id, serial FROM case_row"))
    climbs = [(serial, night.climb(str(serial))) for serial in sorted(handles.values())]
    rungs = [(serial, c and (c.trigger, c.miss, c.cycle, c.rungs, c.cleared_at, c.cleared_why)) for serial, c in climbs]
    result = codes, sorted(night.called()), rungs, [night.next(str(serial)) for serial, _ in climbs]
    night.end()
    return result


@settings(max_examples=40)
@given(steps=undoing, begin=start, level=priority)
def test_looking_often_or_seldom_calls_the_same_people_at_the_same_instants(make_night, steps, begin, level):
    once = played(make_night, steps, begin, level)
    assert played(make_night, steps, begin, level, look="7m") == once


@settings(max_examples=20)
@given(steps=script, begin=start, level=priority)
def test_complaint_11_a_restart_between_any_two_steps_changes_nothing(make_night, steps, begin, level):
    once = played(make_night, steps, begin, level)
    assert played(make_night, steps, begin, level, new_process=True) == once


@settings(max_examples=40)
@given(steps=undoing, begin=start, level=priority)
def test_no_rung_of_one_climb_is_raised_twice_or_before_the_one_below_it(make_night, steps, begin, level):
    _, _, climbs, _ = played(make_night, steps, begin, level)
    for _, climb in climbs:
        if climb is not None:
            rungs = climb[3]
            assert [r.n for r in rungs] == sorted({r.n for r in rungs})
            assert [r.at for r in rungs] == sorted(r.at for r in rungs)
