"""One action in the making: commands decided one after the other on the folded cases, nothing written yet."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from zjj_console.domain import lifecycle
from zjj_console.domain.facts import Facts
from zjj_console.domain.ids import uuid7
from zjj_console.domain.model import Case, Command, Event, Refusal
from zjj_console.domain.report import report

Load = Callable[[str], Case | None]


class Work:
    """`before` and `after` of every case touched, and the events between them, in order."""

    def __init__(self, facts: Facts, load: Load) -> None:
        self.facts = facts
        self.load = load
        self.before: dict[str, Case | None] = {}
        self.after: dict[str, Case] = {}
        self.events: list[Event] = []

    def begin(self, case: Case) -> None:
        self.before.setdefault(case.id, case)
        self.after.setdefault(case.id, case)

    def report(self, args: dict[str, Any]) -> Case | Refusal:
        case_id = uuid7(self.facts.now)
        done = report(case_id, args, self.facts)
        if isinstance(done, Refusal):
            return done
        self.before[case_id] = None
        self._fold(done)
        return self.after[case_id]

    def do(self, command: Command, case_id: str) -> Refusal | None:
        """Decide one command on the case as it stands now; its events are folded at once."""
        facts = self.facts
        master = command.args.get("master")
        if master:
            other = self.load(master)
            if other is not None:
                self.begin(other)
                command = Command(command.action, {**command.args, "master": other.id})
                facts = replace(facts, others={other.id: self.after[other.id]})
        done = lifecycle.decide(self.after[case_id], command, facts)
        if isinstance(done, Refusal):
            return done
        self._fold(done)
        return None

    def do_all(self, commands: list[Command], case_id: str) -> str | Refusal:
        """All of them, or the first refusal (the caller then writes nothing)."""
        for command in commands:
            refusal = self.do(command, case_id)
            if refusal is not None:
                return refusal
        return case_id

    def put(self, case: Case, event: Event) -> None:
        """An event that no command makes: custody that moves with a signature."""
        self.begin(case)
        self._fold([event])

    def undo(self, case: Case, undone: list[Event]) -> None:
        self.begin(case)
        self._fold([lifecycle.inverse(case, undone)])

    def _fold(self, events: list[Event]) -> None:
        for event in events:
            self.after[event.case] = lifecycle.evolve(self.after.get(event.case), event)
            self.events.append(event)
