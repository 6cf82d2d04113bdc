"""Which cases a drill holds: every category by its share, new ones first, complexities evenly."""

import random
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Candidate:
    """A case as the draw sees it; `times`: how often this person had it, in whatever version."""

    pk: UUID
    category: str
    complexity: int
    times: int


def draw_cases(*, pool: Sequence[Candidate], size: int, rng: random.Random) -> list[Candidate]:
    """`size` different cases in random order; all of the pool where it holds no more.

    Each category gets its share of the pool, rounded down or up. Within a category no case comes again
    while there is one that came less often; among equals the complexity of which the drill holds fewest.
    """
    quotas = _quotas(pool, min(size, len(pool)), rng)
    order = sorted(quotas)
    rng.shuffle(order)
    left = Counter(quotas)
    drawn: list[Candidate] = []
    # Categories take turns, so that no one of them uses up a complexity before the others choose.
    while left.total():
        for category in order:
            if left[category]:
                left[category] -= 1
                drawn.append(_next([case for case in pool if case.category == category], drawn, rng))
    rng.shuffle(drawn)
    return drawn


def _quotas(pool: Sequence[Candidate], size: int, rng: random.Random) -> dict[str, int]:
    """Largest remainders; of equal ones, the categories with more cases that are new, then by chance."""
    sizes = Counter(case.category for case in pool)
    new = Counter(case.category for case in pool if case.times == 0)
    shares = {category: Fraction(size * count, len(pool)) for category, count in sizes.items()}
    quotas = {category: int(share) for category, share in shares.items()}
    by_need = sorted(
        quotas,
        key=lambda category: (shares[category] - quotas[category], new[category], rng.random()),
        reverse=True,
    )
    for category in by_need[: size - sum(quotas.values())]:
        quotas[category] += 1
    return quotas


def _next(of_category: Sequence[Candidate], drawn: Collection[Candidate], rng: random.Random) -> Candidate:
    free = [case for case in of_category if case not in drawn]
    fewest = min(case.times for case in free)
    equal = [case for case in free if case.times == fewest]
    held = Counter(case.complexity for case in drawn)
    rarest = min(held[case.complexity] for case in equal)
    return rng.choice([case for case in equal if held[case.complexity] == rarest])
