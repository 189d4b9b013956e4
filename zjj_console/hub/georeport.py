"""The documents of Open311 GeoReport v2: what is asked, what a case looks like from outside, and both as JSON or XML. Pure.

JSON follows the XML by the standard's own convention: a list of like children is an array, and its container's name falls away.
"""

import math
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import msgspec
from msgspec import Struct

from zjj_console.desk.shape import masked_text
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.lifecycle import STATE_ZH
from zjj_console.domain.model import DAY, Case
from zjj_console.domain.outside import MAX_WORDS, Outside
from zjj_console.hub.problems import Refused
from zjj_console.town.models import Town

SOURCE = "open311"  # code of the profile's source
SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
TYPES = {"json": "application/json; charset=utf-8", "xml": "text/xml; charset=utf-8"}
MAX_DAYS, MAX_ROWS = 90, 1000  # of one answer to GET requests
MAX_FORM = 64 * 1024  # bytes
_MAX_FIELDS = 100
_CHILD = {"services": "service", "service_requests": "request", "attributes": "attribute", "endpoints": "endpoint",
          "formats": "format", "errors": "error"}  # fmt: skip
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
Rows = list[dict[str, Any]]


# what is asked --------------------------------------------------------------------------------------------------------


def form_of(body: bytes) -> dict[str, str]:
    """The fields of a form; an empty one counts as not given, of a double one the first. Raises Refused."""
    try:
        pairs = parse_qsl(body.decode(), max_num_fields=_MAX_FIELDS, errors="strict")
    except ValueError as error:  # not UTF-8, or too many fields
        raise Refused("bad_request", what="application/x-www-form-urlencoded, UTF-8") from error
    return {name: value for name, value in reversed(pairs) if value.strip()}


def report_of(form: dict[str, str], number: str, town: Town) -> Outside:
    """The report that a form brings. Raises Refused with the field that is missing or wrong."""
    code = form.get("service_code", "")
    if not code:
        raise Refused("wanting", what="service_code")
    if code not in town.categories:
        raise Refused("no_service", what=_shown(code))
    lon, lat = _position(form)
    address, committee = form.get("address_string", ""), form.get("address_id", "")
    if lon is None and not address and not committee:
        raise Refused("wanting", what="lat & long, address_string, address_id")
    if len(form.get("description", "")) > MAX_WORDS:
        raise Refused("wrong", what=f"description (> {MAX_WORDS})")
    picture = form.get("media_url", "")
    if picture and not re.fullmatch(r"https?://[!-~]{1,500}", picture):
        raise Refused("wrong", what="media_url")
    known = committee in town.committees
    return Outside(
        SOURCE, number, form.get("description", ""), picture, address or ("" if known else committee),
        committee if known else "", code, lon, lat, reporter=_name(form), phone=form.get("phone", ""),
    )  # fmt: skip


def _position(form: dict[str, str]) -> tuple[float, float] | tuple[None, None]:
    if "lat" not in form and "long" not in form:
        return None, None
    try:
        lat, lon = float(form["lat"]), float(form["long"])
    except KeyError as error:
        raise Refused("wanting", what="lat & long") from error
    except ValueError as error:
        raise Refused("wrong", what="lat, long") from error
    if not (math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180):
        raise Refused("wrong", what="lat, long")
    return lon, lat


def _name(form: dict[str, str]) -> str:
    first, last = form.get("first_name", "").strip(), form.get("last_name", "").strip()
    name = f"{first} {last}" if f"{first}{last}".isascii() else f"{last}{first}"
    return f"{name.strip()} {form.get('email', '')}".strip()


def _shown(text: str) -> str:
    """What may be repeated in a refusal."""
    return re.sub("[^0-9A-Za-z._-]", "?", text[:40])


class Wanted(Struct, frozen=True):
    """Which requests are asked for. Instants are µs UTC, both ends included; empty sets mean all."""

    start: int
    end: int
    ids: tuple[str, ...] = ()
    services: frozenset[str] = frozenset()
    status: frozenset[str] = frozenset()


