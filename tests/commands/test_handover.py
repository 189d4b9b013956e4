"""`zjj handover` and `zjj report` (§4.6, §2.8, I-1, R43) as scripts and people meet them."""

import contextlib
import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import Zjj, settled
from zjj_console.storage.db import connect

OLD, NEW = 42, 14  # 56 open cases, of which 14 must be read one by one
DAY, NIGHT = "0002", "0312"


@pytest.fixture(scope="session")
def cases(march: Path, tmp_path_factory: pytest.TempPathFactory, copy_db: Any) -> Path:
    """56 open cases at 17:15: 42 fourth-priority ones of yesterday in hand, 14 of today, the first of them urgent."""
    folder = tmp_path_factory.mktemp("cases")
    path, db = folder / "cases.csv", copy_db(march, folder / "desk.db")
    rows = [
        {"编号": f"WX-{n}", "上报时间": "2021-02-28 11:00", "地点": "东湖街", "类别": "暴露垃圾", "描述": "示例",
         "来源": "电话", "级别": "4", "状态": "处置中", "承办": "城管中队", "承办人": "2201"} for n in range(OLD)
    ]  # fmt: skip
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    zjj = Zjj(db, "02-28 12:00")
    zjj("import", "cases", str(path))
    zjj.at("03-01 07:21")("sign", "in", DAY, by=DAY)
    zjj.at("03-01 17:10")("case", "new", "--place", "dhj", "--category", "zy", "--priority", "1")
    for _ in range(NEW - 1):
        zjj("do", "xj dhj zy 4")
    zjj.at("03-01 17:15")("sign", "in", NIGHT, by=NIGHT)
    return settled(db)


@pytest.fixture
def evening(cases: Path, tmp_path: Path, copy_db: Any) -> Zjj:
    return Zjj(copy_db(cases, tmp_path / "desk.db"), "03-01 17:15")


URGENT = str(1001 + OLD)


def settle(zjj: Zjj) -> None:
    """The code of the urgent case, all must-reads, and the record of a call about it after its time was over."""
    zjj.at("03-01 17:30")
    zjj("handover", "code", "H4", URGENT, "N2", by=NIGHT)
    must = zjj.data("handover", "show", "H4")["must"]
    zjj("handover", "read", "H4", *must, "--next", "3", "--all-paused", by=NIGHT)
    zjj("do", f"th {URGENT} 2", by=DAY)


def codes(message: str) -> list[str]:
    return [word for word in message.replace("；", " ").split() if word[0] in "BW" and word[1:].isdigit()]


def test_4_6_acceptance_of_the_handover_to_the_night(evening: Zjj) -> None:
    zjj = evening
    built = zjj.data("handover", "prepare", "H4", by=DAY)
    assert (built["balance"]["open"], len(built["must"]), built["balance"]["holds"]) == (OLD + NEW, NEW, True)
    zjj("handover", "sign", "H4", "--side", "out", by=DAY)
    refused = zjj.error("handover", "sign", "H4", "--side", "in", by=NIGHT, code=8)
    assert {"B1", "B5"} <= set(codes(refused)) and URGENT in refused
    shown = zjj.data("handover", "show", "H4")
    assert {"B1", "B5"} <= {f["code"] for f in shown["blockers"]} and len(shown["unread"]) == NEW
    settle(zjj)
    zjj.at("03-01 17:36")
    left = zjj.error("handover", "sign", "H4", "--side", "in", by=NIGHT, code=8)
    assert codes(left)[0] == "W1" and "B" not in "".join(codes(left))
    standing = [w["code"] for w in zjj.data("handover", "show", "H4")["warnings"]]
    zjj("handover", "read", "H4", *standing, by=NIGHT)
    zjj("handover", "sign", "H4", "--side", "out", by=DAY)
    moved = zjj.data("handover", "sign", "H4", "--side", "in", by=NIGHT)
    assert (moved["state"], moved["moved_at"], moved["in"]) == ("IN_SIGNED", "2021-03-01T17:36:00+08:00", NIGHT)
    held = zjj.data("handover", "custody")
    assert (held["desk"], held["intervals"][-1]["from"], held["intervals"][-1]["to"]) == (
        "night",
        moved["moved_at"],
        None,
    )
    cases = zjj.data("case", "list", "--limit", "100")["cases"]
    assert len(cases) == OLD + NEW and {c["custodian"] for c in cases} == {"night"}
    assert next(c for c in cases if c["handle"] == URGENT)["lead"] == "y1"  # N2
    assert "只读" in zjj.error("do", f"pd {int(URGENT) + 1} cg", by=DAY, code=8)
    zjj("do", f"pd {int(URGENT) + 1} cg", by=NIGHT)
    proof = zjj.data("handover", "show", "H4", "--verify")["checks"]
    assert len(proof) == 4 and all(check["ok"] for check in proof)


