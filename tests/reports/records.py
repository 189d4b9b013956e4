"""Invented records to print: the example of 56 open cases, and its variations. All names and numbers are samples."""

from datetime import date
from typing import Any

from msgspec.structs import replace

from tests.conftest import Hands
from zjj_console.domain.handover import (
    Balance,
    Code,
    Forced,
    Handover,
    Item,
    Line,
    Note,
    Package,
    Signature,
    Staff,
    Tick,
)

OUT, IN, CHIEF, SIXTH = "9001", "9002", "9003", "9004"
HOSTILE = "<script>alert(1)</script>\x1b[31m红\x1b]0;title\x07\u202e反写\u200b \ud800\ufffe" + "长" * 4000


def item(serial: int, **fields: Any) -> Item:
    """An ordinary paused case of the third priority."""
    values: dict[str, Any] = {
        "id": f"case-{serial}", "handle": str(serial), "version": 1, "priority": 3, "state": "HANDLING",
        "state_zh": "处置中", "group": "paused", "place": "示例街12号", "text": "示例: 占道堆物", "lead": "zz",
        "lead_zh": "示例部门", "person": "9005", "person_zh": "示例员甲", "clock_zh": "停至次日开站", "code": "N1",
    }  # fmt: skip
    return Item(**{**values, **fields})


def items(clock: Hands) -> tuple[Item, ...]:
    """56 = 6 of the night team + 45 paused + 5 suspended; eight of them to be read one by one."""
    due = clock.at("2021-03-01 19:10")
    running = [
        item(1041, priority=1, group="running", due=due, clock_zh="处置余1:34", must=("p1", "new"), code="N2",
             done=("17:02 派单 示例部门", "17:05 签收", "17:20 到达"), gist="围挡倒塌 已设警戒", next="2"),
        item(1020, priority=2, group="running", due=due, overdue=True, must=("p2", "overdue"), code="N3",
             gist="夜市扰民 盯守", next="22时前每小时回报一次"),
        *(item(1050 + n, group="running", must=("night",), code="N2", gist="夜队续办", next="3") for n in range(4)),
    ]  # fmt: skip
    paused = [item(1100 + n, due=clock.at("2021-03-02 10:00")) for n in range(42)]
    paused += [item(1033, must=("supervised",), gist="督办件", next="6")]
    paused += [item(1150 + n, state="SUBMITTED", state_zh="待核查", code="N4") for n in range(2)]
    suspended = [item(988, must=("difficult",), group="suspended", state="SUSPENDED", state_zh="挂账", code="N5")]
    suspended += [item(960 + n, group="suspended", state="SUSPENDED", state_zh="挂账", code="N5") for n in range(4)]
    return (*running, *paused, *suspended)


def package(clock: Hands, **fields: Any) -> Package:
    at = clock.at("2021-03-01 17:28")
    values: dict[str, Any] = {
        "number": "JJ-0301-H4", "boundary": "H4", "boundary_zh": "白班->夜班", "day": date(2021, 3, 1),
        "at": at, "by": OUT, "by_zh": "示例何", "town": "sample", "town_zh": "示例镇", "frm_zh": "镇中心",
        "to_zh": "示例一队", "lseq": 4321, "head": "ab" * 32,
        "balance": Balance(opening=48, new=15, reopened=1, closed=6, voided=1, merged=1, open=56),
        "items": items(clock),
        "drafts": (Line("草稿未提交 示例", at),),
        "requests": (Line("延期待批", at, "1033"),),
        "calls": (Line("二级升级 电话未接", at, "1041"),),
        "coming": (Line("处置时限", clock.at("2021-03-01 19:10"), "1041"),),
        "staff": (
            Staff(OUT, "示例何", "镇中心", "坐席", "out", "在岗"),
            Staff(IN, "示例陈", "示例一队", "坐席", "in", "在岗"),
            Staff(SIXTH, "示例许", "示例一队", "队员", "in", "缺岗", "未签到 未顶班"),
        ),
        "gaps": (Line("示例站 执法力量 缺1"),),
        "stationings": (Line("示例部门 驻示例站 已到"),),
        "earlier": (Line("上一班: 路灯不亮 待修"),),
        "unsent": 2,
    }  # fmt: skip
    return Package(**{**values, **fields})


def unsigned(clock: Hands, **fields: Any) -> Handover:
    """A handover whose package was built and nothing else."""
    return Handover(
        id="H4-2021-03-01", boundary="H4", day=date(2021, 3, 1), at=clock.at("2021-03-01 17:30"), frm="day", to="night",
        state="PREPARED", package=package(clock, **fields), digest="4c1e" * 16,
    )  # fmt: skip


def signed(clock: Hands, **fields: Any) -> Handover:
    """The same one with both signatures at 17:31 and 17:36."""
    h = unsigned(clock, **fields)
    at = clock.at
    assert h.package
    return replace(
        h, state="IN_SIGNED",
        reads={i.id: Tick(IN, at("2021-03-01 17:33"), "到场后先核实有无被困" if i.priority == 1 else "", i.version)
               for i in h.package.must},
        batch=Tick(IN, at("2021-03-01 17:34")), spoken=Tick(IN, at("2021-03-01 17:35")),
        ticks={"W1": Tick(IN, at("2021-03-01 17:34")), "W2": Tick(IN, at("2021-03-01 17:34"))},
        codes={"case-1041": Code("N2", CHIEF, at("2021-03-01 16:35"), "zz", "9005")},
        equipment="单兵 3/3 对讲机 9/10 车辆 2/2",
        notes=(Note(OUT, "示例何", at("2021-03-01 17:10"), "示例路口夜间照明不足"),
               Note(OUT, "示例何", at("2021-03-01 17:50"), "补: 示例迟到事项", late=True)),
        out_sign=Signature(OUT, "示例何", at("2021-03-01 17:31")),
        in_sign=Signature(IN, "示例陈", at("2021-03-01 17:36")),
        moved_at=at("2021-03-01 17:36"),
    )  # fmt: skip


def forced(clock: Hands, **fields: Any) -> Handover:
    reason = Forced(IN, CHIEF, "示例站长", "交班人突发疾病", clock.at("2021-03-01 17:52"), ("B5 必读未读 1033",))
    moved = clock.at("2021-03-01 17:52")
    return replace(signed(clock, **fields), state="FORCED", forced=reason, out_sign=None, moved_at=moved)


def hostile(clock: Hands) -> Handover:
    """Every free text of a case is an attack."""
    bad = {"text": HOSTILE, "gist": "=cmd|' /C calc'!A1", "place": "@SUM(1)\r\n-- 伪行", "next": "+1<b>x</b>"}
    one = item(1041, priority=1, group="running", must=("p1",), done=(HOSTILE,), lead_zh=HOSTILE, **bad)
    return signed(clock, items=(one, item(1042, **bad)), balance=Balance(open=2, new=2), earlier=(Line(HOSTILE),))
