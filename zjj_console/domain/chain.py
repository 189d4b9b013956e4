"""The chain over the common order: proof that every console has seen the same events in the same order (§6.7)."""

import hashlib

DOMAIN = b"zjj-hub-1\0"
GENESIS = bytes(32)


def hub_chained(previous: bytes, hub_seq: int, event_hash: bytes, verdict: int, reason: str) -> bytes:
    """SHA-256 over the hub's chain, the place in the order, the device's own hash, the verdict and its reason."""
    told = hashlib.sha256(reason.encode()).digest()
    return hashlib.sha256(
        DOMAIN + previous + hub_seq.to_bytes(8, "big") + event_hash + verdict.to_bytes(1, "big") + told
    ).digest()
