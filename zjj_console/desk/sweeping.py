"""Steps that no person takes: the end of a question to the reporter (T10) and of a suspension (T22)."""

from zjj_console.domain.model import Actor, Command
from zjj_console.storage.db import Connection

SYSTEM = Actor("system", "系统", "", frozenset({"centre"}))
_COMMANDS = {
    "INFO": Command("give_info", {"text": "(逾期未补充)"}),
    "REV": Command("resume", {"text": "复查日到"}),
}


def due(db: Connection, now: int) -> list[tuple[str, Command]]:
    """(case id, command) of every clock that has run out and that the system itself answers."""
    sql = "SELECT c.id, t.code FROM timer t JOIN case_row c ON c.rid = t.rid WHERE t.code IN (?, ?) AND t.due_at <= ?"
    rows = db.execute(sql, (*_COMMANDS, now))
    return [(case_id, _COMMANDS[code]) for case_id, code in rows]
