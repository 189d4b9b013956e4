"""Write the sample case files of a profile: a month of cases and the open ones of an evening. The same seed, the same bytes.

    python tools/make_samples.py zjj_console/fixtures/zhujiajiao month night
    python tools/make_samples.py zjj_console/fixtures/example_town night

Everything in them is invented and says so (示例); places, categories, units and results are those of the profile.
"""

import argparse
import csv
import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from zjj_console.town.calendar import day_type
from zjj_console.town.load import load_town
from zjj_console.town.models import Category, Town

SEED = 20210301
EVENING = datetime(2021, 3, 1, 23, 24)
MONTH = datetime(2021, 2, 1)
MONTH_CASES = 1500
HEADERS = (
    "编号", "上报时间", "地点", "类别", "描述", "来源", "级别", "上报人", "网格", "流程", "承办", "派单时间", "处置时间",
    "结果", "附件", "政务微信号", "状态", "复查日期", "备注",
)  # fmt: skip
SPOTS = (
    "北侧路口", "3号楼前", "桥头", "河边步道", "菜场门口", "学校西门", "公交站旁", "停车场入口", "社区花园", "沿街商铺前",
    "广场东角", "卫生站旁", "12弄口", "老码头", "健身点", "垃圾房旁", "工地围挡外", "村委门前", "水闸边", "地下车库口",
)  # fmt: skip
TAILS = (
    "",
    "，影响通行",
    "，居民多次反映",
    "，请尽快处理",
    "，现场已拍照",
    "，有行人经过",
    "，夜间照明差",
    "，已持续两天",
)
PEOPLE = ("示例居民甲", "示例居民乙", "示例商户", "示例巡查员", "示例志愿者", "示例物业")
RESULTS = ("已整改", "已清理", "已劝离", "已维修", "已围护待修", "未发现(现场无)")
WEIGHTS = {"p110": 14, "video": 12, "sensor": 4, "patrol": 24, "village": 16, "phone": 14, "wechat": 10, "inspection": 2,
           "platform": 3, "other": 1}  # fmt: skip
Row = dict[str, str]


