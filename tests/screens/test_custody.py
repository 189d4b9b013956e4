"""What every screen shows and holds back: custody, an unsigned handover, and the lock of an idle console (NV-13)."""

from datetime import datetime

from zjj_console.desk import handing, signatures, signing
from zjj_console.desk.session import actor_of


def put_clock(clock, desk, text):
    clock.now = round(datetime.fromisoformat(text).replace(tzinfo=desk.town.tz).timestamp() * 1_000_000)


def as_person(desk, work_no):
    return actor_of(desk.town, work_no, trial=True)


def hand_to_the_night(desk, clock):
    """0312 takes over at 17:36, forced: nobody is there to read."""
    put_clock(clock, desk, "2021-03-02 17:20")
    for do, who in (
        (handing.prepare("H4"), "0002"),
        (signing.sign_in("0312"), "0312"),
    ):
        assert desk.act(do, actor=as_person(desk, who)).ok
    put_clock(clock, desk, "2021-03-02 17:36")
    forced = signatures.force("H4", "演练", "0005", proven=True)
    assert desk.act(forced, actor=as_person(desk, "0312")).ok


async def test_R43_the_desk_without_custody_is_read_only_and_says_so(opened, desk, clock):
    hand_to_the_night(desk, clock)
    async with opened((120, 40)) as console:
        assert "看护权夜班 本台只读" in console.text
        row = desk.reader.execute("SELECT serial FROM case_row WHERE state = 'REPORTED' AND committee <> ''").fetchone()
        await console.type(f";sl {row[0]}")
        await console.press("enter")
        assert "看护权在夜班" in console.text
        assert desk.case(str(row[0])).state == "REPORTED"


async def test_AC_43a_an_unsigned_handover_stands_in_the_alarm_line(opened, desk, clock):
    hand_to_the_night(desk, clock)
    put_clock(clock, desk, "2021-03-03 07:41")
    row = desk.reader.execute("SELECT count(*) FROM case_row WHERE priority = 1 AND is_open = 1").fetchone()
    assert row[0]  # a late first-priority case stands before it
    async with opened((120, 40)) as console:
        first = console.text.splitlines()[1]
        assert "急超" in first
    db = desk._writer
    db.execute("UPDATE case_row SET priority = 2 WHERE priority = 1")
    db.execute("UPDATE case_row SET rank = 1 WHERE rank = 0")
    async with opened((120, 40)) as console:
        assert "交接未签 H1 已过11分" in console.text.splitlines()[1]
        put_clock(clock, desk, "2021-03-03 07:51")
        await console.second()
        assert "请呼镇中心负责人" in console.text.splitlines()[1]


async def test_NV_13_an_idle_console_shows_and_does_nothing_until_somebody_says_who_he_is(opened, desk, clock):
    async with opened((120, 40)) as console:
        await console.second(16 * 60)
        assert "已锁 只看" in console.text
        await console.type("j")
        assert "已锁 只看" in console.text
        await console.type("n")
        assert "已转为只看" in console.text
        await console.type("x")  # any other key: still locked
        assert "已锁 只看" in console.text
        await console.type("n")
        await console.type("y")
        assert "已锁 只看" not in console.text
