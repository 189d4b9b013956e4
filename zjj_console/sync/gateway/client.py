"""The messenger's server interface, as much of it as is needed: token, send, recall. Synchronous; one per process.

A wrong answer is an `Answer` and no exception: sending is expected to fail. Nothing here names the secret or the token, in
errors or logs: the interface wants both in the address, so addresses are never repeated and httpx is kept from logging them.
"""

import logging
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from zjj_console.domain.model import MINUTE, SECOND
from zjj_console.sync import tls
from zjj_console.sync.gateway import forms
from zjj_console.sync.gateway.codes import Ask, meaning
from zjj_console.sync.gateway.forms import Note
from zjj_console.sync.gateway.setup import Setup, SetupError

TOKEN_MARGIN = 300  # seconds before its end from which a token is used no more
FETCHES = 3  # of a token within a minute: a wrong one ten times a minute blocks the interface
MAX_ANSWER = 1 << 20
UNKNOWN_FORM = 40008
_MEMBERS = 1000


class Answer(Struct, frozen=True):
    """What came of a call. `unsure`: the server may have taken it although nobody said so. `refused`: members not reached."""

    ask: Ask
    code: int
    zh: str
    en: str
    msgid: str = ""
    refused: tuple[str, ...] = ()
    unsure: bool = False
    unreachable: bool = False

    @property
    def ok(self) -> bool:
        return self.ask is Ask.DONE


class _Token(Struct):
    errcode: int = 0
    errmsg: str = ""
    access_token: str = ""
    expires_in: int = 0


class _Sent(Struct):
    errcode: int = 0
    errmsg: str = ""
    msgid: str = ""
    invaliduser: str = ""
    unlicenseduser: str = ""


