"""The desk: reads a line, decides it, writes it durably, answers in one sentence."""

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from msgspec.structs import replace

from zjj_console.desk import (
    alarming,
    climbing,
    memory,
    near,
    near_words,
    outbox,
    post_checking,
    preview,
    queries,
    session,
    signing,
    sweeping,
    undelivered,
    undoing,
)
from zjj_console.desk.acts import Act
from zjj_console.desk.candidates import Candidate, candidates
from zjj_console.desk.known import Known
from zjj_console.desk.opening import GIVEN, Standing, begin
from zjj_console.desk.outcome import Legal, Outcome, Preview
from zjj_console.desk.plan import Need, Situation, plan
from zjj_console.desk.seats import Seats, seats
from zjj_console.desk.steady import Steady
from zjj_console.desk.work import Work
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.facts import Facts
from zjj_console.domain.handles import set_home
from zjj_console.domain.ids import uuid7
from zjj_console.domain.model import MINUTE, Actor, Case, Event, Refusal, State
from zjj_console.domain.safe import safe_text
from zjj_console.i18n import teller
from zjj_console.storage import audit, bulk, duty_rows, journal, projections, search
from zjj_console.storage.db import Connection, StorageError, connect, in_place, meta, writing
from zjj_console.town.calendar import workdays
from zjj_console.town.models import Town
from zjj_console.verbs.parse import MAX_LINE, Parsed, Problem, parse
from zjj_console.verbs.table import Verb

_T = TypeVar("_T")
CONFLICT = Refusal(5, "I-5", "案件已被更新，请看后再做", "the case has changed; look again")


