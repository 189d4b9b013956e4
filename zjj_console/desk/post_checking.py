"""The check before a night (§2.10): who would be called at every post, and where nobody could be. Recorded once a night."""

from collections.abc import Iterator
from datetime import date

import msgspec
from msgspec import Struct

from zjj_console.desk import wording
from zjj_console.desk.acts import Act, Done
from zjj_console.domain import custody, holders
from zjj_console.domain.facts import Facts
from zjj_console.domain.holders import Post
from zjj_console.domain.model import Event, Refusal
from zjj_console.storage import reads_alarms
from zjj_console.storage.db import Connection

STREAM = "desk"


class Night(Struct, frozen=True):
    """The night that is running: its duty date and when it began."""

    day: date
    at: int


def night(facts: Facts) -> Night | None:
    """None by day, and in a town whose desks hand over to no night."""
    last = custody.last_boundary(facts.town, facts.duty, facts.now)
    if last is None or last[0].to != "night":
        return None
    return Night(facts.duty.local(last[1]).date(), last[1])


def due(db: Connection, facts: Facts) -> bool:
    """Whether this night's check is still to be made. A journal that nobody has begun has no nights."""
    running = night(facts)
    begun = facts.holding is not None and facts.holding.since > 0
    return begun and running is not None and bool(facts.town.ladder.posts) and not _known(db, running)


def _known(db: Connection, running: Night) -> bool:
    return reads_alarms.post_check(db, running.day.isoformat()) is not None


def record() -> Act:
    """`posts_checked` with the whole chain as it is now; nothing where another process was quicker or the night is over."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        running = night(facts)
        if running is None or _known(db, running):
            return Done([], "本夜岗位已核对", "the posts of this night are checked", same=True)
        posts = holders.chain(facts.duty, facts.book, facts.now)
        gone = sum(bool(post.holder.missing) for post in posts)
        day = running.day.isoformat()
        event = Event("posts_checked", STREAM, {"args": {}, "day": day, "posts": msgspec.to_builtins(posts)})
        zh = f"{day} 夜间岗位核对: {len(posts)} 岗，{f'{gone} 岗找不到人' if gone else '均可通知'}"
        return Done([event], zh, f"{day}: {len(posts)} posts checked, {gone} unreachable")

    return act


class Hole(Struct, frozen=True):
    """What the check of this night found at one station, as far as it is still so. `bare`: none of its posts can be had."""

    unit: str
    posts: tuple[Post, ...]
    bare: bool
    since: int

    def told(self, facts: Facts) -> tuple[str, str]:
        """The sentence in both languages: posts and reasons, nobody's name."""
        town, at = facts.town, facts.duty.local(self.since)
        posts = "、".join(f"{wording.post(town, p.post)}{wording.MISSING_ZH[p.holder.missing]}" for p in self.posts)
        posts_en = ", ".join(f"{p.post} {p.holder.missing}" for p in self.posts)
        end, end_en = (
            ("，今夜无人可通知，请另定人", "nobody there tonight") if self.bare else ("，升级直接找下一级", "skipped")
        )
        head = f"{at:%H:%M}核对 {wording.unit(town, self.unit)}"
        return f"{head} {posts}{end}", f"check of {at:%H:%M}, {self.unit}: {posts_en}: {end_en}"


def holes(db: Connection, facts: Facts, chain: list[Post]) -> Iterator[Hole]:
    """Posts that this night's check found without anybody and that are so still; `chain` as it is now."""
    running = night(facts)
    found = reads_alarms.post_check(db, running.day.isoformat()) if running is not None else None
    if found is None:
        return
    missed = {(p.station, p.post) for p in found.posts if p.holder.missing}
    for unit in dict.fromkeys(post.station for post in chain):
        here = [post for post in chain if post.station == unit]
        gone = [p for p in here if p.holder.missing and (p.station, p.post) in missed]
        if gone:
            yield Hole(unit, tuple(gone), all(p.holder.missing for p in here), found.at)
