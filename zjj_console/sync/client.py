"""The hub as a console meets it: one call, one answer of `wire`, or a Trouble with its sentence. Nothing is retried here."""

import logging
import re
import ssl
from typing import Any, Literal

import httpx
import msgspec
from msgspec import Struct

from zjj_console import __version__
from zjj_console.domain.safe import safe_text
from zjj_console.sync import tls, wire
from zjj_console.sync.link import Link

Kind = Literal["network", "busy", "person", "diverged", "old"]
MAX_ANSWER = 16 * wire.MAX_BODY  # bytes; a text escaped to the last character is six times as long
_GRACE = 10  # seconds that an answer to a long poll may be late
_NAMES = {"busy": "busy", "read_only": "busy", "unavailable": "busy", "not_ready": "busy", "too_many": "busy",
          "unexpected": "busy", "slow": "network", "diverged": "diverged", "too_old": "old"}  # fmt: skip


class Trouble(Exception):
    """The hub did not do what was asked; what this console holds is unharmed.

    `kind`: network and busy mend themselves (come again, not before `retry_after` seconds where told); person: somebody
    must do something; diverged: the hub's history is another one now; old: this program may no longer push.
    """

    def __init__(self, kind: Kind, code: str, zh: str, en: str, retry_after: float = 0) -> None:
        super().__init__(en)
        self.kind, self.code, self.zh, self.en, self.retry_after = kind, code, zh, en, retry_after


def _network(zh: str, en: str) -> Trouble:
    return Trouble("network", "network", f"中心不通: {zh}", f"the hub cannot be reached: {en}")


class Client:
    """Async. The certificate is checked against the system's authorities, or those of the link's `ca_file`."""

    def __init__(self, link: Link, transport: httpx.AsyncBaseTransport | None = None) -> None:
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self.link = link
        try:
            verify = ssl.create_default_context(cafile=link.ca_file or None)
        except (OSError, ssl.SSLError) as error:
            raise Trouble("person", "ca_file", f"读不了证书 {link.ca_file}", f"cannot read the certificate {link.ca_file}") from error  # fmt: skip
        headers = {
            wire.HEADER: str(wire.PROTOCOL),
            "user-agent": f"zjj-console/{__version__}",
            "accept-encoding": "identity",
        }
        try:
            self._http = httpx.AsyncClient(
                base_url=link.url.rstrip("/"), verify=verify, proxy=link.proxy or None, headers=headers, trust_env=False,
                follow_redirects=False, transport=transport,
                timeout=httpx.Timeout(link.read_seconds, connect=link.connect_seconds),
            )  # fmt: skip
        except (httpx.InvalidURL, ValueError, ImportError) as error:  # what the cheap look at the link lets through
            raise Trouble("person", "address", f"中心或代理的地址不能用: {link.url}",
                          f"the address of the hub or its proxy cannot be used: {link.url}") from error  # fmt: skip
        self.use(link.token)

    def use(self, token: str) -> None:
        """Come with this credential from now on."""
        if token:
            self._http.headers["authorization"] = f"Bearer {token}"

    async def close(self) -> None:
        await self._http.aclose()

    async def enrol(self, asked: wire.Enrol) -> wire.Enrolled:
        found: wire.Enrolled = await self._call("POST", "/v1/enrol", wire.Enrolled, body=asked)
        return found

    async def hello(self) -> wire.Hello:
        found: wire.Hello = await self._call("GET", "/v1/hello", wire.Hello)
        return found

    async def renew(self) -> wire.Renewed:
        found: wire.Renewed = await self._call("POST", "/v1/renew", wire.Renewed)
        return found

    async def push(self, events: list[wire.Pushed]) -> wire.PushAnswer:
        found: wire.PushAnswer = await self._call(
            "POST", "/v1/push", wire.PushAnswer, body=wire.Push(self.link.log, events)
        )
        return found

    async def pull(self, after: int, chain: bytes, limit: int = wire.MAX_EVENTS, wait: int = 0) -> wire.PullAnswer:
        """Events behind a cursor; with `wait` seconds the hub holds the answer until there is news."""
        params = {"after": after, "hash": chain.hex() if after else "", "limit": limit, "wait": wait}
        found: wire.PullAnswer = await self._call("GET", "/v1/pull", wire.PullAnswer, params=params, wait=wait)
        if found.log != self.link.log:
            raise _other_log(found.log)
        return found

    async def _call(
        self, method: str, path: str, kind: type[Any], *, params: dict[str, Any] | None = None, body: Struct | None = None, wait: int = 0
    ) -> Any:  # fmt: skip
        """The decoded answer. Raises Trouble."""
        content = msgspec.json.encode(body) if body is not None else None
        timeout = httpx.Timeout(self.link.read_seconds, connect=self.link.connect_seconds)
        if wait:
            timeout.read = wait + _GRACE
        headers = {"content-type": "application/json"} if content else {}
        try:
            async with self._http.stream(
                method, path, params=params, content=content, headers=headers, timeout=timeout
            ) as reply:
                answer = await _read(reply)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            if tls.misfit(error):
                raise Trouble("person", "certificate", "中心的证书不符: 请核对地址与 CA 文件",
                              "the hub's certificate does not fit: check the address and the CA file") from None  # fmt: skip
            raise _network("连不上", "no connection") from None
        except httpx.TimeoutException:
            raise _network("未在时限内回答", "no answer in time") from None
        except httpx.HTTPError:
            raise _network("连接中断", "the connection broke") from None
        if reply.status_code != httpx.codes.OK:
            raise _refused(reply, answer)
        try:
            return msgspec.json.decode(answer, type=kind)
        except msgspec.MsgspecError:
            raise _network("回答不是中心的格式", "not an answer of a hub") from None


async def _read(reply: httpx.Response) -> bytes:
    parts, size = [], 0
    async for part in reply.aiter_bytes():
        size += len(part)
        if size > MAX_ANSWER:
            raise _network("回答过大", "the answer is too large")
        parts.append(part)
    return b"".join(parts)


def _refused(reply: httpx.Response, answer: bytes) -> Trouble:
    """A refusal of the hub in its own words; a page of a proxy between is the network's trouble."""
    try:
        problem = msgspec.json.decode(answer, type=wire.Problem)
    except msgspec.MsgspecError:
        return _network(f"HTTP {reply.status_code}", f"HTTP {reply.status_code}")
    told = reply.headers.get("retry-after", "")
    after = float(told) if re.fullmatch("[0-9]{1,5}", told) else float(problem.retry_after or 0)
    kind: Kind = _NAMES.get(problem.code, "person")  # type: ignore[assignment]
    return Trouble(kind, problem.code, safe_text(problem.zh, 300), safe_text(problem.en, 300), after)


def _other_log(log: str) -> Trouble:
    return Trouble("person", "other_log", f"中心换了另一个日志({log[:40]}): 未取任何事件，请核对中心地址",
                   f"the hub keeps another log ({log[:40]}): nothing was taken; check the address")  # fmt: skip
