"""Reports that come in at the hub: one event of its own chain each, by the rule of a desk, once however often they come."""

import json

import pytest
from msgspec.structs import replace
from sqlalchemy import select, update

from tests import here
from tests.hub.consoles import NOW, Bench
from tests.hub.reports import WHOLE, bodies, bring, case_of, rules
from tests.hub.test_processes import _Steps, ended, forked, whole
from zjj_console.commands import case_text
from zjj_console.desk import shape
from zjj_console.domain import outside
from zjj_console.domain.facts import Facts
from zjj_console.domain.ids import named, outside_key
from zjj_console.domain.judge import fold
from zjj_console.domain.lifecycle import decide, evolve
from zjj_console.domain.marks import marks, to_fill
from zjj_console.domain.model import Actor, Command, Event
from zjj_console.domain.outside import Outside, only_one, told
from zjj_console.hub import doors, reading, setup
from zjj_console.hub.problems import Refused
from zjj_console.hub.store import Wrong
from zjj_console.hub.tables import CATALOGUE, DEVICE, HEAD, INBOUND
from zjj_console.intake.rows import case_id
from zjj_console.storage import confirmed, journal
from zjj_console.storage.db import connect
from zjj_console.sync import wire

OFFICER = Actor("0001", "某人", "cyz", frozenset({"dispatcher"}))


def test_a_report_is_pulled_as_an_event_and_folds_into_a_case_with_its_words_whole(bench):
    (landed,) = bring(bench, WHOLE)
    with bench.store.reading() as db:
        (pulled,) = reading.pull(db, 0, "", 10, NOW).events
    envelope = json.loads(pulled.body)
    assert (pulled.verdict, envelope["kind"], envelope["actor"], envelope["log"]) == (
        0,
        "reported",
        "system",
        bench.log,
    )
    case = fold(None, [Event(envelope["kind"], envelope["stream"], envelope["data"])])
    assert replace(case, version=1) == landed.case == case_of(bench, landed.case.id)
    assert (case.text, case.category, case.committee, case.place) == (WHOLE.text, "ldbl", "310118102001", "大新街")
    assert (case.number, case.console, case.serial) == ("ZJJ2021-Z-01001", "Z", 1001)
    assert (case.source, case.external_id, case.reporter, case.phone) == ("wechat", "m-1", "来人", "021-0000-0000")
    assert case.grid and case.station and "ACC" in case.clocks and not case.lead and not case.missing
    whole(bench, 1)


def test_the_same_report_is_one_case_and_one_answer_however_often_it_comes(bench):
    first = bring(bench, WHOLE, WHOLE)
    again = bring(bench, WHOLE, Outside("wechat", "m-2", "同一句话"), WHOLE)
    assert {one.ack.id for one in (*first, again[0], again[2])} == {first[0].ack.id}
    assert [one.ack.hub_seq for one in again] == [1, 2, 1]
    assert bench.rows(select(INBOUND.c.source, INBOUND.c.number, INBOUND.c.case_id).order_by(INBOUND.c.number)) == [
        ("wechat", "m-1", first[0].case.id), ("wechat", "m-2", again[1].case.id)]  # fmt: skip
    whole(bench, 2)


def test_a_report_and_a_row_of_a_file_with_the_same_number_are_one_case(bench):
    (landed,) = bring(bench, WHOLE)
    assert landed.case.id == case_id("wechat", {"external_id": "m-1"}) == named(outside_key("wechat", "m-1"))
    console = bench.console()
    chunk = console.event("cases_imported", "import:1", {"rows": [[landed.case.id, {"text": "旧文", "serial": 7}]]})
    assert bench.verdicts(console, chunk) == [(0, "")]
    assert case_of(bench, landed.case.id).text == WHOLE.text
    whole(bench, 2)


def refused_to_revoke(url, name, code=8):
    left, _, err = here.run(["hub", "revoke", name], {"ZJJ_HUB_DB": url})
    assert left == code, err
    return err


def test_the_hub_takes_the_last_free_letter_and_nobody_takes_its_name_or_revokes_it(bench):
    def enrol(letter, device=""):
        code = bench.store.writing(lambda db: doors.new_code(db, "console", 1, NOW))
        asked = wire.Enrol(code, device or f"device-{letter}", "", letter)
        return bench.store.writing(lambda db: doors.enrol(db, asked, NOW))

    enrol("Z")
    (landed,) = bring(bench, WHOLE)
    assert landed.case.console == "Y"
    with pytest.raises(Refused, match="letter_taken"):
        enrol("Y")
    own = f"hub-{bench.log}"
    with pytest.raises(Refused, match="bad_request"):
        enrol("B", own)
    for name in (own, "hub-", "Y"):
        assert bench.store.writing(lambda db, name=name: doors.revoke(db, name, NOW)) is None
        assert "中心自己" in refused_to_revoke(bench.url, name)
    assert "没有这台设备" in refused_to_revoke(bench.url, "X", code=6)
    assert bring(bench, replace(WHOLE, number="m-2"))[0].case.serial == 1002


