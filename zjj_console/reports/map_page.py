"""The map as one page for a browser: every layer, every table, nothing fetched. Works from a file and without its script."""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from xml.etree import ElementTree as Tree

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from zjj_console.domain.safe import safe_text
from zjj_console.reports import map_pen as pen
from zjj_console.reports import map_svg
from zjj_console.reports.map_sheet import MapSheet
from zjj_console.reports.map_words import say
from zjj_console.town.atlas import Atlas

_SPARK = (110.0, 24.0)


def _harmless(value: object) -> object:
    """Every text that goes into the page passes the gate; our own markup has done so where it was made."""
    return safe_text(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("zjj_console.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _file(name: str) -> str:
    """One of our own files, which goes into the page as it is."""
    environment = _templates()
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]


def render(sheet: MapSheet, atlas: Atlas | None, chosen: str) -> str:
    """The page with the layer `chosen` on top. Raises KeyError for a layer that the sheet does not hold."""
    sheet.layer(chosen)
    tell, script = say(sheet.lang), "\n" + _file("map.js")
    return (
        _templates()
        .get_template("map.html")
        .render(
            sheet=sheet,
            chosen=chosen,
            t=tell,
            worth=map_svg.worth(sheet),
            source=map_svg.source(sheet),
            pictures=[Markup(map_svg.svg(sheet, atlas, layer, links=True)) for layer in sheet.layers],
            totals=[sum(getattr(row, name) for row in sheet.grids) for name in ("open", "first", "late", "fresh")],
            items=_items(sheet),
            spark=spark,
            style=Markup(_file("map.css")),
            script=Markup(script),
            script_hash=f"sha256-{b64encode(hashlib.sha256(script.encode()).digest()).decode()}",
        )
        + "\n"
    )


def _items(sheet: MapSheet) -> list[tuple[str, str, str]]:
    """(code, name, grid) of every key item that stands on the map."""
    names = {row.code: row.name for row in sheet.grids}
    nowhere = say(sheet.lang)("未归网格")
    return [
        (mark.label, mark.name, names.get(mark.grid, nowhere))
        for layer in sheet.layers
        if layer.kind == "key_item"
        for mark in layer.marks
    ]


def spark(weeks: Sequence[int], label: str) -> Markup:
    """Counts over time as a line; whoever cannot see it is told the numbers."""
    wide, high = _SPARK
    step, top = wide / max(1, len(weeks) - 1), max(1, *weeks, 0)
    told = f"{label} {' '.join(map(str, weeks))}"
    root = pen.put(None, "svg", class_="spark", role="img", viewBox=f"-3 -3 {wide + 6:g} {high + 6:g}", width=wide,
                   height=high, aria_label=told)  # fmt: skip
    pen.put(root, "title", told)
    spots = [(n * step, high - high * count / top) for n, count in enumerate(weeks)]
    pen.put(root, "polyline", points=pen.points(*spots), **pen.drawn("accent", 2.0))
    if spots:
        pen.put(root, "circle", cx=spots[-1][0], cy=spots[-1][1], r=2.6, **pen.filled("accent"))
    return Markup(Tree.tostring(root, encoding="unicode"))
