"""A messenger of our own on the loopback: what its public documentation says, and what goes wrong in practice.

Faults are taken by the next calls of `message/send`, one each: a code that is answered, or one of the names in `_FAULTS`.
Its clock is the test's.
"""

import json
import socket
import ssl
import struct
import threading
from collections import Counter, deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

SECOND = 1_000_000
CORP, SECRET, AGENT = "wx0000example", "a-secret-that-nobody-prints", 1000002
LIMITS = {"text": 2048, "title": 128, "description": 512}  # bytes
PER_MINUTE, PER_HOUR = 30, 1000


class Messenger:
    """The server: `inbox` is what members see, `calls` what was asked, `faults` what goes wrong next."""

    def __init__(self, now: Callable[[], int], members: set[str], cert: tuple[Path, Path] | None = None) -> None:
        self.now, self.members = now, {m.casefold() for m in members}
        self.forms = {"text", "textcard", "template_card"}
        self.faults: deque[int | str] = deque()
        self.inbox: list[tuple[str, str]] = []  # (member, content)
        self.dropped = 0  # silently, past the limit of a member
        self.doubles = 0
        self.calls: Counter[str] = Counter()
        self.bodies: list[dict[str, Any]] = []
        self.recalled: list[str] = []
        self.strict = False  # whether what is too long is refused and not cut
        self.release = threading.Event()
        self.life = 7200
        self._tokens: dict[str, int] = {}
        self._seen: dict[str, int] = {}
        self._per_member: dict[str, list[int]] = {}
        self._lock = threading.Lock()
        messenger = self

        class Handler(_Handler):
            owner = messenger

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        if cert is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*cert)
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        self._scheme = "https" if cert else "http"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._http.server_address[1]}"

    def close(self) -> None:
        self.release.set()
        self._http.shutdown()
        self._http.server_close()

    def contents(self, member: str) -> list[str]:
        return [content for who, content in self.inbox if who == member.casefold()]

    def revoke(self) -> None:
        self._tokens.clear()

    # the interface ------------------------------------------------------------------------------------------------------

    def gettoken(self, query: dict[str, str]) -> dict[str, Any]:
        if query.get("corpid") != CORP:
            return {"errcode": 40013, "errmsg": "invalid corpid"}
        if query.get("corpsecret") != SECRET:
            return {"errcode": 40001, "errmsg": "invalid credential"}
        for token, until in self._tokens.items():
            if until > self.now():
                return {
                    "errcode": 0,
                    "errmsg": "ok",
                    "access_token": token,
                    "expires_in": (until - self.now()) // SECOND,
                }
        token = f"token-{self.calls['gettoken']}"
        self._tokens[token] = self.now() + self.life * SECOND
        return {"errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": self.life}

    def known(self, token: str) -> int:
        """0, or the code of a token that is not taken."""
        until = self._tokens.get(token)
        if until is None:
            return 40014
        return 0 if until > self.now() else 42001

    def send(self, body: dict[str, Any]) -> dict[str, Any]:
        self.bodies.append(body)
        form, asked = body["msgtype"], [m for m in body["touser"].split("|") if m]
        if body["agentid"] != AGENT:
            return {"errcode": 40056, "errmsg": "invalid agentid"}
        if form not in self.forms:
            return {"errcode": 40008, "errmsg": "invalid message type"}
        if self.strict and any(len(value.encode()) > size for value, size in _sizes(body)):
            return {"errcode": 45002, "errmsg": "content size out of limit"}
        bad = [m.casefold() for m in asked if m.casefold() not in self.members]
        if len(bad) == len(asked):
            return {"errcode": 81013, "errmsg": "user & party & tag all invalid", "invaliduser": "|".join(bad)}
        print_ = json.dumps({k: v for k, v in body.items() if not k.startswith("duplicate")}, sort_keys=True)
        for member in (m.casefold() for m in asked):
            if member not in bad:
                self._deliver(member, f"{member} {print_}", body)
        msgid = f"msg-{len(self.bodies)}"
        return {"errcode": 0, "errmsg": "ok", "invaliduser": "|".join(bad), "msgid": msgid}

    def _deliver(self, member: str, print_: str, body: dict[str, Any]) -> None:
        now = self.now()
        seen = self._seen.get(print_)
        if (
            body.get("enable_duplicate_check")
            and seen is not None
            and now - seen < body["duplicate_check_interval"] * SECOND
        ):
            self.doubles += 1
            return
        self._seen[print_] = now
        sent = self._per_member.setdefault(member, [])
        for count, span in ((PER_MINUTE, 60), (PER_HOUR, 3600)):
            if sum(at > now - span * SECOND for at in sent) >= count:
                self.dropped += 1
                return
        sent.append(now)
        self.inbox.append((member, _content(body)))


def _content(body: dict[str, Any]) -> str:
    part = body[body["msgtype"]]
    if body["msgtype"] == "text":
        return str(part["content"])
    if body["msgtype"] == "textcard":
        return f"{part['title']}\n{part['description']}"
    return f"{part['main_title']['title']}\n{part['sub_title_text']}\n{part['main_title']['desc']}"


def _sizes(body: dict[str, Any]) -> list[tuple[str, int]]:
    if body["msgtype"] == "text":
        return [(body["text"]["content"], LIMITS["text"])]
    if body["msgtype"] == "textcard":
        return [(body["textcard"][name], LIMITS[name]) for name in ("title", "description")]
    return []


class _Handler(BaseHTTPRequestHandler):
    owner: Messenger
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._handle({})

    def do_POST(self) -> None:
        self._handle(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _handle(self, body: dict[str, Any]) -> None:
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        name = url.path.removeprefix("/cgi-bin/")
        owner = self.owner
        with owner._lock:
            owner.calls[name] += 1
            if name == "gettoken":
                return self._say(owner.gettoken(query))
            code = owner.known(query.get("access_token", ""))
            if code:
                return self._say({"errcode": code, "errmsg": "invalid access_token"})
            if name == "message/recall":
                owner.recalled.append(body["msgid"])
                return self._say({"errcode": 0, "errmsg": "ok"})
            fault = owner.faults.popleft() if owner.faults else None
            if isinstance(fault, int):
                return self._say({"errcode": fault, "errmsg": "made up"})
            if fault is None:
                return self._say(owner.send(body))
            taken = owner.send(body) if fault.startswith("taken") else None
        return self._fail(fault, taken)

    def _fail(self, fault: str, taken: dict[str, Any] | None) -> None:
        if fault.endswith("silent"):  # no answer in time
            self.owner.release.wait(20)
            self.close_connection = True
        elif fault.endswith("reset"):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
        elif fault.endswith("500"):
            self._raw(500, b"<html>Internal Server Error</html>")
        elif fault.endswith("page"):
            self._raw(200, b"<html>log in to the network first</html>")
        else:
            raise AssertionError(fault)

    def _say(self, answer: dict[str, Any]) -> None:
        self._raw(200, json.dumps(answer).encode())

    def _raw(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
