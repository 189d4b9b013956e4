"""`inbound.toml`: which doors of the hub are open to reports from outside. A door that does not stand in it is shut."""

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from zjj_console.sync.gateway.crypto import CallbackError, Envelope
from zjj_console.sync.gateway.setup import SetupError, secret_in, toml_of, users_in
from zjj_console.town.models import Town

TOKEN, AES_KEY = "ZJJ_WECOM_TOKEN", "ZJJ_WECOM_AES_KEY"


class Open311(Struct, frozen=True, forbid_unknown_fields=True):
    """GeoReport v2 at /open311/v2. The texts are told in service discovery."""

    contact: str
    key_service: str = ""  # how to get an API key
    url: str = ""  # the public address, where a proxy stands before the hub
    test: bool = False  # whether reports are acted upon


class WeCom(Struct, frozen=True, forbid_unknown_fields=True):
    """The callback of a 政务微信 app at /wecom/callback. Secrets stand in files of their own or in the environment."""

    corp_id: str
    token_file: str = ""  # mode 0600; empty: from the environment
    aes_key_file: str = ""  # the same: EncodingAESKey, 43 characters
    users_file: str = ""  # CSV work_no,userid; whoever is not in it has his work number as user id


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    open311: Open311 | None = None
    wecom: WeCom | None = None


class Callback(Struct, frozen=True):
    """The 政务微信 door, ready: its envelope, and work numbers by user id."""

    envelope: Envelope
    users: dict[str, str]

    def members(self, town: Town) -> dict[str, str]:
        """User id -> work number of everybody whom the profile knows."""
        listed = {userid: work_no for userid, work_no in self.users.items() if work_no in town.people}
        renamed = set(listed.values())
        return {work_no: work_no for work_no in town.people if work_no not in renamed} | listed


class Inbound(Struct, frozen=True):
    open311: Open311 | None = None
    wecom: Callback | None = None


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Inbound:
    """Raises SetupError with the key that is wrong; no sentence holds a secret."""
    found = toml_of(path, _File)
    if found.open311 is not None and found.open311.url and not found.open311.url.startswith(("https://", "http://")):
        raise SetupError(
            "open311.url", "open311.url: 须为 https://主机/open311/v2", "open311.url: must be https://HOST/open311/v2"
        )
    return Inbound(found.open311, _callback(found.wecom, path.parent, environ) if found.wecom else None)


def _callback(found: WeCom, folder: Path, environ: Mapping[str, str]) -> Callback:
    if not found.corp_id:
        raise SetupError("wecom.corp_id", "wecom.corp_id: 不能为空", "wecom.corp_id: must not be empty")
    token = secret_in(folder, "wecom.token_file", found.token_file, TOKEN, environ)
    key = secret_in(folder, "wecom.aes_key_file", found.aes_key_file, AES_KEY, environ)
    try:
        envelope = Envelope(token, key, found.corp_id)
    except CallbackError as error:
        raise SetupError("wecom.aes_key_file", "wecom.aes_key_file: EncodingAESKey 须为 43 个字符",
                         "wecom.aes_key_file: EncodingAESKey has 43 characters") from error  # fmt: skip
    users = users_in(folder, "wecom.users_file", found.users_file)
    return Callback(envelope, {userid: work_no for work_no, userid in users.items()})