def signed(zjj: Zjj) -> Zjj:
    zjj("handover", "prepare", "H4", by=DAY)
    settle(zjj)
    zjj.at("03-01 17:36")
    zjj("handover", "sign", "H4", "--side", "out", by=DAY)
    zjj("handover", "sign", "H4", "--side", "in", "--yes", by=NIGHT)
    return zjj


def test_a_record_that_was_touched_does_not_verify(evening: Zjj) -> None:
    zjj = signed(evening)
    assert "合  快照哈希" in zjj.read("handover", "show", "H4", "--verify")
    with contextlib.closing(connect(zjj.db)) as db:
        changed = db.execute("UPDATE handover SET body = CAST(replace(CAST(body AS TEXT), '东湖街', '西湖街') AS BLOB)")
        assert changed.rowcount == 1
    found = zjj("handover", "show", "H4", "--verify", code=1)
    assert {check["name"] for check in found["data"]["checks"] if not check["ok"]} >= {"record equals the journal"}
    assert found["errors"][0]["code"] == "E_INTEGRITY" and "audit verify" in found["errors"][0]["message"]
    assert "不合" in zjj.read("handover", "show", "H4", "--verify", code=1)


def test_a_signed_sheet_is_exported_byte_for_byte_the_same_and_late_notes_are_an_annex(
    evening: Zjj, tmp_path: Path
) -> None:
    zjj = evening
    zjj("handover", "prepare", "H4", by=DAY)
    draft = zjj("handover", "export", "H4", str(tmp_path / "draft.txt"))
    assert any("草稿" in warning for warning in draft["warnings"])
    signed(zjj)
    kinds = ("txt", "html", "xlsx", "json")
    for kind in kinds:
        zjj("handover", "export", "H4", str(tmp_path / f"a.{kind}"))
    zjj.at("03-02 03:00")("do", f"th {URGENT} 1", by=NIGHT)
    for kind in kinds:
        zjj("handover", "export", "H4-2021-03-01", str(tmp_path / f"b.{kind}"))
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes(), kind
    assert json.loads((tmp_path / "a.json").read_text("utf-8"))["number"] == "JJ-0301-H4"
    assert zjj.data("handover", "note", "H4-2021-03-01", "钥匙在抽屉(示例)", by=NIGHT)["late"] is True
    zjj("handover", "export", "JJ-0301-H4", str(tmp_path / "c.txt"))
    assert (tmp_path / "c.txt").read_bytes() == (tmp_path / "a.txt").read_bytes()
    sheet = zjj.read("handover", "show", "JJ-0301-H4", "--sheet")
    assert "附件" in sheet and "钥匙在抽屉" in sheet
    assert zjj.error("handover", "export", "H4", str(tmp_path / "x.pdf"), code=2).count(".html") == 1


def test_AC_43a_unsigned_the_day_desk_keeps_custody_and_the_night_desk_only_looks(zjj: Zjj) -> None:
    zjj.at("03-01 07:05")("sign", "in", DAY, by=DAY)
    zjj("sign", "in", "0061", "--via", "phone")  # the night before has no roster; its leader hands over
    zjj.at("03-01 07:30")("handover", "prepare", "H1", by="0061")
    zjj("handover", "sign", "H1", "--side", "out", by="0061")
    zjj("handover", "sign", "H1", "--side", "in", "--yes", by=DAY)
    zjj.at("03-01 10:00")("do", "xj dhj zy 3", by=DAY)
    zjj.at("03-01 17:15")("sign", "in", NIGHT, by=NIGHT)
    zjj.at("03-01 17:40")
    assert zjj.data("handover", "show", "H4")["state"] == "OPEN"
    assert zjj.data("handover", "custody")["desk"] == "day"
    assert [c["handle"] for c in zjj.data("case", "list", by=NIGHT)["cases"]] == ["1001"]
    assert "只读" in zjj.error("do", "pd 1001 y1", by=NIGHT, code=8)
    zjj("do", "pd 1001 y1 2", by=DAY)


