"""Names typed without an input method (§3.5): which place, unit, person or category a few letters mean.

A query matches a name if its letters split so that every character, from the first one on, contributes a non-empty
beginning of one of its readings. Ranks: 0 all initials or full pinyin, 1 the same of the core (without 村, 社区 ..),
2 a beginning of the initials, 3 anything mixed.
"""

import difflib
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum
from operator import itemgetter

from msgspec import Struct

from zjj_console.town.models import Named, Town

VILLAGE_OFFICES = ("村民委员会", "村委会")
TOWN_OFFICES = ("居民委员会", "居委会")
KIND_WORDS = (*VILLAGE_OFFICES, *TOWN_OFFICES, "社区", "街", "村")

Readings = tuple[frozenset[str], ...]


class Rank(IntEnum):
    EXACT = 0
    CORE = 1
    INITIALS = 2
    MIXED = 3


class Resolution(Struct, frozen=True):
    """`found` only where nobody could mean anything else; `candidates` best first, empty if nothing matches."""

    found: Named | None
    candidates: tuple[Named, ...] = ()


class Index:
    """Resolves queries over one namespace. `tokens` maps what may be typed as it stands to the code of a name."""

    def __init__(self, names: Iterable[Named], tokens: Mapping[str, str] | None = None) -> None:
        self._entries = [(name, readings(name)) for name in names]
        by_code = {name.code: name for name, _ in self._entries}
        self._exact = {fold(code): name for code, name in by_code.items()}
        self._exact |= {fold(token): by_code[code] for token, code in (tokens or {}).items() if code in by_code}
        self._by_name: dict[str, list[Named]] = {}
        for name, _ in self._entries:
            self._by_name.setdefault(fold(name.name), []).append(name)

    @property
    def names(self) -> tuple[Named, ...]:
        return tuple(name for name, _ in self._entries)

    def resolve(self, query: str) -> Resolution:
        """Token or code first, then pinyin, then the Chinese name. Collisions are listed, never picked."""
        typed = fold(query)
        if not typed:
            return Resolution(None)
        if typed in self._exact:
            return Resolution(self._exact[typed], (self._exact[typed],))
        if not typed.isascii():
            return self._by_chinese(typed)
        letters = "".join(char for char in typed if char.isalnum())
        judged = [(rank(letters, name, word), name, word) for name, word in self._entries]
        ranked = sorted(((found, name, word) for found, name, word in judged if found is not None), key=itemgetter(0))
        candidates = tuple(name for _, name, _ in ranked)
        sure = [name for found, name, _ in ranked if found <= Rank.CORE]
        if len(sure) == 1:
            return Resolution(sure[0], candidates)
        if not sure and len(ranked) == 1 and spells_core(letters, ranked[0][1], ranked[0][2]):
            return Resolution(ranked[0][1], candidates)
        return Resolution(None, candidates)

    def _by_chinese(self, typed: str) -> Resolution:
        same = self._by_name.get(typed) or self._by_name.get(_without_office(typed)) or []
        if same:
            return Resolution(same[0] if len(same) == 1 else None, tuple(same))
        return Resolution(None, tuple(name for name, _ in self._entries if fold(name.name).startswith(typed)))


