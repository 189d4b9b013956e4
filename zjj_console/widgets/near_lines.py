"""What is near a case in lines: reports that may be the same matter, and what happened at the place before."""

from collections.abc import Sequence

from zjj_console.desk import near_words
from zjj_console.desk.near import SHOWN, History, Twin
from zjj_console.domain.facts import Facts
from zjj_console.i18n import english, t
from zjj_console.verbs.table import BY_ID
from zjj_console.widgets.case_lines import note, title
from zjj_console.widgets.cells import Line, shown
from zjj_console.widgets.verb_words import label

_PAST = 5


def twins(found: Sequence[Twin], facts: Facts, limit: int = SHOWN) -> list[Line]:
    """The nearest few; nothing at all where there are none."""
    n = int(english())
    lines: list[Line] = [((f" {shown(near_words.twin(one, facts)[n])}", "$soon"),) for one in found[:limit]]
    if len(found) > limit:
        lines.append(note(t("另有{n}件", n=len(found) - limit)))
    return [title(near_words.HINT[n]), *lines] if lines else []


def with_way_out(lines: list[Line]) -> list[Line]:
    """The block of an existing case names the verb that joins two."""
    merge = BY_ID["merge"]
    return [(*lines[0], (f"  {merge.key} ", "bold $accent"), (label(merge), "$dim")), *lines[1:]] if lines else []


def history(found: History, facts: Facts, limit: int = _PAST) -> list[Line]:
    """What was closed here before, and how often what."""
    n = int(english())
    rows: list[Line] = [((f" {shown(near_words.past(one, facts)[n])}", "$dim"),) for one in found.rows[:limit]]
    return [title(t("此地往事")), ((f" {near_words.counted(found, facts)[n]}", "$foreground"),), *rows]
