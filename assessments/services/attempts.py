"""Attempts: start, save, hand in, let lapse, unlock more. The server's clock (`at`) says what is in time."""

import logging
import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessments import rules, signals
from assessments.models import Attempt, AttemptAllowance, AttemptItem, Quiz
from assessments.models.attempt import AttemptQuerySet
from assessments.selectors.quizzes import attempt_limits
from assessments.services import grading
from assessments.services.draw import RANDOM, draw, items_of
from tracks import rules as track_rules
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.models import Component, Enrolment
from tracks.people import Person
from tracks.services.progress import record_completion

logger = logging.getLogger(__name__)


def start(*, quiz: Quiz, actor: Person, at: datetime, rng: random.Random = RANDOM) -> Attempt:
    """The actor's open attempt; a new one, which counts from now, where there is none.

    Raises Refused: `not_enrolled`, `quiz_retired`, `attempt_limit`, `cooldown`, `questions_missing`, and what
    `tracks.rules.ensure_open` says of the enrolment and its cohort.
    """
    lapse_overdue(at=at, attempts=Attempt.objects.filter(quiz=quiz, user=actor))
    return _start_or_resume(quiz=quiz, actor=actor, at=at, rng=rng)


@transaction.atomic
def _start_or_resume(*, quiz: Quiz, actor: Person, at: datetime, rng: random.Random) -> Attempt:
    enrolment = _locked_enrolment(quiz, actor)
    if attempt := Attempt.objects.open().filter(quiz=quiz, user=actor).first():
        return attempt
    if quiz.retired_at is not None:
        raise Refused("quiz_retired", _("This quiz is no longer part of the track."))
    track_rules.ensure_open(enrolment)
    limits = attempt_limits(quiz=quiz, user=actor)
    _refuse_beyond(limits, at)
    attempt = Attempt.objects.create(
        quiz=quiz,
        enrolment=enrolment,
        user=actor,
        number=limits.last_number + 1,
        started_at=at,
        deadline_at=at + timedelta(minutes=quiz.time_limit_min),
        threshold=quiz.threshold,
        max_points=quiz.draws,
    )
    AttemptItem.objects.bulk_create(items_of(attempt, draw(quiz=quiz, user=actor, rng=rng), rng=rng))
    signals.attempt_started.send(sender=Attempt, facts=[_fact("started", attempt, actor=actor, at=at)])
    return attempt


def _locked_enrolment(quiz: Quiz, user: Person) -> Enrolment:
    """The row that two starts of the same person meet at."""
    enrolments = Enrolment.objects.live().select_for_update(of=("self",)).select_related("cohort")
    enrolment = enrolments.filter(user=user, track=quiz.module.track_id).first()
    if enrolment is None:
        raise Refused("not_enrolled", _("You are not enrolled in the track of this quiz."))
    return enrolment


def _refuse_beyond(limits: rules.AttemptLimits, at: datetime) -> None:
    if not limits.left:
        message = ngettext(
            "You have used your %(count)d attempt. Your mentor can unlock another one.",
            "You have used all %(count)d attempts. Your mentor can unlock another one.",
            limits.allowed,
        )
        raise Refused("attempt_limit", message % {"count": limits.allowed})
    if limits.opens_at and limits.cooling_down(at):
        when = date_format(timezone.localtime(limits.opens_at), "DATETIME_FORMAT")
        raise Refused("cooldown", _("Your next attempt opens on %(when)s.") % {"when": when})


def save(
    *,
    attempt: Attempt,
    answers: Mapping[int, object],
    actor: Person,
    at: datetime,
    flags: Mapping[int, bool] | None = None,
    typed_at: datetime | None = None,
) -> None:
    """Keep answers (by position; None clears one) and flags. All or nothing; the same again changes nothing.

    typed_at: when the answers were given, if that was before they arrived: an answer given later stays.
    Raises ValidationError where a value cannot be an answer or a position was not drawn, and Refused `closed`
    or `time_over` (the attempt is then closed as of its deadline).
    """
    with transaction.atomic():
        attempt = _locked(attempt, actor)
        if not attempt.is_open:
            raise Refused("closed", _("This attempt has been handed in. Nothing was changed."))
        overdue = rules.is_overdue(deadline_at=attempt.deadline_at, at=at)
        if overdue:
            _lapse(attempt)
        else:
            given_at = min(max(typed_at or at, attempt.started_at), at)
            _store(attempt, answers=answers, flags=flags or {}, given_at=given_at)
    if overdue:
        raise Refused(
            "time_over",
            _("Time is over: this came after the end. What was saved before counts and has been graded."),
        )


def flag(*, attempt: Attempt, flags: Mapping[int, bool], actor: Person, at: datetime) -> None:
    """Mark questions to come back to, or take the mark off; like `save`."""
    save(attempt=attempt, answers={}, flags=flags, actor=actor, at=at)


def _store(
    attempt: Attempt, *, answers: Mapping[int, object], flags: Mapping[int, bool], given_at: datetime
) -> None:
    """Read all answers first, then write those that say something new, in one statement."""
    positions = {*answers, *flags}
    items = {
        item.position: item
        for item in attempt.items.filter(position__in=positions)
        .select_related("question_version")
        .defer("question_version__prompt", "question_version__options", "question_version__explanation")
    }
    if unknown := positions - items.keys():
        raise ValidationError(
            _("Question %(position)s is not part of this attempt.") % {"position": min(unknown)},
            code="position",
        )
    responses = read_responses(items, answers)
    changed = set()
    for position, response in responses.items():
        item = items[position]
        if item.response != response and (item.saved_at is None or given_at >= item.saved_at):
            item.response, item.saved_at = response, given_at
            changed.add(position)
    for position, flagged in flags.items():
        if items[position].flagged != flagged:
            items[position].flagged = flagged
            changed.add(position)
    _write([items[position] for position in sorted(changed)], fields=["response", "saved_at", "flagged"])


