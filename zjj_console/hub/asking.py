"""What every address of the hub does with a request before it looks at what is asked: credential, body, limit."""

import asyncio
import re
from collections.abc import Hashable

from fastapi import Request, Response

from zjj_console.hub.limits import Buckets
from zjj_console.hub.problems import Refused

BODY_SECONDS = 30  # for the body of one request to arrive
_BEARER = re.compile(r"Bearer +([!-~]{16,200}) *", re.IGNORECASE)


def bearer(request: Request) -> str:
    """The bearer token; empty where none came along."""
    found = _BEARER.fullmatch(request.headers.get("authorization", ""))
    return found[1] if found else ""


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
