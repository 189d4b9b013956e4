"""`zjj report hotspot`: where the same trouble comes again, for the list of key items, a campaign or a consultation (R37)."""

import csv
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zjj_console.commands.context import Settings, Stop, one_of, settings
from zjj_console.commands.output import Result, aligned

if TYPE_CHECKING:
    from zjj_console.desk.desk import Desk
    from zjj_console.desk.hotspots import Survey
    from zjj_console.domain.hotspot import Hotspot
    from zjj_console.town.models import Town

Data = dict[str, Any]
WIDTH = 80
_NEWEST = 8  # case numbers below each row
_GAPS = 2 * 5  # blanks between the columns of the table


def hotspot(
    context: typer.Context,
    days: Annotated[int | None, typer.Option("--days", min=1, max=366, help="往回看几天，默认按配置")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="最多列出几处")] = 20,
    category: Annotated[str, typer.Option("--category", help="只看一类: 代码、拼音或名称")] = "",
    grid: Annotated[str, typer.Option("--grid", help="只看一个网格: 代码")] = "",
    format_: Annotated[str, typer.Option("--format", help="text|csv|md")] = "text",
) -> None:
    """源头管理: 同类问题反复发生的地方，由多到少，各附建议。只算不写。"""
    from zjj_console.desk import hotspots

    one_of(format_, FORMATS, "format")
    options = settings(context)
    desk = options.desk()
    kind = _category(desk.town, category) if category else ""
    if grid and grid not in desk.town.grids:
        known = " ".join(desk.town.grids)
        raise Stop(3, "E_REF", f"没有网格 {grid}，可用: {known}", f"unknown grid {grid}: {known}", "grid")
    found = hotspots.survey(desk.reader, desk.town, desk.now(), days or 0, kind, grid)
    spots = found.spots[:limit]
    options.finish(Result(_data(found, spots, desk), FORMATS[format_](_View(options, desk, found), spots)))


def _category(town: "Town", word: str) -> str:
    """The code of a category by token, pinyin or name. Exit 3 for none or several."""
    from zjj_console.town.names import categories

    found = categories(town).resolve(word)
    if found.found is not None:
        return found.found.code
    near = "、".join(one.name for one in found.candidates[:6])
    if len(found.candidates) > 1:
        raise Stop(3, "E_CATEGORY_AMBIGUOUS", f"{word} 可指 {near}", f"{word} may be {near}", "category")
    hint = f"{near}?" if near else "用 zjj profile show categories 查"
    raise Stop(3, "E_CATEGORY", f"没有类别 {word}；{hint}", f"unknown category {word}", "category")


class _View:
    """What is shown of a hot spot in the language of this run."""

    def __init__(self, options: Settings, desk: "Desk", found: "Survey") -> None:
        self.say, self.desk, self.found = options.say, desk, found
        self.town = desk.town if options.lang == "zh" else desk.town.english
        self.tongue = 0 if options.lang == "zh" else 1

    def place(self, spot: "Hotspot") -> str:
        return spot.place or _committee(self.town, spot.committee) or self.say("地点待定", "place unknown")

    def category(self, spot: "Hotspot") -> str:
        from zjj_console.desk.wording import category

        return category(self.town, spot.category)

    def proposals(self, spot: "Hotspot") -> str:
        from zjj_console.desk.hotspots import PROPOSAL

        return self.say("；", "; ").join(PROPOSAL[code][self.tongue] for code in spot.proposals)

    def last(self, spot: "Hotspot") -> str:
        from zjj_console.desk.wording import moment

        return moment(spot.last_at, self.desk.now(), self.desk.duty)

    def day(self, at: int) -> str:
        return f"{self.desk.duty.local(at):%Y-%m-%d}"

    @property
    def title(self) -> str:
        found = self.found
        since, until = self.day(found.since), self.day(found.until)
        return self.say(f"热点 {len(found.spots)} 处  {since} 至 {until} ({found.days}天)  看了 {found.cases} 件",
                        f"{len(found.spots)} hot spots  {since} to {until} ({found.days} d)  {found.cases} cases looked at")  # fmt: skip

    @property
    def rule(self) -> str:
        from zjj_console.desk.tongue import MARK

        r, mark = self.town.hotspot, MARK[self.town.hotspot.mark][self.tongue]
        return self.say(f"规则: 同类已结满{r.least}件，{r.radius}米内(无坐标按村居) [{r.mark} {mark}] R37",
                        f"Rule: {r.least} closed of a category within {r.radius} m, else a committee [{r.mark} {mark}] R37")  # fmt: skip

    @property
    def nothing(self) -> str:
        r, found = self.town.hotspot, self.found
        since = self.day(found.since)
        return self.say(f"没有热点: 自 {since} 起 {found.days} 天看了 {found.cases} 件，没有一处同类已结满 {r.least} 件",
                        f"No hot spot: {found.cases} cases in {found.days} d since {since}, nowhere {r.least} closed alike")  # fmt: skip


