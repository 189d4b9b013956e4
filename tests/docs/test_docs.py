"""The documentation is true: generated pages are fresh, nothing is left out, and every example runs as printed."""

import ast
import importlib.util
import os
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from zjj_console import cli
from zjj_console.verbs.table import VERBS

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "zjj_console"
PAGES = [ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(console|(?:csv|toml) (\S+))\n(.*?)^```", re.MULTILINE | re.DOTALL)
NOTES = ("试用: ",)  # narration that the examples leave out
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")


def text_of(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


@pytest.fixture(scope="module")
def writer() -> ModuleType:
    """tools/write_docs.py as a module."""
    spec = importlib.util.spec_from_file_location("write_docs", ROOT / "tools" / "write_docs.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_fresh(writer: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["write_docs.py", "--check"])
    assert writer.main() == 0


# nothing is left out ----------------------------------------------------------------------------------------------------


def numbers_and_names(tree: ast.AST) -> Iterator[tuple[str, list[object]]]:
    """(name of what is called, its constant arguments) of every call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            yield name, [a.value for a in node.args if isinstance(a, ast.Constant)]


def sources() -> Iterator[str]:
    for path in PACKAGE.rglob("*.py"):
        yield path.read_text("utf-8")


def test_every_command_and_option_is_documented(writer: ModuleType) -> None:
    page = text_of("docs/users/commands.md")
    for words, text in writer.helps():
        assert f"## {' '.join(words)}\n" in page
        assert set(re.findall(r"--[a-z-]+", text)) <= set(re.findall(r"--[a-z-]+", page))


def test_every_verb_is_documented_in_both_languages() -> None:
    for page in ("docs/users/keys.md", "docs/users/keys.zh-CN.md"):
        text = text_of(page)
        for verb in VERBS:
            assert f"`{verb.code}`" in text and f"`{verb.alias}`" in text, f"{verb.id} in {page}"


def test_every_exit_code_is_documented() -> None:
    used = {
        args[0]
        for source in sources()
        for name, args in numbers_and_names(ast.parse(source))
        if name in ("Stop", "StorageError", "Refusal", "IntakeError", "Problem") and args and type(args[0]) is int
    }
    documented = set(re.findall(r"^\| (\d+) \|", text_of("docs/operators/codes.md"), re.MULTILINE))
    assert {str(code) for code in used} <= documented


def test_every_error_code_is_documented() -> None:
    used = {code for source in sources() for code in re.findall(r"[\"']([EI]_[A-Z_]+)[\"']", source)}
    documented = set(re.findall(r"`([EI]_[A-Z_]+)`", text_of("docs/operators/codes.md")))
    assert used <= documented


def test_every_profile_code_is_documented() -> None:
    used = {code for source in sources() for code in re.findall(r"\"(P-\d{3})\"", source)}
    assert used <= set(re.findall(r"P-\d{3}", text_of("docs/operators/profile.md")))


def test_both_readmes_have_the_same_sections() -> None:
    counts = [len(re.findall(r"^## ", text_of(name), re.MULTILINE)) for name in ("README.md", "README.zh-CN.md")]
    assert counts[0] == counts[1] > 5


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"], ids=lambda p: p.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    missing = [to for to in LINK.findall(page.read_text("utf-8")) if not (page.parent / to).exists()]
    assert missing == []


# examples run -----------------------------------------------------------------------------------------------------------


def steps(block: str) -> Iterator[tuple[str, str]]:
    """(command, what it printed) of a console block."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        yield command, printed.rstrip("\n")


def run(command: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> str:
    """What a command prints, its narration left out. Knows `export`, `cat` and `zjj`; anything else is a mistake."""
    words = shlex.split(command)
    if words[0] == "export":
        for pair in words[1:]:
            name, _, value = pair.partition("=")
            monkeypatch.setenv(name, value)
        return ""
    if words[0] == "cat":
        return Path(words[1]).read_text("utf-8-sig").rstrip("\n")
    assert words[0] == "zjj", f"examples run zjj: {command}"
    monkeypatch.setattr(sys, "argv", words)
    capfd.readouterr()
    with pytest.raises(SystemExit):
        cli.main()
    out, err = capfd.readouterr()
    lines = [line for line in [*out.splitlines(), *err.splitlines()] if not line.startswith(NOTES)]
    return "\n".join(line.rstrip() for line in lines)


def same(expected: str, printed: str) -> bool:
    """`...` stands for anything within a line; alone on a line, for any lines."""
    lines = [
        "(?s:.*)" if line == "..." else ".*".join(map(re.escape, line.split("..."))) for line in expected.split("\n")
    ]
    return re.fullmatch("\n".join(lines), printed) is not None


WITH_EXAMPLES = [page for page in PAGES if "```console" in page.read_text("utf-8")]


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda p: p.name)
def test_examples_print_what_the_page_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("ZJJ_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ZJJ_DB", str(tmp_path / "page.db"))
    for info, file, body in FENCE.findall(page.read_text("utf-8")):
        if file:
            (tmp_path / file).write_text(body, "utf-8")
            continue
        for command, expected in steps(body):
            printed = run(command, monkeypatch, capfd)
            assert same(expected, printed), f"{info}: {command}\n--- page\n{expected}\n--- printed\n{printed}"


def test_an_example_that_is_wrong_would_be_noticed() -> None:
    assert same("签收 1001 ... [处置中]", "签收 1001 灾险 [处置中]")
    assert not same("签收 1001 ... [处置中]", "签收 1002 灾险 [处置中]")
    assert same("one\n...\nfour", "one\ntwo\nthree\nfour")
    assert list(steps("$ zjj do x\none\ntwo\n$ zjj y\n")) == [("zjj do x", "one\ntwo"), ("zjj y", "")]
