"""The door for other civic software: Open311 GeoReport v2 over HTTP, in JSON and XML. Refusals come in the standard's form.

Discovery and services are open to all; everything else needs the credential of a device of role gateway, given as
`api_key`, as a bearer token, or as the password of HTTP Basic (clients of the standard send no key when they follow).
"""

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy import Connection, func, select
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from zjj_console.domain.ids import uuid7
from zjj_console.domain.judge import APPLIED
from zjj_console.domain.model import Case
from zjj_console.hub import doors, georeport
from zjj_console.hub.asking import bearer, body_of, gone, limited, visit
from zjj_console.hub.georeport import TYPES, Rows, Wanted
from zjj_console.hub.inbound_setup import Open311
from zjj_console.hub.problems import Refused
from zjj_console.hub.reports import Rules, reported_as
from zjj_console.hub.service import Hub
from zjj_console.hub.tables import EVENT, INBOUND
from zjj_console.hub.weigh import folded, read

PATH = "/open311/v2"
_PAGE = 250  # cases folded at a time
_OPEN_TO_ALL = "open311"  # with the address, who asks without a key


def create(hub: Hub, rules: Rules, setup: Open311) -> FastAPI:
    """The door as an application of its own, to be mounted at PATH."""
    town = rules.town
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    for kind in (Refused, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, _refused)
    app.add_exception_handler(ClientDisconnect, gone)

    def asked(request: Request, form: str, *, given: dict[str, str] | None = None) -> dict[str, str]:
        """The parameters, with the jurisdiction and the format checked."""
        if form not in TYPES:
            raise Refused("not_found")
        query = {name: value for name, value in request.query_params.items() if value.strip()} | (given or {})
        if query.get("jurisdiction_id", town.code) != town.code:
            raise Refused("no_jurisdiction", what="")
        return query

    def open_to_all(request: Request, form: str) -> None:
        asked(request, form)
        limited(hub.device_rate, (_OPEN_TO_ALL, request.client.host if request.client else ""))

    @app.get("/discovery.{form}")
    async def discovery(request: Request, form: str) -> Response:
        open_to_all(request, form)
        endpoint = {
            "specification": georeport.SPECIFICATION, "url": setup.url or f"{str(request.base_url).rstrip('/')}{PATH}",
            "changeset": _changed(rules), "type": "test" if setup.test else "production",
            "formats": [kind.partition(";")[0] for kind in reversed(TYPES.values())],
        }  # fmt: skip
        told = {"changeset": endpoint["changeset"], "contact": setup.contact, "key_service": setup.key_service,
                "endpoints": [endpoint]}  # fmt: skip
        return _answer(form, "discovery", told)

    @app.get("/services.{form}")
    async def services(request: Request, form: str) -> Response:
        open_to_all(request, form)
        return _answer(form, "services", georeport.services(town))

    @app.get("/services/{code}.{form}")
    async def definition(request: Request, code: str, form: str) -> Response:
        open_to_all(request, form)
        if code not in town.categories:
            raise Refused("no_service", what="")
        return _answer(form, "service_definition", {"service_code": code, "attributes": []})

    @app.post("/requests.{form}")
    async def report(request: Request, form: str) -> Response:
        """A new request each time: the standard knows no repetition. Answered when it is safe in the order."""
        if (
            request.headers.get("content-type", "").partition(";")[0].strip().lower()
            != "application/x-www-form-urlencoded"
        ):
            raise Refused("bad_request", what="Content-Type: application/x-www-form-urlencoded")
        given = georeport.form_of(await body_of(request, georeport.MAX_FORM))
        given = asked(request, form, given=given)
        token = await _visit(hub, request, given)
        number = uuid7(hub.clock())
        landed = await hub.report(rules.reported(georeport.report_of(given, number, town), token=token))
        hub.seen(request.state.device)
        told = {
            "service_request_id": number,
            "service_notice": f"已收到，案号 {landed.case.number}",
            "account_id": None,
        }
        return _answer(form, "service_requests", [told])

    @app.get("/requests.{form}")
    async def requests(request: Request, form: str) -> Response:
        query = asked(request, form)
        token = await _visit(hub, request, query)
        which = georeport.wanted(query, hub.clock())
        return _answer(
            form, "service_requests", await hub.read(lambda db: _found(db, token, which, rules, hub.clock()))
        )

    @app.get("/requests/{number}.{form}")
    async def one(request: Request, number: str, form: str) -> Response:
        token = await _visit(hub, request, asked(request, form))
        which = Wanted(0, 0, (number,))
        found = await hub.read(lambda db: _found(db, token, which, rules, hub.clock()))
        if not found:
            raise Refused("no_request", what="")
        return _answer(form, "service_requests", found)

    @app.get("/tokens/{token}.{form}")
    async def token(request: Request, token: str, form: str) -> Response:
        """Requests get their number at once, so a token is the number itself."""
        key = await _visit(hub, request, asked(request, form))
        if not await hub.read(lambda db: _found(db, key, Wanted(0, 0, (token,)), rules, hub.clock())):
            raise Refused("no_request", what="")
        return _answer(form, "service_requests", [{"service_request_id": token, "token": token}])

    return app