def test_a_desk_and_the_hub_write_an_envelope_alike(tmp_path, desk):
    """The same event at the same place is the same bytes, whoever appends it."""
    event = Event("noted", "case-1", {"text": "话"})
    db = connect(desk.path)
    head = journal.open_head(db, desk.path)
    journal.append(db, head, [event], OFFICER, NOW, cmd="c", happened=1)
    ((body, event_id),) = db.execute("SELECT body, id FROM event WHERE cmd = 'c'").fetchall()
    assert journal.envelope(event, OFFICER, head, NOW, event_id, "c", happened=1) == bytes(body)
    db.close()


def test_processes_that_bring_reports_at_once_make_one_chain_and_one_case_of_each(bench):
    bench.store.close()

    def bringing(n):
        mine = Bench(bench.url)
        for i in range(8):
            bring(mine, Outside("wechat", f"own-{n}-{i}", "x"), Outside("wechat", f"both-{i}", "y"))

    pids = [forked(lambda n=n: bringing(n)) for n in range(2)]
    assert [ended(pid) for pid in pids] == [0, 0]
    whole(bench, 24)
    numbers = sorted(json.loads(body)["data"]["set"]["serial"] for body in bodies(bench))
    assert numbers == list(range(1001, 1025))
    assert len(bench.rows(select(DEVICE.c.id))) == 1


def test_a_hub_killed_between_any_two_steps_brings_each_report_in_exactly_once(tmp_path):
    bench = Bench(f"sqlite:///{tmp_path / 'hub.db'}")
    total, left = 0, 1
    while True:
        report = replace(WHOLE, number=f"m-{left}")

        def work(left=left, report=report):
            other = Bench(bench.url)
            _Steps(other.store.engine, left)
            bring(other, report)

        bench.store.close()
        code = ended(forked(work))
        total += 1
        (landed,) = bring(bench, report)
        assert (landed.ack.hub_seq, landed.case.serial) == (total, 1000 + total)
        whole(bench, total)
        if code == 0:
            break
        left += 1
    assert left > 6, "every statement was a place to die"
    bench.store.close()


def test_a_credential_revoked_while_the_report_waits_for_the_lock_brings_nothing_in(bench):
    sender, reader = bench.console("gateway"), bench.console("reader")
    made = lambda who: rules().reported(WHOLE, token=doors.digest(who.token))  # noqa: E731
    assert bring(bench, made(reader))[0].code == "not_allowed"
    bench.store.writing(lambda db: doors.revoke(db, sender.device, NOW))
    assert bring(bench, made(sender))[0].code == "revoked"
    whole(bench, 0)


# what is missing ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "address", "committee", "category", "missing"),
    [("大新街路灯不亮", "", "310118102001", "ldbl", ()), ("路灯不亮", "东湖街3号", "310118102003", "ldbl", ()),
     ("路灯坏了", "大新街近东湖街", "", "ld", ("committee",)), ("有事", "大新街", "310118102001", "qtsj", ("category",)),
     ("路灯不亮、暴露垃圾", "", "", "qtsj", ("committee", "category")), ("", "大新街", "310118102001", "qtsj", ("category", "text"))],
)  # fmt: skip
def test_a_place_and_a_category_are_taken_only_where_exactly_one_is_named(text, address, committee, category, missing):
    found = told(Outside("wechat", "1", text, address=address), rules().town)
    assert (found["committee"], found["category"], found["missing"]) == (committee, category, missing)
    assert found["text"] == (text or "其他事件") and "lead" not in found


def test_a_name_inside_a_longer_one_does_not_count():
    names = [("a", ("路灯",)), ("b", ("路灯不亮",)), ("c", ("ＡＢ", "甲"))]
    assert only_one("路灯不亮", names) == "b" and only_one("路灯不亮，别处路灯", names) == ""
    assert only_one("ab", names) == "c" and only_one("", names) == "" and only_one("乙", names) == ""


def test_a_position_outside_the_map_is_kept_in_words_and_one_inside_is_stored():
    near = told(Outside("open311", "1", lon=121.05, lat=31.11), rules().town)
    far = told(Outside("open311", "1", lon=2.35, lat=48.85), rules().town)
    assert (near["lon"], near["lat"], near["place"]) == (121_050_000, 31_110_000, "")
    assert "lon" not in far and far["place"] == "48.850000,2.350000"


def test_on_the_towns_own_map_a_position_finds_grid_and_station(bench):
    town = rules().town
    area = next(iter(town.atlas.grids.values()))
    own = replace(town, atlas=replace(town.atlas, mark="T"))
    made = outside.told(Outside("open311", "1", "x", lon=area.label[0], lat=area.label[1]), own)
    grid, station, _ = own.whereabouts("", made["lon"], made["lat"])
    assert grid == area.code and station and made["missing"] == ("committee", "category")


