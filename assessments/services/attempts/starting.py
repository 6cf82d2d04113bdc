"""The start of an attempt, which counts from then on."""

import random
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessments import rules, signals
from assessments.models import Attempt, AttemptItem, Quiz, TimeAllowance
from assessments.selectors.quizzes import attempt_limits
from assessments.services.attempts.announce import attempt_fact
from assessments.services.attempts.closing import lapse_overdue
from assessments.services.attempts.locks import lock_enrolment
from assessments.services.draw import RANDOM, draw, items_of
from tracks import rules as track_rules
from tracks.errors import Refused
from tracks.models import Enrolment
from tracks.people import Person
from tracks.zones import in_words


def start(*, quiz: Quiz, actor: Person, at: datetime, rng: random.Random = RANDOM) -> Attempt:
    """The actor's open attempt; a new one, which counts from now, where there is none.

    Raises Refused: `not_enrolled`, `quiz_retired`, `not_open_yet`, `quiz_closed`, `earlier_attempt`,
    `waits_for_marks`, `attempt_limit`, `cooldown`, `questions_missing`, and what `tracks.rules.ensure_open`
    says of the enrolment and its cohort.
    """
    attempt = _start_or_resume(quiz=quiz, actor=actor, at=at, rng=rng)
    if rules.is_overdue(deadline_at=attempt.deadline_at, at=at):
        # Closed by itself, whatever is said of another one.
        lapse_overdue(at=at, attempts=Attempt.objects.filter(pk=attempt.pk))
        attempt = _start_or_resume(quiz=quiz, actor=actor, at=at, rng=rng)
    return attempt


@transaction.atomic
def _start_or_resume(*, quiz: Quiz, actor: Person, at: datetime, rng: random.Random) -> Attempt:
    enrolment = lock_enrolment(quiz, actor)
    limits = attempt_limits(quiz=quiz, user=actor, at=at)
    if limits.running:
        if running := _running(quiz, enrolment, at):
            return running
        # Handed in between the two reads: nobody takes the enrolment's lock for that.
        limits = attempt_limits(quiz=quiz, user=actor, at=at)
    if quiz.retired_at is not None:
        raise Refused("quiz_retired", _("This quiz is no longer part of the track."))
    track_rules.ensure_open(enrolment, renewing=limits.renewing)
    _refuse_outside_window(quiz, at)
    _refuse_beyond(limits, at)
    extra = (
        TimeAllowance.objects.in_force(quiz=quiz, user=actor).values_list("minutes", flat=True).first() or 0
    )
    attempt = Attempt.objects.create(
        quiz=quiz,
        enrolment=enrolment,
        user=actor,
        number=limits.last_number + 1,
        started_at=at,
        deadline_at=_deadline(quiz, at, extra),
        extra_min=extra,
        page_size=quiz.page_size,
        threshold=quiz.threshold,
        max_points=quiz.draws,
    )
    versions = draw(quiz=quiz, user=actor, rng=rng)
    items = items_of(attempt, versions, shuffle=quiz.shuffle_options, rng=rng)
    AttemptItem.objects.bulk_create(items)
    asked = [version.pk for version in versions]
    fact = attempt_fact("started", attempt, actor=actor, at=at, asked=asked)
    signals.attempt_started.send(sender=Attempt, facts=[fact])
    return attempt


def _running(quiz: Quiz, enrolment: Enrolment, at: datetime) -> Attempt | None:
    """One of an earlier enrolment would prove nothing for this one; its clock ends it."""
    attempt = Attempt.objects.open().filter(quiz=quiz, user=enrolment.user_id).first()
    if attempt is None:
        return None
    overdue = rules.is_overdue(deadline_at=attempt.deadline_at, at=at)
    if attempt.enrolment_id != enrolment.pk and not overdue:
        raise Refused(
            "earlier_attempt",
            _("An attempt of your earlier enrolment is running until %(when)s and does not count here.")
            % {"when": _when(attempt.deadline_at)},
        )
    return attempt


def _deadline(quiz: Quiz, at: datetime, extra: int) -> datetime:
    """The time limit, cut off where the quiz closes; extra minutes come on top of both."""
    ends = at + timedelta(minutes=quiz.time_limit_min)
    if quiz.closes_at is not None:
        ends = min(ends, quiz.closes_at)
    return ends + timedelta(minutes=extra)


def _refuse_outside_window(quiz: Quiz, at: datetime) -> None:
    if quiz.is_before_its_window(at):
        raise Refused("not_open_yet", _("This quiz opens on %(when)s.") % {"when": _when(quiz.opens_at)})
    if quiz.is_closed(at):
        raise Refused("quiz_closed", _("This quiz closed on %(when)s.") % {"when": _when(quiz.closes_at)})


def _refuse_beyond(limits: rules.AttemptLimits, at: datetime) -> None:
    if limits.waiting:
        raise Refused(
            "waits_for_marks",
            _("Your last attempt waits for a mentor's marks. You may start another one when you know them."),
        )
    if not limits.left:
        message = ngettext(
            "You have used your %(count)d attempt. Your mentor can unlock another one.",
            "You have used all %(count)d attempts. Your mentor can unlock another one.",
            limits.allowed,
        )
        raise Refused("attempt_limit", message % {"count": limits.allowed})
    if limits.cooling_down(at):
        raise Refused(
            "cooldown", _("Your next attempt opens on %(when)s.") % {"when": _when(limits.opens_at)}
        )


def _when(at: datetime | None) -> str:
    return in_words(at) if at is not None else ""
