"""A handover on the screen and in files: what `show` prints and `export` writes."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from zjj_console.commands.context import Stop

if TYPE_CHECKING:
    from zjj_console.desk.desk import Desk
    from zjj_console.domain.handover import Handover
    from zjj_console.domain.model import Refusal


def found(desk: "Desk", name: str) -> "Handover":
    """The handover of a name, prepared or not. Exit 6 for none, 3 for a wrong date."""
    from zjj_console.desk import which
    from zjj_console.domain.handover import Handover

    h = which.find(desk.reader, desk.facts(), name)
    if not isinstance(h, Handover):
        raise refused(h)
    return h


def built(desk: "Desk", name: str) -> "Handover":
    """A handover that has a package. Exit 8 with the way to get one."""
    h = found(desk, name)
    if h.package is None:
        zh = f"{h.number} 还没有交接包，先 handover prepare {h.id}"
        raise Stop(8, "E_REFUSED", zh, f"prepare {h.id} first")
    return h


def refused(refusal: "Refusal", field: str = "handover") -> Stop:
    error = {3: "E_USAGE", 6: "E_NOT_FOUND"}.get(refusal.code, "E_REFUSED")
    return Stop(refusal.code, error, refusal.zh, refusal.en, field)


def sheet_text(desk: "Desk", h: "Handover") -> str:
    """The sheet as signed, or as it would be; what was written after the signatures follows as an annex."""
    from zjj_console.reports import sheet

    if h.package is None:
        return f"{h.number} 还没有交接包，先 handover prepare {h.id}"
    text = h.sheets.get("text") or sheet.text(h, desk.duty)
    return text + "\n" + sheet.annex(h, desk.duty) if any(n.late for n in h.notes) else text


def _text(desk: "Desk", h: "Handover") -> bytes:
    from zjj_console.reports import sheet

    return (h.sheets.get("text") or sheet.text(h, desk.duty)).encode()


def _html(desk: "Desk", h: "Handover") -> bytes:
    from zjj_console.reports import sheet

    return (h.sheets.get("html") or sheet.html(h, desk.duty)).encode()


def _xlsx(desk: "Desk", h: "Handover") -> bytes:
    from zjj_console.reports import sheet

    return sheet.xlsx(h, desk.duty)


def _json(desk: "Desk", h: "Handover") -> bytes:
    from zjj_console.desk import viewing

    return (
        json.dumps(viewing.full(h, desk.facts(), None), ensure_ascii=False, sort_keys=True, indent=1) + "\n"
    ).encode()


FORMATS: dict[str, Callable[["Desk", "Handover"], bytes]] = {
    ".txt": _text,
    ".html": _html,
    ".xlsx": _xlsx,
    ".json": _json,
}


def summary(desk: "Desk", h: "Handover", data: dict[str, Any]) -> str:
    """What an officer asks first: does it balance, what is left to read, what holds the signature up."""
    head = f"{h.number} {data['state_zh']}  边界 {data['at'][:16].replace('T', ' ')}"
    if h.package is None:
        return "\n".join([f"{head}；先 handover prepare {h.id}", *_stations(desk, h)])
    b, counts = data["balance"], data["counts"]
    lines = [
        head,
        f"结存 上期{b['opening']} + 新增{b['new']} + 重开{b['reopened']} - 结案{b['closed']} - 作废{b['voided']} - "
        f"并案{b['merged']} = 未结{b['open']} {'相符' if b['holds'] else '不符'}",
        f"未结{b['open']} = 在办{counts['running']} + 停表{counts['paused']} + 挂账{counts['suspended']}",
        f"必读 {len(data['must'])}，未读 {len(data['unread'])}，其余 {len(data['cases']) - len(data['must'])}"
        + ("(已成批确认)" if h.batch else ""),
    ]
    lines += _must(data["cases"])
    lines += [f"阻断 {f['code']} {f['message_zh']} -> {f['way_zh']}" for f in data.get("blockers", ())]
    lines += [f"警示 {f['code']} {f['message_zh']}{' 已知悉' if f['ticked'] else ''}" for f in data.get("warnings", ())]
    if data.get("changes"):
        lines.append(f"快照后变更 {len(data['changes'])}: {' '.join(data['changes'])}")
    lines += [
        f"便签 {n['at'][5:16].replace('T', ' ')} {n['by']} {n['text']}{' (签后)' if n['late'] else ''}"
        for n in data["notes"]
    ]
    return "\n".join([*lines, *_stations(desk, h), *_signed(h, data)])


def _must(cases: list[dict[str, Any]]) -> list[str]:
    from zjj_console.commands.output import aligned

    rows: list[tuple[str, ...]] = [
        (c["handle"], str(c["priority"]), "已读" if c["read_by"] else "未读", c["code"] or "-", c["gist"][:40] or "-",
         c["next"][:40] or "-") for c in cases if c["must"]
    ]  # fmt: skip
    return aligned([("案号", "级", "读", "去向", "要点", "下一步"), *rows]) if rows else []


def _stations(desk: "Desk", h: "Handover") -> list[str]:
    from zjj_console.desk import wording

    return [
        f"{wording.unit(desk.town, code)} {mark.name} {desk.duty.local(mark.at):%H:%M}"
        + (f" 代{mark.proxy_for}" if mark.proxy_for else "")
        for code, mark in h.stations.items()
    ]


def _signed(h: "Handover", data: dict[str, Any]) -> list[str]:
    lines = [f"{side} {mark.name}({mark.by})" for side, mark in (("交班", h.out_sign), ("接班", h.in_sign)) if mark]
    if h.forced is not None:
        lines.append(f"带病交接: {h.forced.reason}；第二人 {h.forced.second_name}")
    return [*lines, f"看护权移交 {data['moved_at'][:16].replace('T', ' ')}"] if data["moved_at"] else lines
