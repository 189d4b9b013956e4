"""What stands beside the map: layers, legend, and everything about the chosen grid."""

from collections.abc import Sequence

from rich.cells import cell_len

from zjj_console.desk import candidate_words, wording
from zjj_console.desk.hotspots import PROPOSAL
from zjj_console.desk.mapping import LAYERS, PRESSING, Force, Layer, Picture, Scene, Standing, grade, urgency
from zjj_console.domain.facts import Facts
from zjj_console.domain.hotspot import Hotspot
from zjj_console.domain.model import HOUR
from zjj_console.i18n import english, t
from zjj_console.reports.map_sheet import URGENT
from zjj_console.reports.spark import digits, spark
from zjj_console.storage.reads import QueueRow
from zjj_console.town.models import Grid, Town
from zjj_console.widgets import map_tiles
from zjj_console.widgets.case_lines import note, title
from zjj_console.widgets.cells import Line, Span, clip, fit, spread, width_of, wrap
from zjj_console.widgets.columns import (
    Frame,
    category_name,
    matter,
    place_name,
    severity,
    source_name,
    state_word,
    unit_name,
)

_POSTS = ("commander", "chief", "deputy")
_COUNT = ("2", "bold $foreground", "件数")
_STATION = ("^Z1", "$accent", "工作站")
_PRESSING = (
    ("急", "bold reverse $p1", "一级待办"), ("!", "bold $p1", "有超时"), _COUNT, ("Y1", "bold reverse $done", "单位"), _STATION,
)  # fmt: skip
_MARKS = {
    **dict.fromkeys(PRESSING, _PRESSING),
    "heat": (_COUNT,),
    "hotspot": (("#1", "bold $foreground", "热点名次"),),
    "key_item": (("Z01", "bold $foreground", "重点事项"),),
}
_GRID, _HOUR = 6, 3  # cells of the table of hours
_SHAPES = ("一对一", "一对二", "一对三")  # zone and grids (R19)


def variety_word(layer: Layer, variety: str, town: Town) -> str:
    """`110`, `30天`: what a layer is narrowed to."""
    if layer.key == "source":
        return source_name(town, variety) if variety else t("无")
    return t("{n}天", n=variety) if variety else ""


def layers(current: Layer, variety: str, town: Town, right: str, width: int) -> Line:
    """The layers, the present one standing out, and at the right what the picture is."""
    spans: list[Span] = [(f" {t('图层')} ", "$dim")]
    for layer in LAYERS:
        here = layer is current
        more = f" {variety_word(layer, variety, town)}" if here and variety_word(layer, variety, town) else ""
        spans.append((f" {t(layer.zh)}{more} ", "reverse bold $accent" if here else "$foreground"))
    return spread(tuple(spans), ((f"{right} ", "$wait"),), width)


def legend(picture: Picture, *, plain: bool, marks: bool) -> list[Line]:
    """Classes, and below them what the marks on the map mean."""
    classes = map_tiles.legend_of(picture, plain=plain)
    if not marks:
        return [classes]
    spans: list[Span] = [(" ", "")]
    for mark, style, meaning in _MARKS[picture.layer]:
        spans += [(f" {t(mark)} ", style), (f" {t(meaning)}  ", "$dim")]
    return [classes, tuple(spans)]


def zone_word(town: Town, grid: Grid) -> str:
    """`第四警务责任区 一对二(G4+G5)`: how the grid and its police zone belong together (R19)."""
    together = [g.name for g in town.grids.values() if g.zone == grid.zone]
    zone = town.zones.get(grid.zone)
    shape = t(_SHAPES[len(together) - 1]) if len(together) <= len(_SHAPES) else f"1:{len(together)}"
    names = f"({'+'.join(together)})" if len(together) > 1 else ""
    return f"{zone.name if zone else ''} {shape}{names}"


def head(grid: Grid, standing: Standing, frame: Frame, width: int) -> list[Line]:
    """Which grid, whose, and how it stands."""
    town = frame.town
    station = town.station_by_zone.get(grid.zone, "")
    counts: list[Span] = [(" ", "")]
    for word, number, style in (
        ("未结", standing.open, "$foreground"),
        ("一级", standing.first, "$p1"),
        ("超时", standing.late, "$p1"),
        ("近1时", standing.fresh, "$accent"),
    ):
        said = t(word)
        counts += [
            (f"{said} " if said.isascii() else said, "$dim"),
            (f"{number}  ", f"bold {style}" if number else "$dim"),
        ]
    return [
        ((clip(f" {grid.name} {unit_name(town, station)}  {zone_word(town, grid)}", width), "bold $accent"),),
        tuple(counts),
    ]


