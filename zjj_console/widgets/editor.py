"""One line of text being typed. Pure, so that a burst of keys is applied in order whatever has the focus."""

import unicodedata

from msgspec import Struct

from zjj_console.domain.safe import safe_text

WIDE_BLANK = "\u3000"  # what an input method types for the space bar; `str.isprintable` denies it
BLANKS = f" {WIDE_BLANK}"


class LineEditor(Struct):
    """Text and cursor (an index between characters)."""

    text: str = ""
    cursor: int = 0
    limit: int = 2000

    def set(self, text: str) -> None:
        self.text, self.cursor = text, len(text)

    def clear(self) -> None:
        self.set("")

    def insert(self, text: str) -> None:
        """Put text from a key or a paste at the cursor; line breaks become blanks, control characters vanish."""
        clean = text if printable(text) else safe_text(text)
        clean = clean[: max(0, self.limit - len(self.text))]
        self.text = self.text[: self.cursor] + clean + self.text[self.cursor :]
        self.cursor += len(clean)

    def key(self, key: str) -> bool:
        """Apply an editing key; False if it is none."""
        edit = _EDITS.get(key)
        if edit is None:
            return False
        edit(self)
        return True

    def left(self) -> None:
        self.cursor = max(0, self.cursor - 1)

    def right(self) -> None:
        self.cursor = min(len(self.text), self.cursor + 1)

    def home(self) -> None:
        self.cursor = 0

    def end(self) -> None:
        self.cursor = len(self.text)

    def backspace(self) -> None:
        if self.cursor:
            self.text = self.text[: self.cursor - 1] + self.text[self.cursor :]
            self.cursor -= 1

    def delete(self) -> None:
        self.text = self.text[: self.cursor] + self.text[self.cursor + 1 :]

    def cut_to_start(self) -> None:
        self.text, self.cursor = self.text[self.cursor :], 0

    def cut_to_end(self) -> None:
        self.text = self.text[: self.cursor]

    def cut_word(self) -> None:
        head = self.text[: self.cursor].rstrip(BLANKS)
        head = head[: max(map(head.rfind, BLANKS)) + 1]
        self.text, self.cursor = head + self.text[self.cursor :], len(head)


_EDITS = {
    "left": LineEditor.left,
    "right": LineEditor.right,
    "home": LineEditor.home,
    "end": LineEditor.end,
    "ctrl+a": LineEditor.home,
    "ctrl+e": LineEditor.end,
    "backspace": LineEditor.backspace,
    "ctrl+h": LineEditor.backspace,
    "delete": LineEditor.delete,
    "ctrl+d": LineEditor.delete,
    "ctrl+u": LineEditor.cut_to_start,
    "ctrl+k": LineEditor.cut_to_end,
    "ctrl+w": LineEditor.cut_word,
}


def printable(text: str) -> bool:
    """True for text that may stand in a line as it is typed; the full-width blank is one more blank."""
    return text.replace(WIDE_BLANK, " ").isprintable()


def folded(text: str) -> str:
    """Full-width input as plain characters."""
    return unicodedata.normalize("NFKC", text)
