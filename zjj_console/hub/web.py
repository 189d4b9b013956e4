"""The hub over HTTP. Whatever comes in, the answer is a message of `sync.wire`; every refusal is a `wire.Problem`."""

import re
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from msgspec import Struct
from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zjj_console import __version__
from zjj_console.hub import doors, open311, reading, wecom
from zjj_console.hub.asking import bearer, body_of, gone, limited, visit
from zjj_console.hub.inbound_setup import Inbound
from zjj_console.hub.problems import STATUS, Refused
from zjj_console.hub.reports import Rules
from zjj_console.hub.service import Hub
from zjj_console.sync import wire

MIN_PROTOCOL = 1  # older ones may still pull
_ENROL_BYTES = 16 * 1024
_MAX_CURSOR = 2**62
_HEX = "^([0-9a-f]{64})?$"
_WHERE = re.compile(r"at `\$\.([a-z_.\[\]0-9]{1,60})`")
_HTTP = {404: "not_found", 405: "method", 413: "too_large", 429: "too_many"}
_encode = msgspec.json.Encoder().encode
_push = msgspec.json.Decoder(wire.Push)
_enrol = msgspec.json.Decoder(wire.Enrol)
_EVERYWHERE = (400, 401, 403, 408, 409, 413, 415, 426, 429, 503)
_WORDS = {400: "unreadable", 401: "no credential", 403: "not allowed", 408: "too slow", 409: "does not fit",
          413: "too large", 415: "compressed", 426: "upgrade", 429: "too often", 503: "try later"}  # fmt: skip


def create_app(hub: Hub, rules: Rules | None = None, inbound: Inbound | None = None) -> FastAPI:
    """The application on a hub. It starts and stops the hub with its own life; `inbound` opens doors, by `rules`."""

    @asynccontextmanager
    async def living(app: FastAPI) -> AsyncIterator[None]:
        await hub.start()
        yield
        await hub.stop()

    app = FastAPI(title="zjj town hub", version=__version__, lifespan=living, docs_url=None, redoc_url=None)
    app.add_middleware(Gate, hub=hub)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(ClientDisconnect, gone)

    @app.post("/v1/enrol", **_shape(wire.Enrolled, wire.Enrol, open_to_all=True))
    async def enrol(request: Request) -> Response:
        """Use a one-time code; the token is told once."""
        _fresh(request)
        limited(hub.enrol_rate, request.client.host if request.client else "")
        asked = _read(_enrol, await body_of(request, _ENROL_BYTES))
        return _json(await hub.write(lambda db: doors.enrol(db, asked, hub.clock())))

    @app.get("/v1/hello", **_shape(wire.Hello))
    async def hello(request: Request) -> Response:
        """Which hub this is, and how far its order goes."""
        token = await visit(hub, request, bearer(request))

        def look(db: Connection) -> wire.Hello:
            now = hub.clock()
            visitor = doors.admit(doors.visitor_of(db, token), "hello", now)
            log, town, seq, chain = reading.head_of(db)
            return wire.Hello(wire.PROTOCOL, log, town, seq, chain.hex(), now, visitor.console, visitor.expires,
                              visitor.renews(now))  # fmt: skip

        return _json(await hub.read(look))

    @app.post("/v1/renew", **_shape(wire.Renewed))
    async def renew(request: Request) -> Response:
        """A fresh credential, told once. The one that asks stays good until the fresh one was used."""
        token = await visit(hub, request, bearer(request))
        return _json(await hub.write(lambda db: doors.renew(db, token, hub.clock())))

    @app.post("/v1/push", **_shape(wire.PushAnswer, wire.Push))
    async def push(request: Request) -> Response:
        """Events of one device, in the order of its chain."""
        _fresh(request)
        token = await visit(hub, request, bearer(request))
        asked = _read(_push, await body_of(request, wire.MAX_BODY))
        if len(asked.events) > wire.MAX_EVENTS:
            raise Refused("too_large", limit=wire.MAX_EVENTS)
        answer = await hub.push(token, asked.log, asked.events)
        request.state.events = len(answer.acks)
        for ack in answer.acks:
            hub.figures.add("zjj_hub_verdicts_total", verdict=ack.verdict)
        hub.figures.add("zjj_hub_events_total", len(answer.acks))
        return _json(answer)

    @app.get("/v1/pull", **_shape(wire.PullAnswer))
    async def pull(
        request: Request,
        after: Annotated[int, Query(ge=0, le=_MAX_CURSOR, description="the cursor: the last number that is known")] = 0,
        hash: Annotated[str, Query(pattern=_HEX, description="the hub's chain there, hex; empty with 0")] = "",
        limit: Annotated[int, Query(ge=1, le=wire.MAX_EVENTS)] = wire.MAX_EVENTS,
        wait: Annotated[int, Query(ge=0, le=wire.MAX_WAIT, description="seconds to wait for news")] = 0,
    ) -> Response:
        """The common order after a cursor."""
        token = await visit(hub, request, bearer(request))
        page = await hub.pull(token, after, hash, limit, wait)
        request.state.events = page.events
        hub.figures.add("zjj_hub_pulled_total", page.events)
        hub.seen(request.state.device)
        return Response(page.body, media_type="application/json")

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> Response:
        return Response("ok\n", media_type="text/plain")

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> Response:
        await hub.read(reading.head_of)
        return Response("ok\n", media_type="text/plain")

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(await hub.measure(), media_type="text/plain; version=0.0.4")

    if rules is not None and inbound is not None and inbound.wecom is not None:
        app.include_router(wecom.router(hub, rules, inbound.wecom))
    if rules is not None and inbound is not None and inbound.open311 is not None:
        app.mount(open311.PATH, open311.create(hub, rules, inbound.open311))
    spoken = (wire.Enrol, wire.Enrolled, wire.Renewed, wire.Hello, wire.Push, wire.PushAnswer, wire.PullAnswer,
              wire.Problem)  # fmt: skip
    components = msgspec.json.schema_components(spoken, ref_template="#/components/schemas/{name}")[1]
    app.openapi = _described(app, components)  # type: ignore[method-assign]
    return app


