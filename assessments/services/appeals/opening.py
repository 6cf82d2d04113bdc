"""A learner appeals what was said of their own work. Once a thing: a second time gives the first appeal."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from assessments.appeal_rules import due_of
from assessments.models import Appeal, AttemptItem, LabReview, ShadowSample
from assessments.services.appeals.announce import announce
from tracks.errors import Refused
from tracks.models import Enrolment
from tracks.people import Person

LONGEST = 2000
Kind = Appeal.Kind


@transaction.atomic
def appeal_question(*, item: AttemptItem, reason: str, actor: Person, at: datetime) -> Appeal:
    """Whatever it earned: a refusal would tell what the quiz may keep to itself.

    Raises ValidationError without a reason; Refused `not_yours`, `no_result`.
    """
    attempt = item.attempt
    _ensure_own(attempt.user_id, actor)
    if not attempt.has_result:
        raise Refused("no_result", _("This attempt has no result yet."))
    return _open(Kind.QUESTION, attempt.enrolment_id, reason=reason, actor=actor, at=at, item=item)


@transaction.atomic
def appeal_mark(*, review: LabReview, criterion: str, reason: str, actor: Person, at: datetime) -> Appeal:
    """Raises ValidationError without a reason; Refused `not_yours`, `not_marked`."""
    enrolment = review.submission.enrolment
    _ensure_own(enrolment.user_id, actor)
    if criterion not in {mark["key"] for mark in review.marks}:
        raise Refused("not_marked", _("This review has no mark for that."))
    thing = {"review": review, "criterion": criterion}
    return _open(Kind.LAB, enrolment.pk, reason=reason, actor=actor, at=at, **thing)


@transaction.atomic
def appeal_sample(*, sample: ShadowSample, reason: str, actor: Person, at: datetime) -> Appeal:
    """Once a look has shown it. Raises ValidationError without a reason; Refused `not_yours`, `not_shown`."""
    _ensure_own(sample.learner_id, actor)
    looks = sample.pool.looks.filter(learner=sample.learner_id)
    shown = looks.aggregate(scored=Max("scored"))["scored"] or 0
    if sample.scored_number is None or sample.scored_number > shown:
        raise Refused("not_shown", _("What quality assurance said of this case is not shown yet."))
    return _open(Kind.SAMPLE, sample.enrolment_id, reason=reason, actor=actor, at=at, sample=sample)


def _ensure_own(owner_id: Any, actor: Person) -> None:
    if owner_id != actor.pk:
        raise Refused("not_yours", _("Only the person whose work it is can appeal."))


def _open(kind: str, enrolment_id: Any, *, reason: str, actor: Person, at: datetime, **thing: Any) -> Appeal:
    reason = reason.strip()[:LONGEST]
    if not reason:
        raise ValidationError({"reason": _("Say why you disagree.")}, code="reason_missing")
    # Held, so that two of one's own requests meet here.
    held = Enrolment.objects.select_for_update(of=("self",)).select_related("cohort")
    enrolment = held.get(pk=enrolment_id)
    there = Appeal.objects.filter(**thing).first()
    if there is not None:
        return there
    opened = Appeal.objects.create(
        kind=kind,
        learner=actor,
        enrolment=enrolment,
        reason=reason,
        opened_at=at,
        due_at=due_of(enrolment, at),
        **thing,
    )
    announce("opened", opened, actor=actor, at=at)
    return opened
