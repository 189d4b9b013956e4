"""From the desk to a map on paper: what the screen shows, in names, without a word of any case (NV-19)."""

from zjj_console.desk import mapping, wording
from zjj_console.desk.desk import Desk
from zjj_console.desk.hotspots import PROPOSAL
from zjj_console.desk.near_words import map_kind
from zjj_console.domain.hotspot import Hotspot
from zjj_console.domain.lifecycle import STATE_ZH
from zjj_console.domain.model import State
from zjj_console.reports import map_words
from zjj_console.reports.map_sheet import CaseLine, GridRow, HotSpot, Layer, MapSheet
from zjj_console.storage.reads import QueueRow

LISTED = 200  # cases of a grid in a page
_TITLES = {"open": "未结", "overdue": "超时", "source": "来源: {name}", "heat": "热度 {n}天", "hotspot": "热点 {n}天",
           "key_item": "重点事项"}  # fmt: skip


def key_of(layer: str, variety: str) -> str:
    """`open`, `source-p110`, `heat30`: how a layer is called in a link."""
    return f"{layer}-{variety}" if layer == "source" else f"{layer}{variety}"


def sheet(desk: Desk, source: str = "") -> MapSheet:
    """Everything that the page shows, at one instant. `source` is shown also where nothing of it is open."""
    return _Look(desk).sheet(source)


class _Look:
    """The desk's data in the names of its language."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.facts = desk, desk.facts()
        self.town = desk.town.english if desk.lang == "en" else desk.town
        self.scene = mapping.read(desk.reader, self.facts.now)
        self.spots: tuple[Hotspot, ...] = ()
        self.say = map_words.say(desk.lang)

    def varieties(self, layer: mapping.Layer, source: str) -> tuple[str, ...]:
        found = mapping.varieties(layer, self.scene, self.desk.town)
        return tuple(dict.fromkeys([*found, source])) if layer.key == "source" and source else found

    def sheet(self, source: str) -> MapSheet:
        town, atlas = self.town, self.desk.town.atlas
        standings = mapping.standings(self.scene, self.desk.town)
        layers = [self.layer(layer, variety) for layer in mapping.LAYERS for variety in self.varieties(layer, source)]
        return MapSheet(
            town.name_en if self.desk.lang == "en" else town.name,
            f"{self.desk.duty.local(self.scene.now):%Y-%m-%d %H:%M}",
            map_kind(self.desk.town),
            atlas.source if atlas else "",
            {code: unit.name for code, unit in town.units.items() if unit.kind == "station"},
            tuple(layers),
            tuple(self.grid(code, standings[code]) for code in town.grids),
            self.hotspots(),
            self.rules(),
            self.scene.now,
            self.desk.lang,
            self.desk.actor.trial,
            sketched=atlas is not None and atlas.settles and bool(mapping.worth(atlas)),
            nowhere=self.scene.nowhere,
        )

    def layer(self, layer: mapping.Layer, variety: str) -> Layer:
        town = self.desk.town
        past = mapping.past(self.desk.reader, town, layer.key, variety, self.scene.now)
        if layer.key == "hotspot" and variety == str(town.hotspot.days):
            self.spots = past.spots
        picture = mapping.picture(layer.key, variety, self.scene, town, past)
        name = wording.source(self.town, variety) if layer.key == "source" else ""
        return Layer(
            key_of(layer.key, variety),
            layer.key,
            self.say(_TITLES[layer.key], name=name, n=variety),
            picture.by_grid,
            {code: picture.class_of(code) for code in picture.by_grid},
            tuple(picture.ranges()),
            picture.dots,
            layer.key in mapping.PRESSING,
        )

    def grid(self, code: str, standing: mapping.Standing) -> GridRow:
        rows = self.scene.of_grid(code)
        grid = self.town.grids[code]
        station = self.town.station_by_zone.get(grid.zone, "")
        return GridRow(
            code,
            grid.name,
            wording.unit(self.town, station),
            standing.open,
            standing.first,
            standing.late,
            standing.fresh,
            tuple(self.case(row) for row in rows[:LISTED]),
            max(0, len(rows) - LISTED),
        )

    def case(self, row: QueueRow) -> CaseLine:
        urgent = mapping.urgency(row, self.scene.now)
        shape = urgent[: urgent.count("!")]
        word = urgent[len(shape) :].strip()
        return CaseLine(
            row.handle,
            f"{shape} {self.say(word)}" if word else "",
            row.priority,
            self.state(row.state),
            wording.category(self.town, row.category),
            self.place(row.committee),
            self.deadline(row),
        )

    def state(self, code: str) -> str:
        """The state in full: the English of the screen is cut for narrow columns."""

        return code.replace("_", " ").lower() if self.desk.lang == "en" else STATE_ZH[State(code)]

    def deadline(self, row: QueueRow) -> str:
        if not row.next_kind:
            return ""
        name = self.say("复查") if row.next_kind == "REV" else wording.clock_name(self.town, row.next_kind)
        return f"{name} {wording.moment(row.next_due, self.scene.now, self.desk.duty)}"

    def hotspots(self) -> tuple[HotSpot, ...]:
        """The hot spots of the longest window, each under its rank on the map; of a place only the committee is named."""

        english = self.desk.lang == "en"
        return tuple(
            HotSpot(
                one.rank,
                self.place(one.committee),
                wording.category(self.town, one.category),
                one.grid,
                None if one.lon is None or one.lat is None else (one.lon / 1e6, one.lat / 1e6),
                one.closed,
                one.open,
                one.weeks,
                self.say("、").join(PROPOSAL[code][english] for code in one.proposals),
            )
            for one in self.spots
        )

    def place(self, committee: str) -> str:
        known = self.town.committees.get(committee)
        return known.name if known else self.say("地点待定")

    def rules(self) -> tuple[str, ...]:
        """The figures that are ours, each marked as such."""

        days = next("/".join(layer.varieties) for layer in mapping.LAYERS if layer.key == "heat")
        rules = self.town.hotspot
        found = (
            self.say(
                "热点: {days} 天内同类、{radius} 米内(无坐标则同一村居)至少 {least} 件已结",
                days=rules.days,
                radius=rules.radius,
                least=rules.least,
            ),
            self.say("热度: 最近 {days} 天上报的案件", days=days),
            self.say("近1时: 1 小时内上报"),
            self.say("色级: 按本图层最大值分 {n} 级", n=mapping.CLASSES),
        )
        return tuple(self.say("{rule} (配置值)", rule=rule) for rule in found)
