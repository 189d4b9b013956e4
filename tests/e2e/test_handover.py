"""A handover in real terminals: the day desk signs at its console, the night desk reads and signs at its own (§4.6)."""

import json
import os
from pathlib import Path

import pytest

from tests import here
from tests.e2e.conftest import Console

pytestmark = pytest.mark.tmux
EVENING = "2021-03-01T17:16:00+08:00"
SIGNED = "2021-03-01T17:36:00+08:00"


def zjj(db: Path, at: str, *args: str) -> tuple[int, dict]:
    code, out, _ = here.run(["--json", *args], {"ZJJ_TEST": "1", "ZJJ_NOW": at, "ZJJ_DB": str(db)})
    return code, json.loads(out)


def console_of(db: Path, who: str, at: str) -> Console:
    os.environ["ZJJ_OPERATOR"] = who
    try:
        return Console(db, now=at)
    finally:
        del os.environ["ZJJ_OPERATOR"]


def test_R43_two_signatures_at_two_consoles_move_custody(tmp_path: Path) -> None:
    db = tmp_path / "desk.db"
    for line in ("xj dhj js 2 dh pcs", "xj xhxc zd 3 xc", "xj dhj blj 3 xc"):
        assert zjj(db, "2021-03-01T16:50:00+08:00", "--as", "0002", "do", line)[0] == 0
    assert zjj(db, EVENING, "--as", "0312", "sign", "in", "0312")[0] == 0
    day, night = console_of(db, "0002", SIGNED), console_of(db, "0312", SIGNED)
    try:
        day.press("F6").see("H4")
        day.press("r").see("已建包")
        day.press("g").see("交班签字")
        day.press("Enter").see("交班 何卯", "看护权仍在白班")
        night.press("F6").see("必读逐条确认 0/3")
        night.press("Space").see("1 催签收")
        night.press("3", "Enter").see("必读逐条确认 1/3")
        night.press("Space", "Space").see("必读逐条确认 3/3")
        night.press("g").see("接班签字")
        night.press("Enter").see("B1 1001")
        night.settled()
        for key in ("k", "k", "k", "d"):  # back to the case that blocks
            night.press(key)
        night.see("1001 去向")
        night.press("2").see("N2 转夜间队")
        night.settled()
        for key in ("j", "j", "j", "Space", "Space", "Space"):  # past the three cases to the three warnings
            night.press(key)
            night.settled()
        night.press("g").see("接班签字")
        night.press("Enter").see("已交接")
        day.press("F2").see("看护权夜班 本台只读")
    finally:
        day.close()
        night.close()
    code, shown = zjj(db, SIGNED, "handover", "show", "H4-2021-03-01", "--verify")
    assert code == 0, shown
    code, said = zjj(db, SIGNED, "--as", "0002", "do", "sl 1002")
    assert (code, said["errors"][0]["field"]) == (8, "I-1")
    assert zjj(db, SIGNED, "case", "show", "1001")[1]["data"]["lead"] == "y1"  # N2 sent it to the team on duty
