"""How the questions of a quiz work: classical test theory on plain numbers (decision 0058).

Pure functions: no database, no clock. Every person was asked a part of all questions, by a draw that knows
nothing of them (missing by design), so each figure rests on those who were asked; n says how many.

- facility: mean points, from 0 to 1;
- r, corrected point-biserial: Pearson's correlation of the points with the share reached on the *other*
  questions of the same attempt;
- d, top/bottom 27 % (Kelley 1939): facility of the best less that of the weakest, by the share reached on the
  whole attempt; who ties at the edge of a group counts with the part that is left in it;
- alpha: Cronbach's (1951), for a form of m questions from the pooled variance v and the pooled covariance c
  of two questions over who was asked both: m·c / (v + (m - 1)·c). With nothing missing it is the usual one.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean
from typing import Any

#: Fewer people tell nothing about a question, or a quiz.
FEWEST = 30
#: Of the people in the upper and in the lower group.
GROUP = 0.27
TOO_EASY, TOO_HARD, WEAK, DEAD = 0.9, 0.3, 0.15, 0.05
BINS = 10
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: to which version, its points (0 to 1), and which options were picked."""

    version: int
    points: float
    picks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """The options of a version, each with whether it is right; none where there is nothing to pick."""

    options: Mapping[str, bool]
    several: bool = False


