"""What becomes of reports that other systems bring in where they do not say enough: ours [A]."""

from collections.abc import Container, Iterator

from msgspec import Struct

from zjj_console.town.limits import Mark
from zjj_console.town.validate_finding import Finding


class InboundRules(Struct, frozen=True):
    """Section `[inbound]` of town.toml. `fall_back`: the category of a report whose category nobody could tell."""

    fall_back: str = ""
    mark: Mark = "A"


def check(rules: InboundRules, categories: Container[str]) -> Iterator[Finding]:
    """P-152: the category exists."""
    if rules.fall_back and rules.fall_back not in categories:
        yield Finding("P-152", f"没有类别 {rules.fall_back}", "town.toml inbound.fall_back")
