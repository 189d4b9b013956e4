"""A night at the desk for the screen tests: a fixed clock, a temporary database, cases made by typed lines."""

from pathlib import Path

import msgspec

from zjj_console.desk.desk import Desk
from zjj_console.desk.session import actor_of
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
