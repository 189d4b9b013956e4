"""`gateway.toml`: where the messenger is and as whom we speak. Secrets stand in a file of their own or in the environment."""

import csv
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from zjj_console.sync.gateway.limits import PER_HOUR, PER_MINUTE

T = TypeVar("T")
Form = Literal["template_card", "textcard", "text"]
SECRET = "ZJJ_GATEWAY_SECRET"
_LOCAL = ("127.0.0.1", "localhost", "::1")


class SetupError(Exception):
    """The configuration cannot be used. `field` is the key of gateway.toml."""

    def __init__(self, field: str, zh: str, en: str) -> None:
        super().__init__(zh)
        self.field, self.zh, self.en = field, zh, en


class Setup(Struct, frozen=True, forbid_unknown_fields=True):
    """Numbers are seconds unless their name says otherwise; all of them are ours [A] but the rates, which are the messenger's."""

    base_url: str
    corp_id: str
    agent_id: int
    secret_file: str = ""  # mode 0600; empty: from the environment
    ca_file: str = ""  # of an own authority; the certificate is always checked
    proxy: str = ""
    plain_http: bool = False  # only inside a closed government network
    features: tuple[Form, ...] = ("text",)  # from the richest; what the server refuses falls to the next
    card_url: str = ""  # where a card leads; `{case}` is the case number
    users_file: str = ""  # CSV work_no,userid; whoever is not in it has his work number as user id
    connect_seconds: int = 5
    read_seconds: int = 10
    per_minute: int = PER_MINUTE
    per_hour: int = PER_HOUR
    duplicate_seconds: int = 1800  # how long the server recognises a double; it takes up to 4 hours
    give_up_hours: int = 24

    def member(self, users: Mapping[str, str], work_no: str) -> str:
        return users.get(work_no, work_no)


def _no(field: str, zh: str, en: str) -> SetupError:
    return SetupError(field, f"{field}: {zh}", f"{field}: {en}")


def toml_of(path: Path, kind: type[T]) -> T:
    """A configuration file as `kind`. Raises SetupError where it cannot be read or says something else."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise SetupError("", f"读不了 {path}: {error.strerror}", f"cannot read {path}: {error.strerror}") from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise SetupError("", f"{path.name} 写法不对: {error}", f"{path.name}: {error}") from error


def load(path: Path) -> Setup:
    """Raises SetupError with the key that is wrong."""
    found = toml_of(path, Setup)
    _checked(found)
    return found


def _checked(setup: Setup) -> None:
    url = urlsplit(setup.base_url)
    if url.scheme not in ("https", "http") or not url.hostname:
        raise _no("base_url", "须为 https://主机", "must be https://HOST")
    if url.username or url.password or url.query:
        raise _no("base_url", "不得含口令或参数", "must hold no password and no query")
    if url.scheme == "http" and url.hostname not in _LOCAL and not setup.plain_http:
        raise _no("base_url", "http 不加密: 仅限封闭政务网，须写 plain_http = true",
                  "http is not encrypted: only in a closed network, with plain_http = true")  # fmt: skip
    if not setup.corp_id:
        raise _no("corp_id", "不能为空", "must not be empty")
    if not setup.features or len(set(setup.features)) != len(setup.features):
        raise _no("features", "至少一种，不重复", "at least one form, none twice")
    if set(setup.features) != {"text"} and not setup.card_url.startswith(("https://", "http://")):
        raise _no("card_url", "卡片须有链接", "cards need a link")
    ranges = {"connect_seconds": (1, 60), "read_seconds": (1, 60), "per_minute": (1, PER_MINUTE), "per_hour": (1, PER_HOUR),
              "duplicate_seconds": (60, 14_400), "give_up_hours": (1, 168)}  # fmt: skip
    for name, (low, high) in ranges.items():
        if not low <= getattr(setup, name) <= high:
            raise _no(name, f"须在 {low} 至 {high} 之间", f"must be {low} to {high}")


def secret_of(setup: Setup, folder: Path, environ: Mapping[str, str] = os.environ) -> str:
    """The app's secret. Raises SetupError."""
    return secret_in(folder, "secret_file", setup.secret_file, SECRET, environ)


def secret_in(folder: Path, field: str, name: str, variable: str, environ: Mapping[str, str]) -> str:
    """A secret in a file beside the configuration, or in the environment. Raises SetupError; the sentence names the file
    and never what is in it."""
    if not name:
        found = environ.get(variable, "")
        if not found:
            raise _no(field, f"未给出，环境变量 {variable} 也没有", f"not given, nor {variable} in the environment")
        return found
    path = folder / name
    if not path.is_file():
        raise _no(field, f"没有文件 {path}", f"no file {path}")
    if path.stat().st_mode & 0o077:
        raise _no(field, f"{path} 权限须为 0600", f"{path} must have mode 0600")
    found = path.read_text("utf-8").strip()
    if not found:
        raise _no(field, f"{path} 是空的", f"{path} is empty")
    return found


def users_of(setup: Setup, folder: Path) -> dict[str, str]:
    """work number -> user id. Raises SetupError."""
    return users_in(folder, "users_file", setup.users_file)


def users_in(folder: Path, field: str, name: str) -> dict[str, str]:
    """work number -> user id of a CSV file beside the configuration; none where none is named. Raises SetupError."""
    if not name:
        return {}
    path = folder / name
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise _no(field, f"读不了 {path}", f"cannot read {path}") from error
    if rows and not {"work_no", "userid"} <= rows[0].keys():
        raise _no(field, "须有列 work_no,userid", "needs the columns work_no,userid")
    return {row["work_no"].strip(): row["userid"].strip() for row in rows if row["work_no"] and row["userid"]}
