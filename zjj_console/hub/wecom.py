"""The door for 政务微信: the messenger proves the address with an echo and then posts what members send to the app.

A message of text, place or picture becomes a case and its sender is told the number. The same message again is the same
case and the same words: its key lies in the order itself, so it does not matter which process takes it.
"""

import asyncio
import secrets

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection, insert, select

from zjj_console.domain.ids import named
from zjj_console.hub.asking import body_of, limited
from zjj_console.hub.inbound_setup import Callback
from zjj_console.hub.problems import Refused
from zjj_console.hub.reading import lock_head
from zjj_console.hub.reports import Rules
from zjj_console.hub.service import Hub
from zjj_console.hub.tables import INBOUND
from zjj_console.sync.gateway import callback
from zjj_console.sync.gateway.callback import SOURCE, Message
from zjj_console.sync.gateway.crypto import CallbackError

PATH = "/wecom/callback"
SECONDS = 4.0  # the messenger waits 5, then it sends the message again
_NOT_HIM = frozenset({"signature", "stale", "receiver", "timestamp"})
_ONLY = "只能用文字、位置、图片上报"


def router(hub: Hub, rules: Rules, door: Callback) -> APIRouter:
    """The addresses of the door."""
    made = APIRouter(include_in_schema=False)

    @made.get(PATH)
    async def echo(request: Request) -> Response:
        """The messenger's check of the address: the echo comes back in the clear, bare."""
        _measured(hub, request)
        query = request.query_params
        try:
            told = door.envelope.open(
                query.get("msg_signature", ""), query.get("timestamp", ""), query.get("nonce", ""),
                query.get("echostr", ""), hub.clock() // 1_000_000,
            )  # fmt: skip
        except CallbackError as error:
            raise _refusal(error) from error
        return Response(told, media_type="text/plain")

    @made.post(PATH)
    async def receive(request: Request) -> Response:
        _measured(hub, request)
        body = await body_of(request, callback.MAX_BODY)
        now = hub.clock()
        try:
            message = callback.opened(door.envelope, request.query_params, body, now // 1_000_000)
        except CallbackError as error:
            raise _refusal(error) from error
        if not message.key:
            return Response()
        try:
            async with asyncio.timeout(SECONDS):
                words = await _taken(hub, rules, door, message, now)
        except TimeoutError as error:  # it is on its way; when the messenger sends it again, it is there
            raise Refused("busy", 2) from error
        if not words:
            return Response()
        closed = callback.answer(door.envelope, message, words, now // 1_000_000, secrets.token_hex(8))
        return Response(closed, media_type="text/xml; charset=utf-8")

    return made


async def _taken(hub: Hub, rules: Rules, door: Callback, message: Message, now: int) -> str:
    """What the sender is told; empty for an event."""
    if message.reports:
        outside = callback.outside_of(message, door.members(rules.town), now)
        landed = await hub.report(rules.reported(outside, rules.actor(outside.member)))
        return f"已登记，案号 {landed.case.number}"
    number = f"{'event' if message.kind == 'event' else 'other'}:{named(message.key)}"  # who it was is nobody's business here
    await hub.write(lambda db: _noted(db, number, now))
    return "" if message.kind == "event" else _ONLY


def _noted(db: Connection, number: str, now: int) -> None:
    """Keep that it came, once, however many processes it came to."""
    lock_head(db)
    there = select(INBOUND.c.at).where(INBOUND.c.source == SOURCE, INBOUND.c.number == number)
    if db.execute(there).first() is None:
        db.execute(insert(INBOUND).values(source=SOURCE, number=number, case_id="", device="", at=now))


def _measured(hub: Hub, request: Request) -> None:
    limited(hub.device_rate, (PATH, request.client.host if request.client else ""))


def _refusal(error: CallbackError) -> Refused:
    return Refused("not_messenger") if error.code in _NOT_HIM else Refused("bad_request", what=error.code)
