"""The envelope of callbacks, against the vector that the messenger's public sample prints."""

import base64

import pytest

from zjj_console.sync.gateway.crypto import BLOCK, CallbackError, Envelope, pad, signature, unpad

TOKEN, KEY, CORP = "QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7"
TIMESTAMP, NONCE = "1409659589", "263014780"
ECHO = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
SIGNED = "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"


@pytest.fixture
def envelope() -> Envelope:
    return Envelope(TOKEN, KEY, CORP)


def code_of(do, *args) -> str:
    with pytest.raises(CallbackError) as refused:
        do(*args)
    assert KEY not in str(refused.value) and TOKEN not in str(refused.value)
    return refused.value.code


def test_the_published_vector_is_signed_and_read(envelope):
    assert signature(TOKEN, TIMESTAMP, NONCE, ECHO) == SIGNED
    assert envelope.open(SIGNED, TIMESTAMP, NONCE, ECHO, int(TIMESTAMP)) == b"1616140317555161061"


def test_the_published_vector_is_written_again_byte_for_byte(envelope):
    """The salt is taken out of the vector itself: all else is settled by the format."""
    turn = envelope._cipher().decryptor()
    salt = (turn.update(base64.b64decode(ECHO)) + turn.finalize())[:16]
    assert envelope.encrypt(b"1616140317555161061", salt) == ECHO


@pytest.mark.parametrize("n", [0, 1, 11, 12, 13, 31, 32, 33, 500])
def test_whatever_is_closed_opens_again(envelope, n):
    message = ("报" * n).encode()
    assert envelope.decrypt(envelope.encrypt(message)) == message
    assert envelope.encrypt(message) != envelope.encrypt(message)  # a new salt each time


def test_an_empty_receiver_is_one():
    nobody = Envelope(TOKEN, KEY, "")
    assert nobody.decrypt(nobody.encrypt(b"x")) == b"x"


def test_a_wrong_signature_is_refused_before_anything_is_read(envelope):
    assert code_of(envelope.open, "0" * 40, TIMESTAMP, NONCE, "not even base64", int(TIMESTAMP)) == "signature"
    assert code_of(envelope.check, "签" * 40, TIMESTAMP, NONCE, ECHO) == "signature"
    assert code_of(envelope.check, SIGNED, TIMESTAMP, "263014781", ECHO) == "signature"


def test_a_message_for_another_corp_is_refused(envelope):
    assert code_of(envelope.decrypt, Envelope(TOKEN, KEY, "wx0000000000000000").encrypt(b"x")) == "receiver"
    assert code_of(envelope.decrypt, Envelope(TOKEN, KEY, CORP + "x").encrypt(b"x")) == "receiver"


def test_bad_padding_is_refused(envelope):
    assert code_of(envelope.decrypt, Envelope(TOKEN, "A" * 43, CORP).encrypt(b"x")) == "padding"
    assert code_of(unpad, b"a" * 31 + b"\0") == "padding"
    assert code_of(unpad, b"a" * 31 + bytes([BLOCK + 1])) == "padding"
    assert code_of(unpad, b"a" * 30 + b"\1\2") == "padding"
    assert code_of(unpad, b"") == "padding"


def test_padding_is_of_blocks_of_32_and_never_missing():
    assert [len(pad(b"x" * n)) for n in (0, 31, 32, 33)] == [32, 32, 64, 64]
    assert pad(b"x" * 32)[32:] == bytes([32]) * 32


def test_what_is_cut_off_or_lies_about_its_length_is_refused(envelope):
    whole = base64.b64decode(ECHO)
    assert code_of(envelope.decrypt, base64.b64encode(whole[:-5]).decode()) == "truncated"
    assert code_of(envelope.decrypt, "") == "truncated"
    assert code_of(envelope.decrypt, "***") == "base64"
    turn = envelope._cipher().encryptor()
    lying = turn.update(pad(b"s" * 16 + (10_000).to_bytes(4, "big") + b"short")) + turn.finalize()
    assert code_of(envelope.decrypt, base64.b64encode(lying).decode()) == "truncated"


def test_an_old_message_is_refused_and_a_young_one_opens_again(envelope):
    """The messenger sends again what was not answered in time; doubles are known by what is inside."""
    now = int(TIMESTAMP)
    for later in (0, 1, 300, -300):
        assert envelope.open(SIGNED, TIMESTAMP, NONCE, ECHO, now + later)
    assert code_of(envelope.open, SIGNED, TIMESTAMP, NONCE, ECHO, now + 301) == "stale"
    assert code_of(envelope.open, SIGNED, TIMESTAMP, NONCE, ECHO, now - 301) == "stale"
    assert code_of(envelope.fresh, "soon", now) == "timestamp"


@pytest.mark.parametrize("key", [KEY[:-1], KEY + "A", "*" * 43, ""])
def test_a_key_that_is_none_is_refused(key):
    assert code_of(Envelope, TOKEN, key, CORP) == "key"
