"""What nobody would type and every import must survive: cells, rows and whole files, drawn from a seed.

A row is a dictionary of cells by their Chinese header; a cell may be of any type that JSON or a workbook knows.
"""

import csv
import io
import json
import random
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from tests.intake.conftest import GOOD

Row = dict[str, Any]
FORMATS = ("csv", "json", "jsonl", "xlsx")
LONG = 2000  # characters of a text that is kept whole
STEERING = (
    "\x1b]0;改标题\x07", "\x1b[2J\x1b[31m", "\x9b31m", "\x1bc", "\x00", "a\x00b", "\x07\x08", "\x7f", "\x85", "\u202e倒写\u202c", "\u2066隔\u2069",
    "\u200f", "\u200b", "\ufeff", "\u2028\u2029", "\U000e0041\U000e007f", "\ud800", "\udfff桥", "\udc80", "👨\u200d👩", "e\u0301" * 40, "\r", "\n\n", "\t",
)  # fmt: skip
FORMULAS = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "'=1",
    "''=1",
    "'",
    "＝1",
    "\t=1",
    "=" * 300,
    '=HYPERLINK("http://示例")',
)
NUMBERS = (
    "1e308",
    "-1e308",
    "1e999",
    "NaN",
    "inf",
    "-inf",
    "0x1f",
    "１２３",
    "١٢٣",
    "²",
    "9" * 400,
    "9" * 5000,
    "-0",
    "1_000",
    "1,5",
    "+4",
    " 3 ",
)
TIMES = (
    "2021-13-01 10:00", "2021-02-30 10:00", "2021-03-01 24:00", "2021-03-01 23:59:60", "9999-12-31 23:59", "0001-01-01 00:00", "1970-01-01 00:00",
    "1990-01-01 00:00", "1989-12-31 23:59", "2199-12-31 23:59", "2021-03-01 23:10+99:99", "2021-03-01T23:10:00Z", "2021-03-01 23:10-23:59", "昨天",
    "２０２１-０３-０１ ２３：１０", "2021年3月1日23时10分", "2021/3/1", "1614611400", "44256.5", "2021-03-01 23:1", "2021-03-01  23:10", "٢٠٢١-03-01 23:10",
    "2021-03-02 00:00", "2021-03-01 23:29:59", "2021-03-01 23:30", "1991-04-14 02:30", "T", "2021-03-01 ab:cd", "2021-03-01 1²:00", "2021-03-01 23:1²",
)  # fmt: skip
PLACES = (
    "",
    "火星",
    "东湖",
    "dh",
    "d",
    "村",
    "村委会",
    "待定",
    "沙加埭",
    "沙",
    "310118102999",
    "东湖街" * 700,
    "东\u200b湖街",
    "ＤＨＪ",
    "新",
    "x" * 3000,
)
WORDS = (
    "",
    "没有",
    "js",
    "暴露垃圾",
    "blj",
    "电话",
    "110",
    "城管中队",
    "cg",
    "CLOSED",
    "已结案",
    "处置中",
    "自处",
    "疑难",
    "MERGED",
    "DRAFT",
    "作废",
    "0",
    "5",
)
SHAPES: tuple[Any, ...] = (
    None, True, False, 0, -1, 10**30, 1.5, 1e308, float("inf"), float("nan"), [], {}, [None], ["a", ["b", {"c": 1}]], {"=a": "\u202e"}, [[[[[[]]]]]], "",
)  # fmt: skip
OTHERS = (
    "级别", "上报人", "电话", "经度", "纬度", "状态", "流程", "承办", "承办人", "协办", "派单时间", "处置时间", "结果", "结果说明", "附件", "结案时间",
    "办结时限", "复查日期", "政务微信号", "退单次数", "返工次数", "经管", "登记时间", "案号", "案件标识", "机内数据",
)  # fmt: skip
HEADERS = (*GOOD, *OTHERS)
MACHINE = (
    "{", "[]", "null", '{"state":"CLOSED","version":99}', '{"clocks":{"HDL":{"code":"ACC"}}}', '{"text":"\\u202e\\u001b[2J"}', '{"serial":-1}',
    '{"lon":1e400}', '{"reported_at":99999999999999999999}', "[" * 2000, '{"a":' * 900, '{"dispatches":[{"n":1,"unit":"火星"}]}', '{"state":"\\ud800"}',
    '{"due_final":-99999999999999999}', '{"marks":[1,2]}', '{"priority":9}', '{"lead":"cg","state":"HANDLING"}', '{"clocks":7}', '{"on_time":"x"}',
)  # fmt: skip
SPECIAL: dict[str, tuple[str, ...]] = {
    "上报时间": TIMES, "派单时间": TIMES, "处置时间": TIMES, "结案时间": TIMES, "办结时限": TIMES, "复查日期": TIMES, "登记时间": TIMES, "地点": PLACES,
    "类别": WORDS, "来源": WORDS, "状态": WORDS, "流程": WORDS, "承办": WORDS, "协办": WORDS, "结果": WORDS, "级别": (*NUMBERS, "1", "四级"),
    "经度": (*NUMBERS, "121.05", "-181"), "纬度": (*NUMBERS, "31.1"), "退单次数": NUMBERS, "返工次数": NUMBERS, "机内数据": MACHINE,
    "案号": ("ZJJ2021-A-00001", "ZJJ2021-A-999999999", "X-A-1", "ZJJ2021-A-０1", "ZJJ2021-Z-00000"),
    "案件标识": ("0" * 8 + "-0000-0000-0000-" + "0" * 12, "not-a-uuid", "00000000-0000-0000-0000-00000000000g"),
}  # fmt: skip


