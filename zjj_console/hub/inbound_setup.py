"""`inbound.toml`: which doors of the hub are open to reports from outside. A door that does not stand in it is shut."""

from pathlib import Path

import msgspec
from msgspec import Struct

from zjj_console.sync.gateway.setup import SetupError


class Open311(Struct, frozen=True, forbid_unknown_fields=True):
    """GeoReport v2 at /open311/v2. The texts are told in service discovery."""

    contact: str
    key_service: str = ""  # how to get an API key
    url: str = ""  # the public address, where a proxy stands before the hub
    test: bool = False  # whether reports are acted upon


class Inbound(Struct, frozen=True, forbid_unknown_fields=True):
    open311: Open311 | None = None


def load(path: Path) -> Inbound:
    """Raises SetupError with the key that is wrong."""
    try:
        found = msgspec.toml.decode(path.read_bytes(), type=Inbound)
    except OSError as error:
        raise SetupError("", f"读不了 {path}: {error.strerror}", f"cannot read {path}: {error.strerror}") from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise SetupError("", f"{path.name} 写法不对: {error}", f"{path.name}: {error}") from error
    if found.open311 is not None and found.open311.url and not found.open311.url.startswith(("https://", "http://")):
        raise SetupError(
            "open311.url", "open311.url: 须为 https://主机/open311/v2", "open311.url: must be https://HOST/open311/v2"
        )
    return found
