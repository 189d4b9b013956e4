"""Which hub this database belongs to: a file of mode 0600 beside it, `zjj.db.hub`, made by `zjj sync join`.

It holds the credential, so it is never part of a backup or an export; a copied database has none and joins anew.
"""

import contextlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from zjj_console.storage import disk
from zjj_console.storage.companion import beside

TOKEN = "ZJJ_HUB_TOKEN"  # the credential from the environment goes before that of the file
_LOCAL = ("127.0.0.1", "localhost", "::1")


class LinkError(Exception):
    """There is no usable link. `field` is the key of the file, empty where it is not there or cannot be read."""

    def __init__(self, field: str, zh: str, en: str) -> None:
        super().__init__(zh)
        self.field, self.zh, self.en = field, zh, en


class Link(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the hub is and as whom we come. Seconds are ours [A] within what §6.7 says."""

    url: str
    log: str = ""  # of the hub; another one under the same address is refused
    token: str = ""
    fresh: str = ""  # the credential that follows it, told by the hub and not used yet
    console: str = ""  # the letter of our case numbers, as the hub gave it
    ca_file: str = ""  # of an own authority; the certificate is always checked
    proxy: str = ""
    plain_http: bool = False  # only inside a closed government network
    connect_seconds: int = 5
    read_seconds: int = 10


def path_of(database: Path) -> Path:
    return beside(database, ".hub")


def checked(link: Link) -> Link:
    """The link itself if it can be used. Raises LinkError with the key that is wrong."""
    url = _address(link.url)
    if url is None or url.username or url.path.strip("/") or url.query or url.fragment:
        raise LinkError("url", f"中心地址须为 https://主机[:端口]: {link.url}", f"the hub's address is https://HOST[:PORT], not {link.url}")  # fmt: skip
    if url.scheme == "http" and url.hostname not in _LOCAL and not link.plain_http:
        raise LinkError("url", "http 不加密: 仅限封闭政务网，须写明 --plain-http",
                        "http is not encrypted: only in a closed network, with --plain-http")  # fmt: skip
    if link.proxy and _address(link.proxy) is None:
        raise LinkError("proxy", "代理须为 http://主机:端口 或 https://主机:端口",
                        "a proxy is http://HOST:PORT or https://HOST:PORT")  # fmt: skip
    if not re.fullmatch("[!-~]*", link.token + link.fresh):
        raise LinkError("token", f"凭证只含可见的 ASCII 字符，不含空格: 请核对 {TOKEN}",
                        f"a credential is visible ASCII without blanks: check {TOKEN}")  # fmt: skip
    for name in ("connect_seconds", "read_seconds"):
        if not 1 <= getattr(link, name) <= 60:
            raise LinkError(name, f"{name} 须在 1 至 60 之间", f"{name} must be 1 to 60")
    return link


def same_hub(one: str, other: str) -> bool:
    return one.rstrip("/").casefold() == other.rstrip("/").casefold()


def _address(text: str) -> SplitResult | None:
    """An address that can be asked, or None."""
    try:
        url = urlsplit(text)
        host, port = url.hostname or "", url.port
        named = ":" in host or re.fullmatch(r"[\w-]+(\.[\w-]+)*\.?", host.encode("idna").decode(), re.ASCII)
    except ValueError:  # a bracket, a port, a label
        return None
    return url if url.scheme in ("https", "http") and named and port != 0 else None


def load(database: Path, environ: Mapping[str, str] = os.environ) -> Link:
    """Raises LinkError where this database has joined no hub, or its file is open to others."""
    path = path_of(database)
    try:
        body = path.read_bytes()
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise LinkError("", "本机未接入中心: zjj sync join 地址 --code 登记码",
                        "this console has joined no hub: zjj sync join URL --code CODE") from error  # fmt: skip
    except OSError as error:
        raise LinkError("", f"读不了 {path}: {error.strerror}", f"cannot read {path}: {error.strerror}") from error
    if mode & 0o077:
        raise LinkError("", f"{path} 权限须为 0600", f"{path} must have mode 0600")
    try:
        found = msgspec.json.decode(body, type=Link)
    except msgspec.MsgspecError as error:
        raise LinkError("", f"{path.name} 写法不对: {error}", f"{path.name}: {error}") from error
    token = environ.get(TOKEN, "")
    return checked(replace(found, token=token, fresh="") if token else found)


def save(database: Path, link: Link) -> None:
    """Durably, whole or not at all, readable by its owner alone. Raises OSError."""
    path = path_of(database)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(link)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)  # half a credential is none
        raise
    disk.sync(path.parent)


def drop(database: Path) -> bool:
    """Forget the hub; False if there was none."""
    try:
        path_of(database).unlink()
    except FileNotFoundError:
        return False
    return True
