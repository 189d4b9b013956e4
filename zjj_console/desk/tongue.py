"""Names in both languages at once, for sentences that are made in both: explanations that scripts and people read."""

from zjj_console.desk import wording
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.marks import PRIORITY_ZH
from zjj_console.domain.model import HOUR, MINUTE
from zjj_console.i18n import teller
from zjj_console.town.limits import Limit
from zjj_console.town.models import Hours, Town

Pair = tuple[str, str]  # Chinese, English
MARK: dict[str, Pair] = {
    "D": ("文件", "policy paper"), "A": ("配置值", "our default"), "T": ("本镇文件", "town paper"),
    "R": ("外地参照", "other city"), "X": ("未提供", "not given"), "J": ("日志", "journal"),
}  # fmt: skip
_KIND: dict[str, Pair] = {"wall": ("自然时间", "plain time"), "duty": ("值守时间", "duty time")}
_DAY = 24 * HOUR // MINUTE


class Tongue:
    """Looks up a name once and gives it in Chinese and English; persons have one name."""

    def __init__(self, duty: DutyTime, now: int) -> None:
        self.duty, self.now = duty, now
        self._towns: tuple[Town, Town] = (duty.town, duty.town.english)
        self._say = teller("en")

    def unit(self, code: str) -> Pair:
        zh, en = (wording.unit(town, code) for town in self._towns)
        return zh, en

    def clock(self, code: str) -> Pair:
        zh, en = (wording.clock_name(town, code) for town in self._towns)
        return zh, en

    def reason(self, table: str, code: str) -> Pair:
        zh, en = (wording.reason(town, table, code) for town in self._towns)
        return zh, en

    def category(self, code: str) -> Pair:
        zh, en = (wording.category(town, code) for town in self._towns)
        return zh, en

    def person(self, work_no: str) -> str:
        return "system" if work_no == "system" else wording.person(self.duty.town, work_no)

    def who(self, work_no: str) -> Pair:
        return ("系统", "the system") if work_no in ("system", "") else (self.person(work_no), self.person(work_no))

    def post(self, code: str) -> Pair:
        return wording.post(self.duty.town, code), "consultation" if code == "meeting" else code.replace("_", " ")

    def event(self, kind: str) -> Pair:
        return wording.event(kind), kind.replace("_", " ")

    def priority(self, n: int) -> Pair:
        return PRIORITY_ZH.get(n, str(n)), f"priority {n}"

    def said(self, zh: str) -> Pair:
        """A word of the interface."""
        return zh, self._say(zh)

    def when(self, at: int | None) -> str:
        return "-" if at is None else wording.moment(at, self.now, self.duty)

    def iso(self, at: int | None) -> str | None:
        return wording.iso(at, self.duty)

    def minute(self, of_day: int) -> str:
        return f"{of_day // 60:02}:{of_day % 60:02}"

    def hours(self, hours: Hours) -> Pair:
        if hours.start == hours.end:
            return "全天", "round the clock"
        span = f"{self.minute(hours.start)}-{self.minute(hours.end)}"
        return span, span

    def limit(self, limit: Limit) -> Pair:
        """As the profile has it: `24小时值守时间`, `3个工作日`."""
        if limit.kind == "workdays":
            return f"{limit.amount}个工作日", f"{limit.amount} working days"
        zh, en = length(limit.amount)
        kind = _KIND[limit.kind]
        return f"{zh}{kind[0]}", f"{en} of {kind[1]}"


def length(minutes: int) -> Pair:
    """A number of minutes as it is best read; whole hours and days only where nothing is lost."""
    if minutes and minutes % _DAY == 0 and minutes > 2 * _DAY:
        return f"{minutes // _DAY}天", f"{minutes // _DAY} d"
    if minutes >= 120 and minutes % 60 == 0:
        return f"{minutes // 60}小时", f"{minutes // 60} h"
    return f"{minutes}分", f"{minutes} min"


def numbers(events: tuple[int, ...]) -> str:
    """`#17 #19`: places in the journal."""
    return " ".join(f"#{lseq}" for lseq in events)
