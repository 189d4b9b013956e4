"""How much a member may be sent: 30 messages a minute and 1000 an hour per app. The server drops the rest without a word.

Pure: instants in µs come in, the instant from which the next one may leave comes out.
"""

from collections import deque
from collections.abc import Iterable

from zjj_console.domain.model import HOUR, MINUTE

PER_MINUTE, PER_HOUR = 30, 1000  # the messenger's own figures


class Limits:
    """Remembers what was sent to whom within the last hour."""

    def __init__(self, per_minute: int = PER_MINUTE, per_hour: int = PER_HOUR) -> None:
        self.rules = ((per_minute, MINUTE), (per_hour, HOUR))
        self._sent: dict[str, deque[int]] = {}

    def known(self, member: str) -> bool:
        return member in self._sent

    def remember(self, member: str, instants: Iterable[int]) -> None:
        """What another run has sent: instants oldest first."""
        self._sent[member] = deque(instants)

    def free_at(self, member: str, now: int) -> int:
        """`now`, or the later instant from which one more may leave."""
        sent = self._sent.setdefault(member, deque())
        while sent and sent[0] <= now - HOUR:
            sent.popleft()
        return max([now, *(sent[-count] + span for count, span in self.rules if len(sent) >= count)])

    def note(self, member: str, now: int) -> None:
        self._sent.setdefault(member, deque()).append(now)
