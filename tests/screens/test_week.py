"""A week at the desk without an end: what the console holds in memory stops growing.

A simulated day: the platform's closed cases of the day come as a file, another desk reports and closes, the officer takes, sends and
closes cases and looks at every screen, custody moves twice, and every minute is a second of the console.
"""

import contextlib
import csv
import ctypes
import gc
import json
import os
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from screen_driver import Console
from screen_scene import TOWN, Clock
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from zjj_console.app import ConsoleApp
from zjj_console.desk import handing, signatures, signing, which
from zjj_console.desk.desk import Desk
from zjj_console.desk.session import actor_of
from zjj_console.domain.handover import Handover
from zjj_console.domain.model import DAY

KB = os.sysconf("SC_PAGE_SIZE") // 1024
GUARDS = {"day": "0002", "night": "0312"}
PLACES = ("dxj", "zxsq", "jxc", "sxc", "ddh", "zmc")
LOOKS = (("f3", "right", "v", "tab", "j"), ("f4", "right", "v", "left"), ("f5", "j", "tab", "j", "tab"), ("f6", "j", "k"),
         ("f7", "tab", "j"), ("f10",), ("f1", "pagedown", "escape"), ("f2", "v", "v", "escape"), ("f2", "down", "space", "escape"),
         ("f2", "enter", "]", "pagedown", "["), ("f2", "n", "tab", "escape"), ("f2", "end", "home", "pagedown"))  # fmt: skip


def private() -> int:
    """KB of memory of this process alone; what is shared with files is the kernel's to take back."""
    resident, shared = Path("/proc/self/statm").read_text().split()[1:3]
    return (int(resident) - int(shared)) * KB


def lean(*desks: Desk) -> int:
    """KB without the database's page caches, which fill up to their own limit (64 MB a connection) as the file grows."""
    for desk in desks:
        for db in (desk.reader, desk._writer):
            db.execute("PRAGMA shrink_memory")
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    return private()


def held() -> Counter[str]:
    """Live objects by kind: of ours and the framework's, whatever may pile up."""
    gc.collect()
    found: Counter[str] = Counter()
    for one in gc.get_objects():
        kind = type(one)
        if issubclass(kind, Screen):
            found["screen"] += 1
        elif issubclass(kind, Widget):
            found["widget"] += 1
        elif issubclass(kind, Timer):
            found["timer"] += 1
        elif str(kind.__module__).startswith("zjj_console"):
            found["ours"] += 1
    found["all"] = len(gc.get_objects())
    return found