def test_who_has_custody_does_not_sign_out(evening: Zjj) -> None:
    zjj = signed(evening)
    assert "看护权" in zjj.error("sign", "out", NIGHT, by=NIGHT, code=8)
    zjj("sign", "out", DAY, by=DAY)


# forced -----------------------------------------------------------------------------------------------------------------


def test_a_forced_handover_needs_a_reason_and_a_second_person_and_is_told_for_ever(evening: Zjj) -> None:
    zjj = evening
    zjj("handover", "prepare", "H4", by=DAY)
    words = ("handover", "force", "H4", "--second", "0005")
    zjj(*words, "--reason", " ", by=NIGHT, code=3)
    zjj("handover", "force", "H4", "--reason", "x", "--second", "2501", by=NIGHT, code=7)
    moved = zjj.data(*words, "--reason", "系统故障(示例)", by=NIGHT)
    assert (moved["state"], moved["forced"]) == ("FORCED", True)
    assert zjj.data("handover", "custody")["desk"] == "night"
    assert zjj.data("handover", "list", "--month", "2021-03")["handovers"][0]["forced"] is True
    assert zjj.data("handover", "list", "--month", "2021-04")["handovers"] == []
    assert "带病交接: 系统故障" in zjj.read("handover", "show", "H4")
    zjj(*words, "--reason", "x", by=NIGHT, code=8)


def test_outside_the_trial_the_second_person_proves_himself_with_his_own_pin(evening: Zjj, pin_file: Any) -> None:
    zjj = evening
    zjj("handover", "prepare", "H4", by=DAY)
    zjj.pin = pin_file()
    zjj("operator", "add", "0001")
    zjj("operator", "add", NIGHT, by="0001")
    zjj("operator", "add", "0005", "--new-pin-file", pin_file("1357", "second"), by="0001")
    zjj("handover", "show", "H4", code=7)
    words = ("handover", "force", "H4", "--second", "0005", "--reason", "系统故障(示例)")
    assert "--second-pin-file" in zjj.error(*words, by=NIGHT, code=7)
    zjj(*words, "--second-pin-file", zjj.pin, by=NIGHT, code=7)
    zjj("handover", "force", "H4", "--second", "0017", "--reason", "x", "--second-pin-file", zjj.pin, by=NIGHT, code=7)
    open_file = Path(pin_file("1357", "open"))
    open_file.chmod(0o644)
    assert "0600" in zjj.error(*words, "--second-pin-file", str(open_file), by=NIGHT, code=7)
    zjj(*words, "--second-pin-file", pin_file("1357", "second"), by=NIGHT)


# the rest ---------------------------------------------------------------------------------------------------------------


def test_stations_sign_their_own_boundary_and_by_telephone_with_who_said_it(zjj: Zjj) -> None:
    zjj.at("03-01 16:25")("handover", "prepare", "H3", by=DAY)
    done = zjj.data("handover", "sign", "H3", "--station", "z1", "--by", "0031", "--via", "phone", by=DAY)
    assert done["stations"] == {"z1": "0031"}
    zjj("handover", "sign", "H3", "--station", "z2", by="0032")
    zjj("handover", "sign", "H3", "--station", "z3", by=DAY, code=7)
    assert zjj.error("handover", "sign", "H3", "--side", "out", by=DAY, code=8).count("--station") == 1
    for n in (3, 4, 5):
        zjj("handover", "sign", "H3", "--station", f"z{n}", by=f"003{n}")
    assert zjj.data("handover", "show", "H3")["state"] == "IN_SIGNED"


def test_the_ways_in_which_a_station_tells_its_signature_are_those_of_the_console(zjj: Zjj) -> None:
    from zjj_console.commands.handover import VIAS
    from zjj_console.screens.handover_signing import _WAYS

    assert tuple(via for _, _, via in _WAYS) == VIAS
    zjj.at("03-01 16:25")("handover", "prepare", "H3", by=DAY)
    zjj("handover", "sign", "H3", "--station", "z1", "--by", "0031", "--via", "wechat", by=DAY)
    zjj("handover", "sign", "H3", "--station", "z2", "--by", "0032", "--via", "console", by=DAY, code=2)


