"""Any piece of two or more characters is found, however far the search index has read and whatever has changed since."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zjj_console.storage import audit, reads, search
from zjj_console.storage.db import connect, writing

PIECES = ("桥栏杆", "断裂", "示例路", "12号", "12", "1204", "a路", "Ab12", "，", "井盖", "路", "火", "''", '"', "x")
words = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map("".join)
TEMPLATE = "SELECT * FROM case_row LIMIT 1"


@pytest.fixture
def db(journal_db):
    opened = connect(journal_db)
    with writing(opened):
        opened.execute("DELETE FROM case_row WHERE rid > 1")
    yield opened
    opened.close()


def put(db, texts, start=10):
    """Cases like the first one, with other words and numbers."""
    columns = [
        row[1] for row in db.execute("PRAGMA table_info(case_row)") if row[1] not in ("rid", "id", "serial", "text")
    ]
    names = ", ".join(columns)
    sql = f"INSERT INTO case_row(rid, id, serial, text, {names}) SELECT ?, ?, ?, ?, {names} FROM case_row WHERE rid = 1"
    db.executemany(sql, [(start + n, f"id-{start + n}", 2000 + n, text) for n, text in enumerate(texts)])


def found(db, text, **more):
    return sorted(row.id for row in reads.page(db, reads.Filter(open=None, text=text, **more), 500))


def by_hand(db, text):
    sql = ("SELECT id FROM case_row WHERE instr(text, ?1) OR instr(place, ?1) OR instr(external_id, ?1)"
           " OR CAST(serial AS TEXT) = ?1 OR console || serial = upper(?1)")  # fmt: skip
    return sorted(row[0] for row in db.execute(sql, (text,)))


@given(
    texts=st.lists(words, min_size=1, max_size=12),
    query=words,
    read=st.integers(0, 12),
    later=st.lists(words, max_size=3),
)
def test_a_search_finds_what_a_scan_finds_however_far_the_index_has_read(db, texts, query, read, later):
    db.execute("BEGIN IMMEDIATE")
    try:
        put(db, texts)
        search.index(db, 1 + read)
        for n, text in enumerate(later):  # reworded since
            db.execute("UPDATE case_row SET text = ? WHERE rid = ?", (text, 10 + n))
        db.execute("DELETE FROM case_row WHERE rid = ?", (9 + len(texts),))
        put(db, ["火 井盖"], 9 + len(texts))  # its row number is used again
        for text in (query, query[:2], query[-2:], "2001", "A2001"):
            assert found(db, text) == by_hand(db, text), text
            assert reads.count(db, reads.Filter(open=None, text=text)) == len(by_hand(db, text))
        while search.index(db, 5):
            pass
        assert found(db, query) == by_hand(db, query)
        assert search.behind(db) == 0
    finally:
        db.execute("ROLLBACK")


@pytest.mark.parametrize("few, many", [(0, 60_000), (0, 0), (4_000, 60_000)], ids=["set", "queue", "rows"])
def test_every_way_of_looking_finds_the_same(db, monkeypatch, few, many):
    monkeypatch.setattr(search, "_FEW", few)
    monkeypatch.setattr(search, "_MANY", many)
    with writing(db):
        put(db, ["桥栏杆断裂", "井盖丢失", "桥边井盖"] * 20)
        while search.index(db, 50):
            pass
    near = search.narrow(db, "井盖", first=True)
    assert near.condition[:3] == {(0, 60_000): "+ri", (0, 0): "1", (4_000, 60_000): "rid"}[few, many]
    assert len(found(db, "井盖")) == 40 and found(db, "井盖") == by_hand(db, "井盖")


def test_pages_of_a_search_are_in_the_order_of_the_queue_open_before_ended(db):
    with writing(db):
        put(db, ["井盖"] * 7)
        db.execute("UPDATE case_row SET is_open = 0, rank = 9, next_due = -rid WHERE rid IN (11, 13)")
        while search.index(db):
            pass
    where = reads.Filter(open=None, text="井盖")
    whole = [row.rid for row in reads.page(db, where, 50)]
    assert whole == [10, 12, 14, 15, 16, 13, 11]
    pages, after = [], None
    while rows := reads.page(db, where, 2, after):
        pages += [row.rid for row in rows]
        after = rows[-1].cursor
    assert pages == whole
    back = reads.page(db, where, 3, reads.page(db, where, 50)[-1].cursor, backward=True)
    assert [row.rid for row in back] == [15, 16, 13]


def test_a_rebuild_begins_the_index_anew(journal_db, duty):
    opened = connect(journal_db)
    place = opened.execute("SELECT place FROM case_row WHERE place <> '' LIMIT 1").fetchone()[0]
    read = "SELECT count(*) FROM case_words WHERE case_words MATCH ?"
    with writing(opened):
        while search.index(opened):
            pass
        assert opened.execute(read, (f'"{place[:2]}"',)).fetchone()[0]
        audit.rebuild(opened, duty)
    assert search.behind(opened) == opened.execute("SELECT count(*) FROM case_row").fetchone()[0]
    assert opened.execute("SELECT count(*) FROM search_todo").fetchone()[0] == 0  # read as new rows, not one by one
    assert opened.execute(read, (f'"{place[:2]}"',)).fetchone()[0] == 0
    opened.close()


def test_a_case_that_is_reworded_again_and_again_by_an_upsert_is_noted_once(db):
    with writing(db):
        db.execute("UPDATE case_row SET text = 'a'")
        db.execute("INSERT INTO case_row SELECT * FROM case_row WHERE true ON CONFLICT(rid) DO UPDATE SET text = 'b'")
    assert db.execute("SELECT rid FROM search_todo WHERE rid = 1").fetchall() == [(1,)]
