"""One thing asked for in the bottom line: a PIN, a reason, a next action. Enter gives it, Esc gives nothing."""

from collections.abc import Callable

from zjj_console.widgets.editor import LineEditor


class Prompt:
    """`secret` shows stars; what was typed never reaches the screen, the history or a draft."""

    def __init__(self, question: str, done: Callable[[str], None], *, secret: bool = False, text: str = "") -> None:
        self.question, self.done, self.secret = question, done, secret
        self.editor = LineEditor(limit=200)
        self.editor.set(text)

    def shown(self) -> LineEditor:
        """What the bottom line shows of it."""
        if not self.secret:
            return self.editor
        return LineEditor("*" * len(self.editor.text), self.editor.cursor)
