"""What only one desk at a time may continue: a roster, a meeting, custody, a climb. What came between is a conflict (§6.7)."""

from tests.sync.network import level
from zjj_console.domain.registers import EMPTY, overtaken, register
from zjj_console.storage import audit, duty_rows, reads_conflicts


def rows(console):
    return {table: duty_rows.contents(console.desk.reader, table) for table in duty_rows.TABLES}


def waiting(console):
    return reads_conflicts.listed(console.desk.reader)


def whole(*consoles):
    assert rows(consoles[0]) == rows(consoles[1])
    for console in consoles:
        report = audit.verify(console.desk.reader, console.desk.duty)
        assert report.bad is None, report.message


def test_a_register_is_a_stream_or_one_kind_of_it_and_facts_are_in_none():
    assert register("roster:2021-03", "swapped") == ("roster:2021-03", "")
    assert register("desk", "custody_taken") == ("desk", "custody_taken")
    assert register("desk", "posts_checked") == register("duty:2021-03-01", "signed_in") == ("", "")
    assert register("roster:2021-03", "conflict_resolved") == ("", "")


def test_an_event_stands_where_it_saw_the_last_or_says_the_same():
    first = EMPTY.then("1", {"a": 1})
    assert (
        not overtaken(EMPTY, "", {"a": 1})
        and not overtaken(first, "1", {"a": 2})
        and not overtaken(first, None, {"a": 2})
    )
    assert overtaken(first, "", {"a": 2}) and overtaken(EMPTY, "9", {"a": 2})
    assert not overtaken(first, "", {"a": 1}), "the same words again"
    both = first.then("2", {"a": 1})
    assert not overtaken(both, "1", {"a": 2}) and not overtaken(both, "2", {"a": 2}), "whichever of the two it saw"
    assert overtaken(both.then("3", {"a": 3}), "2", {"a": 4})


async def test_two_desks_plan_one_visit_apart_and_the_second_plan_is_a_conflict(place):
    async with place:
        a, b = await place.console("a"), await place.console("b")
        assert a.do("jz z1 0315").ok
        await level(a, b)
        assert a.do("jz z1 0316").ok and b.do("jz z1 0317").ok
        await level(a, b)
        whole(a, b)
        assert [[one.first.kind for one in waiting(console)] for console in (a, b)] == [["visit_planned"]] * 2
        assert b.do("jz z1 0318").ok, "seen again, it can be done again"
        await level(b, a)
        whole(a, b)
        assert len(waiting(a)) == 1


async def test_until_the_hub_has_judged_the_console_judges_by_the_same_rule(place):
    async with place:
        a, b = await place.console("a"), await place.console("b")
        assert a.do("jz z1 0316").ok and b.do("jz z1 0317").ok
        await a.worker.once()
        await b.worker._pull(wait=0)
        assert [one.provisional for one in waiting(b)] == [True]
        await level(b, a)
        whole(a, b)
        assert [one.provisional for one in waiting(b)] == [False]


async def test_two_desks_that_note_what_time_decided_have_noted_it_once(place):
    async with place:
        a, b = await place.console("a"), await place.console("b")
        a.do("xj dhj js 1")
        await level(a, b)
        place.hands.later(hours=2)
        at = place.hands.now
        for console in (a, b):
            place.hands.now = at
            console.desk.sweep()
        await level(a, b)
        whole(a, b)
        assert duty_rows.contents(a.desk.reader, "ladder")
        assert waiting(a) == waiting(b) == []


async def test_a_call_that_one_desk_recorded_is_not_overwritten_by_the_sweep_of_another(place):
    async with place:
        a, b = await place.console("a"), await place.console("b")
        a.do("xj dhj js 1")
        await level(a, b)
        place.hands.later(hours=1)
        a.desk.sweep()
        await level(a, b)
        assert a.do("th A1001 1").ok
        before = rows(a)["ladder"]
        assert '"calls":[{' in str(before)
        place.hands.later(hours=1)
        b.desk.sweep()
        await level(a, b)
        whole(a, b)
        assert waiting(a) == [], "what time decided is decided anew on what stands"
        b.desk.sweep()
        await level(b, a)
        whole(a, b)
        assert '"calls":[{' in str(rows(b)["ladder"])


FACTS = {"signed_in": "duty:2021-03-01", "signed_out": "duty:2021-03-01", "signs_imported": "duty:2021-03-01",
         "sign_fix_asked": "duty:2021-03-01", "sign_fix_decided": "duty:2021-03-01", "alarm_acked": "alarm", "posts_checked": "desk"}  # fmt: skip
CONTINUED = {"roster_published": "roster:2021-03", "substituted": "roster:2021-03", "swapped": "roster:2021-03",
             "assigned": "roster:2021-03", "leave_granted": "leave:1", "leave_ended": "leave:1", "stationed": "stationing:1",
             "custody_taken": "desk"}  # fmt: skip


def test_I_1_of_all_that_folds_into_rows_of_duty_somebody_has_said_whether_it_is_a_register_or_a_fact():
    assert set(duty_rows.KINDS) == FACTS.keys() | CONTINUED.keys()
    assert {kind for kind, stream in FACTS.items() if register(stream, kind)[0]} == set()
    assert {kind for kind, stream in CONTINUED.items() if not register(stream, kind)[0]} == set()
    assert {family for family in duty_rows.STREAMS if not register(f"{family}:1", "any")[0]} == set()
