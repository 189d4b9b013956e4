"""The desk: reads a line, decides it, writes it durably, answers in one sentence."""

import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from zjj_console.desk import memory, outbox, preview, queries, sweeping, undoing
from zjj_console.desk.candidates import Candidate, candidates
from zjj_console.desk.opening import GIVEN, Standing, begin
from zjj_console.desk.plan import Need, Situation, plan
from zjj_console.desk.work import Work
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.facts import Facts
from zjj_console.domain.ids import uuid7
from zjj_console.domain.model import Actor, Case, Refusal, State
from zjj_console.domain.safe import safe_text
from zjj_console.i18n import teller
from zjj_console.storage import audit, journal, projections
from zjj_console.storage.db import Connection, connect, meta, writing
from zjj_console.town.calendar import day_type
from zjj_console.town.models import Town
from zjj_console.verbs.parse import MAX_LINE, Choice, Parsed, Problem, parse
from zjj_console.verbs.table import VERBS, Verb

CONFLICT = Refusal(5, "I-5", "案件已被更新，请看后再做", "the case has changed; look again")


class Preview(Struct, frozen=True):
    """What a line would do, before Enter. `fill` completes it; `confirm` asks for a second Enter."""

    ok: bool
    text: str
    choices: tuple[Choice, ...] = ()
    fill: str = ""
    confirm: str = ""
    case_id: str = ""
    version: int = 0
    code: int = 0


class Outcome(Struct, frozen=True):
    """What a line did, or why not. `code` is the exit code of the same act in a script."""

    ok: bool
    code: int
    text: str
    line: str = ""
    preview: str = ""
    case: Case | None = None
    events: tuple[str, ...] = ()
    next_line: str = ""
    error: str = ""
    field: str = ""
    same: bool = False
    cases: tuple[Case, ...] = ()
    choices: tuple[Choice, ...] = ()


class Legal(Struct, frozen=True):
    """A verb as it stands for one case: allowed, or the sentence that says why not."""

    verb: Verb
    ok: bool
    why: str