class Week:
    """The desk at work. `cases`: how many a day; `rounds`: of the officer, a day; `step`: minutes between looks of the console."""

    def __init__(self, console: Console, desk: Desk, other: Desk, clock: Clock, folder: Path) -> None:
        self.console, self.desk, self.other, self.clock, self.folder = console, desk, other, clock, folder
        self.days = self.files = self.reported = self.refused = 0

    async def day(self, cases: int, rounds: int, step: int) -> None:
        begin = self.clock.now
        self.days += 1
        self.file(cases, begin, DAY)
        every = DAY // rounds
        for n in range(rounds):
            await self.pass_to(begin + n * every, step)
            await self.round(n)
        await self.pass_to(begin + DAY, step)

    def file(self, cases: int, begin: int, over: int) -> None:
        """The closed cases of the time before (µs), as the platform exports them; another process reads them in."""
        self.files += 1
        path = self.folder / f"day{self.files}.csv"
        places, kinds = [c.name for c in TOWN.committees.values()], [c.name for c in TOWN.categories.values()]
        start = datetime.fromtimestamp((begin - over) / 1e6, TOWN.tz)
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(
                [
                    "编号",
                    "上报时间",
                    "村居",
                    "类别",
                    "描述",
                    "来源",
                    "级别",
                    "状态",
                    "承办",
                    "处置时间",
                    "结果",
                    "结案时间",
                ]
            )
            for n in range(cases):
                at = start + timedelta(seconds=n * 80 * 1009 % (over // 1_000_000 - 4000))
                ends = [str(at + timedelta(minutes=m))[:16] for m in (20, 30)]
                writer.writerow([f"W{self.files:02}{n:06}", str(at)[:16], places[n % len(places)], kinds[n % len(kinds)], f"示例{n}",
                                 "网格巡查", 2 + n % 3, "已结案", "城管中队", ends[0], "已整改", ends[1]])  # fmt: skip
        now = datetime.fromtimestamp(begin / 1e6, TOWN.tz).isoformat()
        words = [
            sys.executable,
            "-m",
            "zjj_console.cli",
            "--json",
            "--db",
            str(self.desk.path),
            "import",
            "cases",
            str(path),
        ]
        done = subprocess.run(
            words, env={**os.environ, "ZJJ_TEST": "1", "ZJJ_NOW": now}, capture_output=True, text=True, check=True
        )
        assert json.loads(done.stdout)["data"]["new"] == cases, done.stdout
        path.unlink()

    async def pass_to(self, instant: int, step: int) -> None:
        while self.clock.now < instant:
            await self.console.second(min(step * 60, (instant - self.clock.now) / 1e6))
            self.relieve()

    def relieve(self) -> None:
        """At the boundary of the desks both sign."""
        local = datetime.fromtimestamp(self.clock.now / 1e6, TOWN.tz)
        desk = "night" if local.hour >= 18 or local.hour < 8 else "day"
        if self.desk.facts().custodian == desk and self.desk.actor.work_no == GUARDS[desk]:
            return
        out, come = (
            actor_of(TOWN, GUARDS[d], trial=True) for d in (("day", "night") if desk == "night" else ("night", "day"))
        )
        name = "H4" if desk == "night" else "H1"
        self.act(come, signing.sign_in(come.work_no))
        self.act(out, handing.prepare(name))
        found = which.find(self.desk.reader, self.desk.facts(), name)
        if isinstance(found, Handover):
            self.act(come, handing.read(name, [item.handle for item in found.unread], "3", batch=True))
        self.act(come, signatures.force(name, "示例", "0005", proven=True))
        self.act(out, signing.sign_out(out.work_no))
        self.desk.actor = self.other.actor = come

    def act(self, who: Any, act: Any) -> None:
        self.refused += not self.desk.act(act, actor=who).ok

    async def round(self, n: int) -> None:
        """A case taken, sent and closed by keys, one of another desk, and a look at a screen."""
        console = self.console
        console.app.session.locked = False
        await console.press("f2")
        await console.type(f";xj {PLACES[n % 6]} zd 3 xc 第{n}件")
        await console.press("enter")
        hour, guard = datetime.fromtimestamp(self.clock.now / 1e6, TOWN.tz).hour, self.desk.actor
        unit = "cg" if 8 <= hour < 17 else "y1"
        for line in ("sl .", f"pd . {unit}", "qs .", "tj . 1", "hc . y"):
            if line.startswith("hc"):  # nobody verifies what he has handled himself
                self.desk.actor = actor_of(TOWN, "0003", trial=True)
            await console.type(f";{line}")
            await console.press("enter", "enter")
            await console.press("escape", "escape")
            self.clock.pass_(seconds=20)
        self.desk.actor = guard
        self.reported += 1
        made = self.other.run_line(f"xj {PLACES[n % 5]} hz {2 + n % 3} 110")
        if made.case is not None and n % 12:
            for line in ("sl", "pd {} cg", "qs", "tj {} 1", "hc {} y"):
                line = line.format(made.case.handle) if "{}" in line else f"{line} {made.case.handle}"
                self.other.run_line(line, confirmed=True)
        for keys in (LOOKS[n % len(LOOKS)], LOOKS[(n * 5 + 3) % len(LOOKS)]):
            await console.press(*keys)
            await console.second(1)
        await console.press("f2")
        await console.type(";bz 1001 写一半")
        await console.press("escape", "escape", "f12")


async def test_a_day_at_the_desk_leaves_nothing_behind(
    opened: Any, desk: Desk, other_desk: Desk, clock: Clock, tmp_path: Path
) -> None:
    """The short form: by numbers of objects, which say more of a day than memory does."""
    async with opened() as console:
        week = Week(console, desk, other_desk, clock, tmp_path)
        await week.day(120, 2, 360)
        before = held()
        await week.day(120, 2, 360)
        after = held()
        print(
            before,
            after,
            week.refused,
            console.message,
            desk.reader.execute("select state,count(*) from case_row group by 1").fetchall(),
            desk.reader.execute("select kind,count(*) from event group by 1").fetchall(),
        )
        assert (
            desk.reader.execute("SELECT count(*) FROM case_row WHERE is_open = 0").fetchone()[0]
            >= 240 + week.reported // 2
        )
        for kind in ("screen", "widget", "timer"):
            assert after[kind] <= before[kind] + 2, (kind, before, after)
        assert after["all"] <= before["all"] * 1.02, (before, after)


@pytest.mark.slow
async def test_a_week_of_ten_thousand_cases_is_flat_in_memory(
    opened: Any, desk: Desk, other_desk: Desk, clock: Clock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with opened() as console:
        week = Week(console, desk, other_desk, clock, tmp_path)
        week.file(
            8600, clock.now, 80 * DAY
        )  # what hot spots and the heat of months are made of is there from the beginning
        sizes, counts = [], []
        for _ in range(7):
            await week.day(200, 24, 20)
            counts.append(held())
            whole = private()
            sizes.append(lean(desk, other_desk))
            with capsys.disabled():
                print(f"day {week.days}: {whole} KB, {sizes[-1]} without page caches; {dict(counts[-1])}", flush=True)
        assert desk.reader.execute("SELECT count(*) FROM case_row").fetchone()[0] >= 10_000
        assert isinstance(console.app, ConsoleApp)
        assert sizes[6] <= sizes[2] * 1.05, sizes
        for kind in ("screen", "widget", "timer"):
            assert counts[6][kind] <= counts[2][kind] + 2, counts
        assert counts[6]["all"] <= counts[2]["all"] * 1.05, counts
