"""Identities that sort by time (UUID version 7, RFC 9562). Written out because the library costs a tenth of the start."""

import os


def uuid7(now: int) -> str:
    """A fresh UUIDv7 whose first 48 bits are the millisecond of `now` (µs UTC)."""
    value = (now // 1000 & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0x3 << 62) | 2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
