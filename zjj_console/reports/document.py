"""What a paper consists of, whatever it is written on. All text in it has passed `safe_text`."""

from typing import ClassVar

from msgspec import Struct


class Pair(Struct, frozen=True):
    """A label and what stands behind it. `strong` is what a reader must not overlook."""

    label: str
    text: str
    strong: bool = False


class Lines(Struct, frozen=True):
    """Sentences, one below the other; `empty` is said where there is none."""

    kind: ClassVar[str] = "lines"
    items: tuple[str, ...]
    empty: str = "无"


class Grid(Struct, frozen=True):
    """A table; every row has as many cells as the head."""

    kind: ClassVar[str] = "grid"
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: str = "无"


class Entry(Struct, frozen=True):
    """One matter told in full. A row of two pairs stands side by side."""

    kind: ClassVar[str] = "entry"
    title: str
    rows: tuple[tuple[Pair, ...], ...]


Part = Lines | Grid | Entry


class Section(Struct, frozen=True):
    title: str
    parts: tuple[Part, ...]


class Hand(Struct, frozen=True):
    """A signature line; without a name it is left open for a pen."""

    role: str
    name: str = ""
    at: str = ""


class Document(Struct, frozen=True):
    """`marks` are printed before everything else (trial, forced); `foot` stands on every page."""

    title: str
    subtitle: str
    facts: tuple[Pair, ...]
    sections: tuple[Section, ...]
    foot: str
    marks: tuple[str, ...] = ()
    hands: tuple[Hand, ...] = ()
