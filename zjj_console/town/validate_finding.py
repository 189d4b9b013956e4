"""One thing that validation has to say."""

from typing import Literal

from msgspec import Struct


class Finding(Struct, frozen=True):
    code: str
    message: str
    where: str
    level: Literal["error", "warning"] = "error"


def warn(code: str, message: str, where: str) -> Finding:
    return Finding(code, message, where, "warning")