class _Failed(Exception):
    """No answer to be read: leaves a call with its `Answer`."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.en)
        self.answer = answer


def _answered(code: int, msgid: str = "", refused: tuple[str, ...] = ()) -> Answer:
    known = meaning(code)
    return Answer(known.ask, code, f"{known.zh}({code})", f"{known.en} ({code})", msgid, refused)


def _network(zh: str, en: str, *, unsure: bool) -> _Failed:
    return _Failed(Answer(Ask.RETRY, 0, zh, en, unsure=unsure, unreachable=True))


class Client:
    """`now` gives µs UTC. The certificate is checked against the system's authorities, or those of `ca_file`."""

    def __init__(self, setup: Setup, secret: str, now: Callable[[], int], folder: Path = Path()) -> None:
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)  # they log whole addresses, secrets included
        self.setup, self.now = setup, now
        self._secret = secret
        self._token, self._until = "", 0
        self._fetched: deque[int] = deque(maxlen=FETCHES)
        self._forms: tuple[str, ...] = setup.features if "text" in setup.features else (*setup.features, "text")
        timeout = httpx.Timeout(setup.read_seconds, connect=setup.connect_seconds)
        try:
            verify = ssl.create_default_context(cafile=str(folder / setup.ca_file) if setup.ca_file else None)
            self._http = httpx.Client(
                base_url=setup.base_url.rstrip("/"), verify=verify, proxy=setup.proxy or None, timeout=timeout,
                trust_env=False, follow_redirects=False,
            )  # fmt: skip
        except (OSError, ssl.SSLError) as error:
            raise SetupError("ca_file", f"ca_file: 读不了证书 {setup.ca_file}", "ca_file: cannot be read") from error
        except (ValueError, httpx.HTTPError) as error:
            raise SetupError("proxy", "proxy: 写法不对", "proxy: not an address") from error

    def close(self) -> None:
        self._http.close()

    # calls ------------------------------------------------------------------------------------------------------------

    def _call(self, method: str, path: str, params: dict[str, str], body: Any, kind: type[Any]) -> Any:
        """The decoded answer. Raises _Failed where there is none."""
        try:
            reply = self._http.request(method, f"/cgi-bin/{path}", params=params, json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            zh, en = ("证书不符", "the certificate does not fit") if tls.misfit(error) else ("连不上", "unreachable")
            raise _network(zh, en, unsure=False) from None
        except httpx.TimeoutException:
            raise _network("平台未在时限内回答", "no answer in time", unsure=True) from None
        except httpx.HTTPError:
            raise _network("连接中断", "the connection broke", unsure=True) from None
        if reply.status_code != httpx.codes.OK:
            # a page of a proxy or of a broken server: who knows what it has done with the message
            told = f"HTTP {reply.status_code}"
            raise _network(f"平台出错 {told}", f"the server failed: {told}", unsure=reply.status_code >= 500)
        try:
            return msgspec.json.decode(reply.content[:MAX_ANSWER], type=kind)
        except msgspec.MsgspecError:
            raise _network("回答不是平台的格式", "not an answer of the messenger", unsure=True) from None

    def _access(self) -> str:
        """The token; a new one where there is none or it ends soon. Raises _Failed."""
        now = self.now()
        if self._token and now < self._until:
            return self._token
        if len(self._fetched) == FETCHES and now - self._fetched[0] < MINUTE:
            raise _Failed(Answer(Ask.HOLD, 0, "令牌刚取过多次，稍后再取", "a token was fetched several times just now"))
        self._fetched.append(now)
        params = {"corpid": self.setup.corp_id, "corpsecret": self._secret}
        try:
            found: _Token = self._call("GET", "gettoken", params, None, _Token)
        except _Failed as failed:
            raise _Failed(replace(failed.answer, unsure=False)) from None  # no message has left yet
        if found.errcode or not found.access_token:
            answer = _answered(found.errcode or 40014)
            raise _Failed(replace(answer, ask=Ask.CONFIG) if answer.ask is Ask.REFRESH else answer)
        self._token = found.access_token
        self._until = now + max(60, found.expires_in - TOKEN_MARGIN) * SECOND
        return self._token

    def _post(self, path: str, body: Any) -> _Sent:
        """One call with a token; where that is not taken, once more with a new one. Raises _Failed."""
        sent: _Sent = self._call("POST", path, {"access_token": self._access()}, body, _Sent)
        if meaning(sent.errcode).ask is not Ask.REFRESH:
            return sent
        self._token = ""
        sent = self._call("POST", path, {"access_token": self._access()}, body, _Sent)
        if meaning(sent.errcode).ask is Ask.REFRESH:
            self._token = ""
            raise _Failed(Answer(Ask.HOLD, sent.errcode, f"新令牌也不被接受({sent.errcode})",
                                 f"a new token is not taken either ({sent.errcode})"))  # fmt: skip
        return sent

    # what is done -----------------------------------------------------------------------------------------------------

    def check(self) -> Answer:
        """Whether the server knows us: fetches a token and nothing else."""
        try:
            self._access()
        except _Failed as failed:
            return failed.answer
        return _answered(0)

    def send(self, members: Sequence[str], note: Note) -> Answer:
        """To members by user id, in the richest form that the server takes. `refused` are those that were not reached."""
        if not members or len(members) > _MEMBERS:
            raise ValueError(f"1 to {_MEMBERS} members, not {len(members)}")
        try:
            return self._sent(members, note)
        except _Failed as failed:
            return failed.answer

    def _sent(self, members: Sequence[str], note: Note) -> Answer:
        answer = _answered(UNKNOWN_FORM)
        for form in tuple(self._forms):
            sent = self._post("message/send", self._body(members, forms.payload(form, note)))
            if meaning(sent.errcode).ask is Ask.LONG:
                sent = self._post("message/send", self._body(members, forms.payload(form, note, 2)))
            answer = self._read(members, sent)
            if answer.ask is not Ask.FORM:
                return answer
            if sent.errcode == UNKNOWN_FORM and len(self._forms) > 1:
                self._forms = tuple(f for f in self._forms if f != form)  # asked once, not before every message
        return replace(answer, ask=Ask.BUG)

    def _body(self, members: Sequence[str], message: dict[str, Any]) -> dict[str, Any]:
        return {
            "touser": "|".join(members), "agentid": self.setup.agent_id, **message, "safe": 0,
            "enable_duplicate_check": 1, "duplicate_check_interval": self.setup.duplicate_seconds,
        }  # fmt: skip

    @staticmethod
    def _read(members: Sequence[str], sent: _Sent) -> Answer:
        """Errcode 0 may still name members who got nothing; ids come back in lower case."""
        lost = {
            name.casefold() for listed in (sent.invaliduser, sent.unlicenseduser) for name in listed.split("|") if name
        }
        refused = tuple(member for member in members if member.casefold() in lost)
        if sent.errcode == 0 and len(refused) == len(members):
            return replace(_answered(81013), refused=refused)
        return _answered(sent.errcode, sent.msgid, refused)

    def recall(self, msgid: str) -> Answer:
        """Take a message back; the server allows it for 24 hours."""
        try:
            return _answered(self._post("message/recall", {"msgid": msgid}).errcode)
        except _Failed as failed:
            return failed.answer