def test_whoever_says_that_he_is_one_of_ours_is_not_taken_for_him():
    town = rules().town
    somebody = next(iter(town.people))
    assert told(Outside("open311", "1", reporter=somebody), town)["reporter"] == f"自称 {somebody}"
    assert told(Outside("wechat", "1", member=somebody), town)["reporter"] == somebody


def test_what_is_missing_is_marked_and_goes_as_it_is_filled(bench):
    (landed,) = bring(bench, Outside("wechat", "1", "", "https://example.gov/1.jpg", address="桥头"))
    case, facts = landed.case, Facts(NOW, OFFICER, rules().town, rules().duty)
    assert to_fill(case) == ("committee", "category", "text") and {"missing", "place_pending"} <= set(marks(case))

    def do(case, action, **args):
        (event,) = decide(case, Command(action, args), facts)
        return evolve(case, event)

    placed = do(case, "locate", committee="310118102001")
    assert to_fill(placed) == ("category", "text") and placed.place == "桥头" and "place_pending" not in marks(placed)
    asked = do(do(placed, "ask_info", text="何事"), "give_info", text="路灯不亮")
    assert to_fill(asked) == ("category",)
    taken = do(asked, "accept", category="ldbl")
    assert to_fill(taken) == taken.missing == () and "missing" not in marks(taken)
    assert to_fill(do(asked, "accept")) == (), "what the desk took on as it is stands"


def test_a_console_that_pulls_has_the_case_in_its_queue_with_what_to_ask_and_fills_it(tmp_path, desk):
    from tests.sync.consoles import received

    bench = Bench(f"sqlite:///{tmp_path / 'hub.db'}")
    bring(bench, WHOLE, Outside("open311", "r-1", "有事请来", address="某处", reporter="来人"))
    desk.at_once(lambda db: confirmed.join(db, desk.duty, bench.log, "A"))
    with bench.store.reading() as db:
        pulled = reading.pull(db, 0, "", 10, NOW).events
    desk.at_once(lambda db: confirmed.apply(db, desk.duty, received(pulled)))
    queue = {row[0]: row[1].split() for row in desk.reader.execute("SELECT text, marks FROM case_row").fetchall()}
    assert queue == {WHOLE.text: [], "有事请来": ["missing", "place_pending"]}
    case = desk.case("Z1002")
    assert shape.case_json(case, desk.town, desk.duty, NOW)["missing"] == ["committee", "category"]
    assert ("待补", "地点、类别") in [
        tuple(line.split()) for line in case_text.page(case, desk, NOW, clocks=False).splitlines()
    ]
    for line in ("dz Z1002 dxj", "sl Z1002 3 ldbl"):
        assert desk.run_line(line, confirmed=True).ok, line
    filled = desk.case("Z1002")
    assert (filled.missing, filled.place, filled.committee, filled.category) == ((), "某处", "310118102001", "ldbl")
    bench.store.close()


# tables ---------------------------------------------------------------------------------------------------------------
def test_a_hub_of_the_version_before_is_told_what_to_do_and_brought_up_to_date(url):
    bench = Bench(url)
    a = bench.console()
    bench.push(a, a.event())
    bench.store.writing(lambda db: (INBOUND.drop(db), db.execute(update(HEAD).values(version=1))))
    with pytest.raises(Wrong) as old:
        bench.store.check()
    assert old.value.code == 11 and "zjj hub init --town" in old.value.zh and "zjj hub init" in old.value.en
    assert setup.create(bench.store, "zjj", NOW) == (bench.log, False) == setup.create(bench.store, "zjj", NOW)
    bench.store.check()
    bring(bench, WHOLE)
    whole(bench, 2)
    bench.store.writing(lambda db: db.execute(update(HEAD).values(version=99)))
    for attempt in (bench.store.check, lambda: setup.create(bench.store, "zjj", NOW)):
        with pytest.raises(Wrong) as new:
            attempt()
        assert new.value.code == 11 and "请升级程序" in new.value.zh
    assert {"inbound"} <= set(CATALOGUE.tables)
    bench.store.close()


def test_reports_and_pushes_of_one_group_keep_their_order(bench):
    a = bench.console()
    from zjj_console.hub.order import append
    from zjj_console.hub.weigh import Memory

    offers = [bench.offer(a, a.event()), rules().reported(WHOLE), bench.offer(a, a.event())]
    answers = append(bench.store, Memory(), offers, lambda: NOW)
    assert [answers[0].acks[0].hub_seq, answers[1].ack.hub_seq, answers[2].acks[0].hub_seq] == [1, 2, 3]
    whole(bench, 3)