class Maker:
    def __init__(self, town: Town, prefix: str, seed: int) -> None:
        self.town, self.prefix, self.dice = town, prefix, random.Random(f"{town.code} {prefix} {seed}")
        self.places = [c for c in town.committees.values() if c.grid]
        self.count = 0

    def report(self, at: datetime, priority: int | None = None, source: str = "") -> Row:
        """A new report: who saw what where."""
        self.count += 1
        dice, town = self.dice, self.town
        place = dice.choice(self.places)
        category = self.category(priority)
        code = source or dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        backed = town.sources[code].needs_backfill and dice.random() < 0.8
        return {
            "编号": f"{self.prefix}-{self.count:04}",
            "上报时间": f"{at:%Y-%m-%d %H:%M:%S}",
            "地点": place.name,
            "类别": category.name,
            "描述": f"{place.name}{dice.choice(SPOTS)}{category.phrase}{dice.choice(TAILS)}(示例)",
            "来源": town.sources[code].name,
            "级别": str(priority or category.priority),
            "上报人": town.units[place.village_station].name if code == "village" else dice.choice(PEOPLE),
            "网格": place.grid,
            "附件": f"示例{self.count:04}.jpg" if dice.random() < 0.5 else "",
            "政务微信号": f"SL{self.count:06}" if backed else "",
            "备注": "示例数据",
        }

    def category(self, priority: int | None) -> Category:
        rows = [c for c in self.town.categories.values() if priority is None or c.priority == priority]
        return self.dice.choice(rows)

    def lead(self, row: Row) -> str:
        """The unit that the category names, else the station of the place."""
        category = next(c for c in self.town.categories.values() if c.name == row["类别"])
        unit = self.town.units.get(category.lead)
        return unit.name if unit and unit.enabled and self.town.staff(unit.code) else self.station(row)

    def station(self, row: Row) -> str:
        place = next(c for c in self.places if c.name == row["地点"])
        return self.town.units[self.town.whereabouts(place.code)[1]].name

    # a month ----------------------------------------------------------------------------------------------------------

    def month(self) -> Iterator[Row]:
        moments = sorted(self.moment() for _ in range(MONTH_CASES))
        for at in moments:
            row = self.report(at)
            draw = self.dice.random()
            if draw < 0.02:
                yield {**row, "流程": "一般案件", "状态": "已作废", "处置时间": stamp(at + timedelta(hours=1))}
            elif draw < 0.27 and row["级别"] != "1":
                done = at + timedelta(minutes=self.dice.randrange(10, 240))
                yield {**row, "流程": "自发自处", "处置时间": stamp(done), "结果": self.dice.choice(RESULTS[:3])}
            else:
                yield self.ended(row, at, difficult=draw > 0.97)

    def ended(self, row: Row, at: datetime, *, difficult: bool) -> Row:
        sent = at + timedelta(minutes=self.dice.randrange(3, 45))
        longest = {"1": 4, "2": 22, "3": 30, "4": 72}[row["级别"]] * (4 if difficult else 1)
        done = sent + timedelta(minutes=self.dice.randrange(15, 60 * longest))
        if done > EVENING - timedelta(hours=4):
            return {**row, "流程": "一般案件", "承办": self.lead(row), "派单时间": stamp(sent), "状态": "处置中"}
        lead = self.station(row) if difficult else self.lead(row)
        flow = "疑难案件" if difficult else "一般案件"
        return {**row, "流程": flow, "承办": lead, "派单时间": stamp(sent), "处置时间": stamp(done),
                "结果": self.dice.choice(RESULTS), "状态": "已结案"}  # fmt: skip

    def moment(self) -> datetime:
        """Mostly by day, a third at night, less on days off."""
        while True:
            at = MONTH + timedelta(seconds=self.dice.randrange(28 * 86_400))
            busy = 1.0 if 8 <= at.hour < 18 else 0.75 if 18 <= at.hour < 23 else 0.3
            if day_type(self.town, date(at.year, at.month, at.day))[0] != "workday":
                busy *= 0.7
            if self.dice.random() < busy:
                return at

    # an evening -------------------------------------------------------------------------------------------------------

    def night(self) -> Iterator[Row]:
        rows = sorted(self.open_cases(), key=lambda row: row["上报时间"])
        for number, row in enumerate(rows, 1):
            yield {**row, "编号": f"{self.prefix}-{number:04}"}

    def open_cases(self) -> Iterator[Row]:
        for minutes, priority in (
            (4, 3),
            (6, 2),
            (9, 4),
            (12, 3),
            (13, 2),
            (14, 2),
            (19, 3),
            (25, 3),
            (26, 3),
            (27, 3),
            (27, 4),
            (38, 3),
            (52, 4),
        ):
            yield self.report(ago(minutes), priority)
        for minutes, source, priority in (
            (3, "p110", 2),
            (11, "p110", 3),
            (24, "p110", 3),
            (5, "sensor", 1),
            (31, "phone", 1),
        ):
            yield self.report(ago(minutes), priority, source)
        yield {**self.report(ago(17), 3, "phone"), "地点": "待定"}
        yield {**self.report(ago(66), 3, "phone"), "状态": "待补充"}
        for minutes in (20, 34, 47, 75, 120):
            yield {
                **self.report(ago(minutes), self.dice.choice((2, 3, 4))),
                "状态": "待派单",
                "派单时间": stamp(ago(minutes - 12)),
            }
        for minutes in (25, 30, 42, 55, 70, 88, 105, 140, 170):
            yield self.sent(minutes, self.dice.choice((2, 3, 3, 4)), "待签收")
        yield self.sent(26, 1, "待签收")
        for minutes in (60, 95, 130, 160, 200, 260, 320, 380, 450, 560, 700, 1500, 2900, 3600):
            yield self.sent(minutes, self.dice.choice((2, 3, 3, 4)), "处置中")
        for minutes in (90, 300):
            yield self.sent(minutes, 1, "处置中")
        for minutes in (50, 110, 240):
            yield {**self.report(ago(minutes), 3, "village"), "状态": "自处中", "流程": "自发自处"}
        for minutes in (100, 400):
            yield {**self.report(ago(minutes), 3), "状态": "站内协调", "流程": "自发自处"}
        for minutes in (150, 210, 280, 350, 600, 1400):
            row = self.sent(minutes, self.dice.choice((2, 3, 4)), "待核查")
            yield {**row, "处置时间": stamp(ago(minutes // 4)), "结果": self.dice.choice(RESULTS[:4])}
        yield self.sent(2000, 3, "疑难待定")
        row = self.sent(4300, 3, "疑难牵头")
        yield {**row, "承办": self.station(row), "流程": "疑难案件"}
        for days in (4, 9):
            row = self.sent(days * 1440, 4, "挂账")
            yield {**row, "复查日期": f"{EVENING + timedelta(days=6 + days):%Y-%m-%d %H:%M}"}

    def sent(self, minutes: int, priority: int, state: str) -> Row:
        row = self.report(ago(minutes), priority)
        after = self.dice.randrange(4, 20) if minutes > 40 else 5
        return {
            **row,
            "流程": "一般案件",
            "承办": self.lead(row),
            "派单时间": stamp(ago(minutes - after)),
            "状态": state,
        }


def ago(minutes: int) -> datetime:
    return EVENING - timedelta(minutes=minutes)


def stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def write(path: Path, rows: Iterator[Row]) -> int:
    path.parent.mkdir(exist_ok=True)
    made = list(rows)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, HEADERS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(made)
    return len(made)


def make(folder: Path, kinds: list[str], into: Path | None = None) -> dict[str, int]:
    """Write the asked files into the profile's `samples` folder (or another); the number of cases of each."""
    town = load_town(folder)
    makers = {
        "month": lambda: Maker(town, "SL202102", SEED).month(),
        "night": lambda: Maker(town, "SL0301", SEED).night(),
    }
    return {kind: write((into or folder / "samples") / f"{kind}.csv", makers[kind]()) for kind in kinds}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("profile", type=Path)
    parser.add_argument("kinds", nargs="+", choices=("month", "night"))
    chosen = parser.parse_args()
    for kind, count in make(chosen.profile, chosen.kinds).items():
        print(f"{kind}.csv {count}")


if __name__ == "__main__":
    main()
