"""Reads behind looks at shadow samples: what they may use, and how far each learner is."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from assessments.models import Marks, ShadowLook, ShadowPool, ShadowSample, ShadowVersion
from assessments.services.agreement import PassRule
from assessments.windows import Window
from tracks.prepared import Prepared


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """How far one learner is in a pool.

    scored: samples with a score. counted: of them, those that a look may use now. fresh: of these, since the
    latest look; None before the first. judged_in_time: by version, how many of its cases the learner judged
    while they keep agreement with the version before.
    """

    drawn: int
    waiting: int
    scored: int
    counted: int
    fresh: int | None
    looks: int
    judged_in_time: dict[int, int]


def rule_of(marks: Marks) -> PassRule:
    return PassRule(
        lower=marks.mark_lower,
        kappa=Fraction(marks.mark_kappa),
        critical=marks.mark_critical,
        yellow=marks.mark_yellow,
    )


def windows_of(pool: ShadowPool) -> list[Window]:
    """The versions of a pool's tool, oldest first. One query, none before the second version."""
    if pool.version == 1:
        return []
    return [
        Window(
            number=row.number,
            since=row.since,
            fresh_by=row.fresh_by,
            carries_until=row.carries_until,
            material=row.material_at is not None,
        )
        for row in ShadowVersion.objects.filter(pool=pool).order_by("number")
    ]


def count_for_looks(
    *, pool: ShadowPool, user_ids: Collection[Any], oldest: int, windows: Sequence[Window] = ()
) -> dict[UUID, Counts]:
    """By user id, for those who drew a case. oldest: number of the oldest version that counts. One query."""
    users = list(set(user_ids))
    rows: Iterable[Mapping[str, Any]] = (
        _counted_by_learner(pool.pk, users, oldest, windows)
        if windows
        else [
            dict(zip(_COUNTS, row, strict=True)) for row in _counts(pool=pool.pk, users=users, oldest=oldest)
        ]
    )
    return {
        row["learner"]: Counts(
            drawn=row["drawn"],
            waiting=row["waiting"],
            scored=row["scored"],
            counted=row["counted"],
            fresh=row["fresh"] if row["looks"] else None,
            looks=row["looks"],
            judged_in_time={window.number: row[f"in_time_{window.number}"] for window in windows},
        )
        for row in rows
    }


def _counted_by_learner(
    pool: UUID, users: Collection[Any], oldest: int, windows: Sequence[Window] = ()
) -> QuerySet[ShadowSample, Any]:
    looks = ShadowLook.objects.filter(pool=pool, learner=OuterRef("learner")).order_by("-number")
    in_time = {
        f"in_time_{window.number}": Count(
            "pk", filter=Q(case__version=window.number, judged_at__lt=window.fresh_by)
        )
        for window in windows
    }
    counted = Q(scored_at__isnull=False, case__version__gte=oldest)
    return (
        ShadowSample.objects.filter(pool=pool, learner__in=users)
        .order_by()
        .annotate(
            seen=Coalesce(Subquery(looks.values("scored")[:1]), 0),
            look=Coalesce(Subquery(looks.values("number")[:1]), 0),
        )
        .values("learner")
        .annotate(
            drawn=Count("pk"),
            waiting=Count("pk", filter=Q(judged_at__isnull=False, scored_at=None, dropped_at=None)),
            scored=Count("pk", filter=Q(scored_at__isnull=False)),
            counted=Count("pk", filter=counted),
            fresh=Count("pk", filter=counted & Q(scored_number__gt=F("seen"))),
            looks=Max("look"),
            **in_time,
        )
    )


_COUNTS = ("learner", "drawn", "waiting", "scored", "counted", "fresh", "looks")
_counts = Prepared(
    lambda pool, users, oldest: _counted_by_learner(pool, users, oldest).values_list(*_COUNTS),
    pool=UUID(int=2),
    users=[UUID(int=1)],
    oldest=31_001,
)


def covered(look: ShadowLook) -> QuerySet[ShadowSample]:
    """The samples that a look is about, the latest first."""
    samples = ShadowSample.objects.scored().filter(
        pool=look.pool_id,
        learner=look.learner_id,
        case__version__gte=look.since_version,
        scored_number__lte=look.scored,
    )
    return samples.order_by("-scored_number")[: look.n]
