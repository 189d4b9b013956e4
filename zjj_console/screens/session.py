"""What all screens of one console share: the desk, its single writer thread, the last message, the half-typed line."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from msgspec.structs import replace

from zjj_console.desk import alarming, liaison, wording
from zjj_console.desk.alarming import Alarm, Look
from zjj_console.desk.desk import Desk
from zjj_console.desk.outcome import Outcome
from zjj_console.domain import custody
from zjj_console.domain.alarms import SOUNDS_ONCE, URGENT, Grade, Group, grouped
from zjj_console.domain.model import MINUTE, SECOND
from zjj_console.i18n import t
from zjj_console.storage.db import SqliteError, StorageError, translated
from zjj_console.widgets.columns import Frame

SETTLE = 3 * SECOND  # nothing is reordered this long after a key (NV-4)
JUST_MOVED = 700_000  # µs: a key this soon after its row changed is not meant for it (NV-5)
READ_BY_THEN = 2 * SECOND  # a key after that clears the message
MESSAGE_STAYS = 15 * SECOND
SWEEP_EVERY = MINUTE
_MISSED = URGENT | SOUNDS_ONCE  # what would have rung
_NAMED = 8
_MACHINE = (1, 10)  # a disk that is full, a database that is held
STRIP = 4  # of each grade that the strip looks at; the list of alarms reads more
REMEMBERED = 200
COMMAND_DRAFT = "console-line"
PLACE_DRAFT = "console-place"
FIRST_RUN = "console-first-run"


class Message:
    """The last sentence of the console: its style says whether it was done, refused or only told."""

    __slots__ = ("at", "style", "text", "waits")

    def __init__(self, text: str = "", style: str = "$foreground", at: int = 0, *, waits: bool = False) -> None:
        """`waits`: its time begins only when no line that is being typed stands over it."""
        self.text, self.style, self.at, self.waits = text, style, at, waits


class Session:
    """Lives on the UI thread; only `call` leaves it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.busy = 0  # all that is under way, drafts and a resting cursor too; only tests wait for zero
        self.running = 0  # typed lines with the writer and not yet answered; while there are any, keys may have to wait
        self.ahead: list[tuple[str, str]] = []  # the keys that wait, in order, as (key, character)
        self.swept_at = 0
        self.unread = False  # whether the search index is still behind
        self.last_key = 0
        self.opened_at = desk.now()
        self.watermark = ""  # `x60` in a drill
        self.locked = False  # view-only after a while without a key (NV-13)
        self.boundary_at = 0  # the last boundary that has rung
        self.message = Message()
        self.half_typed = ""
        self.half_typed_saved = ""
        self.recent: list[str] = []  # lines given up or run in this session, the newest first
        self.unsaved: dict[str, dict[str, Any]] = {}  # drafts that wait for the next second
        self.unkept = ""  # why a draft could not be kept the last time
        self.seen_rid = 0
        self.look = Look((), 0, 0, 0)
        self.hub = liaison.NONE
        self.heard_at = 0  # until when the bell has been thought of
        self.muted_until = 0  # this desk alone is silent; it ends by itself (§3.6)
        self.own: dict[
            str, None
        ] = {}  # the last cases reported here, in order: whoever typed one need not be told of it
        self.pace = 1  # how many times faster than people the desk's clock goes; more than 1 only in a drill
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="desk")

    def frame(self) -> Frame:
        return Frame(self.desk.town, self.desk.duty, self.desk.now(), self.watermark)

    def say(self, text: str, style: str = "$foreground", *, waits: bool = False) -> None:
        self.message = Message(text, style, self.desk.now(), waits=waits)

    def settled(self) -> bool:
        return self.waited(self.last_key) >= SETTLE

    def waited(self, since: int) -> int:
        """How long somebody at the keyboard has waited since an instant of the desk's clock (µs)."""
        return (self.desk.now() - since) // self.pace

    def look_around(self) -> Look:
        """What needs a person now, read anew."""
        self.look = self.desk.alarms(STRIP)
        if self.muted_until and self.desk.now() >= self.muted_until:
            self.muted_until = 0
        return self.look

    def letter(self) -> str:
        """Under which this desk numbers its cases; empty where no hub makes others possible."""
        return "" if self.hub.state == "none" else self.desk.console

    def look_to_hub(self) -> None:
        """How far this console and the town's hub agree, read anew."""
        self.hub = liaison.view(self.desk.reader, self.desk.path, self.desk.now())

    def tell_missed(self, since: int) -> None:
        """NV-2: what fell due while nobody was told, once and in one line."""
        now = self.desk.now()
        missed = [a for a in self.desk.alarms().alarms if since < a.raised <= now and a.grade in _MISSED]
        if missed:
            named = " ".join(a.row.handle for a in missed[:_NAMED] if a.row is not None)
            gone = wording.span(now - since)
            left = t("，按 ; 续未完的命令") if self.half_typed else ""
            self.say(
                t("停顿 {gone}，期间到期 {n} 项: {named}", gone=gone, n=len(missed), named=named).rstrip(": ") + left,
                "bold $p2",
                waits=True,
            )

    def waiting(self) -> list[Alarm | Group]:
        """What nobody has acknowledged, the worst first, a flood gathered by cause."""
        return grouped(self.look.unacked, self.desk.now(), self.desk.town.alarm_rules)

    def rings(self) -> bool:
        """Whether the bell sounds now: asked once a second, so that every instant is thought of once."""
        now, before = self.desk.now(), self.heard_at
        self.heard_at = now
        if self.muted_until:
            return False
        alarms = tuple(a for a in self.look.alarms if a.grade is not Grade.URGENT_NEW or a.subject not in self.own)
        return alarming.rings(self.desk.reader, self.desk.facts(), min(before, now), replace(self.look, alarms=alarms))

    def mute(self) -> int:
        """Silence at this desk for a while; again: sound. The instant at which it ends, 0 for none."""
        minutes = self.desk.town.alarm_rules.mute_minutes
        self.muted_until = 0 if self.muted_until else self.desk.now() + minutes * MINUTE
        return self.muted_until

    def holds(self) -> bool:
        """Whether this console stands at the desk that took custody by a signature."""
        facts = self.desk.facts()
        return facts.holding is not None and facts.holding.claimed and facts.desk == facts.holding.desk

    def lock_due(self) -> bool:
        idle = self.waited(max(self.last_key, self.opened_at))
        return not self.locked and idle >= self.desk.town.duty_rules.idle_lock * MINUTE

    def boundary_rings(self) -> bool:
        """True once when a boundary between the desks comes."""
        last = custody.last_boundary(self.desk.town, self.desk.duty, self.desk.now())
        at = last[1] if last else 0
        rings = 0 < self.boundary_at < at
        self.boundary_at = at
        return rings

    def history(self) -> list[str]:
        """Lines for the up key, the newest first, without repetition."""
        return list(dict.fromkeys([*self.recent, *self.desk.history()]))

    def give_up(self, line: str) -> None:
        if line.strip():
            self.recent = [line.strip(), *self.recent][:REMEMBERED]

    def reported(self, case_id: str) -> None:
        """A case of this desk's own; whoever is open for weeks need not remember all of them."""
        self.own = {**dict.fromkeys(list(self.own)[-REMEMBERED:]), case_id: None}

    async def call(self, act: Callable[[], Outcome]) -> Outcome:
        """Run on the writer thread, one after the other. A database that cannot be used answers as a refusal."""
        self.busy += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, act)
        except (StorageError, SqliteError) as error:
            said = self.sentence(error)
            return Outcome(False, said.code, said.zh if self.desk.lang == "zh" else said.en)
        finally:
            self.busy -= 1

    def sentence(self, error: Exception) -> StorageError:
        """What a database that cannot be used asks for."""
        return error if isinstance(error, StorageError) else translated(error, self.desk.path)

    def trouble(self, error: Exception) -> None:
        """Reading failed: the console stays as it is, and says so."""
        said = self.sentence(error)
        self.say(said.zh if self.desk.lang == "zh" else said.en, "bold $p2")

    async def run_line(self, line: str, selected: str, expect: tuple[str, int] | None, pin: str = "") -> Outcome:
        """Do a line whose dangers the officer has confirmed: the command line lets nothing else through."""
        done = await self.call(lambda: self.desk.run_line(line, selected, expect=expect, confirmed=True, pin=pin))
        if done.code in _MACHINE and not self.half_typed:
            self.half_typed = line  # the rules have nothing against it: it waits to be run again
        return done

    def sweep_due(self) -> bool:
        """Once a minute, and at once when a rung is due."""
        return self.desk.now() - self.swept_at >= SWEEP_EVERY or self.desk.rung_due()

    async def sweep(self) -> None:
        """What time alone decides. A database that is busy now is swept the next time."""
        self.swept_at = self.desk.now()
        await self.call(self._sweep)

    def _sweep(self) -> Outcome:
        self.desk.sweep()
        return Outcome(True, 0, "")

    async def index_texts(self) -> None:
        """What has been written since is read by the search index, some of it at a time."""
        await self.call(self._index_texts)

    def _index_texts(self) -> Outcome:
        self.unread = self.desk.index_texts() > 0
        return Outcome(True, 0, "")

    # drafts: nothing typed is lost by a crash (NV-1) ------------------------------------------------------------------

    def keep(self, draft_id: str, body: dict[str, Any]) -> None:
        """Save within the next second."""
        self.unsaved[draft_id] = body

    async def save_drafts(self) -> None:
        """What cannot be kept now is tried again every second; it is told once."""
        waiting, self.unsaved = self.unsaved, {}
        failed = ""
        for draft_id, body in waiting.items():
            done = await self.call(partial(self._save, draft_id, body))
            if not done.ok:
                failed = done.text
                self.unsaved.setdefault(draft_id, body)  # what was typed meanwhile is newer
        told = t("草稿还没存下: {why}", why=failed) if failed else ""
        if told and not self.unkept:
            self.say(told, "bold $p2")
        self.unkept = told

    async def drop_draft(self, draft_id: str) -> None:
        self.unsaved.pop(draft_id, None)
        done = await self.call(partial(self._save, draft_id, {}))
        if not done.ok:
            self.unsaved.setdefault(draft_id, {})

    def _save(self, draft_id: str, body: dict[str, Any]) -> Outcome:
        if body:
            self.desk.save_draft(draft_id, body)
        else:
            self.desk.drop_draft(draft_id)
        return Outcome(True, 0, "")

    def restore(self) -> dict[str, dict[str, Any]]:
        """Drafts left by an earlier run; the half-typed line among them is taken over."""
        drafts = self.desk.drafts()
        self.half_typed = str(drafts.get(COMMAND_DRAFT, {}).get("line", ""))
        self.half_typed_saved = self.half_typed
        if self.half_typed:
            self.say(t("上次未完的命令还在，按 ; 继续"), "$accent")
        return drafts

    def close(self) -> None:
        """Wait for what was already given to the writer; nothing that an Enter started is dropped."""
        self._pool.shutdown(wait=True)