Sheet = Sequence[Reply]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who was asked a version: their points, the share on the rest and on all, and their weights by group."""

    points: list[float]
    rest: list[float]
    picks: list[tuple[str, ...]]
    lower: list[float]
    upper: list[float]

    @property
    def middle(self) -> list[float]:
        return [1 - low - high for low, high in zip(self.lower, self.upper, strict=True)]


def analyse(sheets: Sequence[Sheet], shapes: Mapping[int, Shape]) -> dict[str, Any]:
    """JSON-ready: figures of the quiz, and of each version that was asked, in the order of their ids."""
    sheets = [sheet for sheet in sheets if sheet]
    shares = [fmean(reply.points for reply in sheet) for sheet in sheets]
    length = Counter(len(sheet) for sheet in sheets).most_common(1)[0][0] if sheets else 0
    pooled = Pooled.of(sheets)
    enough = len(sheets) >= FEWEST
    asked = _asked_by_version(sheets, shares)
    return {
        "n": len(sheets),
        "length": length,
        "mean": _rounded(fmean(shares)) if sheets else None,
        "sd": _rounded(_deviation(shares)),
        "alpha": _rounded(pooled.alpha(length)) if enough else None,
        "bins": _bins(shares),
        "items": [
            _item(
                version,
                asked[version],
                shapes.get(version, Shape({})),
                pooled.alpha(length - 1, without=version) if enough else None,
            )
            for version in sorted(asked)
        ],
    }


class Pooled:
    """Variances and covariances of questions, each over who was asked, pooled by their degrees of freedom."""

    def __init__(
        self, variances: Mapping[int, tuple[int, float]], pairs: Mapping[tuple[int, int], Any]
    ) -> None:
        """variances: degrees of freedom and sum of squares; pairs: the same with the sum of products."""
        self._variances, self._pairs = variances, pairs

    @classmethod
    def of(cls, sheets: Sequence[Sheet]) -> "Pooled":
        versions = sorted({reply.version for sheet in sheets for reply in sheet})
        place = {version: index for index, version in enumerate(versions)}
        means = _means(sheets, place)
        size = len(versions)
        n, x, y, xy = ([0] * size**2, [0.0] * size**2, [0.0] * size**2, [0.0] * size**2)
        for sheet in sheets:
            row = sorted((place[reply.version], reply.points) for reply in sheet)
            # About the mean of all, so that products stay small and exact.
            centred = [(index, points - means[index]) for index, points in row]
            for at, (i, a) in enumerate(centred):
                base = i * size
                for j, b in centred[at:]:
                    cell = base + j
                    n[cell] += 1
                    x[cell] += a
                    y[cell] += b
                    xy[cell] += a * b
        products = {
            (versions[i], versions[j]): (n[c] - 1, xy[c] - x[c] * y[c] / n[c])
            for i in range(size)
            for j in range(i, size)
            if n[c := i * size + j] > 1
        }
        variances = {i: value for (i, j), value in products.items() if i == j}
        return cls(variances, {pair: value for pair, value in products.items() if pair[0] != pair[1]})

    def alpha(self, length: int, *, without: int | None = None) -> float | None:
        """Of a form of `length` questions; None where it is not defined."""
        variances = [value for version, value in self._variances.items() if version != without]
        pairs = [value for pair, value in self._pairs.items() if without not in pair]
        if length < 2 or not variances or not pairs:  # noqa: PLR2004  (one question has no consistency)
            return None
        variance = sum(total for _df, total in variances) / sum(df for df, _total in variances)
        covariance = sum(total for _df, total in pairs) / sum(df for df, _total in pairs)
        whole = variance + (length - 1) * covariance
        return length * covariance / whole if whole > 0 else None


def _means(sheets: Sequence[Sheet], place: Mapping[int, int]) -> list[float]:
    counts, sums = [0] * len(place), [0.0] * len(place)
    for sheet in sheets:
        for reply in sheet:
            counts[place[reply.version]] += 1
            sums[place[reply.version]] += reply.points
    return [total / count for total, count in zip(sums, counts, strict=True)]


def _asked_by_version(sheets: Sequence[Sheet], shares: Sequence[float]) -> dict[int, _Asked]:
    found: dict[int, list[tuple[float, float, float, tuple[str, ...]]]] = {}
    for sheet, share in zip(sheets, shares, strict=True):
        total = sum(reply.points for reply in sheet)
        for reply in sheet:
            others = len(sheet) - 1
            rest = (total - reply.points) / others if others else 0.0
            found.setdefault(reply.version, []).append((reply.points, rest, share, reply.picks))
    return {
        version: _Asked(
            points=[row[0] for row in rows],
            rest=[row[1] for row in rows],
            picks=[row[3] for row in rows],
            lower=group_weights([row[2] for row in rows]),
            upper=group_weights([-row[2] for row in rows]),
        )
        for version, rows in found.items()
    }


def group_weights(values: Sequence[float]) -> list[float]:
    """How much each belongs to the 27 % with the lowest values; who ties at the edge shares what is left."""
    left = float(max(round(GROUP * len(values)), 1))
    # Sums of the same points in another order differ by less than this.
    keyed = [round(value, 9) for value in values]
    weights: dict[float, float] = {}
    for value, count in sorted(Counter(keyed).items()):
        weights[value] = min(left / count, 1.0)
        left = max(left - count, 0.0)
    return [weights[value] for value in keyed]


def pearson(xs: Sequence[float], ys: Sequence[float]) -> float | None:
    """None where one of them does not vary."""
    mean_x, mean_y = fmean(xs), fmean(ys)
    xy = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    xx, yy = sum((x - mean_x) ** 2 for x in xs), sum((y - mean_y) ** 2 for y in ys)
    if min(xx, yy) < 1e-12:  # noqa: PLR2004  (rounding of a constant)
        return None
    return xy / sqrt(xx * yy)


def _item(version: int, asked: _Asked, shape: Shape, alpha: float | None) -> dict[str, Any]:
    n = len(asked.points)
    if n < FEWEST:
        return {"version": version, "n": n, "options": [], "flags": ["few"]}
    facility = fmean(asked.points)
    r = pearson(asked.points, asked.rest)
    options = [_option(key, asked, right=right) for key, right in shape.options.items()]
    return {
        "version": version,
        "n": n,
        "facility": _rounded(facility),
        "r": _rounded(r),
        "d": _rounded(_weighted(asked.points, asked.upper) - _weighted(asked.points, asked.lower)),
        "alpha_without": _rounded(alpha),
        "options": options,
        "flags": _flags(facility, r, options, several=shape.several),
    }


def _option(key: str, asked: _Asked, *, right: bool) -> dict[str, Any]:
    """How many picked it, and the share that did in each group; r as for a question."""
    picked = [float(key in picks) for picks in asked.picks]
    return {
        "key": key,
        "right": right,
        "n": int(sum(picked)),
        "share": _rounded(fmean(picked)),
        "lower": _rounded(_weighted(picked, asked.lower)),
        "middle": _rounded(_weighted(picked, asked.middle)),
        "upper": _rounded(_weighted(picked, asked.upper)),
        "r": _rounded(pearson(picked, asked.rest)),
    }


def _flags(
    facility: float, r: float | None, options: Sequence[Mapping[str, Any]], *, several: bool
) -> list[str]:
    """What an author should look at: easy, hard, negative, weak, dead, key."""
    found = []
    if facility > TOO_EASY:
        found.append("easy")
    if facility < TOO_HARD:
        found.append("hard")
    if r is not None and r < 0:
        found.append("negative")
    elif r is not None and r < WEAK:
        found.append("weak")
    wrong = [option for option in options if not option["right"]]
    if any(option["share"] < DEAD for option in wrong):
        found.append("dead")
    if _suspicious(r, options, wrong, several=several):
        found.append("key")
    return found


def _suspicious(
    r: float | None,
    options: Sequence[Mapping[str, Any]],
    wrong: Sequence[Mapping[str, Any]],
    *,
    several: bool,
) -> bool:
    """The best people prefer a wrong option, or picking one goes with knowing more where the key does not."""
    right = [option["upper"] for option in options if option["right"]]
    preferred = bool(right) and not several and any(option["upper"] > max(right) for option in wrong)
    return preferred or (r is not None and r < 0 and any((option["r"] or 0) > 0 for option in wrong))


def _bins(shares: Sequence[float]) -> list[int]:
    """How many people reached each tenth; the whole belongs to the last."""
    counts = [0] * BINS
    for share in shares:
        counts[min(int(round(share, 9) * BINS), BINS - 1)] += 1
    return counts


def _weighted(values: Sequence[float], weights: Sequence[float]) -> float:
    whole = sum(weights)
    return (
        sum(value * weight for value, weight in zip(values, weights, strict=True)) / whole if whole else 0.0
    )


def _deviation(values: Sequence[float]) -> float | None:
    if len(values) < 2:  # noqa: PLR2004  (one value has no spread)
        return None
    mean = fmean(values)
    return sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)
