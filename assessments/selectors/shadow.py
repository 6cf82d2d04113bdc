"""Reads of shadow mode for learners: where they stand, and what a look reveals."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from assessments.models import Route, ShadowCase, ShadowLook, ShadowPool, ShadowSample
from assessments.selectors.looks import Counts, count_for_looks, covered, windows_of
from assessments.windows import Carry, carry_over, missing_for_look, oldest_counted
from tracks.people import Person
from tracks.prepared import PreparedObjects


@dataclass(frozen=True, kw_only=True, slots=True)
class ShadowStanding:
    """Where one learner stands in a pool.

    n: scored samples. drawn: all of them; waiting_for_judgement: judged by the learner, not yet by quality
    assurance (a case that was dropped is waited for no more). The other figures are those of the latest look,
    None before the first; in between nothing is worked out. passed: that look passed, covered at least the
    sample size that was asked for, and still counts for the tool's version. carry: what a passed look of an
    earlier version is worth now. next_look_at_n: at how many scored samples the next look is taken.
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
    carry: Carry = field(default_factory=Carry)


def shadow_standings(
    *, user_ids: Collection[Any], pool: ShadowPool, at: datetime, sample_size: int | None = None
) -> dict[UUID, ShadowStanding]:
    """By user id, for everyone asked. sample_size: what a look has to cover; the pool's own by default.

    Two queries; three once the tool has had a second version.
    """
    wanted = pool.sample_size if sample_size is None else sample_size
    found = windows_of(pool)
    counts = count_for_looks(
        pool=pool, user_ids=user_ids, oldest=oldest_counted(windows=found, at=at), windows=found
    )
    latest = latest_looks(pool=pool, user_ids=user_ids)
    standings = {}
    for user_id in user_ids:
        count, look = counts.get(user_id, _NOTHING), latest.get(user_id)
        newer = [window for window in found if look is not None and window.number > look.version]
        carry = carry_over(newer=newer, fresh=count.judged_in_time, at=at)
        standings[user_id] = _standing(pool, count, look, wanted, carry)
    return standings


_NOTHING = Counts(drawn=0, waiting=0, scored=0, counted=0, fresh=None, looks=0, judged_in_time={})


def latest_looks(*, pool: ShadowPool, user_ids: Collection[Any]) -> dict[UUID, ShadowLook]:
    looks = _looks(pool=pool.pk, users=list(set(user_ids)))
    return {look.learner_id: look for look in looks}


_looks: PreparedObjects[ShadowLook] = PreparedObjects(
    lambda pool, users: ShadowLook.objects.filter(pool=pool, learner__in=users).order_by("number"),
    pool=UUID(int=2),
    users=[UUID(int=1)],
)


def _standing(
    pool: ShadowPool, count: Counts, look: ShadowLook | None, wanted: int, carry: Carry
) -> ShadowStanding:
    missing = missing_for_look(sample_size=pool.sample_size, counted=count.counted, fresh=count.fresh)
    standing = ShadowStanding(
        n=count.scored,
        drawn=count.drawn,
        waiting_for_judgement=count.waiting,
        next_look_at_n=count.scored + missing,
    )
    if look is None:
        return standing
    return replace(
        standing,
        passed=look.passed and look.n >= wanted and carry.lost is None,
        agreed=look.agreed,
        lower=look.lower,
        kappa=look.kappa,
        critical=look.critical,
        yellow=look.yellow,
        look_id=look.pk,
        looked_at=look.taken_at,
        carry=carry,
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
    """What a look may reveal once it is taken, critical misses first. One query."""
    samples = [sample for sample in covered(look).select_related("case") if not sample.agreed]
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
        for sample in sorted(samples, key=lambda sample: (not sample.critical, sample.scored_number))
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


def learner_page(*, pool: ShadowPool, learner: Person, at: datetime) -> LearnerPage:
    """Five queries; six once the tool has had a second version."""
    looks = list(ShadowLook.objects.filter(pool=pool, learner=learner).order_by("-number"))
    return LearnerPage(
        pool=pool,
        standing=shadow_standings(user_ids=[learner.pk], pool=pool, at=at)[learner.pk],
        looks=looks,
        differences=differences(looks[0]) if looks else [],
        open_sample=ShadowSample.objects.open().filter(pool=pool, learner=learner).first(),
    )