def long_text(rng: random.Random) -> str:
    size = rng.choice((LONG - 1, LONG, LONG + 1, 5 * LONG, 10 * LONG, 10 * LONG))
    return rng.choice(("长", "a", "\u200b", "é", "=", "👷", '"')) * (size * (20 if rng.random() < 0.01 else 1))


def cell(rng: random.Random, header: str) -> Any:
    draw = rng.random()
    if draw < 0.45 and header in SPECIAL:
        return rng.choice(SPECIAL[header])
    if draw < 0.52:
        return long_text(rng)
    if draw < 0.62:
        return rng.choice(SHAPES)
    pool = rng.choice((STEERING, FORMULAS, NUMBERS, TIMES, PLACES, WORDS, MACHINE))
    text = rng.choice(pool)
    return text if rng.random() < 0.6 else GOOD.get(header, "") + text


def row(rng: random.Random, n: int) -> Row:
    """A good row with some cells turned bad; a few are left good, a few come twice or lack a cell."""
    made: Row = {**GOOD, "编号": f"H-{n}"}
    if rng.random() < 0.08:  # the same again, or the same number with other words
        made["编号"] = f"H-{rng.randrange(n + 1)}"
        made["描述"] = rng.choice((GOOD["描述"], f"另一内容{n}"))
        return made
    if rng.random() < 0.1:
        del made[rng.choice(tuple(GOOD))]
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3, 8))):
        header = rng.choice(HEADERS)
        made[header] = cell(rng, header)
    return made


def rows(seed: int, count: int) -> list[Row]:
    rng = random.Random(seed)
    return [row(rng, n) for n in range(count)]


# files of rows -------------------------------------------------------------------------------------------------------


def flat(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else repr(value)


def csv_bytes(made: list[Row], rng: random.Random, headers: tuple[str, ...] = HEADERS) -> bytes:
    """Most lines well written; some with a quote left open, a separator too many, a byte that is no text, or too short."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(headers)
    lines = [out.getvalue().encode()]
    for one in made:
        out.seek(0)
        out.truncate()
        writer.writerow([flat(one.get(name)) for name in headers])
        line = out.getvalue().encode("utf-8", "surrogatepass")
        draw = rng.random()
        if draw < 0.02:
            line = line[:-2] + b',"never closed\r\n'
        elif draw < 0.04:
            line = line[:-2] + b",too,many\r\n"
        elif draw < 0.06:
            line = b"\xff\xfe\xf8" + line
        elif draw < 0.07:
            line = line[: len(line) // 3] + b"\n"
        lines.append(line)
    return b"".join(lines)


def json_bytes(made: list[Row]) -> bytes:
    return json.dumps(made, ensure_ascii=True).encode()


def jsonl_bytes(made: list[Row], rng: random.Random) -> bytes:
    lines = []
    for one in made:
        line = json.dumps(one, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
        draw = rng.random()
        if draw < 0.02:
            line = rng.choice(
                (
                    b"{",
                    b"[1,2]",
                    b"nul",
                    b'"text"',
                    b"NaN",
                    b"[" * 3000,
                    b'{"a":' * 3000,
                    b"\xff\xfe",
                    b'{"x": ' + b"9" * 6000 + b"}",
                )
            )
        elif draw < 0.04:
            line = line[: len(line) // 2]
        lines.append(line)
    return b"\n".join(lines)


_XLSX_LONGEST = 32_767
_XLSX_NEVER = dict.fromkeys((*range(9), 11, 12, *range(14, 32), *range(55296, 57344), 65534, 65535))
EXCEL = (datetime(2021, 3, 1, 23, 10), datetime(1900, 1, 1), datetime(9999, 12, 31), date(2021, 3, 1), time(23, 10))


def xlsx_bytes(made: list[Row], rng: random.Random, path: Path, headers: tuple[str, ...] = HEADERS) -> bytes:
    """Every cell as what it is where a workbook can hold it: text, number, flag, date, formula."""
    book = Workbook(write_only=True)
    page = book.create_sheet("cases")
    page.append(list(headers))
    for one in made:
        cells: list[Any] = []
        for name in headers:
            value = one.get(name)
            if isinstance(value, str):
                value = value.translate(_XLSX_NEVER)[:_XLSX_LONGEST]
            elif isinstance(value, (list, dict)) or (isinstance(value, (int, float)) and not abs(value) < 1e300):
                value = repr(value)
            elif name.endswith("时间") and rng.random() < 0.02:
                value = rng.choice(EXCEL)
            cells.append(value)
        page.append(cells)
    book.save(path)
    return path.read_bytes()


def as_file(form: str, made: list[Row], seed: int, path: Path) -> Path:
    """Rows written as a file of this format."""
    rng = random.Random(seed)
    make: dict[str, Callable[[], bytes]] = {
        "csv": lambda: csv_bytes(made, rng),
        "json": lambda: json_bytes(made),
        "jsonl": lambda: jsonl_bytes(made, rng),
        "xlsx": lambda: xlsx_bytes(made, rng, path),
    }
    path.write_bytes(make[form]())
    return path
