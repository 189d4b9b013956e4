"""Acknowledging by words, as scripts and the command line name what they mean: cases, subjects of the desk, or everything."""

from zjj_console.desk import alarming
from zjj_console.desk.acts import Act, Done
from zjj_console.desk.alarming import Alarm
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import Refusal
from zjj_console.storage import projections
from zjj_console.storage.db import Connection

ALL = 5000  # of each grade


def acknowledge(words: list[str], *, everything: bool, console: str, more: tuple[Alarm, ...] = ()) -> Act:
    """`more`: alarms that are about no case, and that of a console that has stopped."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        found = (*alarming.look(db, facts, ALL).alarms, *more)
        waiting = list(dict.fromkeys(alarm.subject for alarm in found if alarm.acked is None))
        if everything:
            if not waiting:
                return Done([], "没有未确认的告警", "no alarm waits to be acknowledged", {"acked": [], "n": 0})
            return _told(alarming.acknowledge(waiting)(db, facts), waiting)
        wanted = []
        for word in words:
            subject = _subject(db, word, found, console)
            if subject is None:
                return Refusal(6, "3.6", f"没有案件或告警对象 {word}；zjj alarms 列出全部",
                               f"no case and no subject {word}; zjj alarms lists them")  # fmt: skip
            if subject not in waiting:
                return Refusal(8, "3.6", f"{word} 没有未确认的告警", f"no alarm of {word} waits to be acknowledged")
            wanted.append(subject)
        return _told(alarming.acknowledge(wanted)(db, facts), wanted)

    return act


def _subject(db: Connection, word: str, found: tuple[Alarm, ...], console: str) -> str | None:
    named = next((alarm.subject for alarm in found if alarm.subject == word), None)
    case = None if named else projections.find(db, word, console)
    return named or (case.id if case else None)


def _told(done: Done | Refusal, subjects: list[str]) -> Done | Refusal:
    if isinstance(done, Done):
        done.data = {"acked": subjects, "n": len(subjects)}
    return done