def test_a_line_for_the_next_shift_an_equipment_count_and_the_spoken_part(zjj: Zjj) -> None:
    zjj.at("03-01 17:10")("do", "xj dhj zy 3", by=DAY)
    zjj("handover", "pack", "1001", "--gist", "已围挡(示例)", "--next", "23:00 前复查", by=DAY)
    zjj("handover", "prepare", by=DAY)
    zjj("handover", "note", "H4", "对讲9/10 单兵3/3", "--equipment", by=DAY)
    zjj("handover", "spoken", "H4", by=DAY)
    shown = zjj.data("handover", "show", "H4", "--sheet")
    case = shown["cases"][0]
    assert (case["gist"], case["next"]) == ("已围挡(示例)", "23:00 前复查")
    assert "W3" in {w["code"] for w in shown["warnings"]}
    assert "已围挡(示例)" in shown["sheet"] and shown["sheet_sha256"] is None


def test_6_4_the_same_handover_is_signed_once(evening: Zjj) -> None:
    zjj = signed(evening)
    assert zjj.data("handover", "prepare", "H4", by=DAY)["same"] is True
    zjj("handover", "sign", "H4", "--side", "in", by=NIGHT, code=8)
    first = zjj.data("handover", "note", "H4", "一条", "--key", "n1", by=NIGHT)
    assert "same" not in first
    assert zjj.data("handover", "note", "H4", "一条", "--key", "n1", by=NIGHT)["same"] is True
    assert len(zjj.data("handover", "show", "H4")["notes"]) == 1


def test_what_the_desk_warns_of_reaches_scripts(evening: Zjj) -> None:
    evening("handover", "prepare", "H4", by=DAY)
    done = evening("handover", "read", "H4", URGENT, by=NIGHT)
    assert any("未复述下一步" in warning for warning in done["warnings"])


@pytest.mark.parametrize("kind", ["text", "md", "html"])
def test_the_morning_report_needs_no_stored_package_and_stores_none(zjj: Zjj, kind: str) -> None:
    zjj.at("03-02 03:00")("do", "xj dhj zy 2", by=NIGHT)
    found = zjj.at("03-02 07:10").data("report", "morning", "--format", kind)
    assert (found["stored"], found["number"]) == (False, "JJ-0302-H1")
    assert "晨报" in found["content"] and "1001" in found["content"]
    assert zjj.data("handover", "list")["handovers"] == []
    zjj("handover", "prepare", "H1", by=NIGHT)
    assert zjj.at("03-02 09:00").data("report", "morning", "--date", "0302")["stored"] is True
    zjj("report", "morning", "--date", "0301", code=6)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("handover", "show", "H9"), 6, "H1 H2 H3 H4"),
        (("handover", "show", "H4-0301"), 3, "H4-2021-03-01"),
        (("handover", "show", "JJ-0105-H1"), 6, "JJ-0105-H1"),
        (("handover", "prepare", "HX-1"), 6, "prepare HX"),
        (("handover", "read", "H4"), 2, "--all-paused"),
        (("handover", "read", "H4", "1001"), 8, "prepare H4"),
        (("handover", "export", "H4", "x.txt"), 8, "prepare H4"),
        (("handover", "code", "H4", "1001"), 2, "N2"),
        (("handover", "sign", "H4"), 2, "--side"),
        (("handover", "sign", "H4", "--side", "left"), 2, "--side"),
        (("handover", "sign", "H3", "--station", "z1", "--via", "letter"), 2, "phone"),
        (("handover", "pack", "1234"), 6, "没有案件"),
        (("handover", "list", "--month", "March"), 2, "2021-03"),
        (("handover", "list", "--month", "0001-01"), 2, "2100"),
        (("handover", "show", "H1-0001-01-01"), 3, "2100"),
        (("handover", "show", "HX-1999-01-01@0000"), 6, "HX-1999-01-01@0000"),
        (("report", "morning", "--date", "9999-12-31"), 2, "2100"),
        (("report", "morning", "--format", "pdf"), 2, "html"),
    ],
)
def test_every_error_says_what_to_do(zjj: Zjj, words: tuple[str, ...], code: int, says: str) -> None:
    assert says in zjj.error(*words, code=code)
