"""Where the officer was, kept beside the half-typed line: a console whose line dropped opens again at the same screen and case.

Kept once the keys rest, and at once when the line drops; a console that was left on purpose forgets it.
"""

import os
from typing import Any

from zjj_console.i18n import t
from zjj_console.screens.base import ConsoleScreen
from zjj_console.screens.session import PLACE_DRAFT, Session
from zjj_console.screens.ways import Ways
from zjj_console.storage import projections
from zjj_console.widgets.header import TABS

Spot = dict[str, str]
_KEY = {tab.mode: tab.key for tab in TABS if tab.mode}
_DEEPEST = 8  # screens on top of each other; what is kept is read from a file and not believed


class Places:
    """Knows what lies on the screen, from the queue upwards."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._kept: list[Spot] = []

    def note(self, stack: list[Any]) -> None:
        """Keep where the officer is, if that is another place than the last one kept."""
        here = [
            {**s.spot(), "place": s.place} for s in stack if isinstance(s, ConsoleScreen) and s.place and s.is_mounted
        ]
        if here and here != self._kept:
            self._kept = here
            self.session.keep(PLACE_DRAFT, {"pid": os.getpid(), "places": here})

    async def forget(self) -> None:
        if self._kept:
            await self.session.drop_draft(PLACE_DRAFT)

    def left(self, drafts: dict[str, dict[str, Any]]) -> list[Spot]:
        """Where a console that stopped was; nothing if it is still there, or was left on purpose."""
        body = drafts.get(PLACE_DRAFT, {})
        if not body or _alive(body.get("pid")):
            return []
        places = body.get("places")
        found = (
            [{str(k): str(v) for k, v in spot.items()} for spot in places if isinstance(spot, dict)]
            if isinstance(places, list)
            else []
        )
        self._kept = found
        return found[:_DEEPEST]

    def go_back(self, app: Any, spots: list[Spot]) -> None:
        """Open the screens again, each with what was chosen on it."""
        ways: Ways = app
        for spot in spots:
            place, case_id = spot.get("place", ""), spot.get("case", "")
            if place == "case":
                if projections.load(self.session.desk.reader, case_id) is None:
                    continue
                ways.open_case(case_id)
            elif place == "form":
                ways.open_form()
            elif place in _KEY and place != "queue":
                ways.go_to(_KEY[place])
            elif place != "queue":
                continue
            app.screen.call_after_refresh(_choose, app, app.screen, spot)
        if len(spots) > 1 and not self.session.half_typed:
            self.session.say(t("已回到上次中断时的画面"), "$accent")


def _choose(app: Any, screen: ConsoleScreen, spot: Spot) -> None:
    if screen in app.screen_stack:  # a main screen that another one took the place of is gone
        screen.come_back(spot)


def _alive(pid: object) -> bool:
    """Whether another process of that number runs here: then its screen is still on somebody's desk."""
    if not isinstance(pid, int) or pid <= 0 or pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
