"""The minutes of a consultation as they were stored when it was closed: to read, and as a file with the same bytes."""

from pathlib import Path

from zjj_console.i18n import t
from zjj_console.screens.reader import ReaderScreen
from zjj_console.screens.session import Session
from zjj_console.widgets.cells import Line
from zjj_console.widgets.verb_words import key_hints

_FORMS = {".txt": "text", ".html": "html", ".md": "md"}


class MinutesReader(ReaderScreen):
    def __init__(self, session: Session, name: str, sheets: dict[str, str]) -> None:
        super().__init__(session, name, sheets["text"])
        self.name_of, self.sheets = name, sheets

    def hint(self) -> Line:
        tail = [("j k PgUp PgDn", t("翻页")), ("Esc", t("返回"))]
        return key_hints([("e", t("导出到文件(.txt .html .md)"))], tail, self.size.width)

    def on_list_key(self, key: str, char: str) -> bool:
        if key == "e":
            self.ask_text(t("导出到文件(.txt .html .md)"), self.export, text=f"{self.name_of}.txt")
            return True
        return super().on_list_key(key, char)

    def export(self, name: str) -> None:
        path = Path(name).expanduser()
        form = _FORMS.get(path.suffix.lower(), "")
        if form not in self.sheets:
            self.say(t("文件名须以 .txt .html 或 .md 结尾"), "$p2", bell=True)
            return
        self.write_new(path, self.sheets[form].encode())
