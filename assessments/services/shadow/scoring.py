"""From judgements to scores to looks: what settles a case, scores samples, and when agreement is measured.

Locks are taken in one order: the case, then the enrolments of the learners concerned.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from assessments import rules, signals
from assessments.models import ShadowCase, ShadowLook, ShadowPool, ShadowSample
from assessments.services import agreement
from tracks.facts import Fact
from tracks.models import Enrolment
from tracks.people import Person

_JUDGES_OF_A_DOUBLE = 2

#: A decision, and whether the output may be used.
Answers = tuple[str, bool]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Neither settled nor dropped: more judges are needed."""

    settled: Answers | None = None
    dropped: bool = False


def outcome_of(answers: Sequence[Answers], *, double: bool) -> Outcome:
    """What complete judgements, in their order, make of a case.

    One settles it. Where two judge, they have to agree; a third breaks the tie; three different ones drop it.
    """
    if not double:
        return Outcome(settled=answers[0] if answers else None)
    deciding = answers[: _JUDGES_OF_A_DOUBLE + 1]
    for pair, count in Counter(deciding).most_common(1):
        if count >= _JUDGES_OF_A_DOUBLE:
            return Outcome(settled=pair)
    return Outcome(dropped=len(deciding) > _JUDGES_OF_A_DOUBLE)


def lock_case(pk: UUID) -> ShadowCase:
    return ShadowCase.objects.select_for_update(of=("self",)).select_related("pool__track").get(pk=pk)


def settle(*, case: ShadowCase, at: datetime) -> bool:
    """Settle or drop a locked case if its judgements say so; True where it changed.

    A judge who met the case as a learner too does not count.
    """
    if case.settled_at is not None or case.dropped_at is not None:
        return False
    judgements = case.judgements.filter(judged_at__isnull=False).exclude(
        judge__in=case.samples.values("learner")
    )
    answers = [
        (decision, bool(usable))
        for decision, usable in judgements.order_by("judged_at", "pk").values_list("decision", "usable")
    ]
    outcome = outcome_of(answers, double=case.double)
    if outcome.settled is not None:
        case.settled_decision, case.settled_usable = outcome.settled
        case.settled_at = at
    elif outcome.dropped:
        case.dropped_at = at
    else:
        return False
    case.save(update_fields=["settled_decision", "settled_usable", "settled_at", "dropped_at"])
    return True


def score(*, case: ShadowCase, at: datetime) -> int:
    """Score every judged sample of a settled, locked case; how many. Looks that fall due are taken."""
    if case.settled_at is None:
        return 0
    waiting = case.samples.judged().filter(scored_at=None)
    enrolments = Enrolment.objects.select_for_update().filter(pk__in=waiting.values("enrolment"))
    list(enrolments.order_by("pk").values_list("pk", flat=True))
    samples = list(waiting)
    if not samples:
        return 0
    so_far = _scored_counts(case.pool, [sample.learner_id for sample in samples])
    for sample in samples:
        sample.scored_at = at
        sample.scored_number = so_far.get(sample.learner_id, 0) + 1
        sample.agreed = (sample.decision, sample.usable) == (case.settled_decision, case.settled_usable)
        sample.critical = rules.is_critical(
            decision=sample.decision, usable=bool(sample.usable), right=case.settled_decision
        )
    ShadowSample.objects.bulk_update(samples, ["scored_at", "scored_number", "agreed", "critical"])
    facts = [_scored_fact(case, sample, at) for sample in samples]
    signals.sample_scored.send(sender=ShadowSample, facts=facts)
    _take_looks(case.pool, {sample.learner_id: sample.scored_number or 0 for sample in samples}, at)
    return len(samples)


@transaction.atomic
def take_look(*, pool: ShadowPool, learner: Person, at: datetime) -> ShadowLook | None:
    """The look that is due for this learner, else None. Scoring takes looks by itself, so none should be."""
    enrolments = Enrolment.objects.select_for_update().filter(user=learner, track=pool.track_id)
    list(enrolments.order_by("pk").values_list("pk", flat=True))
    looks = _take_looks(pool, _scored_counts(pool, [learner.pk]), at)
    return looks[0] if looks else None


def _take_looks(pool: ShadowPool, scored: dict[Any, int], at: datetime) -> list[ShadowLook]:
    """scored: by learner's id, how many samples are scored now."""
    last = {
        row["learner"]: row
        for row in ShadowLook.objects.filter(pool=pool, learner__in=scored)
        .order_by()
        .values("learner")
        .annotate(number=Max("number"), scored=Max("scored"))
    }
    looks = []
    for learner_id, count in sorted(scored.items(), key=lambda item: str(item[0])):
        before = last.get(learner_id)
        due = rules.next_look_at(sample_size=pool.sample_size, last=before["scored"] if before else None)
        if count >= due:
            number = before["number"] + 1 if before else 1
            looks.append(_look(pool, learner_id, number=number, scored=count, at=at))
    ShadowLook.objects.bulk_create(looks)
    if looks:
        signals.look_taken.send(sender=ShadowLook, facts=[_look_fact(look) for look in looks])
    return looks


def _look(pool: ShadowPool, learner_id: Any, *, number: int, scored: int, at: datetime) -> ShadowLook:
    """Agreement on the latest `sample_size` scored samples."""
    samples = ShadowSample.objects.filter(
        pool=pool, learner=learner_id, scored_number__gt=scored - pool.sample_size
    )
    answers = ("decision", "usable", "case__settled_decision", "case__settled_usable")
    rows = list(samples.values_list(*answers, "critical", "case__yellow_zone"))
    figures = agreement.measure(
        [((decision, usable), (right, right_usable)) for decision, usable, right, right_usable, *_ in rows],
        critical=sum(row[4] for row in rows),
        yellow=sum(row[5] for row in rows),
    )
    return ShadowLook(
        pool=pool,
        learner_id=learner_id,
        number=number,
        scored=scored,
        n=figures.n,
        sample_size=pool.sample_size,
        agreed=figures.agreed,
        lower=agreement.floored(figures.interval.lower),
        upper=agreement.ceiled(figures.interval.upper),
        kappa=None if figures.kappa is None else agreement.floored(figures.kappa),
        critical=figures.critical,
        yellow=figures.yellow,
        passed=figures.passes(),
        taken_at=at,
    )


def _scored_counts(pool: ShadowPool, learner_ids: Sequence[Any]) -> dict[Any, int]:
    rows = ShadowSample.objects.scored().filter(pool=pool, learner__in=learner_ids).order_by()
    return dict(rows.values("learner").annotate(n=Max("scored_number")).values_list("learner", "n"))


def _scored_fact(case: ShadowCase, sample: ShadowSample, at: datetime) -> Fact:
    return Fact(
        kind="assessments.sample_scored",
        subject=("assessments.ShadowSample", str(sample.pk)),
        at=at,
        actor_id=None,
        learner_id=sample.learner_id,
        payload={
            "pool": case.pool.key,
            "case": case.key,
            "number": sample.scored_number,
            "agreed": sample.agreed,
            "critical": sample.critical,
        },
    )


def _look_fact(look: ShadowLook) -> Fact:
    return Fact(
        kind="assessments.look_taken",
        subject=("assessments.ShadowLook", str(look.pk)),
        at=look.taken_at,
        actor_id=None,
        learner_id=look.learner_id,
        payload={
            "pool": look.pool.key,
            "number": look.number,
            "n": look.n,
            "agreed": look.agreed,
            "lower": str(look.lower),
            "kappa": None if look.kappa is None else str(look.kappa),
            "critical": look.critical,
            "yellow": look.yellow,
            "passed": look.passed,
        },
    )