def people(grid: Grid, facts: Facts, width: int) -> list[Line]:
    """Who leads the station, each with whether he is there, and how many are; without a roster nobody is said to be."""
    town = facts.town
    station = town.station_by_zone.get(grid.zone, "")
    here = facts.rostered(station)
    there = {a.person for a in here or ()}
    lines: list[Line] = []
    for role in _POSTS:
        holders = town.holders(station, role)
        if not holders:
            lines.append(note(f"{_post(town, role)} {t('未提供')}"))
            continue
        first = holders[0]
        chief = f"({_post(town, 'grid_chief')})" if grid.chief == first.work_no else ""
        state = "" if here is None else t("在岗") if first.work_no in there else t("听班")
        lines.append(
            (
                (clip(f" {_post(town, role)}{chief} {first.name}", width - 8), "$foreground"),
                (f" {state}", "$dim"),
            )
        )
    if here is not None:
        lines.append(note(t("站内在岗 {n} 人", n=len(there))))
    return lines


def _post(town: Town, role: str) -> str:
    return role.replace("_", " ") if english() else wording.post(town, role)


def case_list(rows: Sequence[QueueRow], cursor: int, height: int, frame: Frame, width: int) -> list[Line]:
    """The cases of the grid in the order of the queue, the cursor always in sight."""
    first = max(0, min(cursor - height // 2, len(rows) - height))
    return [_case(row, first + n == cursor, frame, width) for n, row in enumerate(rows[first : first + height])]


def _case(row: QueueRow, here: bool, frame: Frame, width: int) -> Line:
    mark = urgency(row, frame.now)
    style = "bold reverse $p1" if grade(row, frame.now) == URGENT else f"{severity(row, frame.now)}"
    place = place_name(frame.town, row.place, row.committee)
    fixed = f"{fit(row.handle, 5, right=True)} {fit(state_word(row.state), 8)} "
    due = fit(wording.countdown(row, frame.now, frame.duty), 11, right=True)
    used = 1 + 7 + cell_len(fixed) + 11 + 1
    return (
        (">" if here else " ", "bold $accent"),
        (fit(mark, 7), style if mark else "$dim"),
        (fixed, "bold $foreground" if here else "$foreground"),
        (due, severity(row, frame.now)),
        (fit(f" {place} {matter(row, frame)}", max(4, width - used)), "$foreground"),
    )


def hotspots(spots: Sequence[Hotspot], height: int, frame: Frame, width: int, *, bare: bool) -> list[Line]:
    """Each with its rank on the map, what and where, how many, how it went week by week, and what is proposed (R37)."""
    lines: list[Line] = [title(t("此格热点 {n}", n=len(spots)))]
    if not spots:
        return [*lines, note(t("此格没有反复发生的地方"))]
    for one in spots[: max(1, (height - 1) // 2)]:
        place = place_name(frame.town, one.place, one.committee)
        what = category_name(frame.town, one.category)
        bars = digits(one.weeks) if bare else spark(one.weeks)
        counts = t("结{closed} 未结{open}", closed=one.closed, open=one.open)
        words = "、".join(PROPOSAL[code][english()] for code in one.proposals)
        lines.append((
            (f" {fit(f'#{one.rank}', 4)}", "bold $p2"), (f"{clip(f'{place} {what}', width - 30)}  ", "bold $foreground"),
            (f"{counts}  ", "$foreground"), (bars, "$accent"),
        ))  # fmt: skip
        lines.append(((f"     {t('建议')} {words}", "$dim"),))
    return lines


def folded(lines: Sequence[Line], width: int) -> list[Line]:
    """Lines whose last span goes on below itself where it is too long."""
    found: list[Line] = []
    for *lead, (text, style) in lines:
        edge = width_of(tuple(lead))
        first, *more = wrap(text, width - edge - 1)
        found += [(*lead, (first, style)), *(((" " * edge, ""), (piece, style)) for piece in more)]
    return found


def committees(grid: Grid, scene: Scene, frame: Frame, width: int) -> list[Line]:
    """Every committee of the grid with its open cases; a number that presses stands out."""
    known = [c for c in frame.town.committees.values() if c.grid == grid.code]
    counts: dict[str, int] = {}
    worst: dict[str, int] = {}
    for row in scene.of_grid(grid.code):
        counts[row.committee] = counts.get(row.committee, 0) + 1
        worst[row.committee] = max(worst.get(row.committee, 0), grade(row, scene.now))
    known.sort(key=lambda c: (-counts.get(c.code, 0), c.code))
    told: list[tuple[str, str]] = [
        (
            f"{c.name}{counts.get(c.code, 0)}",
            "bold $p1" if worst.get(c.code) else "$foreground" if c.code in counts else "$dim",
        )
        for c in known
    ]
    pending = counts.get("", 0)
    if pending:
        told.append((f"{t('地点待定')}{pending}", "$p2"))
    lines: list[list[Span]] = [[(" ", "")]]
    used = 1
    for text, style in told:
        size = cell_len(text) + 2
        if used + size > width and len(lines[-1]) > 1:
            lines.append([(" ", "")])
            used = 1
        lines[-1] += [(text, style), ("  ", "")]
        used += size
    return [tuple(line) for line in lines]


def listed(layer: Layer, rows: Sequence[QueueRow], town: Town, variety: str) -> Line:
    """The title of the case list: what of the grid it holds."""
    what = {"overdue": t("超时案件"), "source": t("{source} 案件", source=variety_word(layer, variety, town))}
    return title(t("{what} {n}", what=what.get(layer.key, t("未结案件")), n=len(rows)))


def nothing(layer: Layer) -> Line:
    return note(t("此格没有超时案件") if layer.key == "overdue" else t("此格没有这样的案件，v 换图层"))


def force_word(force: Force, frame: Frame) -> str:
    """Who, and what tells that he is there: `y1 1042现场` with the name of the unit."""
    return f"{unit_name(frame.town, force.unit)} {candidate_words.where(force.seat, frame.duty)[english()]}"


def forces(found: Sequence[Force], grid: Grid, frame: Frame, width: int) -> list[Line]:
    """Who is in the grid, then who is elsewhere in the town and where."""
    here = [one for one in found if one.grid == grid.code]
    away = [one for one in found if one.grid != grid.code and one.seat.kind != "station"]
    lines: list[Line] = [title(t("在场力量"))]
    lines += [((clip(f" {force_word(one, frame)}", width), "$foreground"),) for one in here] or [note(t("无在场力量"))]
    lines += [
        ((clip(f" {frame.town.grids[one.grid].name} {force_word(one, frame)}", width), "$dim"),)
        for one in away
        if one.grid in frame.town.grids
    ]
    return lines


def hours(counts: dict[str, list[int]], since: int, chosen: str, frame: Frame, width: int) -> list[Line]:
    """New cases of each hour since the desk was taken over, a line for each grid; the latest hours where not all fit."""
    many = len(next(iter(counts.values()), []))
    shown = max(1, min(many, (width - _GRID) // _HOUR))
    first = many - shown
    head = "".join(f"{frame.duty.local((since // HOUR + first + n) * HOUR):%H}".rjust(_HOUR) for n in range(shown))
    lines: list[Line] = [title(t("时段 (每小时新增)")), ((f"{' ' * _GRID}{head}", "$dim"),)]
    for code, row in counts.items():
        edge = ">" if code == chosen else " "
        spans: list[Span] = [
            (fit(f"{edge}{frame.town.grids[code].name}", _GRID), "bold $foreground" if code == chosen else "$dim")
        ]
        spans += [(str(n or ".").rjust(_HOUR), "bold $foreground" if n else "$dim") for n in row[first:]]
        lines.append(tuple(spans))
    return lines


def key_items(grid: Grid, town: Town, width: int) -> list[Line]:
    """What the station watches in this grid (R44)."""
    atlas = town.atlas
    items = [item for item in atlas.key_items if atlas.grid_at(item.at) == grid.code] if atlas else []
    lines: list[Line] = [title(t("重点事项"))]
    lines += [((clip(f" {item.code.upper()} {item.name}", width), "$foreground"),) for item in items]
    return lines if items else [*lines, note(t("未提供"))]
