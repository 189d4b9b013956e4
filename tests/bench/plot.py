"""A plot with two logarithmic axes as plain SVG: the same points always give the same text."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 900, 520, 80, 50, 300, 60
COLOURS = ("#1f6fb4", "#d1660a", "#2b8a3e", "#b02a37", "#6f42c1")
FONT = 'font-family="sans-serif" font-size="13"'


@dataclass(frozen=True)
class Line:
    """Points (x, y), both above zero, with the words that stand beside the last one."""

    name: str
    points: tuple[tuple[float, float], ...]
    dashed: bool = False
    colour: int = 0


def svg(title: str, across: str, up: str, lines: Sequence[Line]) -> str:
    frame = _Frame([x for line in lines for x, _ in line.points], [y for line in lines for _, y in line.points])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" {FONT}>',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="28" font-size="16">{escape(title)}</text>',
        *frame.grid(across, up),
        *(part for line in lines for part in frame.line(line)),
        *_legend(lines),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


class _Frame:
    """Whole decades that hold every point."""

    def __init__(self, xs: list[float], ys: list[float]) -> None:
        self.x0, self.x1 = _decades(xs)
        self.y0, self.y1 = _decades(ys)

    def x(self, value: float) -> float:
        return LEFT + (math.log10(value) - self.x0) / (self.x1 - self.x0) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (math.log10(value) - self.y0) / (self.y1 - self.y0) * (HEIGHT - TOP - BOTTOM)

    def grid(self, across: str, up: str) -> Iterator[str]:
        right, low = WIDTH - RIGHT, HEIGHT - BOTTOM
        for n in range(self.x0, self.x1 + 1):
            at = self.x(10.0**n)
            yield f'<path d="M{at:.1f} {TOP}V{low}" stroke="#d8d8d8"/>'
            yield f'<text x="{at:.1f}" y="{low + 20}" text-anchor="middle">{10**n:,}</text>'
        for n in range(self.y0, self.y1 + 1):
            at = self.y(10.0**n)
            yield f'<path d="M{LEFT} {at:.1f}H{right}" stroke="#d8d8d8"/>'
            yield f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{10.0**n:g}</text>'
        middle = (LEFT + right) / 2
        yield f'<text x="{middle:.1f}" y="{HEIGHT - 14}" text-anchor="middle">{escape(across)}</text>'
        yield f'<text x="{LEFT - 8}" y="{TOP - 8}" text-anchor="end">{escape(up)}</text>'

    def line(self, line: Line) -> Iterator[str]:
        colour, dash = COLOURS[line.colour], ' stroke-dasharray="6 4"' if line.dashed else ""
        way = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in line.points)
        yield f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'
        for x, y in line.points:
            yield f'<circle cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="3" fill="{colour}"/>'


def _legend(lines: Sequence[Line]) -> Iterator[str]:
    left = WIDTH - RIGHT + 20
    for n, line in enumerate(lines):
        y = TOP + 12 + n * 24
        dash = ' stroke-dasharray="6 4"' if line.dashed else ""
        yield f'<path d="M{left} {y}H{left + 28}" stroke="{COLOURS[line.colour]}" stroke-width="2"{dash}/>'
        yield f'<text x="{left + 36}" y="{y + 4}">{escape(line.name)}</text>'


def _decades(values: list[float]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)
