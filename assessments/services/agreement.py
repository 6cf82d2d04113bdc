"""How well two judges agree, in exact arithmetic: no float decides whether somebody passes.

Wilson, E. B. (1927), Journal of the American Statistical Association 22: the score interval of a share.
Cohen, J. (1960), Educational and Psychological Measurement 20: kappa, agreement beyond chance.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction
from typing import TypeVar

#: The 97.5th percentile of the standard normal distribution, for a two-sided interval of 95 %.
Z_95 = Decimal("1.959963984540054235524594430520551")
#: Stored and shown figures have six decimals.
STEP = Decimal("0.000001")
_PRECISION = 50

Answer = TypeVar("Answer", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Interval:
    """Bounds of a share, 0 to 1."""

    lower: Decimal
    upper: Decimal


def wilson(*, successes: int, n: int, z: Decimal = Z_95) -> Interval:
    """Wilson's score interval of successes / n, to 50 digits. ValueError for what is no share."""
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is not a share")
    with localcontext() as context:
        context.prec = _PRECISION
        share, size, square = Decimal(successes) / n, Decimal(n), z * z
        centre = share + square / (2 * size)
        spread = z * ((share * (1 - share) + square / (4 * size)) / size).sqrt()
        scale = 1 + square / size
        # A share of nothing or of all has that bound exactly; the root leaves a last digit behind.
        lower = (centre - spread) / scale if successes else Decimal(0)
        upper = (centre + spread) / scale if successes < n else Decimal(1)
    return Interval(lower=lower, upper=upper)


def cohen_kappa(pairs: Iterable[tuple[Answer, Answer]]) -> Fraction | None:
    """Kappa of paired answers (one judge's, the other's): 1 full agreement, 0 what chance gives.

    None where it is undefined: no pairs, or both judges gave one and the same answer throughout.
    """
    pairs = list(pairs)
    n = len(pairs)
    if not n:
        return None
    observed = Fraction(sum(one == other for one, other in pairs), n)
    first, second = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    chance = sum((Fraction(first[answer] * second[answer], n * n) for answer in first), Fraction(0))
    if chance == 1:
        return None
    return (observed - chance) / (1 - chance)


def kappa_interval(pairs: Iterable[tuple[Answer, Answer]], *, z: Decimal = Z_95) -> Interval | None:
    """Kappa's large-sample interval, cut to -1 … 1; None where kappa is undefined.

    Fleiss, J. L., Cohen, J., Everitt, B. S. (1969), Psychological Bulletin 72: its standard error. Where no
    pair differs or the sample is small it is too narrow, so n is always shown beside it.
    """
    pairs = list(pairs)
    kappa = cohen_kappa(pairs)
    if kappa is None:
        return None
    n = len(pairs)
    cells = Counter(pairs)
    first, second = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    answers = first.keys() | second.keys()
    observed = Fraction(sum(cells[answer, answer] for answer in answers), n)
    chance = Fraction(sum(first[answer] * second[answer] for answer in answers), n * n)
    agreeing = sum(
        Fraction(cells[each, each], n)
        * ((1 - chance) - Fraction(first[each] + second[each], n) * (1 - observed)) ** 2
        for each in answers
    )
    # A pair (one, other) that differs weighs by how often the judges use these answers the other way round.
    differing = (1 - observed) ** 2 * sum(
        Fraction(count, n) * Fraction(second[one] + first[other], n) ** 2
        for (one, other), count in cells.items()
        if one != other
    )
    spare = (observed * chance - 2 * chance + observed) ** 2
    variance = (agreeing + differing - spare) / ((1 - chance) ** 4 * n)
    with localcontext() as context:
        context.prec = _PRECISION
        spread = z * (Decimal(variance.numerator) / variance.denominator).sqrt()
        centre = Decimal(kappa.numerator) / kappa.denominator
        return Interval(lower=max(centre - spread, Decimal(-1)), upper=min(centre + spread, Decimal(1)))


def confusion(pairs: Iterable[tuple[Answer, Answer]], *, answers: Sequence[Answer]) -> list[list[int]]:
    """How often each pair of answers occurs: rows are the first judge's, columns the other's."""
    counts = Counter(pairs)
    return [[counts[row, column] for column in answers] for row in answers]


def floored(value: Fraction | Decimal) -> Decimal:
    """Six decimals, rounded down: a rounded figure never reaches a mark that the exact one misses."""
    return _rounded(value, ROUND_FLOOR)


def ceiled(value: Fraction | Decimal) -> Decimal:
    return _rounded(value, ROUND_CEILING)


def _rounded(value: Fraction | Decimal, rounding: str) -> Decimal:
    with localcontext() as context:
        context.prec = _PRECISION
        exact = Decimal(value.numerator) / value.denominator if isinstance(value, Fraction) else value
        return exact.quantize(STEP, rounding=rounding)


@dataclass(frozen=True, kw_only=True, slots=True)
class PassRule:
    """When a look passes (DESIGN §4, shadow mode): 44 of 50 reach the lower bound, 43 do not."""

    lower: Decimal = Decimal("0.75")
    kappa: Fraction = Fraction(6, 10)
    critical: int = 0
    yellow: int = 10


DEFAULT_RULE = PassRule()


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """n compared cases; kappa None: not enough variety to tell agreement from chance."""

    n: int
    agreed: int
    interval: Interval
    kappa: Fraction | None
    critical: int
    yellow: int

    def passes(self, rule: PassRule = DEFAULT_RULE) -> bool:
        return (
            self.interval.lower >= rule.lower
            and self.kappa is not None
            and self.kappa >= rule.kappa
            and self.critical <= rule.critical
            and self.yellow >= rule.yellow
        )


def measure(pairs: Sequence[tuple[Answer, Answer]], *, critical: int = 0, yellow: int = 0) -> Agreement:
    """What a look says of these pairs of answers. ValueError without any."""
    agreed = sum(one == other for one, other in pairs)
    return Agreement(
        n=len(pairs),
        agreed=agreed,
        interval=wilson(successes=agreed, n=len(pairs)),
        kappa=cohen_kappa(pairs),
        critical=critical,
        yellow=yellow,
    )
