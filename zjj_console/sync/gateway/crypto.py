"""The envelope of the messenger's callbacks: SHA-1 signature, AES-256-CBC, receiver. Bytes and text in, no network.

Plain text = 16 random bytes, length (4 bytes, big endian), message, receiver id; padded by PKCS#7 to blocks of 32. The key is
the 43 characters of EncodingAESKey and a `=` in base64; its first 16 bytes are the initial vector. Needs `cryptography` (extra
`hub`), loaded with the first key.
"""

import base64
import binascii
import hashlib
import hmac
import os
from typing import Any

BLOCK = 32
_SALT, _LENGTH = 16, 4
_KEY_CHARS = 43
_AES = 16
MAX_AGE = 300  # seconds that a callback may be old or ahead


class CallbackError(Exception):
    """The envelope is not to be trusted. `code` for programs; the text never holds what was inside."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def signature(token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    """Hex SHA-1 over the four parts, sorted and joined."""
    return hashlib.sha1("".join(sorted((token, timestamp, nonce, encrypted))).encode()).hexdigest()


def pad(plain: bytes) -> bytes:
    """PKCS#7 with blocks of 32: 1 to 32 bytes are added."""
    short = BLOCK - len(plain) % BLOCK
    return plain + bytes([short]) * short


def unpad(padded: bytes) -> bytes:
    """Raises CallbackError unless the padding is whole."""
    short = padded[-1] if padded else 0
    if not 1 <= short <= BLOCK or padded[-short:] != bytes([short]) * short:
        raise CallbackError("padding", "the padding is broken: wrong key, or a damaged message")
    return padded[:-short]


class Envelope:
    """Opens and closes envelopes for one token, one key and one receiver (the corp id; may be empty for some suites)."""

    def __init__(self, token: str, aes_key: str, receiver: str) -> None:
        try:
            key = base64.b64decode(f"{aes_key}=", validate=True)
        except binascii.Error as error:
            raise CallbackError("key", "EncodingAESKey is not base64") from error
        if len(aes_key) != _KEY_CHARS or len(key) != 32:
            raise CallbackError("key", f"EncodingAESKey has {_KEY_CHARS} characters")
        self.token, self._key, self.receiver = token, key, receiver

    def _cipher(self) -> Any:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:_AES]))

    def check(self, claimed: str, timestamp: str, nonce: str, encrypted: str) -> None:
        """Raises CallbackError unless the signature is that of our token."""
        if not hmac.compare_digest(signature(self.token, timestamp, nonce, encrypted).encode(), claimed.encode()):
            raise CallbackError("signature", "the signature is wrong: the token differs, or it is not the messenger")

    def fresh(self, timestamp: str, now: int) -> None:
        """Raises CallbackError for what is older than five minutes or ahead; `now` in seconds. After `check`.

        Whether a younger one came before is known by what it holds, for the messenger itself sends messages again.
        """
        try:
            at = int(timestamp)
        except ValueError as error:
            raise CallbackError("timestamp", "the timestamp is no number") from error
        if abs(now - at) > MAX_AGE:
            raise CallbackError(
                "stale", f"the message is more than {MAX_AGE} s old or ahead: replayed, or a wrong clock"
            )

    def decrypt(self, encrypted: str) -> bytes:
        """The message. Raises CallbackError for a damaged one or one to another receiver."""
        try:
            raw = base64.b64decode(encrypted, validate=True)
        except binascii.Error as error:
            raise CallbackError("base64", "the message is not base64") from error
        if not raw or len(raw) % _AES:
            raise CallbackError("truncated", "the message is cut off")
        turn = self._cipher().decryptor()
        plain = unpad(turn.update(raw) + turn.finalize())
        head = _SALT + _LENGTH
        length = int.from_bytes(plain[_SALT:head], "big")
        if len(plain) < head or length > len(plain) - head:
            raise CallbackError("truncated", "the message is shorter than it says")
        if not hmac.compare_digest(plain[head + length :], self.receiver.encode()):
            raise CallbackError("receiver", "the message is for another corp id")
        return plain[head : head + length]

    def encrypt(self, message: bytes, salt: bytes | None = None) -> str:
        """Base64 of the closed envelope; `salt` (16 bytes) only for tests."""
        salt = os.urandom(_SALT) if salt is None else salt
        plain = salt + len(message).to_bytes(_LENGTH, "big") + message + self.receiver.encode()
        turn = self._cipher().encryptor()
        return base64.b64encode(turn.update(pad(plain)) + turn.finalize()).decode()

    def open(self, claimed: str, timestamp: str, nonce: str, encrypted: str, now: int) -> bytes:
        """Check the signature, then the age, then decrypt. Raises CallbackError."""
        self.check(claimed, timestamp, nonce, encrypted)
        self.fresh(timestamp, now)
        return self.decrypt(encrypted)
