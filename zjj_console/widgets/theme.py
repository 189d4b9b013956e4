"""Colours: night, day, and the terminal's own sixteen. Every state also has a shape and a word; colour only repeats."""

from collections.abc import Mapping

from textual.theme import BUILTIN_THEMES, Theme

THEMES = ("night", "day", "ansi")
_ROLES = ("background", "panel", "raised", "foreground", "dim", "accent", "p1", "p2", "soon", "done", "wait")
_PALETTE: Mapping[str, tuple[str, ...]] = {
    "night": (
        "#0f1419", "#151c23", "#1e2831", "#d8dee6", "#8b9aa8", "#62b0ee", "#ff6b63", "#f3a545", "#e8cf5a", "#63c596",
        "#b39ddb",
    ),
    "day": (
        "#f7f8fa", "#eef1f4", "#dfe5eb", "#1c2733", "#54626f", "#0b63a8", "#b3261e", "#8f4e00", "#6b5a00", "#1c6b45",
        "#5b3fa0",
    ),
}  # fmt: skip
# The terminal's own colours: panels share its background, so titles and blanks alone part them.
_ANSI = {
    "raised": "ansi_default", "dim": "ansi_default", "p1": "ansi_red", "p2": "ansi_magenta", "soon": "ansi_default",
    "done": "ansi_green", "wait": "ansi_cyan",
}  # fmt: skip


def palette(name: str) -> dict[str, str]:
    """Role -> colour of a true-colour theme."""
    return dict(zip(_ROLES, _PALETTE[name], strict=True))


def themes() -> list[Theme]:
    return [_true_colour("night", dark=True), _true_colour("day", dark=False), _ansi()]


def _true_colour(name: str, *, dark: bool) -> Theme:
    colours = palette(name)
    return Theme(
        name=name,
        dark=dark,
        primary=colours["accent"],
        accent=colours["accent"],
        foreground=colours["foreground"],
        background=colours["background"],
        surface=colours["background"],
        panel=colours["panel"],
        warning=colours["p2"],
        error=colours["p1"],
        success=colours["done"],
        variables={role: colours[role] for role in ("raised", "dim", "accent", "p1", "p2", "soon", "done", "wait")}
        | {"panel": colours["panel"], "foreground": colours["foreground"], "background": colours["background"]},
    )


def _ansi() -> Theme:
    base = BUILTIN_THEMES["ansi-dark"]
    colours = {**base.variables, **_ANSI, "accent": "ansi_blue", "panel": "ansi_default"}
    return Theme(
        name="ansi",
        ansi=True,
        dark=True,
        primary="ansi_blue",
        accent="ansi_blue",
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        warning="ansi_yellow",
        error="ansi_red",
        success="ansi_green",
        variables=colours,
    )
