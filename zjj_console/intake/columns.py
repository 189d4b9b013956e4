"""The columns of each kind of file (§6.3): their names in Chinese and English, in the order in which an export writes them."""

import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache

from msgspec import Struct


class Column(Struct, frozen=True):
    """One column. `key` is what reports call it; `zh[0]` is the header that an export writes."""

    key: str
    zh: tuple[str, ...]
    en: tuple[str, ...] = ()
    required: bool = False


CASES: tuple[Column, ...] = (
    Column("external_id", ("编号", "案件编号", "外部编号", "平台编号", "工单号"), ("external",), True),
    Column("reported_at", ("上报时间", "发现时间", "报告时间"), (), True),
    Column("place", ("地点", "村居", "地点/村居", "村居委", "居委", "村委"), ("committee_zh",), True),
    Column("category", ("类别", "案件类别", "事项类别"), (), True),
    Column("text", ("描述", "问题描述", "内容", "案情", "事项"), ("description",), True),
    Column("source", ("来源", "案件来源"), (), True),
    Column("priority", ("级别", "优先级", "等级", "级")),
    Column("reporter", ("上报人", "上报人/单位", "上报单位", "报告人")),
    Column("phone", ("电话", "联系电话"), ("reporter_phone",)),
    Column("grid", ("网格",)),
    Column("lon", ("经度",), ("longitude", "lng")),
    Column("lat", ("纬度",), ("latitude",)),
    Column("status", ("状态", "案件状态"), ("state",)),
    Column("flow", ("流程", "处置流程")),
    Column("unit", ("承办", "承办单位", "主办单位", "单位"), ("lead",)),
    Column("person", ("承办人",), ("lead_person",)),
    Column("assists", ("协办", "协办单位")),
    Column("dispatched_at", ("派单时间",)),
    Column("handled_at", ("处置时间", "提交时间"), ("submitted_at",)),
    Column("result", ("结果", "处置结果")),
    Column("result_text", ("结果说明",)),
    Column("evidence", ("附件",)),
    Column("closed_at", ("结案时间",)),
    Column("due_final", ("办结时限",)),
    Column("review_at", ("复查日期",)),
    Column("zwwx_ref", ("政务微信号",), ("wechat_ref",)),
    Column("return_count", ("退单次数",)),
    Column("rework_count", ("返工次数",)),
    Column("custodian", ("经管",)),
    Column("recorded_at", ("登记时间",)),
    Column("number", ("案号", "案件全号")),
    Column("id", ("案件标识",), ("case_id", "uuid")),
    Column("machine", ("机内数据",)),
)
SIGNS: tuple[Column, ...] = (
    Column("date", ("日期", "考勤日期", "值班日期", "打卡日期"), ("day",)),
    Column("name", ("姓名", "人员", "成员"), ()),
    Column("work_no", ("工号", "员工号", "账号"), ("work_number",), True),
    Column("at", ("时间", "打卡时间", "签到签退时间"), ("time",)),
    Column("direction", ("方向", "进出", "进/出", "打卡类型"), ()),
    Column("in_at", ("签到时间", "签到", "上班时间", "上班打卡时间"), ("sign_in", "in")),
    Column("out_at", ("签退时间", "签退", "下班时间", "下班打卡时间"), ("sign_out", "out")),
    Column("place", ("地点", "位置", "打卡地点"), ()),
    Column("via", ("方式", "途径", "打卡方式"), ()),
)
ROSTER: tuple[Column, ...] = (
    Column("date", ("日期", "值班日期", "业务日"), ("day", "duty_date"), True),
    Column("shift", ("班次",), (), True),
    Column("unit", ("单位", "站点"), ("station",)),
    Column("post", ("岗位",), (), True),
    Column("seat", ("座次", "座席"), ()),
    Column("work_no", ("工号",), ("work_number", "person"), True),
    Column("name", ("姓名",), ()),
    Column("start", ("起",), ()),
    Column("end", ("止",), ()),
    Column("planned", ("顶",), ()),
    Column("note", ("备注", "说明"), ()),
)
Columns = tuple[Column, ...]
# Words of `case list` that a file may use for something else: any other name of the column comes first.
_YIELDING = frozenset({"级", "事项", "单位"})
REJECT_COLUMNS = ("_row", "_code", "_field", "_message", "_suggestion")


def plain(header: str) -> str:
    """A header for comparison: width, case, blanks and marks such as `*` do not count."""
    folded = unicodedata.normalize("NFKC", header).casefold()
    return "".join(char for char in folded if char.isalnum() or char == "/")


@cache
def _by_name(of: Columns) -> dict[str, str]:
    return {plain(name): column.key for column in of for name in (column.key, *column.zh, *column.en)}


def recognise(headers: Iterable[str], named: Mapping[str, str] | None = None, of: Columns = CASES) -> dict[str, int]:
    """Position of every known column. `named` (theirs -> ours) wins over the built-in names; the first of two counts."""

    def yields(header: tuple[int, str]) -> bool:
        name = plain(header[1])
        return name in _YIELDING and name not in own

    known = _by_name(of)
    own = {plain(theirs): known.get(plain(ours), ours) for theirs, ours in (named or {}).items()}
    found: dict[str, int] = {}
    for position, header in sorted(enumerate(headers), key=yields):
        name = plain(header)
        key = own.get(name) or known.get(name)
        if key and not header.startswith("_"):
            found.setdefault(key, position)
    return found


def unused(headers: Iterable[str], found: Mapping[str, int], of: Columns = CASES) -> list[str]:
    """Names of the columns that an import makes nothing of; those that a reject file adds are our own."""
    keys = {column.key for column in of}
    used = {position for key, position in found.items() if key in keys}
    return [
        name for position, name in enumerate(headers) if name and position not in used and name not in REJECT_COLUMNS
    ]


def missing(found: Iterable[str], of: Columns = CASES) -> list[Column]:
    """Required columns that are not there."""
    have = set(found)
    return [column for column in of if column.required and column.key not in have]


def label(key: str, of: Columns = CASES) -> str:
    """What messages call a column."""
    return next((column.zh[0] for column in of if column.key == key), key)
