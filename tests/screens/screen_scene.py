"""A night at the desk for the screen tests: a fixed clock, a temporary database, cases made by typed lines."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from zjj_console.desk import handing, rostering, signatures, signing, stationing, which
from zjj_console.desk.acts import Act
from zjj_console.desk.desk import Desk
from zjj_console.desk.session import actor_of
from zjj_console.domain.handover import Handover
from zjj_console.domain.model import MINUTE, SECOND, Case
from zjj_console.storage import projections
from zjj_console.storage.db import connect, writing
from zjj_console.town.load import builtin, load_town

NIGHT = 1_614_612_067_000_000  # 2021-03-01 23:21:07 +08:00, a Monday night
TOWN = load_town(builtin())


class Clock:
    """The injected clock: stands still until a test moves it."""

    def __init__(self, now: int = NIGHT) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def pass_(self, *, minutes: float = 0, seconds: float = 0) -> None:
        self.now += round(minutes * MINUTE + seconds * SECOND)


def open_desk(path: Path, clock: Clock, *, lang: str = "zh") -> Desk:
    return Desk(path, TOWN, actor_of(TOWN, "0001", trial=True), clock, lang)


LINES: tuple[tuple[float, str], ...] = (
    # (minutes later, what was typed)
    (0, "xj dxj zd 3 xc cg 固定摊位反复占道"),
    (3, "xj dxj zd 3 xc cg 早市占道"),
    (2, "xj xsc gxdc 3 xc 乱停堵路 清运中"),
    (1, "zc 1003"),
    (3, "xj jxc gd 4 cj 物业与水务互推"),
    (1, "xt 1004 物业与水务互推"),
    (20, "xj zmc js 2 cj y1 涵洞积水 车辆受阻"),
    (2, "qs 1005"),
    (9, "xj xhxc xf 2 sp pcs 通道被车辆堵占"),
    (2, "qs 1006"),
    (2, "td 1006 1"),
    (1, "xj tadysq hz 2 xc y1 楼道飞线充电 已清退"),
    (1, "qs 1007"),
    (4, "tj 1007 1"),
    (6, "xj zxsq ldbl 3 cj 3盏路灯熄灭"),
    (4, "xj dhj ssaq 1 110 桥栏杆断裂 有行人"),
    (2, "xl 1009 1"),
    (1, "pd 1009 y1"),
    (7, "xj sxc zyrm 3 110 夜间施工噪音"),
    (1, "bz 1009 已拉警戒带"),
    (6.2, "xj ddh sw 1 gz 水位越限 待确认"),
    (0.5, "xj - ljdf 3 sp 河岸建筑垃圾"),
)


def lay(desk: Desk, clock: Clock, lines: tuple[tuple[float, str], ...] = LINES) -> list[str]:
    """Type the lines of a night; returns what was refused, for a fixture that must not rot."""
    refused = []
    for minutes, line in lines:
        clock.pass_(minutes=minutes)
        outcome = desk.run_line(line)
        if not outcome.ok:
            refused.append(f"{line}: {outcome.text}")
    return refused


def put(path: Path, desk: Desk, cases: list[Case]) -> None:
    """Write folded cases straight into the lists: what another process or an import would leave there."""
    db = connect(path)
    try:
        with writing(db):
            for case in cases:
                projections.write(db, None, case, desk.duty)
    finally:
        db.close()


def like(case: Case, **changes: object) -> Case:
    return msgspec.structs.replace(case, **changes)


# an evening before the night takes over: 56 open cases, 14 of them to be read one by one ------------------------------

MORNING = NIGHT - (23 * 60 + 21) * MINUTE - 7 * SECOND + 6 * 60 * MINUTE  # 2021-03-01 06:00 +08:00
_PLACES = ("dxj", "zxsq", "jxc", "sxc", "ddh", "zmc")
_MATTERS = ("沿街占道", "路灯不亮", "垃圾堆放", "井盖松动", "绿化缺损", "墙面张贴")


def lay_day(desk: Desk, clock: Clock) -> list[str]:
    """A day up to 17:15 with the handover of the morning signed; returns what was refused."""
    clock.now = MORNING
    refused = lay(desk, clock, tuple(
        line for n in range(44) for line in (
            (1, f"xj {_PLACES[n % 6]} zd 4 xc cg {_MATTERS[n % 6]} 第{n + 1}处(示例)"), (0.2, f"qs {1001 + n}"), (0.1, f"bb {1001 + n} 示例{n + 1:04}"),
        )
    ))  # fmt: skip
    refused += lay(desk, clock, ((1, "yn 1009 n1"), (1, "db 1033 20h 限时答复")))
    clock.now = MORNING + 90 * MINUTE
    night, day = (actor_of(TOWN, who, trial=True) for who in ("0312", "0002"))
    acts = (
        (day, signing.sign_in("0002")), (day, handing.prepare("H1")),
        (night, signatures.sign("H1", "out")),
    )  # fmt: skip
    refused += [o.text for who, act in acts if not (o := desk.act(act, actor=who)).ok]
    h = which.find(desk.reader, desk.facts(), "H1")
    assert isinstance(h, Handover)
    acts = (
        (day, handing.read("H1", [item.handle for item in h.unread], "3", batch=True)),
        (day, signatures.sign("H1", "in", tick_all=True)),
    )  # fmt: skip
    refused += [o.text for who, act in acts if not (o := desk.act(act, actor=who)).ok]
    desk.actor = day
    clock.now = MORNING + (8 * 60) * MINUTE
    refused += lay(desk, clock, tuple(
        line for n in range(10) for line in (
            (9, f"xj {_PLACES[n % 6]} hz 3 xc cg 当日新增第{n + 1}件(示例)"), (1, f"qs {1045 + n}"),
        )
    ))  # fmt: skip
    refused += lay(desk, clock, (
        (60, "xj dhj ssaq 1 110 桥栏杆断裂 有行人(示例)"), (1, "xl 1055 1"), (1, "pd 1055 y1 r2"), (2, "qs 1055"),
        (2, "dd 1055"), (9, "xj zmc js 2 cj cg 涵洞积水 车辆受阻(示例)"), (2, "qs 1056"),
    ))  # fmt: skip
    clock.now = MORNING + (11 * 60 + 15) * MINUTE
    acts = (
        (night, signing.sign_in("0312")), (day, handing.prepare("H4")),
        (day, handing.note("H4", "桥边下班前有施工围挡，夜间照明不足(示例)")),
        (day, handing.note("H4", "18:00-20:00 夜游活动，预计客流3000(示例)")),
        (day, handing.note("H4", "单兵3/3 对讲9/10 勤务车2/2", equipment=True)),
    )  # fmt: skip
    refused += [o.text for who, act in acts if not (o := desk.act(act, actor=who)).ok]
    return refused


def lay_roster(desk: Desk, clock: Clock, instant: Callable[[str], int]) -> list[str]:
    """Plan and publish March 2021, then the first of it as it went; returns what was refused.

    2305 leaves his station at noon, 2103 forgets to sign out, 0425 does not come for the night.
    """
    month, day = "2021-03", "2021-03-01"
    plan = rostering.plan(desk.reader, desk.town, desk.duty, month)
    rows = [a for a in plan.assignments if a.day.isoformat() == day]
    steps: list[tuple[int, Act]] = [
        (clock.now, rostering.keep(month, plan.assignments)),
        (clock.now, rostering.publish(month)),
    ]
    for a in rows:
        off = int(a.person) % 7 * MINUTE
        if a.person != "0425":
            steps.append((a.start - 10 * MINUTE + off, signing.sign_in(a.person)))
        if a.shift != "QRT-NGT" and a.person != "2103":
            end = instant(f"{day} 12:00") if a.person == "2305" else a.end + off
            steps.append((end, signing.sign_out(a.person)))
    reason = next(r.code for r in desk.town.reasons["trigger"].values() if r.code != "difficult_case")
    asked = stationing.request("gbb", "z4", instant(f"{day} 09:00"), instant("2021-03-05 16:30"), reason)
    steps.append((instant(f"{day} 08:00"), asked))
    refused = []
    for at, act in sorted(steps, key=lambda step: step[0]):
        clock.now = at
        outcome = desk.act(act)
        if not outcome.ok:
            refused.append(outcome.text)
    return refused
