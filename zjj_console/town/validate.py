"""What the types of a profile cannot prove (§7, P-1xx). Errors make a profile unusable, warnings never do.

The code knows no town's numbers: it compares what counts.toml declares with what the lists hold.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from zjj_console.town import inbound, names, near
from zjj_console.town.models import Category, Named, Town, Unit
from zjj_console.town.numbers import Number, by_name, counted, numbers, pattern
from zjj_console.town.validate_atlas import atlas
from zjj_console.town.validate_duty import duty
from zjj_console.town.validate_finding import Finding as Finding
from zjj_console.town.validate_finding import warn
from zjj_console.town.validate_ladder import ladder
from zjj_console.town.validate_meetings import meetings

MEANT_OTHERWISE = {
    "级别": re.compile(r"[1-9]"),
    "时长": re.compile(r"\d+[mhd]"),
    "日期或工号": re.compile(r"\d{4}|\d{8}"),
    "原因码": re.compile(r"[rn]\d"),
    "是否": re.compile(r"[yn]"),
}
TYPEABLE = re.compile(r"[a-z0-9]{1,8}")
NUMBER_CODES = {"desk_hours": "P-122", "field_gaps": "P-123", "field_gap_minutes": "P-123"}


class Findings(Struct, frozen=True):
    counts: dict[str, Any]  # key -> number that the profile holds, plus the two tables of counts.toml
    numbers: list[Number]  # the same with what is declared, mark and clause
    errors: list[Finding]
    warnings: list[Finding]


def validate(town: Town, *, strict: bool = False, verbs: Iterable[str] = ()) -> Findings:
    """Every finding of a loaded profile. `strict` also wants counts.toml to state every number of §1.Z;
    `verbs` are the two-letter codes of the command line, which live above this layer."""
    typed = list(verbs)
    found = [
        *_numbers(town),
        *(_undeclared(town) if strict else ()),
        *_places(town),
        *_orphans(town),
        *_posts(town),
        *_teams(town),
        *duty(town),
        *ladder(town),
        *meetings(town),
        *atlas(town),
        *_departments(town),
        *_tokens(town, typed),
        *_collisions(town),
        *_clocks(town),
        *inbound.check(town.inbound, town.categories),
        *near.check(town.similar, {category.group for category in town.categories.values()}),
        *_glyphs(town),
    ]
    counts = {**counted(town), "committee": len(town.committees), "zone_grid_pattern": by_name(pattern(town))}
    return Findings(
        counts | {"posts_per_station": town.posts_per_station},
        numbers(town),
        [f for f in found if f.level == "error"],
        [f for f in found if f.level == "warning"],
    )


def _numbers(town: Town) -> Iterator[Finding]:
    """P-101 declared numbers, P-103 the zone and grid pattern."""
    for number in numbers(town):
        where = f"counts.toml {number.key}"
        if number.declared is not None and number.actual is None:
            yield Finding("P-101", f"不认识的数字 {number.key}，无从核对", where)
        elif number.declared is not None and not number.holds:
            least = "至少" if number.at_least else "应为"
            text = f"{number.name} {least} {number.declared}，实为 {number.actual}"
            yield Finding(NUMBER_CODES.get(number.key, "P-101"), text, where)
    declared, actual = town.zone_grid_pattern, pattern(town)
    if declared and declared != actual:
        yield Finding("P-103", f"应为{_in_words(declared)}，实为{_in_words(actual)}", "grids.csv zone")


def _in_words(sizes: dict[int, int]) -> str:
    return " ".join(f"{count}个一对{'一二三四五六七八九'[size - 1] if 0 < size < 10 else size}"
                    for size, count in sorted(sizes.items())) or "无"  # fmt: skip


def _undeclared(town: Town) -> Iterator[Finding]:
    for key in counted(town):
        if key not in town.counts:
            yield Finding("P-101", f"严格校验要求 counts.toml 写明 {key}", f"counts.toml {key}")
    for key, table in (("zone_grid_pattern", town.zone_grid_pattern), ("posts_per_station", town.posts_per_station)):
        if not table:
            yield Finding("P-101", f"严格校验要求 counts.toml 写明 {key}", f"counts.toml {key}")


def _places(town: Town) -> Iterator[Finding]:
    """P-102: committee - village station, zone - station. Doubled rows are refused by the loader."""
    village = {u.code for u in town.of_kind("village_station")}
    for place in town.committees.values():
        if place.village_station not in village:
            text = f"{place.name} 的村居工作站 {place.village_station or '(空)'} 不在 units.csv"
            yield Finding("P-102", text, f"committees.csv {place.code}")
    served = Counter(zone.station for zone in town.zones.values())
    for station in town.of_kind("station"):
        if served[station.code] != 1:
            text = f"{station.name} 对应 {served[station.code]} 个责任区，应恰为一个"
            yield Finding("P-102", text, f"zones.csv {station.code}")
        elif town.zones.get(station.zone) is None or town.zones[station.zone].station != station.code:
            text = f"{station.name} 在 units.csv 与 zones.csv 的责任区不一致"
            yield Finding("P-102", text, f"units.csv {station.code}")
    if len(village) != len(town.committees):
        text = f"村居工作站 {len(village)} 个、村居委 {len(town.committees)} 个，合用关系须由镇里确认"
        yield warn("P-102", text, "committees.csv village_station")


def _orphans(town: Town) -> Iterator[Finding]:
    """P-104: everything points to something that exists."""
    stations = {u.code for u in town.of_kind("station")}
    served = {place.village_station for place in town.committees.values()}
    lived = {place.grid for place in town.committees.values()}
    links = [
        *(
            (p.grid in town.grids, f"{p.name} 不在任何网格", f"committees.csv {p.code}")
            for p in town.committees.values()
        ),
        *((g.zone in town.zones, f"{g.name} 不属于任何责任区", f"grids.csv {g.code}") for g in town.grids.values()),
        *((g.code in lived, f"{g.name} 没有村居", f"grids.csv {g.code}") for g in town.grids.values()),
        *(
            (
                not g.chief or g.chief in town.people,
                f"{g.name} 的网格长 {g.chief} 不在 people.csv",
                f"grids.csv {g.code}",
            )
            for g in town.grids.values()
        ),
        *((z.station in stations, f"{z.name} 没有工作站", f"zones.csv {z.code}") for z in town.zones.values()),
        *(
            (u.code in served, f"{u.name} 不服务任何村居", f"units.csv {u.code}")
            for u in town.of_kind("village_station")
        ),
        *(
            (u.hours in town.hours, f"{u.name} 的时段 {u.hours} 未定义", f"units.csv {u.code}")
            for u in town.units.values()
        ),
        *(
            (p.unit in town.units, f"{p.name} 的单位 {p.unit} 不存在", f"people.csv {p.work_no}")
            for p in town.people.values()
        ),
        *(
            (
                p.unit in town.units and p.work_no in town.people,
                f"职务 {p.role} 指向不存在的单位或人员 {p.unit} {p.work_no}",
                f"posts.csv {p.unit} {p.role}",
            )
            for p in town.posts
        ),
    ]
    yield from (Finding("P-104", text, where) for holds, text, where in links if not holds)


def _posts(town: Town) -> Iterator[Finding]:
    """P-111 one holder for each leading post, P-112..P-114 who may hold it."""
    for station in town.of_kind("station"):
        persons: Counter[str] = Counter()
        for role, wanted in town.posts_per_station.items():
            title, where = town.term(role, role), f"posts.csv {station.code} {role}"
            holders = town.holders(station.code, role)
            persons.update({person.work_no for person in holders})
            if len(holders) != wanted:
                text = f"{station.name} {title}应为 {wanted} 人，实为 {len(holders)} 人"
                yield Finding("P-111", text if holders else f"{station.name} {title}空缺，无人代理", where)
            rank = town.term(f"rank_{role}", "")
            code = {"commander": "P-112", "chief": "P-113"}.get(role, "P-114")
            for person in holders:
                if rank and person.rank != rank:
                    yield warn(code, f"{station.name} {title} {person.name} 的身份应为 {rank}", where)
                if role == "commander" and not _leads_a_grid(town, station, person.work_no):
                    text = f"{station.name} {title} {person.name} 不是本站任何网格的{town.term('grid_chief', '网格长')}"
                    yield warn("P-112", text, where)
        for work_no in (n for n, times in persons.items() if times > 1):
            text = f"{town.people[work_no].name} 在{station.name}兼任两个站领导职务"
            yield Finding("P-111", text, f"posts.csv {station.code}")


def _leads_a_grid(town: Town, station: Unit, work_no: str) -> bool:
    grids = (g for g in town.grids.values() if town.station_by_zone.get(g.zone) == station.code)
    return any(grid.chief == work_no for grid in grids)


def _teams(town: Town) -> Iterator[Finding]:
    """P-121: a leader and every force that the town wants in a team (R28)."""
    forces = town.term("forces", "").split()
    for team in town.of_kind("response_team"):
        staff = town.staff(team.code)
        if not town.holders(team.code, "team_leader"):
            yield warn("P-121", f"{team.name} 没有队长", f"posts.csv {team.code} team_leader")
        for force in forces:
            if all(person.force != force for person in staff):
                yield warn("P-121", f"{team.name} 没有{force}力量的队员", f"people.csv {team.code}")


def _departments(town: Town) -> Iterator[Finding]:
    """P-131 nobody can be sent a case under a placeholder's name, P-132 default leads."""
    for unit in (*town.of_kind("resident"), *town.of_kind("on_demand")):
        if unit.mark == "X" and unit.enabled:
            yield Finding("P-131", f"{unit.name} 是占位名称，不得启用", f"units.csv {unit.code}")
    without: list[Category] = []
    for category in town.categories.values():
        lead = town.units.get(category.lead)
        if not category.lead:
            without.append(category)
        elif lead is None or not lead.enabled:
            text = f"{category.name} 的默认主责 {category.lead} 不存在或未启用"
            yield Finding("P-132", text, f"categories.csv {category.code}")
    if without:
        some = "、".join(c.name for c in without[:3])
        yield warn("P-132", f"{len(without)} 个类别没有默认主责 ({some} 等)，派单时须人选", "categories.csv lead")