def wanted(query: dict[str, str], now: int) -> Wanted:
    """Raises Refused for a date without zone, a span of more than 90 days, a status that is none."""
    ids = _several(query, "service_request_id")
    if ids:
        if len(ids) > MAX_ROWS:
            raise Refused("wrong", what=f"service_request_id (> {MAX_ROWS})")
        return Wanted(0, now, ids)
    span = MAX_DAYS * DAY
    start, end = _instant(query, "start_date"), _instant(query, "end_date")
    if end is None:
        end = now if start is None else min(now, start + span)
    if start is None:
        start = end - span
    if end - start > span:
        raise Refused("wrong", what=f"start_date, end_date (> {MAX_DAYS} d)")
    status = frozenset(_several(query, "status"))
    if status - {"open", "closed"}:
        raise Refused("wrong", what="status")
    return Wanted(start, end, (), frozenset(_several(query, "service_code")), status)


def _several(query: dict[str, str], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.strip() for one in query.get(name, "").split(",") if one.strip()))


def _instant(query: dict[str, str], name: str) -> int | None:
    if name not in query:
        return None
    try:
        at = datetime.fromisoformat(query[name].replace(" ", "+"))  # a plus sign that nobody escaped
        if at.tzinfo is None:
            raise ValueError
        return round(at.astimezone(UTC).timestamp() * 1_000_000)
    except (ValueError, OverflowError) as error:
        raise Refused("wrong", what=name) from error


# what is told ---------------------------------------------------------------------------------------------------------


def services(town: Town) -> Rows:
    return [
        {"service_code": c.code, "service_name": c.name, "description": c.phrase, "metadata": False, "type": "realtime",
         "keywords": ", ".join(dict.fromkeys(word for word in (c.name, c.name_en, c.group) if word)), "group": c.group}
        for c in town.categories.values()
    ]  # fmt: skip


def status_of(case: Case) -> str:
    return "open" if case.is_open else "closed"


def request_of(number: str, case: Case, words: str, updated: int, town: Town, duty: DutyTime) -> dict[str, Any]:
    """A case as everybody may see it: no person, no telephone number, no word of the desk's own.

    `words` is what the report said. A desk adds behind it what it asked back, which stays inside; where it wrote the text
    anew, perhaps to take something out, nothing is told.
    """

    def instant(at: int | None) -> str | None:
        return duty.local(at).isoformat(timespec="seconds") if at is not None else None

    category, lead = town.categories.get(case.category), town.units.get(case.lead)
    return {
        "service_request_id": number,
        "status": status_of(case),
        "status_notes": STATE_ZH[case.state],
        "service_name": category.name if category else case.category,
        "service_code": case.category,
        "description": masked_text(words) if case.text.startswith(words) else "",
        "agency_responsible": lead.name if lead else None,
        "service_notice": f"案号 {case.number}",
        "requested_datetime": instant(case.reported_at),
        "updated_datetime": instant(case.closed_at or max(updated, case.reported_at)),
        "expected_datetime": instant(case.due_final),
        "address": masked_text(case.place),
        "address_id": case.committee or None,
        "zipcode": None,
        "lat": None if case.lat is None else case.lat / 1e6,
        "long": None if case.lon is None else case.lon / 1e6,
        "media_url": None,
    }


def written(form: str, root: str, content: Any) -> bytes:
    """The document; `root` names the outermost element of XML."""
    if form == "json":
        return msgspec.json.encode(content)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_element(root, content)}\n'.encode()


def _element(name: str, value: Any) -> str:
    if value is None or value == "":
        return f"<{name}/>"
    if isinstance(value, dict):
        inner = "".join(_element(key, one) for key, one in value.items())
    elif isinstance(value, list):
        inner = "".join(_element(_CHILD[name], one) for one in value)
    elif isinstance(value, bool):
        inner = "true" if value else "false"
    else:
        inner = escape(_NOT_XML.sub("", str(value)))
    return f"<{name}>{inner}</{name}>"
