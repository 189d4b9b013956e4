"""Before every night it is checked who can be called at each post (§2.10): once a night, recorded, and an alarm while it is so."""

from datetime import date
from pathlib import Path
from shutil import copytree

import pytest

from zjj_console.desk import alarming
from zjj_console.desk.desk import Desk
from zjj_console.desk.session import actor_of
from zjj_console.domain import holders
from zjj_console.domain.alarms import Grade
from zjj_console.storage import audit, reads_alarms
from zjj_console.town.load import builtin, load_town

KIND = "posts_checked"


@pytest.fixture
def begun(house, clock):
    """Monday 17:29; the journal has begun in the morning."""
    clock.set("2021-03-01 17:29")
    return house


def checks(house):
    rows = house.db.execute("SELECT stream, actor, at FROM event WHERE kind = ? ORDER BY lseq", (KIND,))
    return rows.fetchall()


def sweep(house):
    house.desk().sweep()


def test_2_10_the_check_is_made_once_when_the_night_begins(begun, clock):
    sweep(begun)
    assert checks(begun) == []
    clock.set("2021-03-01 17:30")
    at = clock()
    for _ in range(3):
        sweep(begun)
        clock.later(minutes=40)
    assert checks(begun) == [("desk", "system", at)]
    found = reads_alarms.post_check(begun.db, "2021-03-01")
    assert found is not None and found.at == at
    posts = {(p.station, p.post) for p in found.posts}
    assert len(posts) == len(found.posts) == 15 + 1  # three posts of five stations, and the centre
    assert all(p.holder.person and not p.holder.missing for p in found.posts)


def test_after_a_sleep_it_is_made_on_waking_and_never_for_a_night_that_is_over(begun, clock):
    clock.set("2021-03-02 02:15")
    sweep(begun)
    assert [row[2] for row in checks(begun)] == [clock()]
    assert reads_alarms.post_check(begun.db).day == "2021-03-01"  # the duty date of 02:15 is the day before
    clock.set("2021-03-04 09:00")
    sweep(begun)
    assert len(checks(begun)) == 1
    clock.set("2021-03-04 17:30")
    sweep(begun)
    assert [reads_alarms.post_check(begun.db).day, len(checks(begun))] == ["2021-03-04", 2]


def test_a_journal_that_nobody_has_begun_has_no_nights(make_house, clock, db_path, town):
    clock.set("2021-03-01 23:00")
    desk = Desk(db_path, town, actor_of(town, "0002", trial=True), clock)
    desk.sweep()
    assert desk.reader.execute("SELECT count(*) FROM event").fetchone()[0] == 0
    desk.close()


def test_the_check_is_a_fold_of_its_event(begun, clock):
    clock.set("2021-03-01 17:30")
    sweep(begun)
    before = begun.db.execute("SELECT * FROM post_check").fetchall()
    assert audit.verify(begun.db, begun.duty).bad is None
    begun.desk().rebuild()
    assert begun.db.execute("SELECT * FROM post_check").fetchall() == before
    begun.desk()._writer.execute("UPDATE post_check SET at = at + 1")
    assert "post_check" in audit.verify(begun.db, begun.duty).message


def alarms(house, grade=None):
    found = house.desk().alarms().alarms
    return {a.subject: a for a in found if a.subject.startswith("night:") and grade in (None, a.grade)}


