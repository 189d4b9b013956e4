"""The columns of a case file (§6.3): their names in Chinese and English, in the order in which an export writes them."""

import unicodedata
from collections.abc import Iterable, Mapping

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
BY_KEY = {column.key: column for column in CASES}
# Words of `case list` that a file may use for something else: any other name of the column comes first.
_YIELDING = frozenset({"级", "事项", "单位"})
REJECT_COLUMNS = ("_row", "_code", "_field", "_message", "_suggestion")


def plain(header: str) -> str:
    """A header for comparison: width, case, blanks and marks such as `*` do not count."""
    folded = unicodedata.normalize("NFKC", header).casefold()
    return "".join(char for char in folded if char.isalnum() or char == "/")


_BY_NAME = {plain(name): column.key for column in CASES for name in (column.key, *column.zh, *column.en)}


def recognise(headers: Iterable[str], named: Mapping[str, str] | None = None) -> dict[str, int]:
    """Position of every known column. `named` (theirs -> ours) wins over the built-in names; the first of two counts."""

    def yields(header: tuple[int, str]) -> bool:
        name = plain(header[1])
        return name in _YIELDING and name not in own

    own = {plain(theirs): _BY_NAME.get(plain(ours), ours) for theirs, ours in (named or {}).items()}
    found: dict[str, int] = {}
    for position, header in sorted(enumerate(headers), key=yields):
        name = plain(header)
        key = own.get(name) or _BY_NAME.get(name)
        if key and not header.startswith("_"):
            found.setdefault(key, position)
    return found


def unused(headers: Iterable[str], found: Mapping[str, int]) -> list[str]:
    """Names of the columns that an import makes nothing of; those that a reject file adds are our own."""
    used = {position for key, position in found.items() if key in BY_KEY}
    return [
        name for position, name in enumerate(headers) if name and position not in used and name not in REJECT_COLUMNS
    ]


def missing(found: Iterable[str]) -> list[Column]:
    """Required columns that are not there."""
    have = set(found)
    return [column for column in CASES if column.required and column.key not in have]


def label(key: str) -> str:
    """What messages call a column."""
    return BY_KEY[key].zh[0] if key in BY_KEY else key
