"""What the hub counts, as Prometheus reads it, and its diary: one JSON line a request, with nobody's name and no body."""

import json
import sys
from collections import defaultdict
from typing import Any, TextIO

_NAMES = {
    "zjj_hub_events_total": ("counter", "events taken into the order"),
    "zjj_hub_verdicts_total": ("counter", "events by verdict"),
    "zjj_hub_requests_total": ("counter", "requests by path and status"),
    "zjj_hub_request_seconds_sum": ("counter", "seconds spent on requests by path"),
    "zjj_hub_reports_total": ("counter", "reports that came in by a door, by source"),
    "zjj_hub_pulled_total": ("counter", "events sent to pullers"),
    "zjj_hub_groups_total": ("counter", "transactions that appended"),
    "zjj_hub_waiting": ("gauge", "pushes that wait to be appended"),
    "zjj_hub_polls": ("gauge", "pulls that wait for news"),
    "zjj_hub_head": ("gauge", "last number of the order"),
    "zjj_hub_devices": ("gauge", "devices by role and state"),
}


class Figures:
    """Numbers by name and labels. Counters begin at 0 with the process, as Prometheus expects."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, tuple[tuple[str, str], ...]], float] = defaultdict(float)

    def add(self, name: str, amount: float = 1, **labels: object) -> None:
        self._values[_key(name, labels)] += amount

    def put(self, name: str, amount: float, **labels: object) -> None:
        self._values[_key(name, labels)] = amount

    def get(self, name: str, **labels: object) -> float:
        return self._values.get(_key(name, labels), 0)

    def text(self) -> str:
        """The text format, version 0.0.4."""
        lines = []
        for name, (kind, told) in _NAMES.items():
            lines += [f"# HELP {name} {told}", f"# TYPE {name} {kind}"]
            for (found, labels), value in sorted(self._values.items()):
                if found == name:
                    shown = ",".join(f'{k}="{v}"' for k, v in labels)
                    lines.append(f"{name}{{{shown}}} {value:.9g}" if shown else f"{name} {value:.9g}")
        return "\n".join(lines) + "\n"


def _key(name: str, labels: dict[str, object]) -> tuple[str, tuple[tuple[str, str], ...]]:
    assert name in _NAMES, name
    return name, tuple(sorted((key, str(value)) for key, value in labels.items()))


class Diary:
    """Lines for the system's log. What is not given cannot leak: only ids, paths, counts and times are written."""

    def __init__(self, out: TextIO | None = None) -> None:
        self.out = out

    def write(self, what: str, **facts: Any) -> None:
        line = json.dumps({"what": what, **{k: v for k, v in facts.items() if v not in (None, "")}}, sort_keys=True)
        print(line, file=self.out or sys.stderr, flush=True)
