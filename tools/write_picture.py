"""Draw docs/queue.svg: the queue of the demo night at 120x40, as the console itself draws it, without a terminal."""

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

PICTURE = Path(__file__).parent.parent / "docs" / "queue.svg"
NIGHT = instant_of("2021-03-01T23:41:00+08:00")
SIZE = (120, 40)


async def draw(desk: Desk) -> str:
    """The console on `desk` as SVG, the first-run hint put away."""
    app = ConsoleApp(desk, "night", ticking=False)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("j", "k")
        await pilot.pause()
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
        PICTURE.write_text(asyncio.run(draw(desk)), "utf-8")
        desk.close()
    print(f"{PICTURE}: {PICTURE.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
