"""What waits for a mentor: reviews, second marks, second signatures; the oldest first, with due times."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from assessments import reviewers, rules
from assessments.models import SignOff, Submission
from assessments.services.labs.marking import Turn, turn_of
from tracks.models import Mentorship
from tracks.people import Person


class Task(StrEnum):
    """What somebody is to do next about a lab."""

    REVIEW = "review"
    MARK = "mark"
    SETTLE = "settle"
    DECIDE = "decide"
    COUNTERSIGN = "countersign"

    @property
    def words(self) -> str:
        return {
            Task.REVIEW: _("Review"),
            Task.MARK: _("Mark it; a second person marks as well"),
            Task.SETTLE: _("Settle it: two markers differ"),
            Task.DECIDE: _("Sign off or send back: the marks are settled"),
            Task.COUNTERSIGN: _("Second signature"),
        }[self]


TASKS = {
    Turn.REVIEW: Task.REVIEW,
    Turn.FIRST: Task.MARK,
    Turn.SECOND: Task.MARK,
    Turn.THIRD: Task.SETTLE,
    Turn.DECIDE: Task.DECIDE,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """One thing in somebody's queue. since: it waits; due_at: by when it should be done; claimed_by: another
    person's claim; stands_in: they do it as a delegate; bulk: it can be signed off together with others.
    """

    submission: Submission
    task: Task
    url: str
    since: datetime
    due_at: datetime
    late: bool
    mine: bool = False
    claimed_by: Person | None = None
    stands_in: bool = False
    bulk: bool = False

    @property
    def value(self) -> str:
        """What a bulk sign-off is asked with: the submission and the evidence that was shown."""
        return f"{self.submission.pk}:{self.submission.content_hash}"


def review_queue(*, mentor: Person, at: datetime) -> list[Waiting]:
    """What waits for this person, the oldest first. Three queries, two more where something is claimed."""
    waiting = [*_rounds(mentor, at), *_signatures(mentor, at)]
    return sorted(waiting, key=lambda each: (each.since, str(each.submission.pk)))


def _rounds(mentor: Person, at: datetime) -> Iterator[Waiting]:
    mentored = Submission.objects.all().mentored_by(mentor, at)
    own = Mentorship.objects.current().filter(mentor=mentor, enrolment=OuterRef("enrolment"))
    rows = list(
        Submission.objects.all()
        .waiting()
        .filter(
            Q(pk__in=mentored.values("pk"))
            | Q(pk__in=Submission.objects.all().for_colleague(mentor, at).values("pk"))
        )
        .annotate(
            mentored=Exists(mentored.filter(pk=OuterRef("pk"))),
            own=Exists(own),
        )
        .select_related("lab__module", "enrolment__user", "enrolment__cohort", "claimed_by")
        .prefetch_related("marks")
    )
    claims = reviewers.claims(rows, at)
    for row in rows:
        turn = turn_of(row)
        marked = any(mark.marker_id == mentor.pk for mark in row.marks.all())
        if (turn.marks and marked) or not (turn.colleague or _annotated(row).mentored):
            continue
        due_at, claimant = review_due_at(row), claims.get(row.pk)
        yield Waiting(
            submission=row,
            task=TASKS[turn],
            url=reverse("review", args=[row.pk]),
            since=row.submitted_at or row.saved_at,
            due_at=due_at,
            late=at > due_at,
            mine=claimant == mentor,
            claimed_by=claimant if claimant != mentor else None,
            stands_in=_annotated(row).mentored and not _annotated(row).own and not turn.colleague,
            bulk=not row.lab.rubric and claimant in (None, mentor),
        )


def _annotated(row: Submission) -> Any:
    return row


def _signatures(mentor: Person, at: datetime) -> Iterator[Waiting]:
    answered = Mentorship.objects.all().answered_by(mentor, at)
    rows = (
        SignOff.objects.pending()
        .filter(enrolment__track__in=answered.values("enrolment__track"))
        .exclude(signer=mentor)
        .exclude(learner=mentor)
        .select_related(
            "submission__lab__module", "submission__enrolment__user", "submission__enrolment__cohort"
        )
    )
    for row in rows:
        due_at = _due_at(row.submission, row.signed_at)
        yield Waiting(
            submission=row.submission,
            task=Task.COUNTERSIGN,
            url=reverse("countersign", args=[row.pk]),
            since=row.signed_at,
            due_at=due_at,
            late=at > due_at,
        )


def review_due_at(submission: Submission) -> datetime:
    """So many working days after it was handed in as its lab says, by the cohort's calendar."""
    return _due_at(submission, submission.submitted_at or submission.saved_at)


def _due_at(submission: Submission, since: datetime) -> datetime:
    zone = submission.enrolment.cohort.timezone
    return rules.working_days_after(since, days=submission.lab.review_days, zone=zone)
