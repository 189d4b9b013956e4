"""How posts and roster findings are called, Chinese and English. `{..}` are filled by the rule that finds them."""

from zjj_console.town.models import Town

Pair = tuple[str, str]  # Chinese, English

POST_NAMES: dict[str, Pair] = {
    "commander": ("指挥长", "commander"),
    "chief": ("站长", "chief"),
    "deputy": ("副站长", "deputy"),
    "resident": ("驻站", "resident"),
    "seat": ("坐席", "desk seat"),
    "shift_lead": ("值班长", "shift lead"),
    "team_leader": ("队长", "team leader"),
    "member": ("队员", "team member"),
    "on_call": ("听班", "on call"),
    "patrol": ("巡查", "patrol"),
}

WORDS: dict[str, tuple[Pair, Pair]] = {  # code -> what is wrong, how to mend it
    "C1": (
        ("{who} {when} 同时在 {one} 与 {two}", "{who} is on {one} and on {two} at once, {when}"),
        ("换人顶班，或改时段", "let somebody else stand in, or move one of them"),
    ),
    "C2": (
        ("{who} 在{unit}兼任{one}和{two}", "{who} is both {one} and {two} of {unit}"),
        ("为其中一职另定人员", "name another person for one of the posts"),
    ),
    "C3": (
        ("{who} 同任{one}、{two}{post}，只可为代理", "{who} is {post} of {one} and of {two}: possible only as acting"),
        ("其中一处另定人员，或注明代理", "name another person for one of them, or mark one as acting"),
    ),
    "C4": (
        ("{who} 两班间隔仅 {hours} 小时，下一班 {when}", "{who} has {hours} h of rest before {when}"),
        ("换人，或推迟下一班", "let somebody else do the later shift, or begin it later"),
    ),
    "C5n": (
        ("{who} 连续 {count} 夜，{when}", "{who} works {count} nights in a row, {when}"),
        ("中间换一夜", "give one of the nights to somebody else"),
    ),
    "C5h": (
        ("{who} 七日 {hours} 小时，{when}", "{who} works {hours} h in seven days, {when}"),
        ("减少一班", "take one shift away"),
    ),
    "C6": (
        ("{who} 不具备{post}资格，{unit} {when}", "{who} is not eligible as {post} of {unit}, {when}"),
        ("换人，或写明理由", "choose somebody else, or give a reason"),
    ),
    "C7": (
        ("{who} 未经坐席培训，不能任{post}，{when}", "{who} is not trained for the desk: no {post}, {when}"),
        ("换已培训人员", "choose a trained person"),
    ),
    "C8": (
        ("{unit} {when} 缺{what}", "{unit} lacks {what}, {when}"),
        ("补排，或由另一队补足", "add one, or borrow one from the other team"),
    ),
    "C9": (
        (
            "{who} 为督查人员，不能在本站{unit}当班，{when}",
            "{who} is an inspector and may not work at his own {unit}, {when}",
        ),
        ("换人", "choose somebody else"),
    ),
    "C10": (
        (
            "{unit} {when} 无{deputy}、{chief}，{centre}也无人",
            "{unit} has no {deputy} or {chief}, and nobody is at the {centre}, {when}",
        ),
        ("补排一人，或写明理由后发布", "plan one of them, or publish with a reason"),
    ),
}


def post_name(town: Town, post: str) -> Pair:
    """A post in the town's own word, and in English."""
    zh, en = POST_NAMES.get(post, (post, post))
    return town.term(post, zh), en
