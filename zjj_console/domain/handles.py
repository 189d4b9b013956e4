"""Case numbers as they are said and typed: `1042` at the console that gave it, `B1042` at every other (§2).

A process is one console, as it speaks one language: its letter is set where its desk is opened. A number without a letter
is never another console's, for a wrong case sent out is worse than four keys more.
"""

_home = "A"


def set_home(letter: str) -> None:
    """From now on numbers of this letter are said without it."""
    global _home
    _home = letter


def handle(console: str, serial: int) -> str:
    return str(serial) if console in ("", _home) else f"{console}{serial}"
