"""Draw docs/queue.svg and docs/map.svg: the demo night at 120x40, as the console itself draws it, without a terminal."""

import asyncio
import re
import tempfile
from pathlib import Path

from zjj_console.app import ConsoleApp
from zjj_console.commands.context import instant_of
from zjj_console.desk.desk import Desk
from zjj_console.desk.session import actor_of
from zjj_console.i18n import set_lang
from zjj_console.intake.demo import seed_demo
from zjj_console.storage.setup import create
from zjj_console.town.load import builtin, load_town

DOCS = Path(__file__).parent.parent / "docs"
PICTURES = {"queue.svg": ("j", "k"), "map.svg": ("f3", "5")}  # the keys that lead there
NIGHT = instant_of("2021-03-01T23:41:00+08:00")
SIZE = (120, 40)


async def draw(desk: Desk, keys: tuple[str, ...]) -> str:
    """The console on `desk` as SVG after some keys; the first of them puts the first-run hint away."""
    app = ConsoleApp(desk, "night", ticking=False)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause(0.3)
        drawn = app.export_screenshot(title="zjj")
    return re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)  # a picture fetches nothing


def main() -> None:
    set_lang("zh")
    town = load_town(builtin())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "demo.db"
        create(path, town.code)
        desk = Desk(path, town, actor_of(town, "0001", trial=True), lambda: NIGHT)
        seed_demo(desk, 1)
        for name, keys in PICTURES.items():
            (DOCS / name).write_text(asyncio.run(draw(desk, keys)), "utf-8")
            print(f"{name}: {(DOCS / name).stat().st_size // 1024} kB")
        desk.close()


if __name__ == "__main__":
    main()
