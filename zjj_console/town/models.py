"""The shapes of a town profile. One frozen `Town` holds all of it; look-ups are dictionary reads.

Marks tell where a value comes from: `D` the policy text, `A` our default (shown as 配置值), `T` another paper of the
same town, `X` known to exist but not told to us (empty or a disabled placeholder), `R` another city's reference.
"""

from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from zjj_console.town.atlas import Atlas
from zjj_console.town.hotspot import HotspotRules
from zjj_console.town.inbound import InboundRules
from zjj_console.town.ladder import AlarmRules, Ladder
from zjj_console.town.limits import Limit as Limit
from zjj_console.town.limits import Mark as Mark
from zjj_console.town.meetings import Meetings
from zjj_console.town.near import SimilarRules

UnitKind = Literal["centre", "response_team", "station", "village_station", "resident", "on_demand"]
DayType = Literal["workday", "rest", "holiday"]
PRIORITIES = (1, 2, 3, 4)


class Hours(Struct, frozen=True):
    """Daily duty window in minutes of the local day. `end < start` runs past midnight; equal means round the clock."""

    code: str
    name: str
    start: int
    end: int
    mark: Mark

    @property
    def wall(self) -> bool:
        """True where the unit's clock is plain elapsed time: round the clock, or a night shift."""
        return self.end <= self.start

    def covers(self, minute: int) -> bool:
        if self.start == self.end:
            return True
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


class Unit(Struct, frozen=True):
    code: str  # what is stored: z1, y2, cg …
    kind: UnitKind
    name: str
    name_en: str
    tokens: tuple[str, ...]  # what may be typed; the first is shown in help
    hours: str  # key of Town.hours
    level: str  # district | town | station | grid | village
    enabled: bool
    mark: Mark
    zone: str = ""  # stations only
    note: str = ""
    py: str = ""  # pinyin as in `Named`
    core: int = 0
    alt: tuple[str, ...] = ()


class Zone(Struct, frozen=True):
    code: str
    name: str
    station: str


class Grid(Struct, frozen=True):
    code: str
    name: str
    zone: str
    chief: str = ""  # work number of the grid chief (网格长)


class Named(Struct, frozen=True):
    """What the pinyin index needs. `alt` holds curated other readings, full pinyin with `'` between syllables."""

    code: str
    name: str
    py: str  # full pinyin, syllables parted by a blank: "dong hu jie"
    core: int = 0  # number of leading characters that form the core (without 村/社区/街 …); 0 = all
    alt: tuple[str, ...] = ()


class Committee(Struct, frozen=True):
    code: str
    name: str
    kind: str  # 居 | 村
    grid: str
    village_station: str
    py: str
    core: int
    alt: tuple[str, ...]
    mark: Mark
    lon: float | None = None
    lat: float | None = None


class Person(Struct, frozen=True):
    work_no: str
    name: str
    unit: str
    roles: tuple[str, ...]
    mark: Mark
    rank: str = ""
    force: str = ""
    phone: str = ""
    py: str = ""


