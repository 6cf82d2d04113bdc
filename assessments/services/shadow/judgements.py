"""Quality assurance's part of shadow mode: decide a case blind, then say whether the output may be used."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from assessments import signals
from assessments.models import CaseJudgement, ShadowCase, ShadowPool
from assessments.selectors.fitness import fitness
from assessments.services.shadow.judges import FEWEST_JUDGES, judges_of
from assessments.services.shadow.samples import already_decided, already_judged, check_decision
from assessments.services.shadow.scoring import lock_case, score, settle
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.people import Person


@transaction.atomic
def judge_decide(*, case: ShadowCase, decision: str, actor: Person, at: datetime) -> CaseJudgement:
    """The judge's blind answer; only after it may the tool's output be shown. The same again changes nothing.

    Raises ValidationError for an unknown answer; Refused `not_judge`, `one_judge`, `own_sample`,
    `own_import`, `settled`, `already_decided`.
    """
    check_decision(decision)
    case = lock_case(case.pk)
    _ensure_judge(case, actor)
    judgement = CaseJudgement.objects.filter(case=case, judge=actor).first()
    if judgement is None:
        if (case.settled_at is not None and not case.ground_truth) or case.dropped_at is not None:
            raise Refused("settled", _("This case has been settled in the meantime."))
        return CaseJudgement.objects.create(case=case, judge=actor, decision=decision, decided_at=at)
    if judgement.decision != decision:
        raise already_decided()
    return judgement


@transaction.atomic
def judge_case_output(
    *, judgement: CaseJudgement, usable: bool, actor: Person, at: datetime
) -> CaseJudgement:
    """The judge's second answer. It may settle the case, which then scores every sample that waits for it.

    Raises Refused `not_judge`, `one_judge`, `own_sample`, `own_import`, `not_yours`, `already_judged`.
    """
    case = lock_case(judgement.case_id)
    _ensure_judge(case, actor)
    if judgement.judge_id != actor.pk:
        raise Refused("not_yours", _("This is somebody else's judgement."))
    judgement = CaseJudgement.objects.get(pk=judgement.pk)
    if judgement.judged_at is not None:
        if judgement.usable != usable:
            raise already_judged()
        return judgement
    judgement.usable, judgement.judged_at = usable, at
    judgement.save(update_fields=["usable", "judged_at"])
    settled = settle(case=case, at=at) and case.settled_at is not None
    fact = Fact(
        kind="assessments.case_judged",
        subject=("assessments.ShadowCase", str(case.pk)),
        at=at,
        actor_id=actor.pk,
        payload={
            "pool": case.pool.key,
            "case": case.key,
            "decision": judgement.decision,
            "usable": usable,
            "settled": case.settled_at is not None,
            "dropped": case.dropped_at is not None,
        },
    )
    signals.case_judged.send(sender=ShadowCase, facts=[fact])
    if settled:
        _announce_fitness(case, at)
    score(case=case, at=at)
    return judgement


def _ensure_judge(case: ShadowCase, actor: Person) -> None:
    appointed = ShadowPool.objects.filter(pk=case.pool_id).judged_by(actor).exists()
    if not appointed or not actor.has_perm("assessments.judge_cases"):
        raise Refused("not_judge", _("You do not judge the cases of this pool."))
    if judges_of(case.pool).count() < FEWEST_JUDGES:
        raise Refused("one_judge", _("A pool needs at least two judges; you are the only one so far."))
    if case.samples.filter(learner=actor).exists():
        raise Refused("own_sample", _("You met this case as a learner, so somebody else judges it."))
    if case.imported_by_id == actor.pk:
        raise Refused("own_import", _("You brought this case in, so somebody else judges it."))


def _announce_fitness(case: ShadowCase, at: datetime) -> None:
    """The tool's own figure moved by this case; listeners see from both figures whether a gate turns."""
    pool = case.pool
    if case.version != pool.version or case.retired_at is not None or case.ground_truth:
        return
    now = fitness(pool)
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
            "settled_before": now.settled - 1,
            "usable_before": now.usable - int(bool(case.settled_usable)),
        },
    )
    signals.fitness_changed.send(sender=ShadowPool, facts=[fact])
