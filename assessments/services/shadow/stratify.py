"""Which case a learner gets next: balanced by yellow zone and category, else by chance."""

import random
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar
from uuid import UUID

#: A look wants 10 yellow-zone cases in 50. Any 50 draws in a row hold at least that many when the share drawn
#: is at least 12 in 50, because a count never strays from its share by more than one on either side.
MIN_YELLOW_SHARE = Fraction(12, 50)

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Stratum:
    """Where a case belongs; `settled`: quality assurance has decided it, so nobody waits for the score."""

    pk: UUID
    yellow: bool
    category: str
    settled: bool


def choose(
    *,
    pool: Sequence[Stratum],
    drawn: Sequence[tuple[bool, str]],
    free: Sequence[Stratum],
    rng: random.Random,
) -> Stratum | None:
    """One of `free`; None where nothing is left.

    pool: all cases, which set the shares. drawn: (yellow, category) of what the learner had so far.
    First the zone is chosen, then settled cases are preferred, then the category that lags behind most.
    """
    if not free:
        return None
    yellow = _wants_yellow(pool, drawn, rng)
    of_zone = [case for case in free if case.yellow == yellow] or list(free)
    candidates = [case for case in of_zone if case.settled] or of_zone
    zone = candidates[0].yellow
    lag = _lags(
        of_pool=[case.category for case in pool if case.yellow == zone],
        so_far=[category for was_yellow, category in drawn if was_yellow == zone],
    )
    furthest = max(lag[case.category] for case in candidates)
    return rng.choice([case for case in candidates if lag[case.category] == furthest])


def _wants_yellow(pool: Sequence[Stratum], drawn: Sequence[tuple[bool, str]], rng: random.Random) -> bool:
    """Keeps the yellow cases drawn within one of their share, and unpredictable within that."""
    share = max(Fraction(sum(case.yellow for case in pool), len(pool)), MIN_YELLOW_SHARE)
    missing = share * (len(drawn) + 1) - sum(yellow for yellow, _category in drawn)
    return rng.random() < missing


def _lags(*, of_pool: Sequence[Key], so_far: Sequence[Key]) -> Counter[Key]:
    """By category, how far the next draw would be behind its share of the pool (in pool-sized units)."""
    shares, had = Counter(of_pool), Counter(so_far)
    return Counter(
        {
            category: count * (len(so_far) + 1) - had[category] * len(of_pool)
            for category, count in shares.items()
        }
    )