def _fresh(request: Request) -> None:
    """What changes the log must come from a program that this hub still understands."""
    said = request.headers.get(wire.HEADER, str(wire.PROTOCOL))
    if not re.fullmatch("[0-9]{1,6}", said) or int(said) < MIN_PROTOCOL:
        raise Refused("too_old")


def _read(decoder: "msgspec.json.Decoder[Any]", body: bytes) -> Any:
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        where = _WHERE.search(str(error))  # the names of fields and their numbers, nothing of what was sent
        raise Refused("bad_request", what=where[1] if where else "JSON") from error


def _json(message: Struct, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(_encode(message), status, headers, "application/json")


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    request.state.code = error.code
    return _json(error.problem(), error.status, headers)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    refused = Refused(_HTTP.get(error.status_code, "bad_request"), what="HTTP", limit=wire.MAX_BODY)
    return _json(refused.problem(), STATUS[refused.code], dict(error.headers or {}))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    names = sorted({str(found["loc"][-1]) for found in error.errors() if found["loc"][-1:]})
    return await _refused(request, Refused("bad_request", what=", ".join(names)[:100]))


class Gate:
    """Around everything: one line in the diary, the figures, and headers that keep answers out of caches."""

    def __init__(self, app: ASGIApp, hub: Hub) -> None:
        self.app, self.hub = app, hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status = self.hub.ticks(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"cache-control", b"no-store"),
                                      (b"x-content-type-options", b"nosniff")]  # fmt: skip
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except Exception as error:  # a fault of ours: told with its place, and without its text, which may quote a body
            at = traceback.extract_tb(error.__traceback__)[-1]
            self.hub.diary.write("failed", error=type(error).__name__, file=Path(at.filename).name, line=at.lineno)
            if not status:
                await _json(Refused("unexpected").problem(), 500)(scope, receive, sending)
        finally:
            self._tell(scope, status, self.hub.ticks() - begun)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        route, state = scope.get("route"), scope.get("state", {})
        inside = scope.get("root_path", "") if route is not None else ""  # of a door
        path = inside + (
            getattr(route, "path", None) or "other"
        )  # an unknown path may hold anything, so it is not repeated
        self.hub.figures.add("zjj_hub_requests_total", path=path, status=status)
        self.hub.figures.add("zjj_hub_request_seconds_sum", seconds, path=path)
        if path not in ("/healthz", "/readyz", "/metrics") or status >= 400:
            self.hub.diary.write(
                "request", at=self.hub.clock(), path=path, status=status, ms=round(seconds * 1000, 1),
                device=state.get("device"), events=state.get("events"), code=state.get("code"),
            )  # fmt: skip


def _shape(answer: type[Struct], asked: type[Struct] | None = None, *, open_to_all: bool = False) -> dict[str, Any]:
    """How an address is described in /openapi.json: the messages of `sync.wire`, and a Problem for the rest."""
    problem = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    more: dict[str, Any] = {} if open_to_all else {"security": [{"token": []}]}
    if asked is not None:
        schema = {"$ref": f"#/components/schemas/{asked.__name__}"}
        more["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{answer.__name__}"}}}
    responses: dict[int | str, Any] = {200: {"description": "done", "content": content}}
    responses |= {status: {"description": _WORDS[status], "content": problem} for status in _EVERYWHERE}
    return {"response_class": Response, "responses": responses, "openapi_extra": more}


def _described(app: FastAPI, components: dict[str, Any]) -> Any:
    from fastapi.openapi.utils import get_openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(title=app.title, version=app.version, routes=app.routes)
            for address in made["paths"].values():
                for act in address.values():
                    act["responses"].pop("422", None)
            made["components"] = {
                "schemas": components,
                "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            }
            app.openapi_schema = made
        return app.openapi_schema

    return described
