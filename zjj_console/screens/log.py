"""The log: imports with their rejected rows, and the end of the journal."""

from collections.abc import Iterator

from textual.widget import Widget

from zjj_console.desk import wording
from zjj_console.i18n import t
from zjj_console.screens.base import ConsoleScreen
from zjj_console.screens.session import Session
from zjj_console.storage import reads_log
from zjj_console.storage.reads_log import Batch
from zjj_console.widgets import case_lines
from zjj_console.widgets.cells import Line, fit, shown
from zjj_console.widgets.panel import Panel
from zjj_console.widgets.verb_words import key_hints

_KEPT = 200


class LogScreen(ConsoleScreen):
    CSS_PATH = "log.tcss"
    mode = "log"
    place = "log"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.batches: list[Batch] = []
        self.cursor = 0

    def body(self) -> Iterator[Widget]:
        yield Panel(id="batches")
        yield Panel(id="rejects")
        yield Panel(id="events")

    def on_mount(self) -> None:
        self.reload()
        super().on_mount()

    def reload(self) -> None:
        self.batches = reads_log.batches(self.session.desk.reader, _KEPT)
        self.cursor = max(0, min(self.cursor, len(self.batches) - 1))
        if self.drawable:
            self.fill()

    def spot(self) -> dict[str, str]:
        return {"at": str(self.cursor)}

    def come_back(self, spot: dict[str, str]) -> None:
        at = spot.get("at", "")
        self.cursor = int(at) if at.isdecimal() else 0
        self.reload()

    def draw(self) -> None:
        super().draw()
        if self.drawable:
            self.fill()

    def fill(self) -> None:
        panel = self.query_one("#batches", Panel)
        height = max(3, min(len(self.batches) + 2, self.size.height * 2 // 5))
        panel.styles.height = height
        room = height - 2
        top = max(0, min(self.cursor - room // 2, len(self.batches) - room))
        lines = [case_lines.title(t("导入")), self._head()]
        lines += [self._batch(i) for i in range(top, min(top + room, len(self.batches)))]
        if not self.batches:
            lines[1:] = [case_lines.note(t("还没有导入过；命令行: zjj import cases 文件"))]
        panel.show(lines)
        self.query_one("#rejects", Panel).show(self._rejects())
        self.query_one("#events", Panel).show(self._events())

    def _head(self) -> Line:
        names = (
            ("批", 5),
            ("时间", 12),
            ("类型", 10),
            ("行", 7),
            ("新", 6),
            ("改", 6),
            ("同", 6),
            ("拒", 6),
            ("用时", 8),
        )
        return (
            (" " + "".join(fit(t(n), w, right=i > 2) for i, (n, w) in enumerate(names)) + "  " + t("文件"), "$dim"),
        )

    def _batch(self, index: int) -> Line:
        b = self.batches[index]
        frame = self.session.frame()
        at = wording.moment(b.started_at, frame.now, frame.duty)
        figures = "".join(fit(str(n), w, right=True) for n, w in ((b.rows, 7), (b.new, 6), (b.changed, 6), (b.same, 6)))
        style = "$foreground" if b.done else "$p2"
        state = "" if b.done else t("  中断，重新导入即续")
        return (
            (">" if index == self.cursor else " ", "bold $accent"),
            (fit(str(b.id), 5) + fit(at, 12) + fit(shown(b.kind), 10) + figures, style),
            (fit(str(b.rejected), 6, right=True), "bold $p2" if b.rejected else "$dim"),
            (fit(f"{b.millis / 1000:.1f}s", 8, right=True) + f"  {shown(b.file)}{state}", "$dim"),
        )

    def _rejects(self) -> list[Line]:
        if not self.batches:
            return [case_lines.title(t("拒收")), case_lines.note(t("无"))]
        batch = self.batches[self.cursor]
        lines = [case_lines.title(t("批 {id} 拒收 {n}", id=batch.id, n=batch.rejected))]
        for r in reads_log.rejects(self.session.desk.reader, batch.id, 20):
            said = f"{shown(r.message)}  {shown(r.suggestion)}"
            lines.append(((f" {t('行')}{r.row} {shown(r.code)} {shown(r.field)} ", "$p2"), (said, "$foreground")))
        return lines if len(lines) > 1 else [*lines, case_lines.note(t("无"))]

    def _events(self) -> list[Line]:
        desk, frame = self.session.desk, self.session.frame()
        lines = [case_lines.title(t("最近的记录 (只增不改，哈希链；zjj audit verify 校验)"))]
        lines += [case_lines.entry(e, frame) for e in reads_log.last_events(desk.reader, 60)]
        return lines

    def hint(self) -> Line:
        return key_hints(
            [],
            [
                ("j k", t("选批")),
                ("PgUp PgDn", t("翻记录")),
                ("4", t("同步与冲突")),
                (";", t("命令")),
                ("Esc", t("返回")),
            ],
            self.size.width,
        )

    def on_list_key(self, key: str, char: str) -> bool:
        step = {"j": 1, "down": 1, "k": -1, "up": -1}.get(key)
        page = {"pagedown": 10, "pageup": -10, "home": -999, "end": 999}.get(key)
        if step and self.batches:
            self.cursor = max(0, min(len(self.batches) - 1, self.cursor + step))
            self.fill()
        elif page:
            self.query_one("#events", Panel).scroll_lines(page)
        elif char == "4":
            from zjj_console.screens.conflicts import ConflictScreen

            self.app.push_screen(ConflictScreen(self.session))
        return True  # verb keys act on no case here

    def step_back(self) -> bool:
        self.app.pop_screen()
        return True