class Desk:
    """One per process. A lock serialises the writing connection; `reader` is for short reads of the same thread."""

    def __init__(self, path: Path, town: Town, actor: Actor, clock: Callable[[], int], lang: str = "zh") -> None:
        self.path, self.town, self.actor, self.now, self.lang = path, town, actor, clock, lang
        self.duty = DutyTime(town, lru_cache(4096)(lambda day: day_type(town, day)[0] == "workday"))
        self.reader: Connection = connect(path, readonly=True)
        self._writer: Connection = connect(path)
        self._lock = threading.RLock()
        self._seen = self._data_version()
        self._last = ""  # what this desk did last: undo takes back that, not what its operator did elsewhere
        self.console = meta(self.reader, "console", "A")

    def close(self) -> None:
        self.reader.close()
        self._writer.close()

    # reading --------------------------------------------------------------------------------------------------------

    def _data_version(self) -> int:
        return int(self.reader.execute("PRAGMA data_version").fetchone()[0])

    def changed(self) -> bool:
        """True once after any process, this one included, has committed something."""
        version = self._data_version()
        moved, self._seen = version != self._seen, version
        return moved

    def facts(self) -> Facts:
        return Facts(self.now(), self.actor, self.town, self.duty)

    def case(self, ref: str) -> Case | None:
        return projections.find(self.reader, ref, self.console)

    def candidates(self, case_id: str) -> list[Candidate]:
        case = projections.load(self.reader, case_id)
        return candidates(case, self.facts(), queries.load_by_unit(self.reader)) if case else []

    def actions(self, case_id: str) -> list[Legal]:
        """Every verb that takes a case, with the reason where it cannot be done now (Space menu)."""
        case = projections.load(self.reader, case_id)
        if case is None:
            return []
        facts = self.facts()
        found = []
        for verb in VERBS:
            if "case" in verb.takes:
                refusal = preview.refused(verb, case, facts)
                found.append(Legal(verb, refusal is None, self._say(refusal) if refusal else ""))
        return found

    def _later(self, verb: Verb) -> str:
        return f"{verb.en}: {teller(self.lang)(verb.later)}" if self.lang == "en" else f"{verb.zh}: {verb.later}"

    def _say(self, said: Refusal | Need | Problem) -> str:
        return said.zh if self.lang == "zh" else said.en

    def _standing(self, standing: Standing) -> str:
        return f"{'已有案件' if self.lang == 'zh' else 'there already: case'} {standing.case.handle}"

    # preview --------------------------------------------------------------------------------------------------------

    def preview(self, line: str, selected: str = "") -> Preview:
        """A dry run on the reading connection: what Enter would do, or what the line still lacks. Writes nothing."""
        line, facts = safe_text(line, MAX_LINE), self.facts()
        parsed = parse(line, self.town, facts.now)
        if isinstance(parsed, Problem):
            fill = parsed.choices[0].insert if parsed.code == "E_VERB" and len(parsed.choices) == 1 else ""
            return Preview(parsed.exit == 0, self._say(parsed), parsed.choices, fill, code=parsed.exit)
        if parsed.verb.later:
            return Preview(False, self._later(parsed.verb), code=8)
        if parsed.verb.id in queries.ANSWERS or parsed.verb.id == "undo":
            return Preview(True, f"{parsed.verb.zh} {line.strip()}")
        work = Work(facts, self._loader(self.reader))
        done = self._decide(self.reader, parsed, line, selected, work, confirmed=True)
        if isinstance(done, Need):
            return Preview(False, self._say(done), done.choices, done.fill, code=3)
        if isinstance(done, Refusal):
            return Preview(False, self._say(done), code=done.code)
        if isinstance(done, Standing):
            return Preview(True, self._standing(done))
        text = preview.describe(parsed, work, done, self.lang)
        before = work.before[done]
        version = before.version if before else 0
        return Preview(
            True,
            text,
            confirm=preview.danger(parsed, work, done, self.lang),
            case_id=done if before else "",
            version=version,
        )

    def _loader(self, db: Connection) -> Callable[[str], Case | None]:
        return lambda ref: projections.find(db, ref, self.console)

    def _decide(
        self, db: Connection, parsed: Parsed, line: str, selected: str, work: Work, *, confirmed: bool
    ) -> str | Need | Refusal | Standing:
        """Run the plan of a parsed line in `work`; the id of the case it is about, or why not."""
        if parsed.verb.id == "new":
            return begin(db, parsed, work, self.console)
        ref = parsed.target or selected
        if not ref:
            return Refusal(2, "3.4", f"缺案号，如 {parsed.verb.example}", f"name a case, e.g. {parsed.verb.example}")
        case = projections.find(db, ref, self.console)
        if case is None:
            return Refusal(6, "3.4", f"没有案件 {ref}", f"no case {ref}")
        work.begin(case)
        refusal = preview.refused(parsed.verb, case, work.facts)  # no question is asked about what cannot be done
        if refusal is not None:
            return refusal

        def offered() -> list[Candidate]:
            return candidates(case, work.facts, queries.load_by_unit(db))

        commands = plan(parsed, Situation(case, work.facts, offered, line, confirmed))
        return work.do_all(commands, case.id) if isinstance(commands, list) else commands

    # acting ---------------------------------------------------------------------------------------------------------

    def run_line(
        self,
        line: str,
        selected: str = "",
        *,
        expect: tuple[str, int] | None = None,
        key: str | None = None,
        extra: dict[str, Any] | None = None,
        confirmed: bool = False,
    ) -> Outcome:
        """Do one line durably: all of it or nothing. `expect` = (case id, version) as the officer saw it (I-5).

        `extra` holds fields that a form or script gives besides the line: text, reporter, phone, external_id.
        `confirmed` is the second Enter: without it nobody becomes a second unit on a case by accident (NV-3).
        """
        line, facts = safe_text(line, MAX_LINE), self.facts()
        parsed = parse(line, self.town, facts.now)
        if extra and isinstance(parsed, Parsed):
            parsed = replace(parsed, args={**parsed.args, **extra})
        if isinstance(parsed, Problem):
            return Outcome(parsed.exit == 0, parsed.exit, self._say(parsed), line, error=parsed.code,
                           field=parsed.field, choices=parsed.choices)  # fmt: skip
        if parsed.verb.later:
            return Outcome(False, 8, self._later(parsed.verb), line, error="E_LATER")
        if parsed.verb.id in queries.ANSWERS:
            return self._answer(parsed, line, selected)
        try:
            with self._lock, writing(self._writer) as db:
                return self._act(db, parsed, line, selected, expect, key, confirmed)
        except _Nothing as nothing:
            return nothing.outcome

    def _answer(self, parsed: Parsed, line: str, selected: str) -> Outcome:
        found = queries.ANSWERS[parsed.verb.id](self.reader, parsed, self.town, selected, self.console)
        if isinstance(found, Refusal):
            return self._refused(found, line)
        text, cases = found
        return Outcome(True, 0, text, line, text, case=cases[0] if len(cases) == 1 else None, cases=cases)

    def _act(
        self,
        db: Connection,
        parsed: Parsed,
        line: str,
        selected: str,
        expect: tuple[str, int] | None,
        key: str | None,
        confirmed: bool,
    ) -> Outcome:
        """Inside the transaction: decide, append, project, queue messages. Raises `_Nothing` to leave no trace."""
        extra = {k: v for k, v in parsed.args.items() if k in GIVEN}
        content = f"{self.actor.work_no} {line.strip()} {selected} {sorted(extra.items())}"
        if key:
            self._used_before(db, key, content, line)
        work = Work(self.facts(), self._loader(db))
        if expect is not None:
            standing = projections.load(db, expect[0])
            if standing is None or standing.version != expect[1]:
                raise _Nothing(self._refused(CONFLICT, line))
        if parsed.verb.id == "undo":
            done: str | Need | Refusal | Standing = undoing.undo(db, work, self._last)
        else:
            done = self._decide(db, parsed, line, selected, work, confirmed=confirmed)
        if isinstance(done, Need):
            raise _Nothing(Outcome(False, 3, self._say(done), line, error="E_MISSING", choices=done.choices))
        if isinstance(done, Standing):
            raise _Nothing(Outcome(True, 0, self._standing(done), line, case=done.case, same=True))
        if isinstance(done, Refusal):
            raise _Nothing(self._refused(done, line))
        self._last = self.commit(db, work)
        case = work.after[done]
        said = preview.describe(parsed, work, done)
        text = said if self.lang == "zh" else preview.describe(parsed, work, done, self.lang)
        kinds = tuple(event.kind for event in work.events)
        # A granted return is half a thought: offer the next dispatch right away.
        offer = f"pd {case.handle} " if "return_granted" in kinds and case.state is State.ACCEPTED else ""
        outcome = Outcome(True, 0, text, line.strip(), said, case, kinds, offer)
        if key:
            memory.remember(db, key, content, {"case": done, "text": text, "events": kinds}, work.facts.now)
        memory.remember_line(db, self.actor.work_no, line.strip(), work.facts.now)
        return outcome

    def commit(self, db: Connection, work: Work) -> str:
        """Journal, projections and messages of one action; the caller's transaction makes them durable together.

        Returns the id that the events of this action share.
        """
        head = journal.open_head(db, self.path)
        cmd = uuid7(work.facts.now)
        journal.append(db, head, work.events, work.facts.actor, work.facts.now, cmd=cmd)
        for case_id, case in work.after.items():
            if work.before[case_id] is not case:
                projections.write(db, work.before[case_id], case, self.duty)
        outbox.queue(db, work)
        return cmd

    def sweep(self) -> int:
        """What time alone decides: unanswered questions come back (T10), suspended cases are due again (T22)."""
        due = sweeping.due(self.reader, self.now())
        for case_id, command in due:
            with self._lock, writing(self._writer) as db:
                facts = replace(self.facts(), actor=replace(sweeping.SYSTEM, trial=self.actor.trial))
                work = Work(facts, self._loader(db))
                case = projections.load(db, case_id)
                if case is not None:
                    work.begin(case)
                    if work.do(command, case_id) is None:
                        self.commit(db, work)
        return len(due)

    def _used_before(self, db: Connection, key: str, content: str, line: str) -> None:
        """§6.4: the same key with the same content is done already; with another content it is a conflict."""
        found = memory.recall(db, key)
        if found is None:
            return
        if found.content != content:
            text = f"键 {key} 已用于另一内容" if self.lang == "zh" else f"key {key} was used for something else"
            raise _Nothing(Outcome(False, 5, text, line, error="E_CONFLICT"))
        case = projections.load(db, found.result["case"])
        raise _Nothing(
            Outcome(True, 0, found.result["text"], preview=found.result["text"], case=case,
                    events=tuple(found.result["events"]), same=True)
        )  # fmt: skip

    def _refused(self, refusal: Refusal, line: str) -> Outcome:
        code = {5: "E_CONFLICT", 6: "E_NOT_FOUND", 7: "E_PERMISSION", 2: "E_USAGE"}.get(refusal.code, "E_REFUSED")
        return Outcome(False, refusal.code, self._say(refusal), line, error=code, field=refusal.rule)

    def rebuild(self) -> int:
        """Fold the journal into fresh projections; the number of cases. All or nothing."""
        with self._lock, writing(self._writer) as db:
            return audit.rebuild(db, self.duty)

    # drafts and history -----------------------------------------------------------------------------------------------

    def save_draft(self, draft_id: str, body: dict[str, Any]) -> None:
        with self._lock, writing(self._writer) as db:
            memory.save_draft(db, draft_id, self.actor.work_no, body, self.now())

    def drop_draft(self, draft_id: str) -> None:
        with self._lock, writing(self._writer) as db:
            memory.drop_draft(db, draft_id)

    def drafts(self) -> dict[str, dict[str, Any]]:
        """Unfinished forms and lines of this operator, by id."""
        return memory.drafts(self.reader, self.actor.work_no)

    def history(self) -> list[str]:
        """Lines of this operator, the newest first."""
        return memory.lines(self.reader, self.actor.work_no)


class _Nothing(Exception):
    """Leaves a transaction without writing."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
