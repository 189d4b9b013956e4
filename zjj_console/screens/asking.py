"""Questions of a screen: one key, a line of text, a PIN. And the lock: an idle console shows everything and does nothing."""

from collections.abc import Callable
from pathlib import Path

from textual.screen import Screen
from textual.widget import Widget

from zjj_console.desk.session import check_pin
from zjj_console.i18n import t
from zjj_console.screens.prompt import Prompt
from zjj_console.screens.session import Session
from zjj_console.storage import disk
from zjj_console.storage.db import StorageError
from zjj_console.widgets.editor import folded
from zjj_console.widgets.thrift import ThriftyCompositor

_LOOKING = frozenset({
    "up", "down", "pageup", "pagedown", "home", "end", "escape", "enter", "j", "k", "o", "[", "]", ",", "?",
    "<", ">", *"0123456789",
})  # fmt: skip


def may_look(key: str, char: str) -> bool:
    """Moving about needs no PIN."""
    return key in _LOOKING or folded(char) in _LOOKING


class Asking(Screen[None]):
    """Asks one thing at a time, in the two lowest lines."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._compositor = ThriftyCompositor()
        self.session = session
        self.prompt: Prompt | None = None
        self._answers: dict[str, Callable[[], None]] = {}

    def on_screen_suspend(self) -> None:
        """What was drawn goes with the screen: the framework remembers a thousand closed widgets, each with its lines."""
        for part in self.walk_children(Widget, with_self=True):
            part._styles_cache.clear()

    def say(self, text: str, style: str = "$foreground", *, bell: bool = False) -> None:
        raise NotImplementedError

    def draw_line(self) -> None:
        raise NotImplementedError

    def draw(self) -> None:
        raise NotImplementedError

    @property
    def asking(self) -> bool:
        return self.prompt is not None or bool(self._answers)

    def ask(self, question: str, answers: dict[str, Callable[[], None]]) -> None:
        """Put a question in the message line; the next key answers it, any other key means no."""
        self._answers = answers
        self.say(question, "bold $p2")

    def ask_text(self, question: str, done: Callable[[str], None], *, secret: bool = False, text: str = "") -> None:
        """Ask for a line in place of the hints; `done` gets it on Enter, nothing happens on Esc."""
        self.prompt = Prompt(question, done, secret=secret, text=text)
        self.draw_line()

    def write_new(self, path: Path, content: bytes) -> None:
        """Write a file that is not there yet, and say so; what is there is never overwritten."""
        try:
            disk.put_whole(path, content, new=True)
        except FileExistsError:
            self.say(t("{path} 已存在，请另取文件名", path=path), "$p2", bell=True)
        except OSError as error:
            n = int(self.session.desk.lang == "en")
            self.say(t("写不了 {path}: {why}", path=path, why=disk.why(error)[n]), "$p2", bell=True)
        else:
            self.say(t("已写 {path}", path=path), "$done")

    def feed_question(self, key: str, char: str) -> None:
        """A key while something is asked."""
        prompt = self.prompt
        if prompt is None:
            answers, self._answers = self._answers, {}
            self.session.say("")
            answers.get(folded(char), lambda: None)()
        elif key == "escape":
            self.prompt = None
        elif key == "enter":
            self.prompt = None
            prompt.done(prompt.editor.text.strip())
        elif char:
            prompt.editor.insert(char)
        else:
            prompt.editor.key(key)

    # the lock (NV-13) -------------------------------------------------------------------------------------------------

    def unlock(self) -> None:
        """Whoever acts after an idle while says first who he is."""
        actor = self.session.desk.actor
        if actor.trial:
            self.ask(t("久未操作，已转为只看；按 y 继续"), {"y": self._unlocked})
        else:
            self.ask_text(t("久未操作，已转为只看；{who} 的口令", who=actor.name), self._try_pin, secret=True)

    def _try_pin(self, pin: str) -> None:
        try:
            check_pin(self.session.desk.reader, self.session.desk.actor.work_no, pin)
        except StorageError:
            self.say(t("口令不符"), "$p2", bell=True)
        else:
            self._unlocked()

    def _unlocked(self) -> None:
        self.session.locked = False
        self.session.say(t("已解锁"), "$dim")
        self.draw()