def _tokens(town: Town, verbs: list[str]) -> Iterator[Finding]:
    """P-105 no token twice, P-140 no token that could mean something else, P-141 verbs unique."""
    units: dict[str, set[str]] = defaultdict(set)
    for unit in town.units.values():
        for token in (unit.code, *unit.tokens):
            units[token].add(unit.code)
    yield from (
        Finding("P-105", f"记号 {token} 属于多个单位: {' '.join(sorted(codes))}", "units.csv tokens")
        for token, codes in units.items()
        if len(codes) > 1
    )
    for file, tokens in (
        ("categories.csv", [c.token for c in town.categories.values()]),
        ("sources.csv", [s.token for s in town.sources.values()]),
    ):
        doubled = [token for token, times in Counter(tokens).items() if times > 1]
        yield from (Finding("P-105", f"记号 {token} 重复", f"{file} token") for token in doubled)
        yield from (
            Finding("P-140", f"记号 {token!r} 无法直接键入，只用小写字母和数字", f"{file} token")
            for token in tokens
            if not TYPEABLE.fullmatch(token)
        )
    yield from _ambiguous(town, list(units), verbs)
    twice = [verb for verb, times in Counter(verbs).items() if times > 1]
    yield from (Finding("P-141", f"动词 {verb} 重复", "verbs") for verb in twice)


