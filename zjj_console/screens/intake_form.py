"""The intake form: a case field by field, with names by pinyin, kept as a draft from the first letter on (NV-1).

It only composes a line; what the line means, and whether it may be, is said by the same preview as everywhere.
"""

from collections.abc import Iterator

from textual.widget import Widget

from zjj_console.desk import near
from zjj_console.desk.outcome import Outcome
from zjj_console.i18n import t
from zjj_console.screens.base import ConsoleScreen
from zjj_console.screens.form_fields import FIELDS, Field, Meaning
from zjj_console.screens.session import Session
from zjj_console.verbs.table import BY_ID
from zjj_console.widgets import case_lines, near_lines
from zjj_console.widgets.cells import Line, fit, shown, wrap
from zjj_console.widgets.edit_line import EditLine
from zjj_console.widgets.editor import LineEditor, folded
from zjj_console.widgets.panel import Panel
from zjj_console.widgets.verb_words import key_hints

DRAFT = "intake-form"
_FORWARD, _BACK = ("enter", "tab", "down"), ("shift+tab", "up")


class IntakeForm(ConsoleScreen):
    CSS_PATH = "intake_form.tcss"
    mode = "queue"
    place = "form"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        kept = session.unsaved.get(DRAFT) or session.desk.drafts().get(DRAFT, {})
        self.editors = {field.name: LineEditor() for field in FIELDS}
        for name, text in kept.items():
            if name in self.editors:
                self.editors[name].set(str(text))
        self.restored = any(editor.text for editor in self.editors.values())
        self.at = 0
        self.sending = False
        self._said: Line = ()
        self._twins: list[Line] = []

    def body(self) -> Iterator[Widget]:
        yield Panel(id="form")

    def on_mount(self) -> None:
        if self.restored:
            self.session.say(t("上次未登记完的内容还在"), "$accent")
        super().on_mount()
        self.look()

    def spot(self) -> dict[str, str]:
        return {"at": self.field.name}

    def come_back(self, spot: dict[str, str]) -> None:
        self.at = next((n for n, field in enumerate(FIELDS) if field.name == spot.get("at")), 0)
        self.look()

    @property
    def field(self) -> Field:
        return FIELDS[self.at]

    def meaning(self, field: Field) -> Meaning:
        text = self.editors[field.name].text.strip()
        return field.read(text, self.session.desk.town) if text else Meaning("", "")

    # the line it makes ------------------------------------------------------------------------------------------------

    def line(self) -> str:
        """The coded part; free text travels beside it, so that no word of it can be taken for a code."""
        tokens = [self.meaning(field).token for field in FIELDS if not field.extra]
        return " ".join([BY_ID["new"].code, *(token for token in tokens if token)])

    def extra(self) -> dict[str, str]:
        texts = {field.name: self.editors[field.name].text.strip() for field in FIELDS if field.extra}
        return {name: text for name, text in texts.items() if text}

    def missing(self) -> Field | None:
        """The first field that is needed and open, or filled and not understood."""
        for field in FIELDS:
            typed = self.editors[field.name].text.strip()
            if not self.meaning(field).token and (typed or field.needed):
                return field
        return None

    def look(self) -> None:
        """The live preview, in the message line."""
        lacking = self.missing()
        if lacking is not None:
            said = self.meaning(lacking).said or t(lacking.help)
            self._said = ((f" {t('还缺')} {t(lacking.zh)}: {said}", "$soon"),)
        else:
            preview = self.session.desk.preview(self.line())
            text = self.editors["text"].text.strip()
            ready = f"  [{t('在末项按 Enter 登记，F12 随时登记')}]" if preview.ok else ""
            style = "$foreground" if preview.ok else "$p2"
            self._said = ((f" {shown(preview.text)} {shown(text)}", style), (ready, "bold $accent"))
        self._twins = self._alike()
        self.draw()

    def _alike(self) -> list[Line]:
        """Cases that may be the same matter, as soon as place and category are known."""
        place, category = (self.meaning(field).token for field in FIELDS[:2])
        if not category or place not in self.session.desk.town.committees:
            return []
        facts = self.session.desk.facts()
        return near_lines.twins(self.session.desk.twins(near.unborn(facts, place, category)), facts)

    # drawing ----------------------------------------------------------------------------------------------------------

    def draw(self) -> None:
        super().draw()
        if not self.drawable:
            return
        width = self.size.width - 2
        lines: list[Line] = [case_lines.title(t("新建案件  (随时 Esc 离开，内容留着)")), ()]
        for index, field in enumerate(FIELDS):
            lines += self._field_lines(field, index == self.at, width)
        lines += [(), *self._twins] if self._twins else []
        self.query_one("#form", Panel).show(lines)

    def _field_lines(self, field: Field, here: bool, width: int) -> list[Line]:
        text = self.editors[field.name].text
        meaning = self.meaning(field)
        edge = (">" if here else " ", "bold $accent")
        name = (fit(t(field.zh), 8), "bold $foreground" if here else "$dim")
        if field.extra:
            first, *more = wrap(shown(text), width - 10) if text else [""]
            hint = "" if text else t(field.help) if here else ""
            lines: list[Line] = [(edge, name, (first, "$foreground"), (hint, "$dim"))]
            return lines + [((" " * 9 + piece, "$foreground"),) for piece in more[:3]]
        said = meaning.said if text.strip() else t(field.help) if here else ""
        style = "$done" if meaning.token else "$soon" if text.strip() else "$dim"
        lines = [(edge, name, (fit(shown(text), 14), "$foreground"), (f" {said}", style))]
        if here:
            lines += [
                ((" " * 9, ""), (f"{n} ", "bold $accent"), (shown(label), "$foreground"))
                for n, (_, label) in enumerate(meaning.offers, 1)
            ]
        return lines

    def draw_line(self) -> None:
        super().draw_line()
        if self.drawable and not self.command.active and not self.sending:
            prompt = f"{t(self.field.zh)}: "
            self.query_one("#line", EditLine).show_editor(prompt, self.editors[self.field.name])
            if not self.session.message.text:
                self.query_one("#message", Panel).show([self._said])

    def hint(self) -> Line:
        return key_hints([], [("Esc", t("离开，留草稿"))], self.size.width)

    # keys -------------------------------------------------------------------------------------------------------------

    def paste(self, text: str) -> None:
        self.editors[self.field.name].insert(" ".join(text.split()))
        self.typed()

    def feed_field(self, key: str, char: str) -> bool:
        if self.session.message.text:
            self.session.say("")
        editor = self.editors[self.field.name]
        if key == "escape":
            self.leave()
        elif key == "f12" or (key == "enter" and self.at == len(FIELDS) - 1):
            self.submit()
        elif key in _FORWARD:
            self.at = min(len(FIELDS) - 1, self.at + 1)
        elif key in _BACK:
            self.at = max(0, self.at - 1)
        elif char and folded(char) in ";:" and not self.field.extra:
            return False  # the command line opens over the form, the form waits
        elif char:
            if not self._choose(folded(char)):
                editor.insert(char)
            self.typed()
        elif editor.key(key):
            self.typed()
        self.look()
        return True

    def _choose(self, digit: str) -> bool:
        """A digit picks from the list under the field, unless it goes on with a code such as `y1`."""
        if self.field.extra or not digit.isdigit():
            return False
        longer = self.editors[self.field.name].text + digit
        if any(code.startswith(longer) for code in self.field.codes(self.session.desk.town)):
            return False
        offers = self.meaning(self.field).offers
        if not 0 < int(digit) <= len(offers):
            return False
        self.editors[self.field.name].set(offers[int(digit) - 1][0])
        self.at = min(len(FIELDS) - 1, self.at + 1)
        return True

    def typed(self) -> None:
        self.session.keep(DRAFT, {name: editor.text for name, editor in self.editors.items() if editor.text})
        self.look()

    def leave(self) -> None:
        if any(editor.text.strip() for editor in self.editors.values()):
            self.session.say(t("未登记，草稿已留；n 继续"), "$accent")
        self.app.pop_screen()

    # sending ----------------------------------------------------------------------------------------------------------

    def submit(self) -> None:
        lacking = self.missing()
        if lacking is not None:
            self.at = FIELDS.index(lacking)
            self.app.bell()
            return
        if not self.sending:
            self.sending = True
            self.session.busy += 1
            self.run_worker(self._send(self.line(), self.extra()), group="desk", exit_on_error=True)

    async def _send(self, line: str, extra: dict[str, str]) -> None:
        try:
            outcome = await self.session.call(lambda: self.session.desk.run_line(line, extra=extra))
            if outcome.ok:
                await self.session.drop_draft(DRAFT)
            self.sent(outcome)
        finally:
            self.sending = False
            self.session.busy -= 1

    def sent(self, outcome: Outcome) -> None:
        """Done: back to the queue with the cursor on the new case. Refused: the form stays as it is."""
        if not outcome.ok:
            self.say(f"{t('未办')}: {outcome.text}", "$p2", bell=True)
            return
        self.session.say(f"{t('已办')}: {outcome.text}", "$done")
        self.app.pop_screen()
        if outcome.case is not None:
            self.ways.take_in(outcome.case.id)
