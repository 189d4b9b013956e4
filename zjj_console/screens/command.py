"""The command line: what is typed, its preview, and what Enter means. No verb is named here; the table knows them."""

from zjj_console.desk.outcome import Preview
from zjj_console.i18n import t
from zjj_console.screens.session import JUST_MOVED, Session
from zjj_console.verbs.parse import Choice
from zjj_console.verbs.table import BY_ID, VERBS, Verb
from zjj_console.widgets.cells import Span
from zjj_console.widgets.editor import BLANKS, LineEditor, folded

_SHORT = frozenset("yn")
_BY_CODE = {verb.code: verb for verb in VERBS}
NOTHING = Preview(False, "")


class Ready:
    """A line that Enter wants to run, with the case and version that the officer saw (stale lock)."""

    __slots__ = ("expect", "line", "pin_of")

    def __init__(self, line: str, expect: tuple[str, int] | None, pin_of: str = "") -> None:
        self.line, self.expect, self.pin_of = line, expect, pin_of


class CommandLine:
    """One line being typed. `keyed` lines were opened by a verb key and take one-letter arguments without blanks."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.editor = LineEditor()
        self.active = False
        self.keyed = False
        self.selected = ""
        self.preview = NOTHING
        self._changed_at = 0  # when the database changed what the line means; 0 once it was typed on
        self._given = ""
        self._armed = ""
        self._picking = False
        self._back = -1

    def start(self, text: str, selected: str, *, keyed: bool = False) -> None:
        self.active, self.keyed, self.selected = True, keyed, selected
        self._given = text if keyed else ""
        self._back = -1
        self.replace(text)

    def replace(self, text: str) -> None:
        self.editor.set(text)
        self._changed()

    def typed(self) -> str:
        """What was typed, nothing if a key alone has filled the line."""
        return "" if self.editor.text == self._given else self.editor.text

    def stop(self) -> str:
        """Leave the line; returns what was typed."""
        self.active = False
        text = self.typed()
        self.editor.clear()
        self.preview, self._armed, self._picking = NOTHING, "", False
        return text

    def _changed(self) -> None:
        self._armed, self._picking, self._changed_at = "", False, 0
        self.preview = self._read()

    def _read(self) -> Preview:
        line = self.editor.text
        return self.session.desk.preview(line, self.selected) if line.strip() else NOTHING

    def look_again(self) -> None:
        """The case changed by our own doing: show what the line means now."""
        self._changed()

    def refresh(self) -> None:
        """The database changed: what is no longer legal is not offered, and nothing stays armed on another meaning."""
        if self.active:
            before, self.preview = self.preview, self._read()
            worded = self.session.pace == 1  # in a drill the deadline in the sentence is another one every second
            if _meaning(before, worded=worded) != _meaning(self.preview, worded=worded):
                self._armed, self._picking, self._changed_at = "", False, self.session.desk.now()

    def just_changed(self) -> bool:
        """True if the preview changed so recently that a key cannot be meant for the new one (settle lock)."""
        return self._changed_at > 0 and self.session.waited(self._changed_at) < JUST_MOVED

    def complete(self) -> None:
        """Take the first choice at once: an offered line shows what one Enter will do."""
        if not self.preview.ok and self.preview.fill:
            self.replace(self.preview.fill)

    @property
    def verb(self) -> Verb | None:
        word = folded(self.editor.text).split(" ", 1)[0].lower()
        return _BY_CODE.get(word)

    # typing -----------------------------------------------------------------------------------------------------------

    def type(self, char: str) -> None:
        """A printable character: it chooses where there is a choice to make by digit, else it is text."""
        plain = folded(char)
        if self._choose(plain):
            return
        if self.keyed and self._apart(plain):
            self.editor.insert(" ")
        self.editor.insert(char)
        self._changed()

    def paste(self, text: str) -> None:
        self.editor.insert(" ".join(text.split()))
        self._changed()

    def edit(self, key: str) -> bool:
        if key in ("up", "down"):
            self._recall(1 if key == "up" else -1)
            return True
        if key == "tab":
            if self.preview.fill:
                self.replace(self.preview.fill)
            return True
        before = self.editor.text
        if not self.editor.key(key):
            return False
        if self.editor.text != before:
            self._changed()
        return True

    def _choose(self, plain: str) -> bool:
        """A digit after a blank, or after Enter on a question, picks from the list shown."""
        chosen = self.chosen(plain)
        if chosen is None:
            return False
        self.replace(chosen.insert if self.keyed else chosen.insert + " ")
        return True

    def chosen(self, plain: str) -> Choice | None:
        """What a character would choose; None where it is text."""
        if not self._digit_chooses():
            return None
        return next((c for c in self.preview.choices if c.digit == plain and c.insert), None)

    def _digit_chooses(self) -> bool:
        line = self.editor.text
        return self.editor.cursor == len(line) and (self._picking or line.endswith(tuple(BLANKS)))

    def _apart(self, plain: str) -> bool:
        """`x23` means two codes: a blank goes between one-letter arguments of a keyed line."""
        verb, line = self.verb, folded(self.editor.text)
        if verb is None or not verb.spaced or not (plain.isdigit() or plain in _SHORT) or line.endswith(" "):
            return False
        tokens = line.split(" ")
        last = tokens[-1]
        return len(tokens) > 2 and len(last) == 1 and (last.isdigit() or last in _SHORT)

    def _recall(self, step: int) -> None:
        lines = self.session.history()
        if lines:
            self._back = max(-1, min(len(lines) - 1, self._back + step))
            self.keyed = False
            self.replace(lines[self._back] if self._back >= 0 else "")

    # Enter ------------------------------------------------------------------------------------------------------------

    def enter(self) -> Ready | None:
        """Run it, complete it, ask once more, or point at what is missing."""
        line, preview = self.editor.text, self.preview
        if preview.ok and (not preview.confirm or self._armed == line):
            return Ready(line, (preview.case_id, preview.version) if preview.case_id else None, preview.pin)
        if preview.ok:
            self._armed = line
        elif preview.fill and preview.fill.strip() != line.strip():
            self.replace(preview.fill)
        elif preview.choices:
            self._picking = True
        return None

    # showing ----------------------------------------------------------------------------------------------------------

    def said(self) -> Span:
        """The preview, the question or what is wrong, with its style."""
        preview = self.preview
        if not self.editor.text.strip():
            return t("动词 案号 参数，如 {example}；? 加动词看用法", example=BY_ID["dispatch"].example), "$dim"
        if self._armed:
            return preview.confirm, "bold $p2"
        if preview.ok:
            return f"{t('预览')}: {preview.text}", "$foreground"
        return preview.text, "$soon" if preview.code in (0, 2) else "$p2"

    def ask(self) -> str:
        """What Enter does now, for the right end of the line."""
        preview = self.preview
        if self.just_changed():
            return t("刚有变动，请看清再按")
        if self._armed:
            return t("再按 Enter 执行，Esc 放弃")
        if preview.ok:
            return t("Enter 两次执行") if preview.confirm else t("Enter 执行")
        if preview.fill and preview.fill.strip() != self.editor.text.strip():
            return t("Enter 取第一项")
        return self.how_to_choose()

    def how_to_choose(self) -> str:
        """What a digit needs to choose from the list shown; empty where there is none, or Enter takes the first."""
        if not self.preview.choices:
            return ""
        if self._digit_chooses():
            return t("按数字选")
        return "" if self.preview.fill else t("Enter 后按数字选")


def _meaning(preview: Preview, *, worded: bool) -> tuple[object, ...]:
    """What a key would do with it: the same question worded otherwise is no change."""
    said = preview.text if preview.ok and worded else ""
    return preview.ok, said, preview.confirm, preview.version, preview.fill, [c.insert for c in preview.choices]
