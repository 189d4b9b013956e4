"""The parts of the screens: window, editor, cells, colours, words, crash note, start-up."""

import ast
import re
import subprocess
import sys
import tomllib
import unicodedata
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.color import Color

import zjj_console
from zjj_console.app import write_incident
from zjj_console.desk import wording
from zjj_console.desk.desk import Desk
from zjj_console.desk.mapping import LAYERS
from zjj_console.domain.lifecycle import STATE_ZH
from zjj_console.domain.marks import PRIORITY_ZH
from zjj_console.storage.reads import Cursor, QueueRow
from zjj_console.verbs.table import GROUP_ZH, VERBS
from zjj_console.widgets.cells import fit, fitted, shown, width_of, wrap
from zjj_console.widgets.editor import LineEditor
from zjj_console.widgets.theme import palette
from zjj_console.widgets.window import CHUNK, MAX_ROWS, RowWindow

PACKAGE = Path(zjj_console.__file__).parent
CJK = re.compile("[\u4e00-\u9fff]")


def row(n: int) -> QueueRow:
    return QueueRow(n, f"id{n}", n, "A", 1, "REPORTED", "general", 3, "", "", "", "", "", "", "", 0, "", "", 1, "ACC",
                    n * 10, 0, "wall", "", "", 0, 0, None, None)  # fmt: skip


class Memory:
    """A list that answers like the database, and counts what it is asked."""

    def __init__(self, size: int) -> None:
        self.rows = [row(n) for n in range(1, size + 1)]
        self.asked = 0

    def page(self, limit: int, after: Cursor | None, backward: bool) -> list[QueueRow]:
        self.asked += 1
        if backward:
            found = [r for r in self.rows if after is None or r.cursor < after]
            return found[-limit:]
        return [r for r in self.rows if after is None or r.cursor > after][:limit]

    def find(self, case_id: str) -> QueueRow | None:
        return next((r for r in self.rows if r.id == case_id), None)

    def count(self) -> int:
        return len(self.rows)

    def position(self, cursor: Cursor) -> int:
        return sum(r.cursor < cursor for r in self.rows)


@given(st.lists(st.integers(0, 2999), min_size=1, max_size=30))
def test_the_window_shows_the_row_that_stands_at_an_index(visits: list[int]) -> None:
    source = Memory(3000)
    window = RowWindow(source)
    window.load()
    for index in visits:
        found = window.row(index)
        assert found is not None
        assert found.rid == index + 1
        assert len(window.rows) <= MAX_ROWS + CHUNK


def test_both_ends_of_a_long_list_are_one_read_away() -> None:
    source = Memory(20_000)
    window = RowWindow(source)
    window.load()
    before = source.asked
    last = window.row(19_999)
    assert last is not None
    assert last.rid == 20_000
    assert source.asked == before + 1


def test_loading_again_keeps_the_rows_around_the_top() -> None:
    source = Memory(5000)
    window = RowWindow(source)
    window.load()
    window.row(1500)
    window.load(1500)
    assert window.held(1500) == row(1501)
    assert window.total == 5000


def test_loading_again_finds_a_case_however_far_it_was_pushed() -> None:
    source = Memory(5000)
    window = RowWindow(source)
    window.load()
    window.load(0, "id4321")
    assert window.index_of("id4321") == 4320


_TEXT = st.text(max_size=60)


@given(_TEXT, st.integers(0, 40))
def test_fitted_text_has_exactly_its_width(text: str, width: int) -> None:
    assert cell_len(fit(shown(text), width)) == width
    assert width_of(fitted(((shown(text), ""), (shown(text), "bold")), width)) == width


@given(_TEXT, st.integers(2, 40))
def test_wrapping_loses_no_character_and_no_line_is_too_wide(text: str, width: int) -> None:
    clean = shown(text)
    pieces = wrap(clean, width)
    assert all(cell_len(piece) <= width for piece in pieces)
    assert "".join(pieces).replace(" ", "") == clean.replace(" ", "")


