"""Files that are not what their name says, or not whole, or made to hurt: drawn from a seed, and a table of single ones."""

import io
import json
import random
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.hostile import material
from tests.intake.conftest import GOOD, text_of

SUFFIXES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".xlsx", ".xlsm", ".dat", "")
ROWS = [{**GOOD, "编号": f"F-{n}"} for n in range(12)]
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"


def workbook(path: Path) -> bytes:
    """A good workbook as other programs write it, with a table of shared strings, as bytes."""
    parts = parts_of(material.xlsx_bytes(list(ROWS), random.Random(0), path, tuple(GOOD)))
    strings: dict[str, int] = {}

    def shared(found: re.Match[str]) -> str:
        return f'{found[1]} t="s"><v>{strings.setdefault(found[2], len(strings))}</v></c>'

    inline = re.compile(r'(<c[^>]*?) t="inlineStr"><is><t>([^<]*)</t></is></c>')
    parts[SHEET] = inline.sub(shared, parts[SHEET].decode()).encode()
    assert strings
    table = "".join(f"<si><t>{text}</t></si>" for text in strings)
    parts[STRINGS] = f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{table}</sst>'.encode()
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    entry = f'<Override PartName="/{STRINGS}" ContentType="{kind}"/></Types>'
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(b"</Types>", entry.encode())
    return zipped(parts)


def valid(path: Path) -> dict[str, bytes]:
    """Good files of every kind."""
    text = text_of(ROWS)
    return {
        ".csv": text.encode(), "16.csv": text.encode("utf-16"), "18.csv": text.encode("gb18030"), "s.csv": text.encode("utf-8-sig"),
        ".json": json.dumps(ROWS).encode(), ".jsonl": "\n".join(json.dumps(one, ensure_ascii=False) for one in ROWS).encode(),
        ".xlsx": workbook(path),
    }  # fmt: skip


