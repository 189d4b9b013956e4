"""Words and small shapes that the papers share: names of codes, instants in local time, long texts cut visibly."""

from msgspec import Struct

from zjj_console.domain.conflict_words import POST_NAMES
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.handover import CODES, DONE, NEXT_ZH, VIA_ZH, Handover, Item, Line, Package, Signature
from zjj_console.domain.model import MINUTE
from zjj_console.domain.safe import safe_text

SIDE_ZH = {"out": "交班", "in": "接班"}
WARNING_ZH = {
    "W1": "人员缺岗", "W2": "消息未发出", "W3": "装备短缺", "W4": "三级案件超时", "W5": "站点迟签", "W6": "上次带病交接",
    "W7": "平台不通",
}  # fmt: skip
WEEKDAYS = "一二三四五六日"
ABSENT_ZH = ("缺岗", "迟到", "请假")
_TOLD = 240  # characters of one text on a paper


class Clock(Struct, frozen=True):
    """Instants as the town reads them."""

    duty: DutyTime

    def full(self, at: int | None) -> str:
        return f"{self.duty.local(at):%Y-%m-%d %H:%M:%S}" if at is not None else ""

    def short(self, at: int | None) -> str:
        return f"{self.duty.local(at):%m-%d %H:%M}" if at is not None else ""

    def time(self, at: int) -> str:
        return f"{self.duty.local(at):%H:%M}"

    def day(self, at: int) -> str:
        local = self.duty.local(at)
        return f"{local:%Y-%m-%d} 周{WEEKDAYS[local.weekday()]}"


def told(text: str, limit: int = _TOLD) -> str:
    """A text from outside: one harmless line, and where it is too long, how much is left out."""
    whole = safe_text(text, max(len(text), 1))
    return whole if len(whole) <= limit else f"{whole[:limit]}(下略{len(whole) - limit}字)"


def joined(*parts: str, by: str = " ") -> str:
    return by.join(part for part in parts if part)


def span(minutes: int) -> str:
    """`1:30`, `24:05`."""
    return f"{minutes // 60}:{minutes % 60:02d}"


def remaining(due: int, at: int) -> str:
    """`余1:30` or `超0:10`."""
    minutes = (due - at) // MINUTE
    return f"余{span(minutes)}" if minutes >= 0 else f"超{span(-minutes)}"


def line_text(line: Line, clock: Clock) -> str:
    return joined(clock.short(line.at), told(line.handle, 40), told(line.text))


def package_of(handover: Handover) -> Package:
    """Its package. Raises ValueError where none has been built yet."""
    if handover.package is None:
        raise ValueError(f"{handover.number} has no package yet")
    return handover.package


def state_word(handover: Handover) -> str:
    if handover.state == "FORCED":
        return "带病交接"
    if handover.state in DONE:
        return "已交接"
    return "待接班签字" if handover.out_sign else "草稿/待签"


def worst_first(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """By priority, overdue before not, the nearest deadline first."""
    return tuple(sorted(items, key=lambda i: (i.priority, not i.overdue, i.due is None, i.due or 0, by_handle(i))))


def by_handle(item: Item) -> tuple[int, str]:
    return len(item.handle), item.handle


def names_of(handover: Handover) -> dict[str, str]:
    """Work number -> name of everybody that the record itself names."""
    package, signs = handover.package, (handover.out_sign, handover.in_sign, *handover.stations.values())
    found = {staff.person: staff.name for staff in package.staff} if package else {}
    found |= {package.by: package.by_zh} if package else {}
    found |= {note.by: note.name for note in handover.notes}
    found |= {sign.by: sign.name for sign in signs if sign}
    return found | ({handover.forced.second: handover.forced.second_name} if handover.forced else {})


def who(handover: Handover, person: str) -> str:
    """`何某(0001)`, or the number alone."""
    name = names_of(handover).get(person, "")
    return f"{told(name, 20)}({told(person, 20)})" if name else told(person, 20)


def signed_by(sign: Signature, duty: DutyTime) -> str:
    """Name, unit, and who signed for whom by which way."""
    unit = duty.town.units.get(sign.unit)
    name = joined(told(sign.name, 20), told(unit.name if unit else sign.unit, 20))
    if not sign.proxy_for and not sign.via:
        return name
    way = VIA_ZH.get(sign.via, told(sign.via, 10))
    known = duty.town.people.get(sign.proxy_for)
    return f"{name} 代签({joined(way, f'代 {told(known.name if known else sign.proxy_for, 20)}' if sign.proxy_for else '')})"


def post_word(post: str) -> str:
    return POST_NAMES[post][0] if post in POST_NAMES else told(post, 20)


def code_word(code: str) -> str:
    return f"{code} {CODES[code][0]}" if code in CODES else told(code, 20)


def next_word(handover: Handover, item: Item) -> str:
    """The next action: a digit stands for its word."""
    text = handover.next_of(item)
    return NEXT_ZH.get(text, told(text))
