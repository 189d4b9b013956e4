"""Every action that a person can name, declared once (§3.3, §3.4).

`takes` lists argument kinds in the order shown; the parser matches them by shape, so most may come in any order.
A trailing `?` makes a kind optional, `*` repeats it. `actions` are the rows of the life cycle that the verb leads to.
"""

from msgspec import Struct


class Verb(Struct, frozen=True):
    id: str
    code: str
    zh: str
    en: str
    alias: str
    takes: tuple[str, ...]
    example: str
    group: str
    key: str = ""
    actions: tuple[str, ...] = ()
    later: str = ""  # what it will come with, where it is not there yet
    spaced: bool = False  # key mode: single digits and y/n typed after the key are arguments of their own
    danger: str = ""  # second Enter: the consequence, in words

    @property
    def acts(self) -> bool:
        """True where the verb makes an act (`desk/duty_verbs.py`) and no step of a case's life."""
        return self.group in ACTING

    @property
    def usage(self) -> str:
        return " ".join([self.code, *(_shown(kind) for kind in self.takes)])


# Lists of reasons that a verb takes instead of its own, by what else stands in the line.
OTHER_LIST = {("return", "y"): "fault", ("support", "n"): "support_refuse"}
SUPPORT_STEPS = {  # words that name a step of a request for support; without one the next step is meant
    "应答": "accept_support", "accept": "accept_support", "到场": "arrive_support", "arrive": "arrive_support",
    "办结": "close_support", "close": "close_support", "撤回": "cancel_support", "cancel": "cancel_support",
}  # fmt: skip
ACTING = frozenset({"duty", "escalation", "meeting"})
_KIND_ZH = {
    "case": "案号", "master": "主案", "rung": "e级", "callee": "工号", "place": "地点", "category": "类别", "priority": "级",
    "source": "来源", "step": "应答|到场|办结|撤回", "unit": "单位", "person": "工号", "yn": "y|n", "result": "结果码",
    "criterion": "n1|n2", "until": "期限",
    "text": "文字", "who": "工号", "other": "顶班人", "at": "时刻", "till": "止", "related": "rel=案号", "station": "站", "words": "词",
}  # fmt: skip


def _shown(kind: str) -> str:
    name, optional = kind.rstrip("?*"), kind[-1] in "?*"
    zh = "理由码" if name.startswith("reason") else _KIND_ZH[name]
    return f"[{zh}{'..' if kind.endswith('*') else ''}]" if optional else zh


_LISTS = "随清单功能提供"
_ASSESS = "随考核功能提供"