def parts_of(book: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def drawn(seed: int, count: int, good: dict[str, bytes]) -> list[tuple[str, bytes]]:
    """(name, bytes) of hostile files: random bytes, good ones cut at every region, damaged, spliced, or misnamed."""
    rng = random.Random(seed)
    parts = parts_of(good[".xlsx"])
    made: list[tuple[str, bytes]] = []
    for n in range(count):
        suffix, data = rng.choice(tuple(good.items()))
        name = suffix
        kind = n % 6
        if kind == 0:
            name, data = (
                rng.choice(SUFFIXES),
                rng.choice((b"", b"PK\x03\x04", b"\xef\xbb\xbf", b"\xff\xfe", b"[", b"{"))
                + rng.randbytes(rng.randrange(600)),
            )
        elif kind == 1:  # cut: the region goes round, so that every tenth of every kind is met
            data = data[: (n // 6 % 20) * len(data) // 20 + rng.randrange(len(data) // 20)]
        elif kind == 2:
            spoiled = bytearray(data)
            for _ in range(rng.choice((1, 3, 30))):
                spoiled[rng.randrange(len(spoiled))] = rng.randrange(256)
            data = bytes(spoiled)
        elif kind == 3:
            name = rng.choice(SUFFIXES)
        elif kind == 4:
            other = rng.choice(tuple(good.values()))
            data = data[: rng.randrange(len(data))] + other[rng.randrange(len(other)) :]
        else:  # a workbook whole as an archive, one part of which is spoiled
            broken = dict(parts)
            part = rng.choice(tuple(broken))
            text = bytearray(broken[part])
            for _ in range(rng.choice((1, 2, 20))):
                text[rng.randrange(len(text))] = rng.choice(b'<>&"/0123456789\x00\xff ')
            broken[part] = bytes(text)
            name, data = ".xlsx", zipped(broken)
        made.append((f"f{n}{name}", data))
    return made


def _bomb(depth: int = 9) -> bytes:
    lines = ["<!ENTITY l0 'ha'>", *(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, depth))]
    return f"<?xml version='1.0'?><!DOCTYPE x [{''.join(lines)}]>".encode()


def _sheet(inner: str, head: str = "") -> bytes:
    return f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{head}<sheetData>{inner}</sheetData></worksheet>'.encode()


def _row(cells: list[str], number: int = 1) -> str:
    filled = "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells)
    return f'<row r="{number}">{filled}</row>'


HEAD = _row(list(GOOD))
WELL = _row(list(GOOD.values()), 2)
MEGA = 1 << 20


def workbooks(good: bytes) -> dict[str, Callable[[], bytes]]:
    """Workbooks whole as archives, each with one thing wrong. Made when asked for: some unfold to hundreds of megabytes."""
    parts = parts_of(good)

    def changed(part: str, change: Callable[[bytes], bytes]) -> Callable[[], bytes]:
        return lambda: zipped({**parts, part: change(parts[part])})

    def sheet(inner: str, head: str = "") -> Callable[[], bytes]:
        return lambda: zipped({**parts, SHEET: _sheet(inner, head)})

    made: dict[str, Callable[[], bytes]] = {}
    for name in parts:
        made[f"without {name}"] = lambda name=name: zipped({n: d for n, d in parts.items() if n != name})
        made[f"empty {name}"] = changed(name, lambda _: b"")
        made[f"half of {name}"] = changed(name, lambda data: data[: len(data) // 2])
        made[f"entities in {name}"] = changed(
            name, lambda data: _bomb() + data[data.index(b"<", 5) :].replace(b"</", b"&l8;</", 1)
        )
        made[f"a DTD in UTF-16 in {name}"] = changed(
            name, lambda _: "<?xml version='1.0' encoding='utf-16'?><!DOCTYPE x []><x/>".encode("utf-16")
        )
        made[f"another root in {name}"] = changed(name, lambda _: b"<x/>")
    return made | {
        "relations that lead nowhere": changed("xl/_rels/workbook.xml.rels", lambda data: data.replace(b"worksheets/sheet1", b"../../etc/passwd")),
        "relations to itself": changed("xl/_rels/workbook.xml.rels", lambda data: data.replace(b"worksheets/sheet1.xml", b"workbook.xml")),
        "a sheet that is a chart": changed("xl/_rels/workbook.xml.rels", lambda data: data.replace(b"relationships/worksheet", b"relationships/chartsheet")),
        "no sheets": changed("xl/workbook.xml", lambda data: data[: data.index(b"<sheets>")] + data[data.index(b"</sheets>") + 9 :]),
        "strings out of range": sheet(HEAD + '<row r="2"><c t="s"><v>999999</v></c></row>'),
        "strings below zero": sheet(HEAD + WELL + '<row r="3"><c t="s"><v>-99999</v></c></row>'),
        "a string that is no number": sheet(HEAD + '<row r="2"><c t="s"><v>x</v></c></row>'),
        "a number that is none": sheet(HEAD + WELL + '<row r="3"><c><v>1.2.3</v></c></row>'),
        "a number without end": sheet(HEAD + f'<row r="2"><c><v>{"9" * 9999}</v></c></row>'),
        "a date out of range": sheet(HEAD + '<row r="2"><c s="1"><v>1e300</v></c><c t="d"><v>x</v></c></row>'),
        "a style out of range": sheet(HEAD + '<row r="2"><c s="999"><v>1</v></c><c s="x"><v>1</v></c></row>'),
        "a row a thousand million down": sheet(HEAD + WELL + _row(["x"], 1_000_000_000)),
        "a row above the first": sheet(HEAD + _row(["x"], -5) + WELL),
        "a cell far to the right": sheet(HEAD + '<row r="2"><c r="ZZZ2" t="inlineStr"><is><t>x</t></is></c></row>'),
        "a cell beyond the right": sheet(HEAD + '<row r="2"><c r="ZZZZZZ2"><v>1</v></c></row>'),
        "a cell without a place": sheet(HEAD + '<row r="2"><c r="???"><v>1</v></c></row>'),
        "a header of 1,500 columns": sheet(_row([f"c{n}" for n in range(1500)]) + WELL),
        "merged everything": sheet(HEAD + WELL, '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'),
        "a size that lies": sheet(HEAD + WELL, '<dimension ref="A1:XFD1048576"/>'),
        "a cell of 40 MB": sheet(HEAD + _row(["0" * 40 * MEGA], 2)),
        "a row of three million cells": sheet(HEAD + f'<row r="2">{"<c/>" * (20 * MEGA // 4)}</row>'),
        "40 MB before the first row": sheet(HEAD + WELL, "<x/>" * (10 * MEGA)),
        "40 MB of properties": changed("docProps/core.xml", lambda _: b"<x>" + b"0" * (40 * MEGA) + b"</x>"),
        "40 MB of contents": changed("[Content_Types].xml", lambda _: b"<x>" + b"0" * (40 * MEGA) + b"</x>"),
        "300 MB of strings": changed(STRINGS, lambda data: data.replace(b"<si>", b"<si><t>" + b"0" * (300 * MEGA) + b"</t></si><si>", 1)),
        "50 million strings": changed(STRINGS, lambda data: data.replace(b"<si>", b"<si/>" * (56 * MEGA) + b"<si>", 1)),
        "twice the same part": lambda: _twice(parts),
        "ten thousand parts": lambda: zipped({**parts, **{f"x/{n}": b"" for n in range(10_000)}}),
        "an archive in an archive": lambda: zipped({"x.xlsx": good}),
        "an archive of nothing": lambda: zipped({}),
        "a password": lambda: _locked(good),
    }  # fmt: skip


def _twice(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name, data in [*parts.items(), (SHEET, b"<x/>")]:
                archive.writestr(name, data)
    return out.getvalue()


def _locked(book: bytes) -> bytes:
    """The flag of encryption on every part."""
    spoiled = bytearray(book)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = spoiled.find(mark)
        while at >= 0:
            spoiled[at + offset] |= 1
            at = spoiled.find(mark, at + 4)
    return bytes(spoiled)


_HEAD = ",".join(GOOD).encode() + b"\n"
_LINE = ",".join(GOOD.values()).encode() + b"\n"
TEXTS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "nothing": (".csv", lambda: b""),
    "a mark and nothing": (".csv", lambda: b"\xef\xbb\xbf"),
    "a mark of UTF-16 and an odd byte": (".csv", lambda: b"\xff\xfe\x41"),
    "UTF-16 cut in the middle of a character": (".csv", lambda: (_HEAD + _LINE).decode().encode("utf-16")[:-1]),
    "half a pair in UTF-16": (".csv", lambda: (_HEAD + _LINE).decode().encode("utf-16") + b"\x3d\xd8\x41\x00"),
    "a mark of UTF-32": (".csv", lambda: b"\xff\xfe\x00\x00" + _HEAD),
    "UTF-16 without a mark": (".csv", lambda: (_HEAD + _LINE).decode().encode("utf-16-le")),
    "a thousand blank lines": (".csv", lambda: b"\n" * 1000),
    "a thousand blank lines before a header": (".csv", lambda: b"\r\n" * 1000 + _HEAD + _LINE),
    "only quotes": (".csv", lambda: b'"' * 10_001),
    "only separators": (".csv", lambda: b"," * 100_000),
    "only NUL": (".csv", lambda: b"\x00" * 100_000),
    "a header and a line without end": (".csv", lambda: _HEAD + b"x" * (9 * MEGA) + b"\n" + _LINE),
    "a line without end": (".csv", lambda: b"x" * (9 * MEGA)),
    "a cell without end": (".csv", lambda: _HEAD + b"," + b"x" * (2 * MEGA) + b",\n" + _LINE),
    "a header cell without end": (".csv", lambda: b"x" * (2 * MEGA) + b"," + _HEAD),
    "a quote that never closes over many lines": (".csv", lambda: _HEAD + b'"' + _LINE * 500),
    "every line has an open quote": (".csv", lambda: _HEAD + (b'"' + _LINE) * 50),
    "carriage returns only": (".csv", lambda: (_HEAD + _LINE).replace(b"\n", b"\r")),
    "1,500 columns": (".csv", lambda: b",".join(b"c%d" % n for n in range(1500)) + b"\n"),
    "nothing as JSON": (".json", lambda: b""),
    "brackets without end": (".json", lambda: b"[" * 100_000),
    "braces without end": (".json", lambda: b'{"a":' * 100_000),
    "an array of arrays": (".json", lambda: b"[[[1]],[[2]]]"),
    "a deep cell": (".json", lambda: b'[{"\xe7\xbc\x96\xe5\x8f\xb7":' + b"[" * 900 + b"]" * 900 + b"}]"),
    "deep cells at the edge": (
        ".json",
        lambda: b"[" + b",".join(b'{"a":' + b"[" * n + b"]" * n + b"}" for n in range(850, 1000)) + b"]",
    ),
    "a number without end": (".json", lambda: b'[{"a":' + b"9" * 100_000 + b"}]"),
    "a text without end": (".json", lambda: b'[{"a":"' + b"x" * (9 * MEGA)),
    "a line of JSON without end": (".jsonl", lambda: b'{"a":"' + b"x" * (9 * MEGA) + b'"}\n{"a":1}\n'),
    "a key to every record": (".jsonl", lambda: b"\n".join(b'{"k%d":1}' % n for n in range(1500))),
    "NaN": (".json", lambda: b'[{"a":NaN,"b":Infinity,"c":-Infinity}]'),
    "a value alone": (".json", lambda: b"7"),
    "JSON in UTF-16": (".json", lambda: '[{"a": 1}]'.encode("utf-16")),
    "keys that steer": (".json", lambda: b'[{"\\u001b[2J\\u202e":1,"":2,"_row":3,"\\ud800":4}]'),
}
