"""Help, made from the table of verbs: keys, grammar, verbs, names, marks, words. `/` searches it."""

from collections.abc import Iterator

from textual.widget import Widget

from zjj_console.domain.marks import MARK_ZH
from zjj_console.i18n import t
from zjj_console.screens.base import ConsoleScreen
from zjj_console.screens.session import Session
from zjj_console.screens.views import VIEWS
from zjj_console.verbs.table import GROUP_ZH, VERBS, Verb
from zjj_console.widgets import case_lines
from zjj_console.widgets.cells import Line, fit, plain, wrap
from zjj_console.widgets.columns import unit_name
from zjj_console.widgets.edit_line import EditLine
from zjj_console.widgets.editor import LineEditor
from zjj_console.widgets.header import TABS
from zjj_console.widgets.panel import Panel
from zjj_console.widgets.verb_words import key_hints, label

_SCROLL = {"j": 1, "down": 1, "k": -1, "up": -1, "space": 20, "pagedown": 20, "pageup": -20, "home": -9999, "end": 9999}
_MARK_NAMES = {
    "supervised": "督办", "difficult": "疑难案件", "rework": "返过工", "return": "有退单待决定", "extend": "延期", "suspend": "挂账",
    "void": "作废待决定", "support": "执法保障", "backfill": "待补报政务微信编号", "missing": "外来上报缺类别或事项，待补", "info": "待报告人补充", "self": "自处中",
    "coordinate": "站内协调", "verify": "待核查", "place_pending": "地点待定", "followed": "关注",
}  # fmt: skip


class HelpScreen(ConsoleScreen):
    CSS_PATH = "help.tcss"
    mode = "help"
    place = "help"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.searching: LineEditor | None = None
        self.wanted = ""

    def body(self) -> Iterator[Widget]:
        yield Panel(id="pages")

    def on_mount(self) -> None:
        super().on_mount()
        self.fill()

    def draw(self) -> None:
        super().draw()
        if self.drawable:
            self.fill()

    def fill(self) -> None:
        """All lines, or those that contain the search words under their titles."""
        panel = self.query_one("#pages", Panel)
        lines = pages(self.session, max(40, self.size.width - 2))
        if self.wanted:
            lines = found(lines, self.wanted) or [case_lines.note(t("帮助里没有 {word}", word=self.wanted))]
        panel.show(lines)

    def hint(self) -> Line:
        tail = [("PgUp PgDn", t("翻页")), ("/", t("搜帮助")), ("Esc", t("返回"))]
        return key_hints([], tail, self.size.width)

    def draw_line(self) -> None:
        super().draw_line()
        if self.searching is not None:
            self.query_one("#line", EditLine).show_editor("/", self.searching)

    def feed_field(self, key: str, char: str) -> bool:
        editor = self.searching
        if editor is None:
            return False
        if key in ("escape", "enter"):
            self.searching = None
            self.wanted = "" if key == "escape" else self.wanted
        elif char and key != "tab":
            editor.insert(char)
            self.wanted = editor.text.strip()
        elif editor.key(key):
            self.wanted = editor.text.strip()
        self.query_one("#pages", Panel).scroll_to_line(0)
        self.fill()
        return True

    def on_list_key(self, key: str, char: str) -> bool:
        if key in _SCROLL:
            self.query_one("#pages", Panel).scroll_lines(_SCROLL[key])
        elif key == "/":
            self.searching = LineEditor()
        return True  # verb keys act on no case here

    def step_back(self) -> bool:
        if self.wanted:
            self.wanted = ""
            self.fill()
        else:
            self.app.pop_screen()
        return True


def found(lines: list[Line], wanted: str) -> list[Line]:
    """The lines with the words, each after the title of its section."""
    kept: list[Line] = []
    title: Line = ()
    for line in lines:
        if len(line) == 1 and line[0][1] == "bold $accent":
            title = line
        elif wanted.lower() in plain([line]).lower():
            if title:
                kept.append(title)
                title = ()
            kept.append(line)
    return kept


