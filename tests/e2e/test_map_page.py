"""The page of the map in a real browser: its script, its links, its tables without script, words that do not touch."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import Zjj
from zjj_console.town.load import builtin

NIGHT = "2021-03-01 23:24"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LAYERS = ("open", "overdue", "heat", "key_item")
MEASURE = """<script>
var found = [], all = Array.prototype.slice.call(document.querySelectorAll("svg text"));
var boxes = all.map(function (one) { return one.getBoundingClientRect(); });
boxes.forEach(function (a, i) { boxes.slice(i + 1).forEach(function (b, j) {
  var across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  var down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  if (across > 1 && down > 4) { found.push(all[i].textContent + " / " + all[i + 1 + j].textContent); }
}); });
document.title = boxes.length + " words, touching: " + found.join("; ");
</script>"""  # a line of type is higher than its glyphs: four units of air may overlap


@pytest.fixture(scope="module")
def browser() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium is installed")
    return found


@pytest.fixture(scope="module")
def files(template: Path, tmp_path_factory: pytest.TempPathFactory, copy_db: Any) -> Path:
    """The page, and a picture of each kind of layer, on the shipped sample night."""
    folder = tmp_path_factory.mktemp("map")
    zjj = Zjj(copy_db(template, folder / "night.db"), NIGHT)
    for name in ("night.csv", "month.csv"):
        zjj("import", "cases", str(builtin() / "samples" / name))
    zjj("report", "map", "--html", str(folder / "m.html"))
    for layer in LAYERS:
        zjj("report", "map", "--svg", str(folder / f"{layer}.svg"), "--layer", layer)
    return folder


class Browser:
    """`dom(url)` is the document after its script ran, with no network at all."""

    def __init__(self, program: str, home: Path) -> None:
        self.program, self.home = program, home

    def run(self, *words: str) -> str:
        flags = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-extensions", "--no-first-run",
                 "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={self.home}", "--virtual-time-budget=2000")  # fmt: skip
        done = subprocess.run([self.program, *flags, *words], capture_output=True, text=True, timeout=90, check=True)
        return done.stdout

    def dom(self, url: str) -> str:
        return self.run("--dump-dom", url)


@pytest.fixture
def chromium(browser: str, tmp_path: Path) -> Browser:
    return Browser(browser, tmp_path / "browser")


def chosen_cases(dom: str) -> list[str]:
    return re.findall(r'<section class="cases chosen" id="grid-(\w+)"', dom)


def displayed(dom: str) -> str:
    """The title that the test's own script wrote."""
    found = re.search("<title>(.*?)</title>", dom)
    assert found is not None
    return found[1]


def with_script(page: Path, script: str, target: Path) -> str:
    """The page with a script of the test at its end: a copy whose policy lets it run."""
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text("utf-8"))
    target.write_text(text.replace("</body>", f"<script>{script}</script></body>"), "utf-8")
    return target.as_uri()


SHOWN = """document.title = Array.prototype.slice.call(document.querySelectorAll(".picture")).map(function (one, n) {
  return getComputedStyle(one).display === "none" ? "" : document.querySelectorAll("input[name=layer]")[n].value;
}).filter(Boolean).join(" ") + "|" + Array.prototype.slice.call(document.querySelectorAll(".cases")).filter(function (one) {
  return getComputedStyle(one).display !== "none"; }).length;"""


def test_a_link_opens_the_page_on_a_layer_and_a_grid(chromium: Browser, files: Path, tmp_path: Path) -> None:
    dom = chromium.dom(f"{(files / 'm.html').as_uri()}#layer=heat30&grid=g3")
    assert 'class="scripted picked"' in dom
    assert chosen_cases(dom) == ["g3"]
    assert re.search(
        r'<path[^>]*class="s-dim chosen"[^>]*data-border="g3"|data-border="g3"[^>]*class="s-dim chosen"', dom
    )
    copy = with_script(files / "m.html", SHOWN, tmp_path / "copy.html")
    assert displayed(chromium.dom(f"{copy}#layer=heat30&grid=g3")) == "heat30|1"
    assert (
        displayed(chromium.dom(f"{copy}#layer=none&grid=%E0%A4%A")) == "open|0"
    )  # a link that means nothing is harmless


def test_clicking_and_tabbing_choose_a_grid_and_a_radio_the_layer(
    chromium: Browser, files: Path, tmp_path: Path
) -> None:
    acts = {
        "document.querySelector('.picture-0 a[data-grid=g5]').dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}));": "g5",
        "document.querySelector('tr a[data-grid=g2]').focus();": "g2",
        "document.querySelector('input[value=heat90]').click();": "layer=heat90",
    }
    for n, (act, wanted) in enumerate(acts.items()):
        late = f"{act} setTimeout(function () {{ document.title = location.hash; }}, 200);"
        dom = chromium.dom(with_script(files / "m.html", late, tmp_path / f"act{n}.html"))
        assert wanted in displayed(dom)
        if wanted.startswith("g"):
            assert chosen_cases(dom) == [wanted]


def test_without_its_script_one_layer_and_every_table_can_be_read(
    chromium: Browser, files: Path, tmp_path: Path
) -> None:
    page = tmp_path / "bare.html"
    page.write_text(re.sub("<script>.*?</script>", "", (files / "m.html").read_text("utf-8"), flags=re.DOTALL), "utf-8")
    assert displayed(chromium.dom(with_script(page, SHOWN, tmp_path / "bare2.html"))) == "open|7"


def test_the_policy_of_the_page_lets_no_other_script_run(chromium: Browser, files: Path, tmp_path: Path) -> None:
    text = (files / "m.html").read_text("utf-8")
    assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg\")", text)
    page = tmp_path / "injected.html"
    page.write_text(text.replace("</body>", "<script>document.title = 'owned';</script></body>"), "utf-8")
    assert displayed(chromium.dom(page.as_uri())) != "owned"


def test_no_word_of_a_picture_touches_another_in_the_types_of_this_machine(
    chromium: Browser, files: Path, tmp_path: Path
) -> None:
    pictures = [(files / f"{layer}.svg").read_text("utf-8").split("?>", 1)[1] for layer in LAYERS]
    below = "".join(f'<div style="width:840px">{picture}</div>' for picture in pictures)
    page = tmp_path / "measure.html"
    page.write_text(f'<!DOCTYPE html><meta charset="utf-8"><title></title>{below}{MEASURE}', "utf-8")
    said = displayed(chromium.dom(page.as_uri()))
    count, touching = said.split(" words, touching: ")
    assert int(count) > 50 * len(LAYERS) and touching == ""


def test_the_page_prints_and_can_be_photographed(chromium: Browser, files: Path, tmp_path: Path) -> None:
    pdf, png = tmp_path / "m.pdf", tmp_path / "m.png"
    chromium.run(f"--print-to-pdf={pdf}", (files / "m.html").as_uri())
    chromium.run("--window-size=400,800", f"--screenshot={png}", (files / "m.html").as_uri())
    assert pdf.read_bytes().startswith(b"%PDF") and png.read_bytes().startswith(b"\x89PNG")
