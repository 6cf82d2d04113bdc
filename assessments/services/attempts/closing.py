"""The end of an attempt: handed in, timed out, or marked. What is saved by then is graded."""

import logging
from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from django.db import transaction

from assessments import rules, signals
from assessments.models import Attempt, AttemptItem
from assessments.models.attempt import AttemptQuerySet
from assessments.services import grading
from assessments.services.attempts import earning
from assessments.services.attempts.announce import attempt_fact, digest_of
from assessments.services.attempts.locks import lock_own
from tracks.models import Component
from tracks.people import Person
from tracks.services.progress import record_completion

logger = logging.getLogger(__name__)
State = Attempt.State


@transaction.atomic
def submit(*, attempt: Attempt | UUID, actor: Person, at: datetime) -> Attempt:
    """Hand in and grade what is saved; a second time gives the same result, after the end the lapsed one.

    Answers in words then wait for a mentor's marks, and the result with them.
    Attempt.DoesNotExist where it is not the actor's.
    """
    locked = lock_own(attempt, actor)
    if locked.is_open:
        if rules.is_overdue(deadline_at=locked.deadline_at, at=at):
            lapse(locked)
        else:
            _close(locked, ended_at=min(at, locked.deadline_at), actor=actor)
    return locked


def lapse_overdue(*, at: datetime, attempts: AttemptQuerySet | None = None) -> int:
    """Close the open attempts whose time ran out, each as of its deadline; how many were closed.

    One that cannot be closed does not keep the others open; it is raised again at the end.
    """
    among = Attempt.objects.all() if attempts is None else attempts
    overdue = among.overdue(at - rules.GRACE)
    closed, errors = 0, []
    for pk in list(overdue.values_list("pk", flat=True)):
        try:
            closed += _lapse_if_overdue(pk, at)
        except Exception as error:
            logger.exception("Attempt %s could not be closed", pk)
            errors.append(error)
    if errors:
        raise ExceptionGroup("attempts that could not be closed", errors)
    return closed


@transaction.atomic
def _lapse_if_overdue(pk: UUID, at: datetime) -> bool:
    """Asked again under the lock: it may have been handed in, or been given more time."""
    attempt = Attempt.objects.select_for_update().get(pk=pk)
    if not attempt.is_open or not rules.is_overdue(deadline_at=attempt.deadline_at, at=at):
        return False
    lapse(attempt)
    return True


def lapse(attempt: Attempt) -> None:
    """Close a locked attempt as of its deadline."""
    attempt.timed_out = True
    _close(attempt, ended_at=attempt.deadline_at, actor=None)


def _close(attempt: Attempt, *, ended_at: datetime, actor: Person | None) -> None:
    """Grade what can be graded at once. Without answers in words, that is the result."""
    items = list(attempt.items.select_related(*earning.WITH_KEY))
    for item in items:
        item.points = None if earning.needs_marking(item) else grading.stored(earning.earned(item))
    write_items(items, fields=["points"])
    attempt.submitted_at, answers = ended_at, digest_of(items)
    if any(item.points is None for item in items):
        attempt.state = State.WAITING
        attempt.save(update_fields=["state", "submitted_at", "timed_out"])
        fact = attempt_fact("waits_for_marks", attempt, actor=actor, at=ended_at, answers=answers)
        signals.attempt_waits_for_marks.send(sender=Attempt, facts=[fact])
        return
    total = sum((earning.earned(item) for item in items), Fraction(0))
    settle_result(attempt, total=total, actor=actor, at=ended_at)
    if attempt.timed_out:
        fact = attempt_fact("lapsed", attempt, actor=None, at=ended_at, answers=answers)
        signals.attempt_lapsed.send(sender=Attempt, facts=[fact])
    else:
        fact = attempt_fact("graded", attempt, actor=actor, at=ended_at, answers=answers)
        signals.attempt_graded.send(sender=Attempt, facts=[fact])


def settle_result(attempt: Attempt, *, total: Fraction, actor: Person | None, at: datetime) -> None:
    """Fix the result of a locked attempt; a pass is reported to the module as of `at`."""
    attempt.state = State.LAPSED if attempt.timed_out else State.GRADED
    attempt.points = grading.stored(total)
    attempt.passed = grading.passes(points=total, max_points=attempt.max_points, threshold=attempt.threshold)
    attempt.save(update_fields=["state", "submitted_at", "timed_out", "points", "passed"])
    if attempt.passed:
        _complete(attempt, actor=actor, at=at)


def _complete(attempt: Attempt, *, actor: Person | None, at: datetime) -> None:
    quiz = attempt.quiz
    record_completion(
        enrolment=attempt.enrolment,
        module=quiz.module,
        kind=Component.Kind.QUIZ,
        key=quiz.key,
        actor=actor,
        at=at,
    )


def write_items(items: Sequence[AttemptItem], *, fields: Sequence[str]) -> None:
    """Update existing items in one statement: an upsert takes a tenth of the time of `bulk_update`'s CASE."""
    AttemptItem.objects.bulk_create(items, update_conflicts=True, unique_fields=["id"], update_fields=fields)
