"""Reads of shadow mode: where learners stand, what judges have to do, and how well both agree."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from assessments import rules
from assessments.models import ShadowLook, ShadowPool, ShadowSample


@dataclass(frozen=True, kw_only=True, slots=True)
class ShadowStanding:
    """Where one learner stands in a pool.

    n: scored samples. drawn: all of them; waiting_for_judgement: judged by the learner, not yet by quality
    assurance. The other figures are those of the latest look, None before the first; in between nothing is
    worked out. passed: that look passed, and covered at least the sample size that was asked for.
    next_look_at_n: at how many scored samples the next look is taken.
    """

    n: int
    drawn: int
    waiting_for_judgement: int
    next_look_at_n: int
    passed: bool = False
    agreed: int | None = None
    lower: Decimal | None = None
    kappa: Decimal | None = None
    critical: int | None = None
    yellow: int | None = None
    look_id: int | None = None
    looked_at: datetime | None = None


def shadow_standings(
    *, user_ids: Collection[Any], pool: ShadowPool, sample_size: int | None = None
) -> dict[UUID, ShadowStanding]:
    """By user id, for everyone asked. sample_size: what a look has to cover; the pool's own by default.

    Two queries.
    """
    wanted = pool.sample_size if sample_size is None else sample_size
    samples = ShadowSample.objects.filter(pool=pool, learner__in=user_ids).order_by()
    counts = {
        row["learner"]: row
        for row in samples.values("learner").annotate(
            drawn=Count("pk"),
            scored=Count("pk", filter=Q(scored_at__isnull=False)),
            waiting=Count("pk", filter=Q(judged_at__isnull=False, scored_at=None)),
        )
    }
    latest = latest_looks(pool=pool, user_ids=user_ids)
    return {
        user_id: _standing(pool, counts.get(user_id), latest.get(user_id), wanted) for user_id in user_ids
    }


def latest_looks(*, pool: ShadowPool, user_ids: Collection[Any]) -> dict[UUID, ShadowLook]:
    looks = ShadowLook.objects.filter(pool=pool, learner__in=user_ids).order_by("number")
    return {look.learner_id: look for look in looks}


def _standing(
    pool: ShadowPool, counts: dict[str, Any] | None, look: ShadowLook | None, wanted: int
) -> ShadowStanding:
    tally = counts or {"drawn": 0, "scored": 0, "waiting": 0}
    next_look = rules.next_look_at(sample_size=pool.sample_size, last=look.scored if look else None)
    if look is None:
        return ShadowStanding(
            n=tally["scored"],
            drawn=tally["drawn"],
            waiting_for_judgement=tally["waiting"],
            next_look_at_n=next_look,
        )
    return ShadowStanding(
        n=tally["scored"],
        drawn=tally["drawn"],
        waiting_for_judgement=tally["waiting"],
        next_look_at_n=next_look,
        passed=look.passed and look.n >= wanted,
        agreed=look.agreed,
        lower=look.lower,
        kappa=look.kappa,
        critical=look.critical,
        yellow=look.yellow,
        look_id=look.pk,
        looked_at=look.taken_at,
    )