def _text(view: _View, spots: "tuple[Hotspot, ...]") -> str:
    from zjj_console.reports.spark import spark

    if not spots:
        return f"{view.nothing}\n{view.rule}"
    head = [view.say(*pair) for pair in (("序", "#"), ("地点", "Place"), ("类别", "Category"), ("结/未", "Done/open"),
                                         ("按周", "Weeks"), ("建议", "Proposal"))]  # fmt: skip
    rows = [head] + [[str(s.rank), view.place(s), view.category(s), f"{s.closed}/{s.open}", spark(s.weeks),
                      view.proposals(s)] for s in spots]  # fmt: skip
    lines = aligned([tuple(row) for row in _fitted(rows)])
    below = [view.say("最近", "latest"), view.say("案号", "cases")]
    told = [f"    {below[0]} {view.last(s)}  {below[1]} {' '.join(s.handles[:_NEWEST])}"
            + (f" +{len(s.handles) - _NEWEST}" if len(s.handles) > _NEWEST else "") for s in spots]  # fmt: skip
    body = [line for pair in zip(lines[1:], told, strict=True) for line in pair]
    return "\n".join([view.title, lines[0], *body, view.rule])


def _fitted(rows: list[list[str]]) -> list[list[str]]:
    """Place and category cut so far that a row fits 80 cells; they keep at least ten."""
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    over = sum(widths) + _GAPS - WIDTH
    limits = {}
    for column in (2, 1):
        limits[column] = max(10, widths[column] - max(0, over))
        over -= widths[column] - limits[column]
    return [[_cut(cell, limits[i]) if i in limits else cell for i, cell in enumerate(row)] for row in rows]


def _cut(text: str, width: int) -> str:
    from rich.cells import cell_len, set_cell_size

    return text if cell_len(text) <= width else set_cell_size(text, width - 2).rstrip() + ".."


def _csv(view: _View, spots: "tuple[Hotspot, ...]") -> str:
    """Codes beside names; a cell that begins like a formula is neutralised."""
    from zjj_console.domain.safe import neutral_cell

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(view.say(*pair) for pair in (
        ("序", "rank"), ("类别代码", "category"), ("类别", "category_name"), ("村居代码", "committee"), ("地点", "place"),
        ("网格", "grid"), ("经度", "lon"), ("纬度", "lat"), ("已结", "closed"), ("未结", "open"), ("按周", "weeks"),
        ("最近", "last_at"), ("案号", "cases"), ("建议", "proposals")))  # fmt: skip
    for s in spots:
        cells = (s.rank, s.category, view.category(s), s.committee, view.place(s), s.grid, _degrees(s.lon), _degrees(s.lat),
                 s.closed, s.open, " ".join(map(str, s.weeks)), view.desk.duty.local(s.last_at).isoformat(timespec="seconds"),
                 " ".join(s.handles), view.proposals(s))  # fmt: skip
        writer.writerow(neutral_cell("" if cell is None else str(cell)) for cell in cells)
    return out.getvalue().rstrip("\n")


def _md(view: _View, spots: "tuple[Hotspot, ...]") -> str:
    from zjj_console.reports.markdown import plain
    from zjj_console.reports.spark import spark

    title = view.say("源头管理: 热点", "Source management: hot spots")
    if not spots:
        return f"# {title}\n\n{plain(view.nothing)}\n\n{plain(view.rule)}"
    head = view.say("| 序 | 地点 | 类别 | 已结 | 未结 | 按周 | 最近 | 案号 | 建议 |",
                    "| # | Place | Category | Closed | Open | Weeks | Latest | Cases | Proposal |")  # fmt: skip
    rows = [(str(s.rank), view.place(s), view.category(s), str(s.closed), str(s.open), spark(s.weeks), view.last(s),
             " ".join(s.handles), view.proposals(s)) for s in spots]  # fmt: skip
    table = [f"| {' | '.join(map(plain, row))} |" for row in rows]
    return "\n".join([f"# {title}", "", plain(view.title), "", head, "|" + " --- |" * 9, *table, "", plain(view.rule)])


FORMATS: dict[str, Callable[[_View, "tuple[Hotspot, ...]"], str]] = {"text": _text, "csv": _csv, "md": _md}


def _data(found: "Survey", spots: "tuple[Hotspot, ...]", desk: "Desk") -> Data:
    from zjj_console.desk.wording import iso

    rules = desk.town.hotspot
    return {
        "days": found.days, "since": iso(found.since, desk.duty), "until": iso(found.until, desk.duty),
        "least": rules.least, "radius": rules.radius, "mark": rules.mark, "cases": found.cases,
        "total": len(found.spots), "hotspots": [_row(spot, desk) for spot in spots],
    }  # fmt: skip


def _row(s: "Hotspot", desk: "Desk") -> Data:
    from zjj_console.desk.hotspots import PROPOSAL
    from zjj_console.desk.wording import category, iso

    return {
        "rank": s.rank, "category": s.category, "category_zh": category(desk.town, s.category),
        "committee": s.committee, "committee_zh": _committee(desk.town, s.committee), "place": s.place, "grid": s.grid,
        "lon": _degrees(s.lon), "lat": _degrees(s.lat), "closed": s.closed, "open": s.open, "weeks": list(s.weeks),
        "last_at": iso(s.last_at, desk.duty), "cases": list(s.handles), "proposals": list(s.proposals),
        "proposals_zh": [PROPOSAL[code][0] for code in s.proposals],
    }  # fmt: skip


def _committee(town: "Town", code: str) -> str:
    found = town.committees.get(code)
    return found.name if found else code


def _degrees(micro: int | None) -> float | None:
    return None if micro is None else micro / 1_000_000