def pages(session: Session, width: int) -> list[Line]:
    """Every section; what is not there yet stands last."""
    lines: list[Line] = [case_lines.title(t("功能键 (任何时候)"))]
    now = "  ".join(f"{tab.key.upper()}{t(tab.zh)}" for tab in TABS if tab.mode)
    later = "  ".join(f"{tab.key.upper()}{t(tab.zh)}" for tab in TABS if not tab.mode)
    lines += [*_text(now, width), *_text(f"Ctrl+Q{t('退出')}  Ctrl+L{t('重画')}", width)]
    lines += _text(t("没有功能键的终端: 逗号加数字，如 ,2 队列 ,0 日志"), width)
    lines += _text(t("随后续功能: {tabs}", tabs=later), width, "$dim")
    lines += [(), case_lines.title(t("移动与查看"))]
    for key, words in _MOVING:
        lines += _pair(key, t(words, views=" ".join(t(view.zh) for view in VIEWS)), width)
    lines += [(), case_lines.title(t("地图 (F3)"))]
    for key, words in _MAP:
        lines += _pair(t(key), t(words), width)
    lines += [(), case_lines.title(t("单键 (不在输入时；先预览，Enter 才执行)"))]
    keyed: dict[str, list[str]] = {}
    for verb in VERBS:
        if verb.key and not verb.later:
            keyed.setdefault(verb.key, []).append(label(verb))
    lines += _columns([(key, "/".join(words)) for key, words in keyed.items()], width)
    lines += [(), case_lines.title(t("命令行: ; 动词 案号 参数 文字"))]
    for words in _GRAMMAR:
        lines += _text(t(words), width)
    for group, zh in GROUP_ZH.items():
        lines += [(), case_lines.title(t(zh))]
        for verb in VERBS:
            if verb.group == group:
                lines.append(_verb(verb))
    lines += [(), case_lines.title(t("找名字不用输入法"))]
    for words in _NAMES:
        lines += _text(t(words), width)
    town = session.desk.town
    lines += _columns([(u.tokens[0], unit_name(town, u.code)) for u in town.units.values() if u.enabled][:40], width)
    lines += [(), case_lines.title(t("标记 (形、字、色三样各自够用)"))]
    lines += _text(t("!!!急超 一级超时  !!!急新 一级未签收  !! 超 已超时  !  临 临期"), width)
    lines += _columns([(MARK_ZH[code], t(_MARK_NAMES.get(code, code))) for code in MARK_ZH], width)
    lines += [(), case_lines.title(t("时限"))]
    lines += _text(t("余=还剩  超=已超  停至=值勤时间外，停表  复查=挂账到期  配置值=文件未定、本系统默认"), width)
    for name, value in town.terms.items():
        if name in _TERMS:
            lines += _pair(t(_TERMS[name]), value, width)
    return lines


_MOVING = (
    ("j k", "上下；PgUp PgDn 翻页，Home End 首尾"), ("Enter", "打开案件，或执行预览"), ("Space", "此案能做的全部，不能的说原因"),
    ("v", "换视图: {views}"), ("/", "筛选: 案号、地点拼音、状态、单位、网格或文字"), ("a", "确认最急的告警 (F12 同；办结前仍列出)"), ("o", "到最急的案件"),
    ("[ ]", "案件页里上一案、下一案"), ("Esc", "退一步，半句命令留着；再按清除"),
)  # fmt: skip
_MAP = (
    ("方向键", "到那一侧的邻格；1-9 直接选格"), ("v Tab", "换图层；换来源或天数"), ("/", "找地点: 拼音首字母、名称或网格号"),
    ("+ - 0", "放大、缩小、全镇；放大后 Shift 加方向键推动"), ("i", "地图与方块互换"), ("Enter", "此格的队列，光标在此案；再按 Enter 打开"),
)  # fmt: skip
_GRAMMAR = (
    "案号写数字，.=选中的案件，省略也是选中的案件；单独一个案号=打开；?加动词=看用法",
    "Enter 一次执行，重要的要两次；没写全时 Enter 取第一项，数字选其他；Tab 补全；上下键翻历史；Esc 退出不丢字",
    "期限写 30m 2h 3d 或 0318；全角输入等同半角",
)
_NAMES = (
    "地点、单位、类别写拼音首字母、全拼或混拼；同音不自动选，列出来按数字",
    "单位和类别还可写代码，人写工号；本镇单位:",
)
_TERMS = {
    "centre_unit": "中心",
    "station": "站",
    "village_station": "村居站",
    "response_team": "应急队",
    "zone": "警务区",
    "grid": "网格",
}


def _text(text: str, width: int, style: str = "$foreground") -> list[Line]:
    return [((f" {piece}", style),) for piece in wrap(text, width)]


def _pair(key: str, text: str, width: int) -> list[Line]:
    first, *more = wrap(text, width - 12)
    return [
        ((f" {fit(key, 10)} ", "bold $accent"), (first, "$foreground")),
        *(((" " * 12 + m, "$foreground"),) for m in more),
    ]


def _columns(pairs: list[tuple[str, str]], width: int) -> list[Line]:
    """Short pairs in columns of 26 cells."""
    across = max(1, width // 26)
    rows = [pairs[i : i + across] for i in range(0, len(pairs), across)]
    return [
        tuple(
            span
            for key, words in row
            for span in ((f" {fit(key, 3)}", "bold $accent"), (fit(words, 22), "$foreground"))
        )
        for row in rows
    ]


def _verb(verb: Verb) -> Line:
    style = "$dim" if verb.later else "$foreground"
    tail = t(verb.later) if verb.later else f"{fit(verb.usage, 46)} {t('例')} {verb.example}"
    return (
        (f" {fit(verb.key, 2)}", "bold $accent"), (f"{fit(verb.code, 3)}", f"bold {style}"),
        (f"{fit(label(verb), 14)}", style), (tail, "$dim"),
    )  # fmt: skip