@given(
    st.lists(
        st.sampled_from(["left", "right", "home", "end", "backspace", "delete", "ctrl+w", "ctrl+u", "甲", "b", " "])
    )
)
def test_the_cursor_of_the_editor_never_leaves_its_text(keys: list[str]) -> None:
    editor = LineEditor()
    for key in keys:
        if not editor.key(key):
            editor.insert(key)
        assert 0 <= editor.cursor <= len(editor.text)


def contrast(a: str, b: str) -> float:
    """WCAG ratio of two colours."""

    def luminance(colour: str) -> float:
        parts = [c / 255 for c in Color.parse(colour).rgb]
        r, g, b = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", ["night", "day"])
def test_every_colour_is_readable_on_every_background(name: str) -> None:
    colours = palette(name)
    grounds = [colours.pop(role) for role in ("background", "panel", "raised")]
    for role, colour in colours.items():
        for ground in grounds:
            assert contrast(colour, ground) >= 4.5, f"{name}: {role} on {ground}"


def chinese_strings() -> set[str]:
    """Every Chinese string that the interface holds, doc strings aside."""
    found: set[str] = set()
    for path in [PACKAGE / "app.py", *(PACKAGE / "screens").glob("*.py"), *(PACKAGE / "widgets").glob("*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        scopes = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        told = {id(n.body[0].value) for n in ast.walk(tree)
                if isinstance(n, scopes) and n.body and isinstance(n.body[0], ast.Expr)}  # fmt: skip
        found |= {
            n.value
            for n in ast.walk(tree)
            if isinstance(n, ast.Constant) and isinstance(n.value, str) and CJK.search(n.value) and id(n) not in told
        }
    tables: list[Any] = [STATE_ZH, wording.FLOW_ZH, PRIORITY_ZH, wording.EVENT_ZH, GROUP_ZH]
    found |= {zh for table in tables for zh in table.values()}
    found |= {layer.zh for layer in LAYERS}
    return found | {verb.later for verb in VERBS if verb.later}


def test_every_chinese_string_has_its_english() -> None:
    english = tomllib.loads((PACKAGE / "i18n" / "en.toml").read_text(encoding="utf-8"))
    assert chinese_strings() - set(english) == set()
    holes = re.compile(r"\{(\w+)\}")
    assert [zh for zh, en in english.items() if set(holes.findall(zh)) != set(holes.findall(en))] == []


def test_NV_16_no_string_of_the_interface_has_a_glyph_of_ambiguous_width() -> None:
    english = tomllib.loads((PACKAGE / "i18n" / "en.toml").read_text(encoding="utf-8"))
    for text in chinese_strings() | set(english.values()):
        assert not [char for char in text if unicodedata.east_asian_width(char) == "A"], text


def test_the_first_paint_imports_no_database_layer_and_no_network() -> None:
    code = "import sys, zjj_console.app; print([m for m in ('sqlmodel', 'sqlalchemy', 'httpx', 'typer') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_crash_note_holds_no_value_and_no_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platformdirs, "user_state_path", lambda *a, **k: tmp_path)
    secret = "报告人示例甲 0000-0000"
    try:
        raise ValueError(secret)
    except ValueError:
        path = write_incident("0badcafe")
    text = path.read_text(encoding="utf-8")
    assert "ValueError" in text
    assert "test_parts.py" in text
    assert secret not in text
    assert path.stat().st_mode & 0o077 == 0


async def test_a_crash_shows_one_line_with_its_number(
    opened: Any, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platformdirs, "user_state_path", lambda *a, **k: tmp_path)
    with pytest.raises(ZeroDivisionError):
        async with opened() as console:
            app = console.app
            app.call_later(lambda: 1 / 0)
            await console.pilot.pause()
    assert app.incident
    assert (tmp_path / f"incident-{app.incident}.log").exists()


async def test_the_view_says_bold_once_what_changed(opened: Any, desk: Desk, other_desk: Desk) -> None:
    async with opened() as console:
        assert other_desk.run_line("sl 1008").ok
        await console.second(5)
        table = console.queue.table
        fresh = dict(table._fresh)
        assert "state" in fresh[next(r.id for r in table.visible_rows() if r.handle == "1008")]
        await console.second()
        assert table._fresh == {}
