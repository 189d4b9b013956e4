"""Identities: fresh ones that sort by time (UUID version 7), and those that a name decides (version 5), RFC 9562.

Written out because the library costs a tenth of the start.
"""

import hashlib
import os

_SPACE = bytes.fromhex(
    "5d7c4a0e9a535c588f0e6a2f5e1c7b11"
)  # fixed: whoever meets a report anywhere makes the same case of it


def uuid7(now: int) -> str:
    """A fresh UUIDv7 whose first 48 bits are the millisecond of `now` (µs UTC)."""
    value = (now // 1000 & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0x3 << 62) | 2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def named(key: str) -> str:
    """The UUIDv5 of a key: the same on every machine."""
    digest = hashlib.sha1(_SPACE + key.encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


def outside_key(source: str, number: str) -> str:
    """What a report of another system is known by: its source and its number there (R32, §6.4)."""
    return f"{source}\x1f{number}"
