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

from assessments import rules, signals, windows
from assessments.models import ShadowCase, ShadowLook, ShadowPool, ShadowSample
from assessments.selectors.looks import count_for_looks, covered, rule_of, windows_of
from assessments.services import agreement
from tracks.facts import Fact
from tracks.models import Enrolment
from tracks.people import Person

_JUDGES_OF_A_DOUBLE = 2
MARKS = ("mark_lower", "mark_kappa", "mark_critical", "mark_yellow")

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
    if outcome.dropped:
        drop_samples(case=case, at=at)
    return True


def drop_samples(*, case: ShadowCase, at: datetime) -> int:
    """The learners' samples of a dropped case count for nobody either; how many."""
    return case.samples.filter(scored_at=None).update(dropped_at=at)


def score(*, case: ShadowCase, at: datetime) -> int:
    """Score every judged sample of a settled, locked case; how many. Looks that fall due are taken.

    A known answer scores when a judge has judged it, as any other case does, so that nobody tells it apart.
    """
    if case.settled_at is None:
        return 0
    if case.ground_truth and not case.judgements.filter(judged_at__isnull=False).exists():
        return 0
    waiting = case.samples.judged().filter(scored_at=None, dropped_at=None)
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
    _take_looks(case.pool, [sample.learner_id for sample in samples], at)
    return len(samples)


@transaction.atomic
def take_look(*, pool: ShadowPool, learner: Person, at: datetime) -> ShadowLook | None:
    """The look that is due for this learner, else None. Scoring takes looks by itself, so none should be."""
    enrolments = Enrolment.objects.select_for_update().filter(user=learner, track=pool.track_id)
    list(enrolments.order_by("pk").values_list("pk", flat=True))
    looks = _take_looks(pool, [learner.pk], at)
    return looks[0] if looks else None


def _take_looks(pool: ShadowPool, learner_ids: Sequence[Any], at: datetime) -> list[ShadowLook]:
    oldest = windows.oldest_counted(windows=windows_of(pool), at=at)
    counts = count_for_looks(pool=pool, user_ids=learner_ids, oldest=oldest)
    looks = []
    for learner_id, count in sorted(counts.items(), key=lambda item: str(item[0])):
        missing = windows.missing_for_look(
            sample_size=pool.sample_size, counted=count.counted, fresh=count.fresh
        )
        if not missing:
            looks.append(_look(pool, learner_id, count.looks + 1, count.scored, oldest=oldest, at=at))
    ShadowLook.objects.bulk_create(looks)
    if looks:
        signals.look_taken.send(sender=ShadowLook, facts=[look_fact(look) for look in looks])
    return looks


def _look(
    pool: ShadowPool, learner_id: Any, number: int, scored: int, *, oldest: int, at: datetime
) -> ShadowLook:
    """Agreement on the latest `sample_size` scored samples of versions that count."""
    look = ShadowLook(
        pool=pool,
        learner_id=learner_id,
        number=number,
        scored=scored,
        n=pool.sample_size,
        sample_size=pool.sample_size,
        version=pool.version,
        since_version=oldest,
        taken_at=at,
        **{name: getattr(pool, name) for name in MARKS},
    )
    measure_into(look)
    return look


def measure_into(look: ShadowLook) -> None:
    """The figures of the samples that a look covers, and whether they reach its marks. One query."""
    answers = ("decision", "usable", "case__settled_decision", "case__settled_usable")
    rows = list(covered(look).values_list(*answers, "critical", "case__yellow_zone"))
    figures = agreement.measure(
        [((decision, usable), (right, right_usable)) for decision, usable, right, right_usable, *_ in rows],
        critical=sum(row[4] for row in rows),
        yellow=sum(row[5] for row in rows),
    )
    look.agreed = figures.agreed
    look.lower = agreement.floored(figures.interval.lower)
    look.upper = agreement.ceiled(figures.interval.upper)
    look.kappa = None if figures.kappa is None else agreement.floored(figures.kappa)
    look.critical, look.yellow = figures.critical, figures.yellow
    look.passed = figures.passes(rule_of(look))


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


def look_fact(
    look: ShadowLook, *, what: str = "look_taken", actor: Person | None = None, at: datetime | None = None
) -> Fact:
    """at: when it was measured, where that is not when it was taken."""
    return Fact(
        kind=f"assessments.{what}",
        subject=("assessments.ShadowLook", str(look.pk)),
        at=at or look.taken_at,
        actor_id=actor.pk if actor else None,
        learner_id=look.learner_id,
        payload={
            "pool": look.pool.key,
            "number": look.number,
            "version": look.version,
            "n": look.n,
            "agreed": look.agreed,
            "lower": str(look.lower),
            "kappa": None if look.kappa is None else str(look.kappa),
            "critical": look.critical,
            "yellow": look.yellow,
            "passed": look.passed,
        },
    )
