"""How the map on paper is drawn: elements of SVG, colours of the day, shapes that speak without colour.

Every colour stands on its element, so that any program prints it; the class beside it lets a page choose others at night.
"""

from collections.abc import Sequence
from xml.etree import ElementTree as Tree

from zjj_console.domain.safe import safe_text
from zjj_console.reports.map_room import Box, Spot, middle, width
from zjj_console.reports.map_sheet import LATE, URGENT

NS = "http://www.w3.org/2000/svg"
Tree.register_namespace("", NS)
Element = Tree.Element

COLOURS = {
    "ink": "#1c2733", "dim": "#54626f", "paper": "#ffffff", "accent": "#0b63a8", "p1": "#b3261e", "p2": "#8f4e00",
    "soon": "#6b5a00", "done": "#1c6b45", "wait": "#5b3fa0",
}  # fmt: skip
HUES = {"open": "accent", "overdue": "p1", "source": "done", "heat": "soon", "hotspot": "p2", "key_item": "wait"}
SHADES = (0.0, 0.08, 0.16, 0.25, 0.36)  # of a layer's colour, by class
FONTS = "'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei','PingFang SC',SimHei,sans-serif"
LINE = 1.3  # height of a line, of its type


def put(parent: Element | None, tag: str, text: str = "", /, **attributes: object) -> Element:
    """An element; `class_` and `fill_opacity` are written as SVG wants them, numbers with one digit."""
    names = {key.rstrip("_").replace("_", "-"): _value(value) for key, value in attributes.items() if value != ""}
    made = Tree.Element(f"{{{NS}}}{tag}", names) if parent is None else Tree.SubElement(parent, f"{{{NS}}}{tag}", names)
    if text:
        made.text = safe_text(text)
    return made


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return safe_text(str(value), 1_000_000)


def filled(role: str, **more: object) -> dict[str, object]:
    return {"class_": f"f-{role}", "fill": COLOURS[role], **more}


def drawn(role: str, thick: float, **more: object) -> dict[str, object]:
    return {"class_": f"s-{role}", "fill": "none", "stroke": COLOURS[role], "stroke_width": thick, **more}


def framed(fill: str, role: str, thick: float) -> dict[str, object]:
    """A shape with an edge."""
    return {
        "class_": f"f-{fill} s-{role}", "fill": COLOURS[fill], "stroke": COLOURS[role], "stroke_width": thick,
    }  # fmt: skip


def write(
    parent: Element, text: str, at: Spot, size: float, role: str = "ink", *, bold: bool = False, anchor: str = "middle"
) -> Element:
    """A word whose middle line is at `at`."""
    weight = "bold" if bold else ""
    return put(parent, "text", text, x=at[0], y=at[1] + size * 0.36, font_size=size, font_weight=weight,
               text_anchor="" if anchor == "start" else anchor, **filled(role))  # fmt: skip


def size_of(lines: Sequence[tuple[str, float]]) -> tuple[float, float]:
    """Width and height of words below each other, each with its size of type, and a little air."""
    return max(width(text, size) for text, size in lines) + 4, sum(size * LINE for _, size in lines)


def points(*spots: Spot) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)


def mark_size(text: str, size: float, kind: str) -> tuple[float, float]:
    """Room for a word inside the shape of a mark."""
    wide, high = width(text, size), size * 1.45
    if kind == "hotspot":
        side = max(wide + 12, high + 6)
        return side, side
    return wide + (18 if kind == "urgent" else 10), high


def mark_kind(layer: str, grade: int, labelled: bool) -> str:
    if labelled:
        return layer
    return {URGENT: "urgent", LATE: "late"}.get(grade, "count")


def mark(parent: Element, text: str, box: Box, size: float, kind: str) -> None:
    """Hexagon: urgent. Square with a thick edge: late. Pill: a count. Diamond: a hot spot. Tab: a key item."""
    left, top, right, bottom = box
    x, y = middle(box)
    flat: dict[str, object] = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    if kind == "urgent":
        cut = (bottom - top) / 2.4
        shape = points((left, y), (left + cut, top), (right - cut, top), (right, y), (right - cut, bottom), (left + cut, bottom))  # fmt: skip
        put(parent, "polygon", points=shape, **framed("p1", "p1", 1))
    elif kind == "hotspot":
        put(parent, "polygon", points=points((x, top), (right, y), (x, bottom), (left, y)), **framed("paper", "p2", 2))
    else:
        edge, thick, round_ = {"late": ("p1", 2.2, 0.0), "count": ("ink", 1.0, (bottom - top) / 2)}.get(kind, ("wait", 1.4, 3.0))  # fmt: skip
        put(parent, "rect", **flat, rx=round_, **framed("paper", edge, thick))
    role = {"urgent": "paper", "late": "p1"}.get(kind, "ink")
    write(parent, text, (x, y), size, role, bold=True)


def station(parent: Element, at: Spot) -> None:
    """A little house."""
    x, y = at
    put(parent, "polygon", points=points((x, y - 6), (x + 6, y - 1), (x + 6, y + 5), (x - 6, y + 5), (x - 6, y - 1)),
        **framed("paper", "ink", 1.4))  # fmt: skip


def folded(text: str, size: float, room: float) -> list[str]:
    """Lines that fit; cut where they are full."""
    lines = [""]
    for char in text:
        if lines[-1] and width(lines[-1] + char, size) > room:
            lines.append("")
        lines[-1] += char
    return [line.strip() for line in lines]
