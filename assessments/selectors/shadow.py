"""Reads of shadow mode: where learners stand, what judges have to do, and how well both agree."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from assessments import rules
from assessments.models import Route, ShadowCase, ShadowLook, ShadowPool, ShadowSample
from tracks.people import Person


@dataclass(frozen=True, kw_only=True, slots=True)
class ShadowStanding:
    """Where one learner stands in a pool.

    n: scored samples. drawn: all of them; waiting_for_judgement: judged by the learner, not yet by quality
    assurance (a case that its judges dropped is waited for no more). The other figures are those of the
    latest look, None before the first; in between nothing is worked out. passed: that look passed, and
    covered at least the sample size that was asked for. next_look_at_n: at how many scored samples the next
    look is taken.
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
            waiting=Count("pk", filter=Q(judged_at__isnull=False, scored_at=None, case__dropped_at=None)),
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
    pool: ShadowPool, counts: Mapping[str, Any] | None, look: ShadowLook | None, wanted: int
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
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A case of a look on which the learner and quality assurance differ.

    reason: its author's, given only where the author answered as quality assurance did.
    """

    sample: ShadowSample
    decision: str
    usable: bool
    settled_decision: str
    settled_usable: bool
    critical: bool
    reason: str


def differences(look: ShadowLook) -> list[Difference]:
    """What a look may reveal once it is taken. One query."""
    samples = ShadowSample.objects.filter(
        pool=look.pool_id,
        learner=look.learner_id,
        agreed=False,
        scored_number__gt=look.scored - look.n,
        scored_number__lte=look.scored,
    )
    return [
        Difference(
            sample=sample,
            decision=str(Route(sample.decision).label),
            usable=bool(sample.usable),
            settled_decision=str(Route(sample.case.settled_decision).label),
            settled_usable=bool(sample.case.settled_usable),
            critical=bool(sample.critical),
            reason=_reason(sample.case),
        )
        for sample in samples.select_related("case").order_by("-critical", "scored_number")
    ]


def _reason(case: ShadowCase) -> str:
    agreed = (case.right_decision, case.right_usable) == (case.settled_decision, case.settled_usable)
    return case.reason if agreed else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One of the four answers, with what it means in this pool."""

    value: str
    label: str
    text: str


def answers_of(pool: ShadowPool) -> list[Answer]:
    return [
        Answer(value=route.value, label=str(route.label), text=pool.decisions.get(route.value, ""))
        for route in Route
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class LearnerPage:
    """What a learner sees of a pool: counts of cases, and figures of looks only."""

    pool: ShadowPool
    standing: ShadowStanding
    looks: list[ShadowLook]
    differences: list[Difference]
    open_sample: ShadowSample | None

    @property
    def judged(self) -> int:
        """Cases that the learner is done with, whether or not quality assurance has settled them."""
        return self.standing.n + self.standing.waiting_for_judgement

    @property
    def missing(self) -> int:
        """How many more cases the learner can judge towards the next look."""
        return max(self.standing.next_look_at_n - self.judged, 0)


def learner_page(*, pool: ShadowPool, learner: Person) -> LearnerPage:
    """Five queries."""
    looks = list(ShadowLook.objects.filter(pool=pool, learner=learner).order_by("-number"))
    return LearnerPage(
        pool=pool,
        standing=shadow_standings(user_ids=[learner.pk], pool=pool)[learner.pk],
        looks=looks,
        differences=differences(looks[0]) if looks else [],
        open_sample=ShadowSample.objects.open().filter(pool=pool, learner=learner).first(),
    )
