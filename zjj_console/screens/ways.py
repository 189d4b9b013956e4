"""What a screen asks of the application, and how a chord is taken apart. Leaves of the import tree."""

import unicodedata
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from zjj_console.screens.base import ConsoleScreen


class Ways(Protocol):
    """Where a screen can send the officer; the application knows how."""

    def go_to(self, key: str) -> None: ...
    def open_case(self, case_id: str) -> None: ...
    def show_queue(self, view: str, typed: str, case_id: str) -> None: ...
    def open_menu(self, below: "ConsoleScreen", case_id: str) -> None: ...
    def open_form(self) -> None: ...
    def read(self, title: str, text: str) -> None: ...
    def take_in(self, case_id: str) -> None: ...


def without_alt(key: str) -> tuple[str, str]:
    """(key, character) of an Alt chord without its Alt."""
    name = key.removeprefix("alt+")
    try:
        return name, name if len(name) == 1 else unicodedata.lookup(name.replace("_", " "))
    except KeyError:
        return name, ""
