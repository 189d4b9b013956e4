"""A report that another system brings (R32, §6.4): what of a case its words tell, and what the desk has still to ask. Pure.

Its words are kept whole. A place or a category is taken from them only where they name exactly one; nobody is made the lead.
"""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from zjj_console.domain.safe import safe_text
from zjj_console.geo.shapes import far
from zjj_console.town.models import Town
from zjj_console.town.names import fold

MAX_WORDS = 4000  # characters of a description: what GeoReport v2 allows
_SHORT = 200
_FAR = 50_000.0  # metres from the map: no position of this town


class Outside(Struct, frozen=True):
    """What another system says. `source` and `number` are the key of the case; degrees are WGS-84."""

    source: str  # code of the profile's sources
    number: str  # its number there
    text: str = ""
    attached: str = ""  # where pictures lie
    address: str = ""
    committee: str = ""  # code, where the other system knows it
    category: str = ""  # the same
    lon: float | None = None
    lat: float | None = None
    member: str = ""  # work number of somebody for whom the other system vouches
    reporter: str = ""  # who somebody says he is
    phone: str = ""
    wechat_ref: str = ""
    reported_at: int | None = None


def told(report: Outside, town: Town) -> dict[str, Any]:
    """Arguments of `report.report`, all but the number of the case. `missing` names the fields that are still to be filled."""
    text, address = safe_text(report.text, MAX_WORDS), safe_text(report.address, _SHORT)
    words = f"{text} {address}"
    committee = report.committee if report.committee in town.committees else ""
    committee = committee or only_one(words, ((c.code, (c.name,)) for c in town.committees.values()))
    category = report.category if report.category in town.categories else ""
    category = category or only_one(text, ((c.code, (c.name, c.phrase)) for c in town.categories.values()))
    known = town.categories.get(category) or town.categories[town.inbound.fall_back]
    found = {"committee": committee, "category": category, "text": text}
    args: dict[str, Any] = {
        "source": report.source,
        "external_id": report.number,
        "committee": committee,
        "place": address or (town.committees[committee].name if committee else ""),
        "category": known.code,
        "priority": known.priority,
        "text": safe_text(f"{text or known.phrase} {report.attached}", 2 * MAX_WORDS),
        "reporter": report.member or _reporter(report.reporter, town),
        "phone": safe_text(report.phone, 40),
        "wechat_ref": report.wechat_ref,
        "missing": tuple(name for name, value in found.items() if not value),
    }
    if report.lon is not None and report.lat is not None:
        if town.atlas is None or far(town.atlas.box, (report.lon, report.lat)) <= _FAR:
            args |= {"lon": round(report.lon * 1e6), "lat": round(report.lat * 1e6)}
        else:
            args["place"] = args["place"] or f"{report.lat:.6f},{report.lon:.6f}"  # kept in words, it cannot be here
    if report.reported_at is not None:
        args["reported_at"] = report.reported_at
    return args


def only_one(words: str, names: Iterable[tuple[str, tuple[str, ...]]]) -> str:
    """The one code of which a name stands in the words; empty for none or several. A name inside a longer one does not count."""
    text = fold(words)
    hits: list[tuple[int, int, str]] = []
    for code, spellings in names:
        for name in {fold(spelling) for spelling in spellings if spelling}:
            start = text.find(name)
            while start >= 0:
                hits.append((start, start + len(name), code))
                start = text.find(name, start + 1)
    whole = {code for a, b, code in hits if not any(c <= a and b <= d and (c, d) != (a, b) for c, d, _ in hits)}
    return whole.pop() if len(whole) == 1 else ""


def _reporter(name: str, town: Town) -> str:
    """Whoever only says that he is somebody of ours is not taken for him: rights hang on that name."""
    name = safe_text(name, _SHORT)
    return f"自称 {name}" if name in town.people or name in town.units else name