class Desk:
    """One per process. A lock serialises the writing connection; `reader` is for short reads of the same thread."""

    def __init__(self, path: Path, town: Town, actor: Actor, clock: Callable[[], int], lang: str = "zh") -> None:
        self.path, self.town, self.actor, self.now, self.lang = path, town, actor, clock, lang
        self.duty = DutyTime(town, workdays(town))
        self.reader: Connection = connect(path, readonly=True)
        self._writer: Connection = connect(path)
        journal.recognise(self._writer, path)
        with contextlib.suppress(StorageError):  # what cannot be written now is read all the same
            bulk.recover(self._writer)
        self._lock = threading.RLock()
        self._system = replace(sweeping.SYSTEM, trial=actor.trial)
        self._seen = self._data_version()
        self._known = Known(self.reader, self.duty)
        self._known_writing = Known(self._writer, self.duty)  # inside a transaction: what it sees itself
        self._house: tuple[tuple[int, int], tuple[alarming.Alarm, ...]] = (-1, 0), ()
        self._sendable: tuple[tuple[int, int, str], list[Candidate]] = (-1, 0, ""), []
        self._seats: tuple[tuple[int, int], Seats] = (-1, 0), {}
        self._last = ""  # what this desk did last: undo takes back that, not what its operator did elsewhere
        set_home(self.console)

    def close(self) -> None:
        self.reader.close()
        self._writer.close()

    @property
    def console(self) -> str:
        """The letter of this console's numbers. Asked anew each time: joining a hub may change it under an open desk."""
        return _letter(self.reader)

    # reading --------------------------------------------------------------------------------------------------------

    def _data_version(self) -> int:
        return int(self.reader.execute("PRAGMA data_version").fetchone()[0])

    def in_place(self) -> None:
        """Raises StorageError(5) where another database stands under the name of this one: what is shown here is old."""
        in_place(self.reader)

    def changed(self) -> bool:
        """True once after any process, this one included, has committed something."""
        version = self._data_version()
        moved, self._seen = version != self._seen, version
        if moved:
            set_home(self.console)
        return moved

    def facts(self) -> Facts:
        return self._facts_of(self._known)

    def _facts_of(self, known: Known) -> Facts:
        now = self.now()
        holding, book = known.look(now)
        return Facts(now, self.actor, self.town, self.duty, {}, holding, book)

    def alarms(self, limit: int = alarming.LISTED) -> alarming.Look:
        """What needs a person now (§3.6)."""
        facts = self.facts()
        seen = (self._data_version(), facts.now // MINUTE)
        if seen != self._house[0]:
            self._house = seen, alarming.house(self.reader, facts)
        jump = self.now.jump if isinstance(self.now, Steady) else None
        unsent = tuple(undelivered.alarms(self.reader, facts))  # two minutes must not become three
        house = (*self._house[1], *unsent, *(() if jump is None else (alarming.of_clock(jump),)))
        return alarming.look(self.reader, facts, limit, house)

    def case(self, ref: str) -> Case | None:
        return projections.find(self.reader, ref, self.console)

    def candidates(self, case_id: str) -> list[Candidate]:
        """Whom to send; asked at every drawing, worked out once a minute and after each commit."""
        facts = self.facts()
        seen = (self._data_version(), facts.now // MINUTE, case_id)
        if seen != self._sendable[0]:
            case = projections.load(self.reader, case_id)
            self._sendable = seen, self._offered(self.reader, case, facts) if case else []
        return self._sendable[1]

    def _offered(self, db: Connection, case: Case, facts: Facts) -> list[Candidate]:
        return candidates(case, facts, queries.load_by_unit(db), self._where(db, facts))

    def seats(self) -> Seats:
        """Where the units are now."""
        return self._where(self.reader, self.facts())

    def _where(self, db: Connection, facts: Facts) -> Seats:
        """Where the units are; asked at every drawing, worked out once a minute and after each commit."""
        if db is not self.reader:
            return seats(db, facts)
        seen = (self._data_version(), facts.now // MINUTE)
        if seen != self._seats[0]:
            self._seats = seen, seats(db, facts)
        return self._seats[1]

    def twins(self, case: Case) -> list[near.Twin]:
        """Cases that may be the same matter as this one, the nearest first."""
        return near.twins(self.reader, case, self.facts())

    def actions(self, case_id: str) -> list[Legal]:
        """Every verb that takes a case, with the reason where it cannot be done now (Space menu)."""
        case = projections.load(self.reader, case_id)
        return preview.legal(case, self.facts(), self.lang) if case else []

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
        if parsed.verb.id in queries.ANSWERS or not parsed.verb.takes:
            return Preview(True, f"{parsed.verb.zh} {line.strip()}")
        if parsed.verb.acts:
            return self._preview_duty(parsed, facts, selected)
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
            hint="" if before else near_words.hint(near.twins(self.reader, work.after[done], facts), facts, self.lang),
        )

    def _preview_duty(self, parsed: Parsed, facts: Facts, selected: str) -> Preview:
        made = self._duty_act(parsed, facts, selected, proven=True)
        done = made if isinstance(made, Refusal) else made(self.reader, facts)
        if isinstance(done, Refusal):
            return Preview(False, self._say(done), code=done.code)
        confirm = f"{teller(self.lang)('再按 Enter 确认')} {done.zh}: {teller(self.lang)(parsed.verb.danger)}"
        return Preview(True, done.zh if self.lang == "zh" else done.en, confirm=confirm if parsed.verb.danger else "",
                       pin=self._pin_of(parsed))  # fmt: skip

    def _duty_act(self, parsed: Parsed, facts: Facts, selected: str, *, proven: bool) -> Act | Refusal:
        from zjj_console.desk import duty_verbs  # only lines about people and shifts pay for it

        missing = [kind for kind in parsed.missing if kind not in ("unit",)]
        if missing:
            return Refusal(3, "3.4", f"还缺参数；用法 {parsed.verb.usage}", f"missing: {', '.join(missing)}")
        return duty_verbs.ACTS[parsed.verb.id](parsed, facts, selected, proven, self.console)

    def _pin_of(self, parsed: Parsed) -> str:
        """Whose own PIN the line asks for: nobody signs in for another from this console."""
        who = str(parsed.args.get("who", ""))
        own = parsed.verb.id not in ("sign_in", "sign_out") or who in ("", self.actor.work_no)
        return "" if own or self.actor.trial else who

    def _run_duty(self, parsed: Parsed, line: str, selected: str, key: str | None, pin: str) -> Outcome:
        who = self._pin_of(parsed)
        if who and pin:
            session.check_pin(self.reader, who, pin)
        made = self._duty_act(parsed, self.facts(), selected, proven=bool(who and pin))
        if isinstance(made, Refusal):
            return self._refused(made, line)
        actor = session.actor_of(self.town, who) if who and pin else None  # who gave his own PIN acts himself
        outcome = self.act(made, key=key, content=line.strip(), actor=actor)
        return replace(outcome, line=line.strip(), preview=outcome.text if outcome.ok else "")

    def _loader(self, db: Connection) -> Callable[[str], Case | None]:
        return lambda ref: projections.find(db, ref, _letter(db))

    def _decide(
        self, db: Connection, parsed: Parsed, line: str, selected: str, work: Work, *, confirmed: bool
    ) -> str | Need | Refusal | Standing:
        """Run the plan of a parsed line in `work`; the id of the case it is about, or why not."""
        if parsed.verb.id == "new":
            return begin(db, parsed, work, _letter(db))
        ref = parsed.target or selected
        if not ref:
            return Refusal(2, "3.4", f"缺案号，如 {parsed.verb.example}", f"name a case, e.g. {parsed.verb.example}")
        case = projections.find(db, ref, _letter(db))
        if case is None:
            return queries.unfound(db, ref, _letter(db))
        work.begin(case)
        refusal = preview.refused(parsed.verb, case, work.facts)  # no question is asked about what cannot be done
        if refusal is not None:
            return refusal

        def offered() -> list[Candidate]:
            return self._offered(db, case, work.facts)

        commands = plan(parsed, Situation(case, work.facts, offered, line, self.lang, confirmed))
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
        pin: str = "",
    ) -> Outcome:
        """Do one line durably: all of it or nothing. `expect` = (case id, version) as the officer saw it (I-5).

        `extra` holds fields that a form or script gives besides the line: text, reporter, phone, external_id.
        `confirmed` is the second Enter: without it nobody becomes a second unit on a case by accident (NV-3).
        `pin`: of the person whom the line signs in or out.
        """
        line = safe_text(line, MAX_LINE)
        parsed = parse(line, self.town, self.now())
        if extra and isinstance(parsed, Parsed):
            parsed = replace(parsed, args={**parsed.args, **extra})
        if isinstance(parsed, Problem):
            return Outcome(parsed.exit == 0, parsed.exit, self._say(parsed), line, error=parsed.code,
                           field=parsed.field, choices=parsed.choices)  # fmt: skip
        if parsed.verb.later:
            return Outcome(False, 8, self._later(parsed.verb), line, error="E_LATER")
        if parsed.verb.id in queries.ANSWERS:
            return self._answer(parsed, line, selected)
        if parsed.verb.acts:
            return self._run_duty(parsed, line, selected, key, pin)
        given = sorted((k, v) for k, v in parsed.args.items() if k in GIVEN or k in (extra or {}))
        try:
            with self._lock, writing(self._writer) as db:
                return self._act(db, parsed, line, selected, expect, key, confirmed, given)
        except _Nothing as nothing:
            return nothing.outcome

    def _answer(self, parsed: Parsed, line: str, selected: str) -> Outcome:
        found = queries.ANSWERS[parsed.verb.id](self.reader, parsed, self.facts(), selected, self.console)
        if isinstance(found, Refusal):
            return self._refused(found, line)
        if isinstance(found, queries.Told):
            n = int(self.lang == "en")
            return Outcome(True, 0, found.said[n], line, found.said[0], data={"text": found.text[n]})
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
        given: list[tuple[str, Any]],
    ) -> Outcome:
        """Inside the transaction: decide, append, project, queue messages. Raises `_Nothing` to leave no trace."""
        content = f"{self.actor.work_no} {line.strip()} {selected} {given}"
        if key:
            self._used_before(db, key, content, line)
        work = Work(self._facts_of(self._known_writing), self._loader(db))
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
        self._last, followed = self.commit(db, work)
        case = work.after[done]
        said = preview.describe(parsed, work, done)
        text = said if self.lang == "zh" else preview.describe(parsed, work, done, self.lang)
        climbed = climbing.told(followed, self.town) if self.lang == "zh" else ""
        text = f"{text}；{climbed}" if climbed else text
        if parsed.verb.id == "new":
            text += near_words.after_report(near.twins(db, case, work.facts), self.lang)
        kinds = tuple(event.kind for event in work.events)
        # A granted return is half a thought: offer the next dispatch right away.
        offer = f"pd {case.handle} " if "return_granted" in kinds and case.state is State.ACCEPTED else ""
        outcome = Outcome(True, 0, text, line.strip(), said, case, kinds, offer)
        if key:
            memory.remember(db, key, content, {"case": done, "text": text, "events": kinds}, work.facts.now)
        memory.remember_line(db, self.actor.work_no, line.strip(), work.facts.now)
        return outcome

    def commit(self, db: Connection, work: Work) -> tuple[str, climbing.Followed]:
        """Journal, projections and messages of one action; the caller's transaction makes them durable together.

        Returns the id that the events of this action share, and what the ladder made of it.
        """
        head = journal.open_head(db, self.path)
        cmd = uuid7(work.facts.now)
        journal.append(db, head, work.events, work.facts.actor, work.facts.now, cmd=cmd)
        for case_id, case in work.after.items():
            if work.before[case_id] is not case:
                projections.write(db, work.before[case_id], case, self.duty)
        outbox.queue(db, work)
        followed = climbing.follow(db, work)
        self._append(db, followed.events, replace(work.facts, actor=self._system))
        for case_id, climb in followed.climbs.items():
            projections.write_timers(db, work.after[case_id], self.duty, climb)
        outbox.tell(db, followed.messages, work.facts.now)
        outbox.recall(db, followed.gone)
        return cmd, followed

    def rung_due(self) -> bool:
        """Whether somebody is to be called now: one look at an index."""
        return bool(climbing.due(self.reader, self.now(), 1))

    def index_texts(self) -> int:
        """Let indexes catch up: those that an import put off, then some rows that the search has not read. Returns how many."""
        if bulk.lacking(self.reader):
            with self._lock:
                bulk.recover(self._writer)
        if not search.behind(self.reader):
            return 0
        with self._lock, writing(self._writer) as db:
            return search.index(db)

    def sweep(self) -> int:
        """What time alone decides: people are called (§2.10), questions come back (T10), suspensions end (T22), forgotten
        signs close (§4.4), before a night it is checked who can be called at every post (§2.10).
        """
        while ids := climbing.due(self.reader, self.now()):
            if not self.act(climbing.sweep(ids), actor=self._system).events:
                break  # nothing moved: the next beat tries again, this one must not spin
        self._convene()
        if signing.forgotten(self.reader, self.facts()):
            self.act(signing.close_forgotten(), actor=self._system)
        if post_checking.due(self.reader, self.facts()):
            self.act(post_checking.record(), actor=self._system)
        due = sweeping.due(self.reader, self.now())
        for case_id, command in due:
            with self._lock, writing(self._writer) as db:
                facts = replace(self._facts_of(self._known_writing), actor=self._system)
                work = Work(facts, self._loader(db))
                case = projections.load(db, case_id)
                if case is not None:
                    work.begin(case)
                    if work.do(command, case_id) is None:
                        self.commit(db, work)
        return len(due)

    def _convene(self) -> None:
        """The last rung of the first priorities is a consultation at once (§2.10 E5)."""
        for case, key in climbing.to_convene(self.reader, self.town):
            if memory.recall(self.reader, key) is None:
                from zjj_console.desk import consulting  # seldom: no start pays for it

                self.act(consulting.urgent(case, climbing.CONVENED), key=key, content=key, actor=self._system)

    def act(self, do: Act, *, key: str | None = None, content: str = "", actor: Actor | None = None) -> Outcome:
        """Do something that is about no single case, durably: all of it or nothing. `content` is what a key stands for.

        `actor`: who does it, where it is not the operator of this console (he has given his own PIN).
        """
        actor = actor or self.actor
        content = f"{actor.work_no} {content}"
        try:
            with self._lock, writing(self._writer) as db:
                if key:
                    self._used_before(db, key, content, "")
                facts = replace(self._facts_of(self._known_writing), actor=actor)
                done = do(db, facts)
                if isinstance(done, Refusal):
                    raise _Nothing(self._refused(done, ""))
                self._append(db, done.events, facts)
                if done.work is not None:
                    self._last, _ = self.commit(db, done.work)
                outbox.tell(db, done.messages, facts.now)
                if done.after is not None:
                    done.after(db)
                text = done.zh if self.lang == "zh" else done.en
                kinds = tuple(event.kind for event in done.events)
                if key:
                    memory.remember(db, key, content, {"text": text, "events": kinds, "data": done.data}, facts.now)
                return Outcome(True, 0, text, events=kinds, same=done.same, data=done.data, warnings=done.warnings)
        except _Nothing as nothing:
            return nothing.outcome

    def _append(self, db: Connection, events: list[Event], facts: Facts) -> None:
        if not events:
            return
        journal.append(db, journal.open_head(db, self.path), events, facts.actor, facts.now)
        self._known_writing.stale()
        for event in events:
            duty_rows.apply(db, journal.Stored(event.kind, event.case, event.data, facts.actor.work_no, facts.now))

    def _used_before(self, db: Connection, key: str, content: str, line: str) -> None:
        """§6.4: the same key with the same content is done already; with another content it is a conflict."""
        found = memory.recall(db, key)
        if found is None:
            return
        if found.content != content:
            text = f"键 {key} 已用于另一内容" if self.lang == "zh" else f"key {key} was used for something else"
            raise _Nothing(Outcome(False, 5, text, line, error="E_CONFLICT"))
        case = projections.load(db, found.result["case"]) if "case" in found.result else None
        raise _Nothing(
            Outcome(True, 0, found.result["text"], preview=found.result["text"], case=case,
                    events=tuple(found.result["events"]), same=True, data=found.result.get("data"))
        )  # fmt: skip

    def _refused(self, refusal: Refusal, line: str) -> Outcome:
        code = {2: "E_USAGE", 3: "E_INPUT", 5: "E_CONFLICT", 6: "E_NOT_FOUND", 7: "E_PERMISSION"}.get(
            refusal.code, "E_REFUSED"
        )
        return Outcome(False, refusal.code, self._say(refusal), line, error=code, field=refusal.rule)

    def rebuild(self) -> int:
        """Fold the journal into fresh projections; the number of cases. All or nothing."""

        def anew(db: Connection) -> int:
            db.execute("REINDEX")  # an index that lost a row would hide it from the fold as well
            return audit.rebuild(db, self.duty)

        return self.at_once(anew)

    def at_once(self, do: Callable[[Connection], _T]) -> _T:
        """Something that is no act of an officer, in one transaction of the writing connection."""
        with self._lock, writing(self._writer) as db:
            self._known_writing.stale()
            return do(db)

    # drafts and history -----------------------------------------------------------------------------------------------

    def save_draft(self, draft_id: str, body: dict[str, Any]) -> None:
        with self._lock, writing(self._writer) as db:
            memory.save_draft(db, draft_id, self.actor.work_no, body, self.now())

    def drop_draft(self, draft_id: str) -> None:
        with self._lock, writing(self._writer) as db:
            memory.drop_draft(db, draft_id, self.actor.work_no)

    def drafts(self) -> dict[str, dict[str, Any]]:
        """Unfinished forms and lines of this operator, by id."""
        return memory.drafts(self.reader, self.actor.work_no)

    def history(self) -> list[str]:
        """Lines of this operator, the newest first."""
        return memory.lines(self.reader, self.actor.work_no)


def _letter(db: Connection) -> str:
    """Inside a transaction by its own connection: what it sees itself, and no second look at the file."""
    return meta(db, "console", "A")


class _Nothing(Exception):
    """Leaves a transaction without writing."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
