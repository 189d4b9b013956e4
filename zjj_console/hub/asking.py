"""What every address of the hub does with a request before it looks at what is asked: credential, body, limit."""

import asyncio
import re
from collections.abc import Hashable

from fastapi import Request, Response

from zjj_console.hub import doors
from zjj_console.hub.limits import Buckets
from zjj_console.hub.problems import Refused
from zjj_console.hub.service import Hub

BODY_SECONDS = 30  # for the body of one request to arrive
MIN_KEY, MAX_KEY = 16, 200  # characters of a credential; of another length it is none of ours
_BEARER = re.compile(f"Bearer +([!-~]{{{MIN_KEY},{MAX_KEY}}}) *", re.IGNORECASE)


def bearer(request: Request) -> str:
    """The bearer token; empty where none came along."""
    found = _BEARER.fullmatch(request.headers.get("authorization", ""))
    return found[1] if found else ""


async def visit(hub: Hub, request: Request, key: str) -> bytes:
    """The hash of the credential that came along, its device within its limit. Raises Refused."""
    if not MIN_KEY <= len(key) <= MAX_KEY:
        raise Refused("unauthorized")
    token = doors.digest(key)
    request.state.device = await hub.device_of(token)
    limited(hub.device_rate, request.state.device)
    return token


def limited(buckets: Buckets, who: Hashable) -> None:
    """Raises Refused `too_many` where somebody asks too often."""
    wait = buckets.take(who)
    if wait:
        raise Refused("too_many", max(1, int(wait + 0.999)))


async def body_of(request: Request, limit: int) -> bytes:
    """The body, never more of it than allowed, never for longer than allowed."""
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Refused("encoding")
    if int(request.headers.get("content-length") or 0) > limit:
        raise Refused("too_large", limit=limit)
    parts, size = [], 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    raise Refused("too_large", limit=limit)
                parts.append(part)
    except TimeoutError as error:
        raise Refused("slow") from error
    return b"".join(parts)


async def gone(request: Request, error: Exception) -> Response:
    return Response(status_code=400)  # nobody reads it: the other side hung up while it was sending