def fold(text: str) -> str:
    """Full-width and capital letters as plain small ones, without surrounding blanks."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def readings(name: Named) -> Readings:
    """The accepted syllables of each character: the stored reading and the curated others."""
    spoken = [name.py.split(), *(other.split("'") for other in name.alt)]
    return tuple(frozenset(syllables) for syllables in zip(*spoken, strict=True))


def rank(letters: str, name: Named, word: Readings) -> Rank | None:
    """How well the letters spell the name; None if they do not."""
    core = word[: name.core or len(word)]
    if _initials(letters, word) or _spells(letters, word):
        return Rank.EXACT
    if _initials(letters, core) or _spells(letters, core):
        return Rank.CORE
    if len(letters) < len(word) and _initials(letters, word[: len(letters)]):
        return Rank.INITIALS
    return Rank.MIXED if _reach(letters, word) else None


def spells_core(letters: str, name: Named, word: Readings) -> bool:
    """True if the letters reach the last character of the core; a bare beginning of a name is never taken for it."""
    return _reach(letters, word) >= (name.core or len(word))


def _initials(letters: str, word: Readings) -> bool:
    return len(letters) == len(word) and all(
        any(syllable.startswith(letter) for syllable in syllables)
        for letter, syllables in zip(letters, word, strict=True)
    )


def _spells(letters: str, word: Readings) -> bool:
    """True if the letters are full syllables of every character."""
    ends = {0}
    for syllables in word:
        ends = {end + len(s) for end in ends for s in syllables if letters.startswith(s, end)}
    return len(letters) in ends


def _reach(letters: str, word: Readings) -> int:
    """The largest number of leading characters among which all letters can be shared out; 0 if they cannot."""
    ends, reached = {0}, 0
    for count, syllables in enumerate(word, 1):
        ends = {
            end + size
            for end in ends
            for syllable in syllables
            for size in range(1, len(syllable) + 1)
            if letters.startswith(syllable[:size], end)
        }
        if len(letters) in ends:
            reached = count
    return reached


def collisions(names: Iterable[Named]) -> dict[str, tuple[Named, ...]]:
    """Names that share their full initials, by those initials; other readings count (P-142)."""
    groups: dict[str, list[Named]] = {}
    for name in names:
        spoken = [name.py.split(), *(other.split("'") for other in name.alt)]
        for initials in {"".join(syllable[0] for syllable in syllables) for syllables in spoken}:
            groups.setdefault(initials, []).append(name)
    return {initials: tuple(group) for initials, group in sorted(groups.items()) if len(group) > 1}


def nearest(query: str, names: Iterable[str], n: int = 3) -> list[str]:
    """Up to `n` names that look most like the query; kind words such as 村委会 do not count."""
    wanted = _plain(query)
    plain = [(_plain(name), name) for name in names]
    score = difflib.SequenceMatcher(b=wanted)

    def likeness(row: tuple[str, str]) -> float:
        score.set_seq1(row[0])
        return score.ratio()

    alike = [(likeness(row), row[1]) for row in plain]
    best = sorted((row for row in alike if row[0] >= 0.5), key=lambda row: -row[0])
    return [name for _, name in best[:n]]


def _without_office(name: str) -> str:
    """The place an office stands for. 甲村委会 is that of 甲村, whether its 村 is written once or twice."""
    for office in VILLAGE_OFFICES:
        if name.endswith(office):
            return name.removesuffix(office).removesuffix("村") + "村"
    for office in TOWN_OFFICES:
        if name.endswith(office):
            return name.removesuffix(office)
    return name


def _plain(text: str) -> str:
    """A name without its kind words: 甲乙村村委会 -> 甲乙."""
    plain = fold(text)
    for word in KIND_WORDS:
        shorter = plain.removesuffix(word)
        plain = shorter if len(shorter) >= 2 else plain
    return plain


def _cached(town: Town, key: str, build: Callable[[Town], Index]) -> Index:
    """A town is read-only, so an index made once stays right; it lives in the town's own dictionary."""
    held = town.__dict__
    if key not in held:
        held[key] = build(town)
    index = held[key]
    assert isinstance(index, Index)
    return index


def places(town: Town) -> Index:
    """Committees by 12-digit code, pinyin or name."""

    def build(town: Town) -> Index:
        return Index(Named(c.code, c.name, c.py, c.core, c.alt) for c in town.committees.values())

    return _cached(town, "_places", build)


def categories(town: Town) -> Index:
    """Categories by token first, then pinyin or name."""

    def build(town: Town) -> Index:
        rows = town.categories.values()
        return Index((Named(c.code, c.name, c.py, c.core, c.alt) for c in rows), {c.token: c.code for c in rows})

    return _cached(town, "_categories", build)


def units(town: Town) -> Index:
    """Enabled units by token first, then pinyin or name."""

    def build(town: Town) -> Index:
        rows = [u for u in town.units.values() if u.enabled]
        tokens = {token: u.code for u in rows for token in u.tokens}
        return Index((Named(u.code, u.name, u.py, u.core, u.alt) for u in rows), tokens)

    return _cached(town, "_units", build)


def people(town: Town) -> Index:
    """People by work number first, then pinyin or name."""

    def build(town: Town) -> Index:
        return Index(Named(p.work_no, p.name, p.py) for p in town.people.values())

    return _cached(town, "_people", build)
