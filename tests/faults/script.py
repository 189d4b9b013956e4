"""A spell of duty that may be cut off at any moment: what is done is said on a pipe, and only once its commit has returned."""

import os
import random
import signal
import traceback
from collections.abc import Callable
from pathlib import Path
from select import select
from time import perf_counter
from typing import Any

from zjj_console.desk.desk import Desk
from zjj_console.intake import engine
from zjj_console.intake.options import Options

LINE = "bz 1001 桥头护栏已围好，绕行牌立在北口"
STEPS = 24
NEW = ("xj dhj js 3", "xj zmc zy 2", "xj dhj xf 4 110", "xj zmc js 3 dh cg")
ACTS = ("sl {}", "pd {} cg", "pd {} sc", "qs {}", "bz {} 示例备注", "sj {}", "tj {} 1", "hc {} y")
TYPED = "SELECT serial FROM case_row WHERE external_id = '' ORDER BY rid DESC LIMIT 6"
OWN = "SELECT lseq, id FROM event WHERE lseq > ? ORDER BY lseq"
Said = list[tuple[str, str]]


def duty(desk: Desk, clock: Any, rows: Path, seed: int, say: Callable[[str, str], None]) -> None:
    """Cases in, sent out and acknowledged, an import in the middle, a line half typed all the while."""
    chance, last = random.Random(seed), 0

    def told() -> None:
        nonlocal last
        for number, event in desk.reader.execute(OWN, (last,)).fetchall():
            say("event", event)
            last = number

    def batch(*_: Any) -> None:
        told()
        say("batch", "")

    middle = chance.randrange(STEPS // 4, STEPS)
    for step in range(STEPS):
        known = [row[0] for row in desk.reader.execute(TYPED)]
        act = step > 3 and known and chance.random() < 0.7
        line = chance.choice(ACTS).format(chance.choice(known)) if act else chance.choice(NEW)
        done = desk.run_line(line, confirmed=True)
        if done.ok and done.case is not None:
            say("case", f"{done.case.id} {done.case.version}")
        told()
        clock.later(seconds=chance.randrange(1, 90))
        typed = LINE[: len(LINE) * (step + 1) // STEPS]
        desk.save_draft("console-line", {"line": typed})
        say("draft", typed)
        if step == middle:
            engine.import_cases(desk, rows, Options(), batch)
            say("imported", "")


def one_case(desk: Desk, clock: Any, rows: Path, seed: int, say: Callable[[str, str], None]) -> None:
    """The shortest spell: one case in."""
    done = desk.run_line(NEW[0])
    assert done.case is not None
    say("case", f"{done.case.id} {done.case.version}")


def killed(
    open_on: Callable[[Path], tuple[Desk, Any]], path: Path, rows: Path, seed: int, after: float | None
) -> tuple[Said, float]:
    """Run it in a process of its own that the kernel ends after so many seconds (None: never); what it said, how long it ran."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            desk, clock = open_on(path)
            os.write(writing, b"begun \n")
            duty(desk, clock, rows, seed, lambda kind, what: os.write(writing, f"{kind} {what}\n".encode()) and None)
            code = 0
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(writing)
    heard = os.read(reading, len(b"begun \n"))  # counted from here on: opening the file is another matter
    begun = perf_counter()
    while True:
        left = None if after is None else begun + after - perf_counter()
        if left is not None and (left <= 0 or not select([reading], [], [], left)[0]):
            os.kill(child, signal.SIGKILL)
            after = None
        piece = os.read(reading, 1 << 16)
        if not piece:
            break
        heard += piece
    os.close(reading)
    took = perf_counter() - begun
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) in (0, -signal.SIGKILL), "the script itself went wrong"
    whole = heard[: heard.rfind(b"\n") + 1].decode()
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in whole.splitlines()], took