def _write(items: Sequence[AttemptItem], *, fields: Sequence[str]) -> None:
    """Update existing items in one statement: an upsert takes a tenth of the time of `bulk_update`'s CASE."""
    AttemptItem.objects.bulk_create(items, update_conflicts=True, unique_fields=["id"], update_fields=fields)


def read_responses(
    items: Mapping[int, AttemptItem], answers: Mapping[int, object]
) -> dict[int, grading.Response]:
    """Every answer as it is stored, by position; raises one ValidationError that names all that cannot be."""
    responses: dict[int, grading.Response] = {}
    errors: dict[str, ValidationError] = {}
    for position, raw in answers.items():
        item = items[position]
        try:
            responses[position] = grading.read_response(
                kind=item.question_version.kind, keys=item.option_order, raw=raw
            )
        except ValidationError as error:
            errors[str(position)] = error
    if errors:
        raise ValidationError(errors)
    return responses


@transaction.atomic
def submit(*, attempt: Attempt, actor: Person, at: datetime) -> Attempt:
    """Hand in and grade what is saved; a second time gives the same result, after the end the lapsed one."""
    attempt = _locked(attempt, actor)
    if attempt.is_open:
        if rules.is_overdue(deadline_at=attempt.deadline_at, at=at):
            _lapse(attempt)
        else:
            ended_at = min(at, attempt.deadline_at)
            _close(attempt, state=Attempt.State.GRADED, ended_at=ended_at, actor=actor)
            fact = _fact("graded", attempt, actor=actor, at=ended_at)
            signals.attempt_graded.send(sender=Attempt, facts=[fact])
    return attempt


def lapse_overdue(*, at: datetime, attempts: AttemptQuerySet | None = None) -> int:
    """Close the open attempts whose time ran out, each as of its deadline; how many were closed.

    One that cannot be closed does not keep the others open; it is raised again at the end.
    """
    among = Attempt.objects.all() if attempts is None else attempts
    overdue = among.overdue(at - rules.GRACE)
    closed, errors = 0, []
    for pk in list(overdue.values_list("pk", flat=True)):
        try:
            closed += _lapse_if_open(pk)
        except Exception as error:
            logger.exception("Attempt %s could not be closed", pk)
            errors.append(error)
    if errors:
        raise ExceptionGroup("attempts that could not be closed", errors)
    return closed


@transaction.atomic
def _lapse_if_open(pk: UUID) -> bool:
    attempt = Attempt.objects.select_for_update().get(pk=pk)
    if not attempt.is_open:
        return False
    _lapse(attempt)
    return True


def _lapse(attempt: Attempt) -> None:
    ended_at = attempt.deadline_at
    _close(attempt, state=Attempt.State.LAPSED, ended_at=ended_at, actor=None)
    signals.attempt_lapsed.send(sender=Attempt, facts=[_fact("lapsed", attempt, actor=None, at=ended_at)])


def _close(attempt: Attempt, *, state: str, ended_at: datetime, actor: Person | None) -> None:
    """Grade what is saved and fix the result; a pass is reported to the module as of the attempt's end."""
    items = list(attempt.items.select_related("question_version"))
    total = Fraction(0)
    for item in items:
        earned = grading.score(item.question_version, item.response) * item.max_points
        item.points = grading.stored(earned)
        total += earned
    _write(items, fields=["points"])
    attempt.state = state
    attempt.submitted_at = ended_at
    attempt.points = grading.stored(total)
    attempt.passed = grading.passes(points=total, max_points=attempt.max_points, threshold=attempt.threshold)
    attempt.save(update_fields=["state", "submitted_at", "points", "passed"])
    if attempt.passed:
        _complete(attempt, actor=actor, at=ended_at)


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
    """A mentor of the learner unlocks `extra` (1 to 5) more attempts once all are used, and says why.

    Raises Refused: `not_enrolled`, `not_mentor`, `attempts_left`; ValidationError where the reason is empty.
    """
    enrolment = _locked_enrolment(quiz, learner)
    if not rules.mentors(actor, enrolment):
        raise Refused("not_mentor", _("Only a mentor of this person can unlock attempts."))
    if attempt_limits(quiz=quiz, user=learner).left:
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


def _locked(attempt: Attempt, actor: Person) -> Attempt:
    locked = Attempt.objects.select_for_update().get(pk=attempt.pk)
    if locked.user_id != actor.pk:
        raise Refused("not_yours", _("This is somebody else's attempt."))
    return locked


def _fact(what: str, attempt: Attempt, *, actor: Person | None, at: datetime) -> Fact:
    result = (
        {}
        if attempt.is_open
        else {"points": str(attempt.points), "passed": attempt.passed, "max_points": attempt.max_points}
    )
    return Fact(
        kind=f"assessments.attempt_{what}",
        subject=("assessments.Attempt", str(attempt.pk)),
        at=at,
        actor_id=actor.pk if actor else None,
        learner_id=attempt.user_id,
        payload={
            "quiz": attempt.quiz.key,
            "track": attempt.enrolment.track.key,
            "enrolment": str(attempt.enrolment_id),
            "number": attempt.number,
            "threshold": str(attempt.threshold),
            **result,
        },
    )