async def _visit(hub: Hub, request: Request, given: dict[str, str]) -> bytes:
    """As `visit`, wherever a client of the standard puts its key."""
    return await visit(hub, request, bearer(request) or _basic(request) or given.get("api_key", ""))


def _basic(request: Request) -> str:
    found = re.fullmatch("Basic +([0-9A-Za-z+/=]{4,400}) *", request.headers.get("authorization", ""), re.IGNORECASE)
    try:
        return base64.b64decode(found[1], validate=True).decode("ascii").partition(":")[2] if found else ""
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _found(db: Connection, token: bytes, which: Wanted, rules: Rules, now: int) -> Rows:
    """Requests that came in by this door, the newest first. Raises Refused where the key may not."""
    doors.admit(doors.visitor_of(db, token), "report", now)
    rows: Rows = []
    after: tuple[int, str] | None = None
    query = select(INBOUND.c.number, INBOUND.c.case_id, INBOUND.c.at).where(INBOUND.c.source == georeport.SOURCE)
    query = query.order_by(INBOUND.c.at.desc(), INBOUND.c.number.desc())
    if not which.ids:
        query = query.where(INBOUND.c.at.between(which.start, which.end)).limit(_PAGE)
    for first in range(0, len(which.ids), _PAGE):
        part = db.execute(query.where(INBOUND.c.number.in_(which.ids[first : first + _PAGE]))).all()
        rows += _shaped(db, part, which, rules)
    while not which.ids and len(rows) < georeport.MAX_ROWS:
        page = query
        if after is not None:
            at, number = after
            page = query.where((INBOUND.c.at < at) | ((INBOUND.c.at == at) & (INBOUND.c.number < number)))
        part = db.execute(page).all()
        rows += _shaped(db, part, which, rules)
        if len(part) < _PAGE:
            break
        after = (part[-1].at, part[-1].number)
    return rows[: georeport.MAX_ROWS]


def _shaped(db: Connection, part: Any, which: Wanted, rules: Rules) -> Rows:
    ids = [row.case_id for row in part]
    moved = select(EVENT.c.stream, func.max(EVENT.c.received_at)).where(
        EVENT.c.stream.in_(ids), EVENT.c.verdict == APPLIED
    )
    updated: dict[str, int] = {row[0]: row[1] for row in db.execute(moved.group_by(EVENT.c.stream))}
    cases, words = folded(db, ids), _words(db, part)
    rows = []
    for row in part:
        case = cases[row.case_id]
        if not isinstance(case, Case) or (which.services and case.category not in which.services):
            continue
        if not which.status or georeport.status_of(case) in which.status:
            rows.append(
                georeport.request_of(
                    row.number, case, words.get(row.number, ""), updated.get(case.id, 0), rules.town, rules.duty
                )
            )
    return rows


def _words(db: Connection, part: Any) -> dict[str, str]:
    """What each report said when it came in, by its number."""
    numbers = {reported_as(georeport.SOURCE, row.number): row.number for row in part}
    bodies = db.execute(select(EVENT.c.id, EVENT.c.body).where(EVENT.c.id.in_(numbers)))
    found = ((numbers[event_id], read(body)) for event_id, body in bodies)
    return {number: str(event.data["set"].get("text", "")) for number, event in found if event is not None}


def _changed(rules: Rules) -> str:
    """When the list of services was last changed."""
    at = (rules.town.path / "categories.csv").stat().st_mtime
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _answer(form: str, root: str, content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(georeport.written(form, root, content), status, {**(headers or {}), "content-type": TYPES[form]})


async def _refused(request: Request, error: Exception) -> Response:
    """The standard's own form; its status is 403 for a wrong key, 404 for what is not there, 400 for the rest."""
    if isinstance(error, HTTPException):
        error = Refused({404: "not_found", 405: "method"}.get(error.status_code, "bad_request"), what="HTTP")
    elif isinstance(error, RequestValidationError):
        error = Refused("bad_request", what="HTTP")
    assert isinstance(error, Refused)
    problem = error.problem()
    request.state.code = error.code
    status = 403 if error.status == 401 else error.status
    form = "xml" if request.url.path.endswith(".xml") else "json"
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else None
    return _answer(form, "errors", [{"code": status, "description": f"{problem.zh} / {problem.en}"}], status, headers)