def _ambiguous(town: Town, units: list[str], verbs: list[str]) -> Iterator[Finding]:
    sources = {source.token for source in town.sources.values()}
    for token in units:
        if not TYPEABLE.fullmatch(token):
            yield Finding("P-140", f"单位记号 {token!r} 无法直接键入，只用小写字母和数字", "units.csv tokens")
        for other, taken in (("来源", sources), ("动词", verbs)):
            if token in taken:
                yield Finding("P-140", f"单位记号 {token} 与{other}记号相同", "units.csv tokens")
    for file, tokens in (("units.csv tokens", units), ("sources.csv token", sorted(sources))):
        for token in tokens:
            for meaning, shape in MEANT_OTHERWISE.items():
                if shape.fullmatch(token):
                    yield Finding("P-140", f"记号 {token} 会被读作{meaning}", file)


def _collisions(town: Town) -> Iterator[Finding]:
    """P-142: names that pinyin alone cannot tell apart. They are listed to the user, never picked."""
    for file, rows in (
        ("committees.csv", names.places(town).names),
        ("units.csv", [n for n in names.units(town).names if town.units[n.code].kind != "village_station"]),
    ):
        for initials, group in names.collisions(rows).items():
            yield warn("P-142", f"拼音首字母 {initials} 相同: {_list(group)}", f"{file} py")


def _list(group: Iterable[Named]) -> str:
    return "、".join(name.name for name in group)


def _clocks(town: Town) -> Iterator[Finding]:
    """P-150: limits are positive, the warning comes before the end."""
    flow = town.flow
    if not 0 < flow.warn_percent < 100:
        yield Finding("P-150", f"提醒比例 {flow.warn_percent}% 应在 1 至 99 之间", "town.toml flow.warn_percent")
    for rule in town.clocks.values():
        for priority, limit in rule.limits.items():
            where = f"clocks.toml {rule.code}.p{priority}"
            if limit is None:
                continue
            if limit.amount <= 0:
                yield Finding("P-150", f"{rule.name} 时限须大于零", where)
            elif limit.kind != "workdays" and flow.warn_floor_minutes > limit.amount:
                text = f"{rule.name} 时限 {limit.amount} 分钟短于最小提醒 {flow.warn_floor_minutes} 分钟"
                yield Finding("P-150", text, where)
    for priority, limit in flow.rework_floor.items():
        if limit.amount <= 0:
            yield Finding("P-150", "返工宽限须大于零", f"town.toml flow.rework_floor.{priority}")
    for name in ("least", "radius", "days"):
        if getattr(town.hotspot, name) < 1:
            yield Finding("P-150", f"{name} 为 {getattr(town.hotspot, name)}，须大于零", f"town.toml hotspot.{name}")


def _glyphs(town: Town) -> Iterator[Finding]:
    """P-180: terminals disagree about the width of these characters."""
    for where, text in _strings(msgspec.to_builtins(msgspec.structs.replace(town, folder="")), "town"):
        wide = sorted({char for char in text if unicodedata.east_asian_width(char) == "A"})
        if wide:
            codes = " ".join(f"U+{ord(char):04X}" for char in wide)
            yield Finding("P-180", f"含宽度不定的字符 {codes}，请改用全角标点或 ASCII", where)


def _strings(value: object, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield f"{where}.{key}", str(key)
            yield from _strings(inner, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _strings(inner, f"{where}[{index}]")
