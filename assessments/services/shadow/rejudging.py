"""A settled case gets another right answer after an appeal, for everybody who answered it.

Nobody loses a pass by our mistake: where a look's figures would no longer pass, it stays as it was taken.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from assessments import rules, signals
from assessments.models import CaseJudgement, ShadowCase, ShadowLook, ShadowPool, ShadowSample
from assessments.selectors.fitness import Fitness, fitness
from assessments.selectors.looks import covered
from assessments.selectors.shadow import latest_looks
from assessments.services.shadow.samples import check_decision
from assessments.services.shadow.scoring import MARKS, lock_case, look_fact, measure_into
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.models import Enrolment
from tracks.people import Person

_OF_A_LOOK = (
    "pool",
    "learner_id",
    "scored",
    "n",
    "sample_size",
    "version",
    "since_version",
    "taken_at",
    *MARKS,
)


@transaction.atomic
def rejudge(*, case: ShadowCase, decision: str, usable: bool, actor: Person, at: datetime) -> ShadowCase:
    """Another judge's answers are right from now on; samples are scored again, and the latest looks measured.

    Whether somebody may is the caller's question. Raises ValidationError for an unknown answer; Refused
    `not_settled`, `judged_before`, `same`.
    """
    check_decision(decision)
    case = lock_case(case.pk)
    _ensure_new(case, (decision, usable), actor)
    before = fitness(case.pool)
    CaseJudgement.objects.create(
        case=case, judge=actor, decision=decision, decided_at=at, usable=usable, judged_at=at
    )
    case.settled_decision, case.settled_usable, case.ground_truth = decision, usable, False
    case.save(update_fields=["settled_decision", "settled_usable", "ground_truth"])
    fact = Fact(
        kind="assessments.case_rejudged",
        subject=("assessments.ShadowCase", str(case.pk)),
        at=at,
        actor_id=actor.pk,
        payload={"pool": case.pool.key, "case": case.key, "decision": decision, "usable": usable},
    )
    signals.case_rejudged.send(sender=ShadowCase, facts=[fact])
    _announce_fitness(case.pool, before, at)
    learners = _score_again(case, actor, at)
    _correct_looks(case, learners, actor, at)
    return case


def _ensure_new(case: ShadowCase, answers: tuple[str, bool], actor: Person) -> None:
    if case.settled_at is None:
        raise Refused("not_settled", _("Quality assurance has not settled this case."))
    if case.judgements.filter(judge=actor).exists():
        raise Refused("judged_before", _("You judged this case, so another judge answers."))
    if answers == (case.settled_decision, case.settled_usable):
        raise Refused("same", _("That is what quality assurance said. Do not uphold the appeal instead."))


def _score_again(case: ShadowCase, actor: Person, at: datetime) -> list[Any]:
    """Who answered the case and has a score for it."""
    scored = case.samples.filter(scored_at__isnull=False)
    held = Enrolment.objects.select_for_update().filter(pk__in=scored.values("enrolment"))
    list(held.order_by("pk").values_list("pk", flat=True))
    samples = list(scored)
    changed = []
    for sample in samples:
        agreed = (sample.decision, sample.usable) == (case.settled_decision, case.settled_usable)
        critical = rules.is_critical(
            decision=sample.decision, usable=bool(sample.usable), right=case.settled_decision
        )
        if (agreed, critical) != (sample.agreed, sample.critical):
            sample.agreed, sample.critical = agreed, critical
            changed.append(sample)
    ShadowSample.objects.bulk_update(changed, ["agreed", "critical"])
    facts = [_sample_fact(case, sample, actor, at) for sample in changed]
    if facts:
        signals.sample_scored.send(sender=ShadowSample, facts=facts)
    return [sample.learner_id for sample in samples]


def _correct_looks(case: ShadowCase, learners: Sequence[Any], actor: Person, at: datetime) -> None:
    latest = latest_looks(pool=case.pool, user_ids=learners)
    corrected = []
    for learner_id in sorted(latest, key=str):
        old = latest[learner_id]
        if case.pk not in {sample.case_id for sample in covered(old)}:
            continue
        new = ShadowLook(
            number=old.number + 1, corrects=old, **{name: getattr(old, name) for name in _OF_A_LOOK}
        )
        measure_into(new)
        if new.passed or not old.passed:
            corrected.append(new)
    ShadowLook.objects.bulk_create(corrected)
    if corrected:
        facts = [look_fact(look, what="look_corrected", actor=actor, at=at) for look in corrected]
        signals.look_taken.send(sender=ShadowLook, facts=facts)


def _sample_fact(case: ShadowCase, sample: ShadowSample, actor: Person, at: datetime) -> Fact:
    return Fact(
        kind="assessments.sample_scored",
        subject=("assessments.ShadowSample", str(sample.pk)),
        at=at,
        actor_id=actor.pk,
        learner_id=sample.learner_id,
        payload={
            "pool": case.pool.key,
            "case": case.key,
            "number": sample.scored_number,
            "agreed": sample.agreed,
            "critical": sample.critical,
            "again": True,
        },
    )


def _announce_fitness(pool: ShadowPool, before: Fitness, at: datetime) -> None:
    now = fitness(pool)
    if now == before:
        return
    fact = Fact(
        kind="assessments.fitness_changed",
        subject=("assessments.ShadowPool", str(pool.pk)),
        at=at,
        actor_id=None,
        payload={
            "track": pool.track.key,
            "pool": pool.key,
            "version": pool.version,
            "settled": now.settled,
            "usable": now.usable,
            "settled_before": before.settled,
            "usable_before": before.usable,
        },
    )
    signals.fitness_changed.send(sender=ShadowPool, facts=[fact])
