"""What a token can be bound to: the tools and regions that a playbook put. Known further up, which registers
where to look; without a playbook in force there is nothing to compare with.
"""

from collections.abc import Callable
from typing import NamedTuple


class Known(NamedTuple):
    """Live tools by key, and the regions in which a call can be allowed."""

    microtools: frozenset[str]
    regions: frozenset[str]


Source = Callable[[], Known | None]
_sources: list[Source] = []


def register(source: Source) -> None:
    """`source` says what there is when it is called; None where no playbook is in force."""
    if source not in _sources:
        _sources.append(source)


def known() -> Known | None:
    found = [said for source in _sources if (said := source()) is not None]
    if not found:
        return None
    return Known(
        frozenset(key for said in found for key in said.microtools),
        frozenset(key for said in found for key in said.regions),
    )