def grant(house, *people):
    """On leave from the morning until the next noon, by the row that a granted leave becomes."""
    at = house.clock.at
    for n, person in enumerate(people):
        row = (f"l{n}", person, at("2021-03-01 08:00"), at("2021-03-02 12:00"), "sick", "0001", "")
        house.desk()._writer.execute("INSERT INTO leave VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def test_2_10_a_post_that_nobody_answers_for_is_an_alarm_until_the_night_is_over(begun, clock):
    grant(begun, "0025")
    assert alarms(begun) == {}  # nothing is told before the check
    clock.set("2021-03-01 17:30")
    sweep(begun)
    (alarm,) = alarms(begun).values()
    assert (alarm.subject, alarm.grade, alarm.raised) == ("night:z5", Grade.NOTE, clock())
    assert alarm.zh == "17:30核对 五站 站长请假，升级直接找下一级"
    assert "z5" in alarm.en and begun.town.people["0025"].name not in alarm.zh
    clock.set("2021-03-02 07:29")
    assert len(alarms(begun)) == 1
    clock.set("2021-03-02 07:30")
    assert alarms(begun) == {}


def test_3_6_what_was_acknowledged_last_night_is_unseen_when_the_next_check_finds_it_again(begun, clock):
    begun.desk()._writer.execute("INSERT INTO leave VALUES ('l0', '0025', ?, ?, 'sick', '0001', '')",
                                 (clock.at("2021-03-01 08:00"), clock.at("2021-03-04 12:00")))  # fmt: skip
    for night, seen in (("2021-03-01 17:30", True), ("2021-03-02 17:30", False)):
        clock.set(night)
        sweep(begun)
        if seen:
            begun.do("0002", alarming.acknowledge(["night:z5"]))
        (alarm,) = alarms(begun).values()
        assert (alarm.acked is not None) is seen


def test_2_10_a_station_with_nobody_at_all_is_worse(begun, clock):
    posts = [p.work_no for p in begun.town.posts if p.unit == "z5" and p.role in begun.town.ladder.posts]
    listening = {a.person for a in begun.desk().facts().book.assignments if a.unit == "z5" and a.post == "on_call"}
    grant(begun, *posts, *sorted(listening - set(posts)))
    clock.set("2021-03-01 17:30")
    sweep(begun)
    assert list(alarms(begun)) == ["night:z5"]
    (alarm,) = alarms(begun, Grade.LATE).values()
    assert alarm.zh == "17:30核对 五站 副站长请假、站长请假、指挥长请假，今夜无人可通知，请另定人"


def test_what_is_mended_meanwhile_is_no_alarm_any_more(begun, clock):
    grant(begun, "0025")
    clock.set("2021-03-01 17:30")
    sweep(begun)
    assert len(alarms(begun)) == 1
    begun.desk()._writer.execute("DELETE FROM leave")
    assert alarms(begun) == {}


def vacant(folder: Path, until: str = "2021-03-09") -> Path:
    """The shipped town whose 五站 has no deputy from the day after."""
    folder = Path(copytree(builtin(), folder))
    rows = (folder / "posts.csv").read_text("utf-8").splitlines()
    lines = [f"{rows[0]},until", *(f"{row},{until if row == 'z5,deputy,0035,0' else ''}" for row in rows[1:])]
    (folder / "posts.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def test_AC_21a_the_first_rung_of_a_station_without_deputy_resolves_to_its_chief(tmp_path, db_path, clock, do, desk):
    town = load_town(vacant(tmp_path / "town"))
    clock.set("2021-03-11 23:00")
    night = Desk(db_path, town, actor_of(town, "0001", trial=True), clock)
    place = next(c.name for c in town.committees.values() if station(town, c) == "z5")
    assert night.run_line(f"xj {place} zy 1").ok
    assert night.run_line("pd 1001 y1").ok
    clock.later(minutes=11)
    night.sweep()
    (climbing,) = reads_alarms.climbing(night.reader, 10)
    first, second = climbing.climb.rungs
    assert (first.n, first.missing, first.person) == (1, "vacant", "")
    assert (second.n, second.person, second.why, second.at) == (2, "0025", "skipped", first.at)
    assert night.duty.local(first.at).date() == date(2021, 3, 11)
    chain = holders.chain(night.duty, night.facts().book, clock())
    assert [(p.station, p.post) for p in chain if p.holder.missing == "vacant"] == [("z5", "deputy")]
    found = {a.subject for a in night.alarms().alarms}
    assert "post:z5:deputy" in found and "night:z5" not in found  # one vacancy is told once
    night.close()


def station(town, committee):
    zone = town.grids[committee.grid].zone
    return next(z.station for z in town.zones.values() if z.code == zone)


def test_a_vacancy_younger_than_a_day_is_told_by_the_check(tmp_path, db_path, clock):
    town = load_town(vacant(tmp_path / "town", "2021-02-28"))
    clock.set("2021-03-01 09:00")
    desk = Desk(db_path, town, actor_of(town, "0001", trial=True), clock)
    assert desk.run_line("xj dhj js 3").ok
    clock.set("2021-03-01 17:30")
    desk.sweep()
    found = {a.subject: a.zh for a in desk.alarms().alarms}
    assert found.get("night:z5") == "17:30核对 五站 副站长空缺，升级直接找下一级"
    assert "post:z5:deputy" not in found
    desk.close()


def test_the_second_town_checks_at_its_own_hour(example_town, template, copy_db, tmp_path, clock):
    path = copy_db(template, tmp_path / "second.db")
    desk = Desk(path, example_town, actor_of(example_town, "0001", trial=True), clock)
    clock.set("2021-03-01 09:00")
    assert desk.run_line("xj 青石社区 zy 3").ok
    clock.set("2021-03-01 16:59")
    desk.sweep()
    assert reads_alarms.post_check(desk.reader) is None
    clock.set("2021-03-01 17:00")
    desk.sweep()
    found = reads_alarms.post_check(desk.reader)
    assert [(p.station, p.post) for p in found.posts] == [
        ("z1", "chief"), ("z2", "chief"), ("z3", "chief"), (example_town.centre.code, "centre"),
    ]  # fmt: skip
    desk.close()