VERBS: tuple[Verb, ...] = (
    # intake and triage
    Verb("new", "xj", "新建", "new case", "new",
         ("place", "category", "priority?", "source?", "unit?", "person?", "related?", "text?"), "xj dhj zy 1 110 y1", "intake", "n",
         ("report", "accept", "dispatch")),
    Verb("accept", "sl", "受理", "accept", "acc", ("case", "priority?", "category?"), "sl 1051 2", "intake", "s",
         ("accept",)),
    Verb("locate", "dz", "定址", "set place", "loc", ("case", "place"), "dz 1051 dhj", "intake", "", ("locate",)),
    Verb("query", "wb", "问报告人", "ask reporter", "query", ("case", "text"), "wb 1056 几号楼", "intake", "",
         ("ask_info",)),
    Verb("screen", "fl", "110分流", "screen 110", "screen", ("case", "reason:screen"), "fl 1051 1", "intake", "",
         ("screen",), spaced=True),
    Verb("contact", "xl", "先行联系", "first contact", "contact", ("case", "reason:fc"), "xl 1042 1", "intake", "",
         ("contact",), spaced=True),
    # dispatch and progress
    Verb("dispatch", "pd", "派单", "dispatch", "disp", ("case", "unit", "person?", "unit*", "reason:reassign?", "text?"),
         "pd 1042 y1", "dispatch", "p", ("accept", "dispatch", "assist")),
    Verb("emergency", "jp", "急派", "emergency dispatch", "rush", ("case", "unit", "person?", "unit*", "text?"), "jp 1057 y1",
         "dispatch", "", ("accept", "dispatch")),
    Verb("acknowledge", "qs", "签收", "acknowledge", "ack", ("case", "text?"), "qs 1042", "dispatch", "r",
         ("acknowledge",), spaced=True),
    Verb("arrive", "dd", "到达", "arrive", "arr", ("case", "text?"), "dd 1042", "dispatch", "r", ("arrive",),
         spaced=True),
    Verb("submit", "tj", "提交", "submit result", "sub", ("case", "result", "text?"), "tj 1042 1", "dispatch", "r",
         ("submit",), spaced=True),
    Verb("verify", "hc", "核查", "verify", "ver", ("case", "yn", "reason:rework?", "text?"), "hc 1044 y", "dispatch", "x",
         ("verify_pass", "verify_fail"), spaced=True),
    Verb("rework", "fg", "返工", "send back", "rework", ("case", "reason:rework", "text?"), "fg 1044 3", "dispatch", "",
         ("verify_fail",)),
    Verb("return", "td", "退单", "return", "ret", ("case", "yn?", "reason:return?", "text?"), "td 1046 n 2", "dispatch",
         "t", ("ask_return", "grant_return", "refuse_return"), spaced=True),
    Verb("reassign", "gp", "改派", "reassign", "reas", ("case", "unit", "person?", "reason:reassign?", "text?"), "gp 1046 y1 r2",
         "dispatch", "g", ("reassign",), danger="换主办，原派单作废"),
    # time and weight
    Verb("extend", "yq", "延期", "extend", "ext", ("case", "yn?", "until?", "reason:extend?", "text?"), "yq 1028 2d r3",
         "time", "y", ("ask_extend", "grant_extend", "refuse_extend")),
    Verb("suspend", "gz", "挂账", "suspend", "hold", ("case", "yn?", "until?", "reason:suspend?", "text?"),
         "gz 1028 0318 r1", "time", "z", ("ask_suspend", "grant_suspend", "refuse_suspend"), danger="停表至复查日"),
    Verb("resume", "hf", "恢复", "resume", "resume", ("case", "text?"), "hf 1028", "time", "", ("resume",)),
    Verb("supervise", "db", "督办", "supervise", "sup", ("case", "yn?", "until?", "text?"), "db 1033 2h 限时答复", "time",
         "d", ("supervise", "release_supervision")),
    # difficult and self-handled
    Verb("difficult", "yn", "疑难", "difficult", "diff", ("case", "unit?", "criterion?", "text?"), "yn 1009 z4 n1",
         "flows", "", ("nominate", "lead_difficult", "designate")),
    Verb("coordinate", "xt", "站内协调", "station coordinates", "coord", ("case", "text?"), "xt 1040 物业与水务互推", "flows",
         "", ("coordinate",)),
    Verb("self", "zc", "自处", "self-handle", "self", ("case", "yn?", "result?", "text?"), "zc 1053 2", "flows", "",
         ("self_done", "self_start", "self_finish", "self_fail"), spaced=True),
    Verb("support", "zb", "执法保障", "enforcement support", "support",
         ("case", "step?", "yn?", "reason:support?", "unit*", "text?"), "zb 1054 2 cg 请派员到场", "flows", "",
         ("support", "accept_support", "arrive_support", "close_support", "refuse_support", "cancel_support")),
    # order among cases
    Verb("merge", "cf", "并案", "merge", "merge", ("case", "master", "text?"), "cf 1061 1055", "order", "m", ("merge",),
         danger="此案并入主案，不再单独计时"),
    Verb("unmerge", "cz", "拆回", "unmerge", "unmerge", ("case",), "cz 1061", "order", "", ("unmerge",)),
    Verb("reopen", "ck", "重开", "reopen", "reopen", ("case", "reason:reopen", "text?"), "ck 1042 1", "order", "",
         ("reopen",)),
    Verb("void", "zf", "作废", "void", "void", ("case", "yn?", "reason:void?", "text?"), "zf 1043 2", "order", "",
         ("ask_void", "grant_void", "refuse_void"), danger="作废须两人，案件不再办理"),
    # record
    Verb("note", "bz", "备注", "note", "note", ("case", "text"), "bz 1042 已拉警戒带", "record", "b", ("note", "give_info")),
    Verb("call", "th", "通话", "call", "call", ("case", "reason:call", "callee?", "text?"), "th 1042 2", "record", "l", ("call",),
         spaced=True),
    Verb("backfill", "bb", "补报", "backfill reference", "ref", ("case", "text"), "bb 1046 ZW-0001", "record", "",
         ("backfill",)),
    Verb("follow", "gc", "关注", "follow", "follow", ("case",), "gc 1042", "record", "f", ("follow",)),
    Verb("undo", "cx", "撤销", "undo", "undo", (), "cx", "record", "u", ("undo",)),
    Verb("search", "ss", "搜索", "search", "find", ("words",), "ss 桥栏杆", "record"),
    Verb("unit", "dw", "单位", "show unit", "unit", ("unit",), "dw y1", "record"),
    Verb("why", "wh", "为何", "why", "why", ("case",), "wh 1042", "record"),
    # people and shifts
    Verb("sign_in", "qd", "签到", "sign in", "signin", ("who?", "at?"), "qd 0312", "duty"),
    Verb("sign_out", "qt", "签退", "sign out", "signout", ("who?", "at?"), "qt 0312", "duty"),
    Verb("substitute", "tb", "顶班", "substitute", "subst", ("who", "other", "text?"), "tb 0425 0431", "duty",
         danger="此班改由顶班人承担，两人均收到通知"),
    Verb("late_sign", "bl", "补录签到", "late sign-in", "signfix", ("who", "at", "till?", "text"), "bl 0425 17:28 07:31 忘签",
         "duty"),
    Verb("assemble", "tq", "提前集结", "early assembly", "assemble", ("text?",), "tq 古镇夜游", "duty",
         danger="今夜当值队全员收到集结通知"),
    Verb("station_dept", "zh", "驻站", "station a department", "stationing",
         ("unit", "unit*", "until", "reason:trigger", "related?", "text?"), "zh gbb z4 4d r3 rel=1009", "duty"),
    Verb("handover", "jj", "交接", "handover", "handover", (), "jj", "duty"),
    Verb("morning", "jr", "晨报", "morning report", "morning", (), "jr", "duty"),
    Verb("pack", "rj", "入交接单", "to handover sheet", "pack", ("case", "text?"), "rj 1042 盯守至22时 | 到场核实", "duty", "h"),
    # alarms and the ladder
    Verb("escalate", "sj", "升级", "escalate", "esc", ("case", "yn?", "rung?", "text?"), "sj 1042 e3", "escalation", "e"),
    # consultation and visit; of an act only the first action decides whether it may be tried
    Verb("agenda", "hs", "上会", "to consultation", "agenda", ("case", "text?"), "hs 1009 两部门均称非本部门职责", "meeting", "",
         ("to_agenda", "off_agenda", "consult_assign", "consult_joint", "consult_commander", "consult_raise",
          "consult_suspend", "consult_defer", "consult_end", "station_assign", "station_undecided")),
    Verb("visit", "jz", "进站", "commander's visit", "visit", ("unit?", "until?", "text?"),
         "jz z1 运行平稳 | 停车难 | 1009=三日内拆除 | 知悉", "meeting", "", ("command",)),
    # what other parts of the system will bring
    Verb("sensor", "gj", "感知告警", "sensor alarm", "sensor", ("text?",), "gj 1057 y", "later", later=_LISTS),
    Verb("video", "sp", "视频巡查", "video round", "video", ("text?",), "sp", "later", later=_LISTS),
    Verb("patrol", "zd", "重点巡查", "key-item patrol", "patrol", ("text?",), "zd z1-02 1", "later", later=_LISTS),
    Verb("campaign", "zz", "集中整治", "campaign", "campaign", ("text?",), "zz", "later", later=_LISTS),
    Verb("equipment", "bj", "装备", "equipment", "equip", ("text?",), "bj", "later", later=_LISTS),
    Verb("inspect", "dc", "督查", "inspection", "inspect", ("text?",), "dc", "later", later=_ASSESS),
    Verb("assess", "kh", "考核", "assessment", "assess", ("text?",), "kh", "later", later=_ASSESS),
)  # fmt: skip

BY_ID = {verb.id: verb for verb in VERBS}
BY_WORD = {word: verb for verb in VERBS for word in (verb.code, verb.alias, verb.zh)}
GROUP_ZH = {
    "intake": "受理", "dispatch": "派单与进展", "time": "时限与分量", "flows": "自处与疑难", "order": "并案与重开",
    "record": "记录与查询", "duty": "值班与交接", "escalation": "告警与升级",
    "meeting": "会商与进站", "later": "后续功能",
}  # fmt: skip
