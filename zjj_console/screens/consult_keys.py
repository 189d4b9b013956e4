"""Keys and questions of the consultation as tables: what an outcome asks for, the fields of an item, the hints of each page."""

from zjj_console.domain.consult import OVER
from zjj_console.i18n import t
from zjj_console.widgets.cells import Line
from zjj_console.widgets.verb_words import key_hints

ASKED = {  # what an outcome needs, typed in one line
    "assign": "{n} 定主责: 单位 协办.. 期限 文字，如 cg gbb 5d 五日内清除",
    "joint": "{n} 联合处置: 牵头站 协办.. 期限 文字，如 z4 cg gbb 7d",
    "commander": "{n} 提请指挥长: 站 期限 文字，都可空",
    "raise": "{n} 提请: 1镇级 2区级 期限 文字；其间挂账加理由如 r5，期限即复查日",
    "suspend": "{n} 挂账: 复查日 理由 安全措施，如 14d r1 围挡",
    "defer": "{n} 下次再议: 缘由，可空",
    "end": "{n} 终止: 理由；另一人核查后结案",
}
FIELDS = {  # of an item, by the key that chooses it: name of the field, what is asked
    "1": ("question", "拟请会商的事项"), "2": ("proposed", "建议主责单位，如 cg"), "3": ("invited", "参会单位，如 cg gbb sfs"),
    "4": ("cross", "跨类，至少一个，如 1,3"), "5": ("materials", "已备材料"), "6": ("missing", "所缺材料，空为不缺"),
    "7": ("attempts", "前置协调概要"),
}  # fmt: skip


def hints(page: str, state: str, width: int) -> tuple[Line, Line]:
    """The keys of this page first; what the line has no room for stands above it while nothing is said there."""
    opened, over = state == "OPEN", state in OVER
    act = [("s", t("散会")), ("p", t("到会"))] if opened else [] if over else [("s", t("开会"))]
    before = [("r", t("站报")), ("c", t("催报"))] if not opened and not over else []
    before += [("l", t("锁议程"))] if state in ("PLANNED", "COLLECTING") else []
    first: dict[str, list[tuple[str, str]]] = {
        "agenda": [("g", t("纪要"))] if over else [*([("1-7", t("结果")), *act] if opened else [("n", t("加题"))]), ("m", t("补题")), ("x", t("撤题"))],
        "pool": [("n", t("列入")), ("t", t("全部列入"))],
        "followups": [("f", t("记已办")), ("d", t("督办"))],
        "stations": before[:2],
        "visits": [("v", t("登记或约定")), ("x", t("取消约定"))],
        "past": [("Enter", t("看这次")), ("b", t("记不开"))],
    }  # fmt: skip
    rest = [*act, *before, ("g", t("纪要")), ("v", t("进站")), ("f", t("记已办")),
            ("w", t("临时会商")), ("z", t("站级会商")), *([] if opened or over else [("n", t("加题")), ("b", t("记不开"))])]  # fmt: skip
    pairs: dict[str, str] = {}
    for key, word in [*first[page], *rest]:
        pairs.setdefault(key, word)
    tail = [("[ ]", t("换周")), ("Tab", t("换页")), ("Enter", t("案件")), ("Esc", t("返回"))]
    if page == "past":
        tail.pop(2)
    line = key_hints(pairs.items(), tail, width)
    shown = {text for text, style in line if style == "bold $accent"}
    return line, key_hints([(key, word) for key, word in pairs.items() if key not in shown], [], width)