class Post(Struct, frozen=True):
    unit: str
    role: str  # commander | chief | deputy | team_leader | shift_lead …
    work_no: str
    acting: bool = False
    since: date | None = None  # first and last day of holding it; None = open-ended
    until: date | None = None

    def held_on(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


class Category(Struct, frozen=True):
    code: str
    token: str
    name: str
    name_en: str
    nature: str  # part 部件 | event 事件
    group: str
    priority: int
    lead: str  # unit code, "" = no default lead
    phrase: str  # standard phrase used as the text when none is typed
    callback: bool
    standard_ref: str
    mark: Mark
    py: str = ""
    core: int = 0
    alt: tuple[str, ...] = ()


class Source(Struct, frozen=True):
    token: str
    code: str
    name: str
    name_en: str
    needs_backfill: bool  # must carry a 政务微信 reference (R32, R53)
    mark: Mark
    aliases: tuple[str, ...] = ()  # other names that files use for it


class ClockRule(Struct, frozen=True):
    """One row of the timer table (§2.5): limit per priority, None where the clock does not run."""

    code: str  # ACC, DSP, ACK …
    name: str
    name_en: str
    limits: dict[int, Limit | None]
    mark: Mark


class Reason(Struct, frozen=True):
    digit: str
    code: str
    name: str
    name_en: str
    needs_text: bool = False
    fault: str = ""  # for 退单 verdicts: whose mistake it was


class FlowRules(Struct, frozen=True):
    """Numbers of the life cycle that the policy leaves open."""

    returns_to_difficult: int = 2
    reworks_to_difficult: int = 2
    sampling_percent: int = 5
    reopen_days: int = 30
    unmerge_hours: int = 24
    undo_seconds: int = 10
    info_rounds: int = 2
    extensions_by_desk: int = 1
    extensions_total: int = 2
    suspend_max_days: int = 30
    warn_percent: int = 20
    warn_floor_minutes: int = 2
    rework_percent: int = 25
    rework_floor: dict[int, Limit] = {}
    mark: Mark = "A"


class CountNote(Struct, frozen=True):
    """Where a declared number comes from. `at_least` makes it a minimum instead of an exact count."""

    name: str
    mark: Mark
    clause: str
    at_least: bool = False


class CalendarDay(Struct, frozen=True):
    day: date
    day_type: DayType
    note: str = ""


class Shift(Struct, frozen=True):
    """A shift template (§4.1). Its times are those of `Town.hours[hours]`; it belongs to the date on which it starts."""

    code: str  # STN-DAY, CEN-DAY, QRT-NGT …
    name: str
    name_en: str
    hours: str
    units: tuple[UnitKind, ...]  # kinds of unit that work it
    posts: tuple[
        str, ...
    ]  # posts that it serves: seat, shift_lead, deputy, chief, resident, team_leader, member, on_call
    mark: Mark
    desk: Literal["", "day", "night"] = ""  # the desk that its people man
    presence: bool = True  # False: on call, reachable by telephone
    alarm_after: int = 15  # minutes after the start at which a missing person is an alarm


class Rotation(Struct, frozen=True):
    """How the response teams share the nights (A02). `first` is the team of the anchor night."""

    rule: Literal["alternate_nightly", "both_nightly", "split_night", "weekly", "n_on_m_off"]
    anchor: date
    first: str
    on: int = 1  # n_on_m_off: nights in a row, and nights off after them
    off: int = 1
    split: int = 0  # split_night: minute of the day at which the second team takes over
    mark: Mark = "A"


class Requirement(Struct, frozen=True):
    """Who must be there in which window (§4.1). `least` counts people by kind of day: workday, rest, guarantee."""

    code: str
    name: str
    name_en: str
    scope: Literal["centre", "station", "team", "town"]  # `station`: each; a response team counts for every station
    posts: tuple[str, ...]  # posts that count towards it
    start: int  # minutes of the local day; equal to `end`: round the clock
    end: int
    least: dict[str, int]
    severity: Literal["!!!", "!!", "!", "i"]
    clause: str
    mark: Mark
    dept: str = ""  # only people of this unit count
    share: dict[str, int] = {}  # by kind of day: so many neighbouring stations together need `least`
    rule: str = ""  # what holds meanwhile: SH-1, SH-2

    def covers(self, minute: int) -> bool:
        return Hours("", "", self.start, self.end, "A").covers(minute)


class Boundary(Struct, frozen=True):
    """A handover of the day (§4.6): `desk` ones move custody, `station` ones open and close the stations."""

    code: str  # H1 … H4
    name: str
    name_en: str
    at: int  # minute of the local day
    kind: Literal["desk", "station"]
    frm: Literal["day", "night"]
    to: Literal["day", "night"]
    mark: Mark = "A"


class DutyRules(Struct, frozen=True):
    """Numbers of roster, sign-in and handover that the policy leaves open. Minutes where nothing else is said."""

    sign_opens: int = 30  # before the start
    grace: int = 5
    absent_after: int = 30
    fix_hours: int = 24
    rest_hours: int = 11  # C4: shorter is warned of
    rest_refused_hours: int = 8  # C4: shorter is refused
    nights_in_row: int = 2  # C5
    week_hours: int = 60  # C5
    prepare_before: int = 30
    freeze_before: int = 15
    late_after: int = 10
    call_after: int = 20  # then the centre is called (E4)
    station_late_after: int = 15
    draft_minutes: int = 10  # B3
    idle_lock: int = 15
    assemble_before: int = 30  # early assembly of the night team
    samples: int = 3  # of a batch read at handover
    mark: Mark = "A"


class Period(Struct, frozen=True):
    """Days of raised strength (保障期), both ends included."""

    name: str
    start: date
    end: date


class Town(Struct, frozen=True, dict=True):
    """A whole profile. `codes` are unique inside each table; `validate` proves what the types cannot."""

    code: str
    name: str
    name_en: str
    district: str
    document: str
    prefix: str  # of case numbers
    timezone: str
    terms: dict[str, str]  # words that a town may change: station, commander, …
    counts: dict[str, int]
    zone_grid_pattern: dict[int, int]
    posts_per_station: dict[str, int]
    units: dict[str, Unit]
    zones: dict[str, Zone]
    grids: dict[str, Grid]
    committees: dict[str, Committee]
    people: dict[str, Person]
    posts: tuple[Post, ...]
    hours: dict[str, Hours]
    categories: dict[str, Category]
    sources: dict[str, Source]  # by code
    clocks: dict[str, ClockRule]
    reasons: dict[str, dict[str, Reason]]  # list name -> digit -> reason
    flow: FlowRules
    calendar: dict[date, CalendarDay]  # overrides of the public calendar
    cycles: dict[str, str]  # consultation=weekly, visit=monthly, inspection=daily, assessment=monthly
    programme: tuple[tuple[str, str, str], ...]  # (name, from, to)
    folder: str
    count_notes: dict[str, CountNote] = {}
    shifts: dict[str, Shift] = {}
    rotation: Rotation | None = None
    coverage: tuple[Requirement, ...] = ()
    boundaries: dict[str, Boundary] = {}
    duty_rules: DutyRules = DutyRules()
    guarantees: tuple[Period, ...] = ()
    ladder: Ladder = Ladder()
    alarm_rules: AlarmRules = AlarmRules()
    meetings: Meetings = Meetings()
    hotspot: HotspotRules = HotspotRules()
    similar: SimilarRules = SimilarRules()
    inbound: InboundRules = InboundRules()
    atlas: Atlas | None = None  # the map, where the profile has one

    @cached_property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @cached_property
    def station_by_zone(self) -> dict[str, str]:
        return {zone.code: zone.station for zone in self.zones.values()}

    @cached_property
    def category_by_token(self) -> dict[str, Category]:
        return {c.token: c for c in self.categories.values()}

    @cached_property
    def source_by_token(self) -> dict[str, Source]:
        return {s.token: s for s in self.sources.values()}

    @cached_property
    def unit_by_token(self) -> dict[str, Unit]:
        return {token: unit for unit in self.units.values() for token in unit.tokens}

    @cached_property
    def centre(self) -> Unit:
        return next(u for u in self.units.values() if u.kind == "centre")

    def of_kind(self, kind: UnitKind) -> list[Unit]:
        return [u for u in self.units.values() if u.kind == kind]

    def shift_of(self, code: str) -> Shift:
        """A shift by its code, also where a stored roster names one that the profile has dropped: then a bare stand-in."""
        return self.shifts.get(code) or Shift(code, code, code, self.centre.hours, (), (), "X")

    def hours_of(self, unit: str) -> Hours:
        """Duty window of a unit; the centre's for an unknown one."""
        found = self.units.get(unit)
        return self.hours[found.hours if found else self.centre.hours]

    def whereabouts(self, committee: str, lon: int | None = None, lat: int | None = None) -> tuple[str, str, str]:
        """(grid, station, zone) of a place (R01: derived, never typed); three empty strings if unknown.

        A position (millionths of a degree, WGS-84) decides by the outlines where the map is the town's own and holds it;
        everywhere else the committee does.
        """
        place = self.committees.get(committee)
        grid = place.grid if place else ""
        if lon is not None and lat is not None and self.atlas is not None and self.atlas.settles:
            grid = self.atlas.grid_at((lon / 1e6, lat / 1e6)) or grid
        if grid not in self.grids:
            return "", "", ""
        zone = self.grids[grid].zone
        return grid, self.station_by_zone.get(zone, ""), zone

    def limit(self, clock: str, priority: int) -> Limit | None:
        rule = self.clocks.get(clock)
        return rule.limits.get(priority) if rule else None

    @cached_property
    def _by_post(self) -> dict[tuple[str, str], list[Person]]:
        found: dict[tuple[str, str], list[Person]] = {}
        for post in sorted(self.posts, key=lambda post: post.acting):
            if post.work_no in self.people:
                found.setdefault((post.unit, post.role), []).append(self.people[post.work_no])
        return found

    @cached_property
    def _by_unit(self) -> dict[str, list[Person]]:
        found: dict[str, list[Person]] = {}
        for person in self.people.values():
            found.setdefault(person.unit, []).append(person)
        return found

    def holders(self, unit: str, role: str) -> list[Person]:
        """People who hold a post of a unit, acting holders after the proper ones."""
        return self._by_post.get((unit, role), [])

    def staff(self, unit: str) -> list[Person]:
        return self._by_unit.get(unit, [])

    @cached_property
    def english(self) -> "Town":
        """The same town with English names where the profile has them. For showing only: nothing is resolved by it."""

        def renamed(table: dict[str, Any]) -> dict[str, Any]:
            return {key: replace(row, name=row.name_en or row.name) for key, row in table.items()}

        return replace(
            self,
            name=self.name_en or self.name,
            units=renamed(self.units),
            categories=renamed(self.categories),
            sources=renamed(self.sources),
            clocks=renamed(self.clocks),
            reasons={table: renamed(rows) for table, rows in self.reasons.items()},
        )

    def reason(self, table: str, digit: str) -> Reason | None:
        return self.reasons.get(table, {}).get(digit)

    def term(self, key: str, default: str) -> str:
        return self.terms.get(key, default)

    @property
    def path(self) -> Path:
        return Path(self.folder)
