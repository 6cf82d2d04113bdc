"""Which case a learner gets next: balanced by yellow zone, outcome and category, else by chance."""

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
class Had:
    """What a learner has had: whether it was in the yellow zone, its outcome, its category."""

    yellow: bool
    outcome: str
    category: str


@dataclass(frozen=True, slots=True)
class Stratum:
    """Where a case belongs; `settled`: quality assurance has decided it, so nobody waits for the score.

    outcome: the right decision, as settled, else as its author has it.
    """

    pk: UUID
    yellow: bool
    outcome: str
    category: str
    settled: bool


def choose(
    *, pool: Sequence[Stratum], drawn: Sequence[Had], free: Sequence[Stratum], rng: random.Random
) -> Stratum | None:
    """One of `free`; None where nothing is left.

    pool: all cases, which set the shares. drawn: what the learner had so far. First the zone is drawn, then
    the outcome, both by how much they lag behind their shares, so that nobody can count out what comes next.
    Then settled cases are preferred, then the category that lags behind most.
    """
    if not free:
        return None
    yellow = _wants_yellow(pool, drawn, rng)
    of_zone = [case for case in free if case.yellow == yellow] or list(free)
    zone = of_zone[0].yellow
    zone_pool = [case for case in pool if case.yellow == zone]
    zone_had = [had for had in drawn if had.yellow == zone]
    outcome = _outcome(zone_pool, zone_had, of_zone, rng)
    of_outcome = [case for case in of_zone if case.outcome == outcome]
    candidates = [case for case in of_outcome if case.settled] or of_outcome
    lag = _lags(of_pool=[case.category for case in zone_pool], so_far=[had.category for had in zone_had])
    furthest = max(lag[case.category] for case in candidates)
    return rng.choice([case for case in candidates if lag[case.category] == furthest])


def _wants_yellow(pool: Sequence[Stratum], drawn: Sequence[Had], rng: random.Random) -> bool:
    """Keeps the yellow cases drawn within one of their share, and unpredictable within that."""
    share = max(Fraction(sum(case.yellow for case in pool), len(pool)), MIN_YELLOW_SHARE)
    missing = share * (len(drawn) + 1) - sum(had.yellow for had in drawn)
    return rng.random() < missing


def _outcome(
    pool: Sequence[Stratum], drawn: Sequence[Had], free: Sequence[Stratum], rng: random.Random
) -> str:
    """An outcome that still has free cases, by chance in proportion to how far it lags behind its share.

    One that is ahead of its share has no chance, so none is ever ahead by more than one.
    """
    lags = _lags(of_pool=[case.outcome for case in pool], so_far=[had.outcome for had in drawn])
    left = sorted({case.outcome for case in free})
    weights = [max(lags[outcome], 0) for outcome in left]
    if not any(weights):
        return rng.choice(left)
    return rng.choices(left, weights=weights)[0]


def _lags(*, of_pool: Sequence[Key], so_far: Sequence[Key]) -> Counter[Key]:
    """By key, how far the next draw would be behind its share of the pool (in pool-sized units)."""
    shares, had = Counter(of_pool), Counter(so_far)
    return Counter(
        {key: count * (len(so_far) + 1) - had[key] * len(of_pool) for key, count in shares.items()}
    )
