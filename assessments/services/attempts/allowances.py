"""More attempts and more time for one person, each with its reason on record."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from assessments import rules, signals
from assessments.models import Attempt, AttemptAllowance, Quiz, TimeAllowance
from assessments.selectors.quizzes import attempt_limits
from assessments.services.attempts.locks import lock_enrolment
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.models import Enrolment
from tracks.people import Person


@transaction.atomic
def grant_extra(
    *,
    quiz: Quiz,
    learner: Person,
    reason: str,
    actor: Person,
    at: datetime,
    extra: int = 1,
) -> AttemptAllowance:
    """A mentor of the learner, or who runs the cohort, unlocks 1 to 5 more attempts once all are used.

    Raises Refused: `not_enrolled`, `not_mentor`, `attempts_left`; ValidationError where the reason is empty.
    """
    enrolment = lock_enrolment(quiz, learner)
    if not rules.may_allow_more(actor, enrolment):
        raise Refused(
            "not_mentor", _("Only a mentor of this person, or who runs their cohort, can unlock attempts.")
        )
    if attempt_limits(quiz=quiz, user=learner, at=at).left:
        raise Refused("attempts_left", _("This person still has an attempt left."))
    allowance = AttemptAllowance(
        quiz=quiz, user=learner, extra=extra, reason=reason.strip(), granted_by=actor, granted_at=at
    )
    allowance.full_clean()
    allowance.save()
    fact = Fact(
        kind="assessments.attempts_granted",
        subject=("assessments.AttemptAllowance", str(allowance.pk)),
        at=at,
        actor_id=actor.pk,
        learner_id=learner.pk,
        payload={"quiz": quiz.key, "extra": extra},
    )
    signals.attempts_granted.send(sender=AttemptAllowance, facts=[fact])
    return allowance


@transaction.atomic
def grant_time(
    *,
    quiz: Quiz,
    learner: Person,
    minutes: int,
    reason: str,
    actor: Person,
    at: datetime,
    attempt: Attempt | None = None,
) -> TimeAllowance:
    """A mentor of the learner, or who runs the cohort, gives more time: up to 600 minutes, with a reason.

    attempt: the running one that is prolonged by them; None for every attempt that starts from now on (0 ends
    an earlier allowance).
    Raises Refused: `not_enrolled`, `not_allowed`, `not_running`; ValidationError where the reason is empty or
    the minutes are out of range.
    """
    # The attempt before the enrolment, as handing in takes them.
    running = _lock_running(attempt, learner=learner, quiz=quiz, at=at) if attempt else None
    _ensure_allows_time(lock_enrolment(quiz, learner), actor)
    allowance = TimeAllowance(
        quiz=quiz,
        user=learner,
        attempt=running,
        minutes=minutes,
        reason=reason.strip(),
        granted_by=actor,
        granted_at=at,
    )
    allowance.full_clean()
    allowance.save()
    if running:
        _prolong(running, minutes)
    fact = Fact(
        kind="assessments.time_granted",
        subject=("assessments.TimeAllowance", str(allowance.pk)),
        at=at,
        actor_id=actor.pk,
        learner_id=learner.pk,
        payload={
            "quiz": quiz.key,
            "minutes": minutes,
            "attempt": str(running.pk) if running else None,
            "deadline": running.deadline_at.isoformat() if running else None,
        },
    )
    signals.time_granted.send(sender=TimeAllowance, facts=[fact])
    return allowance


def _ensure_allows_time(enrolment: Enrolment, actor: Person) -> None:
    if not rules.may_allow_more(actor, enrolment):
        raise Refused(
            "not_allowed", _("Only a mentor of this person, or who runs their cohort, can give more time.")
        )


def _lock_running(attempt: Attempt, *, learner: Person, quiz: Quiz, at: datetime) -> Attempt:
    locked = Attempt.objects.select_for_update().get(pk=attempt.pk, user=learner, quiz=quiz)
    if not locked.is_open or rules.is_overdue(deadline_at=locked.deadline_at, at=at):
        raise Refused("not_running", _("This attempt is not running any more, so its time stays."))
    return locked


def _prolong(attempt: Attempt, minutes: int) -> None:
    attempt.extra_min += minutes
    attempt.deadline_at += timedelta(minutes=minutes)
    attempt.save(update_fields=["extra_min", "deadline_at"])
