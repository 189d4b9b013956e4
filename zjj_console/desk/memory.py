"""Small memories of the desk: idempotency keys, drafts, typed lines."""

from typing import Any

import msgspec
from msgspec import Struct

from zjj_console.storage.db import Connection

HISTORY = 200


class Used(Struct, frozen=True):
    content: str
    result: dict[str, Any]


def recall(db: Connection, key: str) -> Used | None:
    row = db.execute("SELECT content, result FROM used_key WHERE key = ?", (key,)).fetchone()
    return Used(row[0], msgspec.json.decode(row[1])) if row else None


def remember(db: Connection, key: str, content: str, result: dict[str, Any], now: int) -> None:
    text = msgspec.json.encode(result).decode()
    db.execute("INSERT INTO used_key(key, content, result, at) VALUES (?, ?, ?, ?)", (key, content, text, now))


def remember_line(db: Connection, operator: str, line: str, now: int) -> None:
    db.execute("INSERT INTO line_history(operator, line, at) VALUES (?, ?, ?)", (operator, line, now))


def lines(db: Connection, operator: str) -> list[str]:
    rows = db.execute(
        "SELECT line FROM line_history WHERE operator = ? ORDER BY id DESC LIMIT ?", (operator, HISTORY)
    ).fetchall()
    return [row[0] for row in rows]


def save_draft(db: Connection, draft_id: str, operator: str, body: dict[str, Any], now: int) -> None:
    """Under the operator's own key: what somebody else types at another console stays his."""
    text = msgspec.json.encode(body).decode()
    db.execute("DELETE FROM draft WHERE id = ? AND operator = ?", (draft_id, operator))  # as it was once kept
    db.execute(
        "INSERT INTO draft(id, operator, body, updated_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT(id) DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at",
        (_key(draft_id, operator), operator, text, now),
    )


def drop_draft(db: Connection, draft_id: str, operator: str) -> None:
    db.execute("DELETE FROM draft WHERE id IN (?, ?) AND operator = ?", (draft_id, _key(draft_id, operator), operator))


def _key(draft_id: str, operator: str) -> str:
    return f"{operator}/{draft_id}"


def drafts(db: Connection, operator: str) -> dict[str, dict[str, Any]]:
    rows = db.execute("SELECT id, body FROM draft WHERE operator = ? ORDER BY updated_at", (operator,))
    return {row[0].rpartition("/")[2]: msgspec.json.decode(row[1]) for row in rows}
