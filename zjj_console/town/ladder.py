"""The ladder of a town and the numbers of its alarms (§2.10, §3.6). Who holds a rung stands in posts.csv."""

from typing import Literal

from msgspec import Struct

from zjj_console.town.limits import Limit, Mark

MEETING = "meeting"  # the post of a rung that is no person but a consultation


class Rise(Struct, frozen=True):
    """When a rung is raised: `share` percent of the limit used up, or so many `wall` minutes or `workdays` after the
    deadline, or with the next `weekly` consultation.
    """

    kind: Literal["share", "wall", "workdays", "weekly"]
    amount: int = 0


class LadderRule(Struct, frozen=True):
    """One row of §2.10: the rungs of a priority. Rungs count from 1."""

    rises: tuple[Rise, ...]
    how: Literal["phone", "message"]
    window: Limit  # for how long an answer holds the climb
    quiet_from: int = 0  # from this rung on nobody is called in the quiet hours; 0: called at any hour
    failed_calls: int = 0  # so many calls without an answer raise the next rung at once; 0: it waits for its time


class Trigger(Struct, frozen=True):
    """A clock that sends people up the ladder when it runs out, beginning with rung `first`."""

    first: int
    priorities: tuple[int, ...] = (1, 2, 3, 4)


class Ladder(Struct, frozen=True):
    posts: tuple[str, ...] = ()
    triggers: dict[str, Trigger] = {}
    rules: dict[int, LadderRule] = {}
    quiet: tuple[int, int] = (0, 0)  # minutes of the day
    mark: Mark = "A"

    @property
    def top(self) -> int:
        return len(self.posts)

    def rung_of(self, post: str) -> int:
        """The rung that a post holds; beyond the top if none does."""
        return self.posts.index(post) + 1 if post in self.posts else self.top + 1

    def trigger(self, clock: str, priority: int) -> Trigger | None:
        """The row of a clock, None where it sends nobody up at this priority."""
        row = self.triggers.get(clock)
        return row if row is not None and priority in row.priorities and priority in self.rules else None

    def is_quiet(self, minute: int) -> bool:
        start, end = self.quiet
        return start <= minute < end if start <= end else minute >= start or minute < end


class AlarmRules(Struct, frozen=True):
    """Numbers of the alarms (§3.6); each name says its unit where it is no count."""

    p1_repeat: int = 30  # seconds between bells until somebody acknowledges
    p1_again: int = 5  # minutes between bells of an acknowledged one that is still late
    flood: int = 10
    flood_minutes: int = 10
    mute_minutes: int = 15
    beat_stale: int = 60  # seconds
    budget: int = 6  # alarms in an hour
    clock_jump: int = 30  # seconds
    vacancy_hours: int = 24
    mark: Mark = "A"
