"""An author decides that a question counts otherwise; few attempts change at once, many by a job."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assessments import signals
from assessments.models import Question, Regrade
from assessments.services.regrading.planning import Plan, assess, carry_out
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.people import Person

PERMISSION = "assessments.author_questions"
#: How many attempts may change before the page answers.
AT_ONCE = 200
LONGEST_REASON = 500
Kind = Regrade.Kind


@transaction.atomic
def decide(
    *,
    question: Question,
    kind: str,
    reason: str,
    actor: Person,
    at: datetime,
    fingerprint: str,
    lowers: bool = False,
) -> Regrade:
    """Mark a question again by its newest key, or excuse it for everybody, as its dry run said.

    fingerprint: of the plan that the author saw. lowers: also take points away (never when excusing).
    Raises ValidationError without a reason; Refused `not_author`, `own_attempt`, `under_way`, `structure`,
    `stale`, `nothing`.
    """
    reason = checked_reason(reason)
    if not actor.has_perm(PERMISSION):
        raise Refused("not_author", _("Only authors change how questions count."))
    held = Question.objects.select_for_update(of=("self",)).select_related("bank__track").get(pk=question.pk)
    if held.regrades.unapplied().exists():
        raise Refused("under_way", _("A regrade of this question is under way. Look again in a minute."))
    plan = assess(question=held, kind=kind, lowers=lowers and kind == Kind.KEY)
    _ensure_agreed(plan, fingerprint, actor)
    regrade = Regrade.objects.create(
        question=held,
        kind=kind,
        version=plan.key,
        lowers=plan.lowers,
        reason=reason,
        decided_by=actor,
        decided_at=at,
    )
    if len(plan.lines) > AT_ONCE:
        _apply_in_a_job(regrade)
    else:
        _apply(regrade, plan, at=at)
    return regrade


def apply(*, regrade_id: UUID, at: datetime) -> Callable[[], None]:
    """What a job does: the effect marks the attempts that there are then. A second time changes nothing."""
    return partial(_apply_later, regrade_id, at)


@transaction.atomic
def _apply_later(regrade_id: UUID, at: datetime) -> None:
    question = Question.objects.select_for_update(of=("self",)).select_related("bank__track")
    held = question.get(regrades=regrade_id)
    regrade = Regrade.objects.select_related("decided_by").get(pk=regrade_id)
    if regrade.applied_at is None:
        _apply(regrade, assess(question=held, kind=regrade.kind, lowers=regrade.lowers), at=at)


def _apply_in_a_job(regrade: Regrade) -> None:
    from assessments.tasks import apply_regrade

    apply_regrade.delay(str(regrade.pk))


def _apply(regrade: Regrade, plan: Plan, *, at: datetime) -> None:
    carry_out(regrade, plan, actor=regrade.decided_by, at=at)
    regrade.applied_at = at
    regrade.save(update_fields=["applied_at"])
    what = {Kind.KEY.value: "question_regraded", Kind.EXCUSE.value: "question_excused"}[regrade.kind]
    fact = regrade_fact(
        what,
        regrade,
        at=at,
        version=plan.key.number if plan.key else None,
        versions=[version.number for version in plan.versions],
        lowers=plan.lowers,
        changed=len(plan.moving),
        kept=len(plan.kept),
        would_pass=plan.would_pass,
        would_stop=plan.would_stop,
    )
    signals.question_regraded.send(sender=Regrade, facts=[fact])


def regrade_fact(what: str, regrade: Regrade, *, at: datetime, **payload: object) -> Fact:
    """regrade: with its question's bank and track."""
    bank = regrade.question.bank
    attempt = regrade.attempt
    return Fact(
        kind=f"assessments.{what}",
        subject=("assessments.Regrade", str(regrade.pk)),
        at=at,
        actor_id=regrade.decided_by_id,
        learner_id=attempt.user_id if attempt else None,
        payload={
            "track": bank.track.key,
            "bank": bank.key,
            "question": regrade.question.key,
            "reason": regrade.reason,
            **({"attempt": str(attempt.pk)} if attempt else {}),
            **payload,
        },
    )


def checked_reason(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise ValidationError({"reason": _("Say why.")}, code="reason_missing")
    return reason[:LONGEST_REASON]


def _ensure_agreed(plan: Plan, fingerprint: str, actor: Person) -> None:
    if any(line.attempt.user_id == actor.pk for line in plan.lines):
        raise Refused("own_attempt", _("An attempt of your own would change, so another author decides."))
    if plan.fingerprint != fingerprint:
        raise Refused(
            "stale", _("More attempts have ended since this dry run. Read the new one, then decide.")
        )
    if plan.changes_nothing:
        raise Refused("nothing", _("Nothing would change."))
