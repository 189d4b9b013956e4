"""`zjj audit verify`: whoever rewrote the history is shown where (NV-14)."""

from tests.commands.conftest import Zjj
from zjj_console.storage.db import connect, writing


def test_NV_14_one_flipped_byte_ends_verify_with_1_and_the_number_of_its_event(bare: Zjj) -> None:
    bare("do", "xj dhj zy 2")
    bare("do", "sl 1001")
    assert bare.data("audit", "verify")["first_bad"] is None
    db = connect(bare.db)
    with writing(db):
        db.execute("DROP TRIGGER event_no_update")
        body = bytearray(db.execute("SELECT body FROM event WHERE lseq = 2").fetchone()[0])
        body[len(body) // 2] ^= 1
        db.execute("UPDATE event SET body = ? WHERE lseq = 2", (bytes(body),))
    db.close()
    said = bare("audit", "verify", code=1)
    assert (said["data"]["first_bad"], said["errors"][0]["field"]) == (2, "event 2")
    assert "2" in bare.run("audit", "verify")[2]
