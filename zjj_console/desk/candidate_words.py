"""A candidate in words, Chinese and English: one place for picker, panes, scripts and explanations."""

from collections.abc import Callable

from zjj_console.desk import wording
from zjj_console.desk.candidates import Candidate
from zjj_console.desk.seats import Seat
from zjj_console.desk.tongue import Pair
from zjj_console.domain.duty import DutyTime
from zjj_console.town.models import Town
from zjj_console.town.placing import Apart

WHY: dict[str, Pair] = {
    "night": ("夜间当值", "on duty tonight"), "lead_phone": ("类别主责(电话)", "default lead (telephone)"),
    "night_room": ("部门值班(电话)", "night room (telephone)"), "on_call": ("听班(电话)", "on call (telephone)"),
    "resting": ("轮休须理由", "resting, needs a reason"), "lead": ("类别主责", "default lead"),
    "resident": ("常驻部门", "resident"), "area": ("属地站", "station of the area"),
    "shoulder": ("肩时段站负责人", "station's officer"), "team_early": ("夜队有人在岗", "some of the night team are there"),
    "lead_on_call": ("类别主责(听班)", "default lead (on call)"), "on_demand": ("按需部门", "department on demand"),
    "by_day": ("夜队日间支援须理由", "night team by day, needs a reason"),
    # of a request for support
    "answers_day": ("驻站时段负责人", "answers in station hours"), "answers_shoulder": ("肩时段负责人", "answers in the hours between"),
    "answers_night": ("夜间负责人", "answers at night"), "there": ("在岗", "there"), "planned": ("排班未签到", "planned, not signed in"),
    "post": ("电话", "by telephone"), "beside": ("会同", "together"), "stationed": ("驻站部门", "stationed here"),
    "area_on_call": ("属地站听班(电话)", "station of the area, on call (telephone)"), "centre": ("镇中心", "town centre"),
    "team_came": ("夜队已到", "night team has come"), "team_to_come": ("夜队未到 可提前集结 tq", "night team not here, tq calls it early"),
}  # fmt: skip
_NEAR, _FAR = 10, 1000  # metres


def metres(n: int) -> Pair:
    """`80米`, `1.2km`, to ten metres or a tenth of a kilometre: more nobody reads."""
    if n < _NEAR:
        return f"{_NEAR}米内", f"within {_NEAR} m"
    if round(n, -1) < _FAR:
        return f"{round(n, -1)}米", f"{round(n, -1)} m"
    return f"{n / 1000:.1f}km", f"{n / 1000:.1f} km"


def distance(one: Apart) -> Pair:
    """With 距 what is measured, with 约 what is taken from the middle of a committee or from a schematic map."""
    if not one.exact and one.metres < _NEAR:
        return "同处", "same place"
    zh, en = metres(one.metres)
    return (f"距{zh}", en) if one.exact and not one.schematic else (f"约{zh}", f"about {en}")


_WHERE: dict[str, Callable[[Seat, DutyTime], Pair]] = {
    "scene": lambda seat, duty: (f"{seat.case}现场", f"on the scene of {seat.case}"),
    "way": lambda seat, duty: (f"赴{seat.case}", f"on the way to {seat.case}"),
    "last": lambda seat, duty: (
        f"{seat.case}至{duty.local(seat.until or 0):%H:%M}",
        f"at {seat.case} until {duty.local(seat.until or 0):%H:%M}",
    ),
    "station": lambda seat, duty: ("站", "its station"),
}


def where(seat: Seat, duty: DutyTime) -> Pair:
    """What tells where a unit is: `1042现场`."""
    return _WHERE[seat.kind](seat, duty)


def how_far(one: Candidate, duty: DutyTime) -> Pair:
    """`距1.2km(1042现场)`, `约1.2km(示意，站)`; empty where it is not known."""
    if one.apart is None or one.seat is None:
        return "", ""
    far, place = distance(one.apart), where(one.seat, duty)
    sketch = ("示意，", "schematic, ") if one.apart.schematic else ("", "")
    return f"{far[0]}({sketch[0]}{place[0]})", f"{far[1]} ({sketch[1]}{place[1]})"


def reason(one: Candidate, duty: DutyTime, *, load: bool = True) -> Pair:
    """Why a candidate stands where it stands; without `load` what holds whatever he has in hand."""
    busy = (f"在办{one.busy}", f"{one.busy} in hand") if one.busy else ("空闲", "free")
    here = ("", "") if one.here is None else (f"在岗{one.here}", f"{one.here} there") if one.here else (
        "无人签到", "nobody signed in")  # fmt: skip
    parts = [*([busy] if load else []), *(WHY[code] for code in one.why), here, how_far(one, duty)]
    return " ".join(zh for zh, _ in parts if zh), ", ".join(en for _, en in parts if en)


def label(one: Candidate, town: Town, duty: DutyTime, lang: str) -> str:
    """Unit, person and reason in one language: what stands behind a digit."""
    n = int(lang == "en")
    return f"{wording.unit(town.english if n else town, one.unit)} {one.person_name} {reason(one, duty)[n]}"
