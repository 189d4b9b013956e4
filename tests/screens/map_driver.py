"""What the tests of the grid map share."""

import re

from screen_driver import Console

from zjj_console.screens.grid_map import GridMapScreen

SIZES = [(80, 24), (120, 40), (200, 50)]
BRAILLE = re.compile("[\u2800-\u28ff]")


def screen(console: Console) -> GridMapScreen:
    found = console.app.screen
    assert isinstance(found, GridMapScreen)
    return found
