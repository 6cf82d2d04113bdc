"""Reads of appeals: what somebody may appeal, what waits for whose answer, and what an answerer looks at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from assessments import appeal_rules
from assessments.models import Appeal, Attempt, LabReview, ShadowPool
from assessments.models.appeal import AppealQuerySet
from assessments.selectors.asking import legend_of
from tracks.models import Cohort, Mentorship
from tracks.people import Person

#: What every page about an appeal names.
RELATED = (
    "learner",
    "enrolment__cohort",
    "enrolment__track",
    "answered_by",
    "item__attempt__quiz__module",
    "item__question_version__question__bank",
    "review__submission__lab__module",
    "review__reviewer",
    "sample__case",
    "sample__pool",
    "regrade",
    "again",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class QuestionAppeal:
    """An appeal of one question on its attempt's page."""

    position: int
    appeal: Appeal


@dataclass(frozen=True, kw_only=True, slots=True)
class AppealRow:
    """An appeal in a list: about what, of where, and by when."""

    appeal: Appeal
    title: str
    sub: str
    overdue: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class AppealableQuestion:
    """A question of an attempt by what it asked; `appeal` where there is one already."""

    position: int
    legend: str
    appeal: Appeal | None


def appeals_by_position(attempt: Attempt) -> list[QuestionAppeal]:
    """One query."""
    rows = Appeal.objects.filter(item__attempt=attempt).select_related("item").order_by("item__position")
    return [QuestionAppeal(position=row.item.position, appeal=row) for row in rows if row.item]


def appealable_questions(attempt: Attempt) -> list[AppealableQuestion]:
    """What an attempt asked, in order; nothing of what is right. Two queries."""
    there = {each.position: each.appeal for each in appeals_by_position(attempt)}
    items = attempt.items.order_by("position").values_list("position", "question_version__prompt")
    return [
        AppealableQuestion(position=position, legend=legend_of(prompt)[0], appeal=there.get(position))
        for position, prompt in items
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkAppeal:
    """A criterion of a review, and its appeal where there is one."""

    key: str
    title: str
    appeal: Appeal | None


def appeals_of_review(review: LabReview, viewer: Person) -> list[MarkAppeal]:
    """All criteria for the learner, who may appeal; only the appealed ones for others. One query."""
    there = {appeal.criterion: appeal for appeal in Appeal.objects.filter(review=review)}
    marks = [MarkAppeal(key=m["key"], title=m["title"], appeal=there.get(m["key"])) for m in review.marks]
    own = review.submission.enrolment.user_id == viewer.pk
    return marks if own else [mark for mark in marks if mark.appeal]


def own_appeals(user: Person, *, at: datetime) -> list[AppealRow]:
    """The open ones first, then the latest answered. One query."""
    rows = Appeal.objects.all().of(user).select_related(*RELATED)
    ordered = sorted(
        rows, key=lambda each: (not each.is_open, -(each.answered_at or each.opened_at).timestamp())
    )
    return [row_of(appeal, at) for appeal in ordered]


def queue_of(user: Person) -> QuerySet[Appeal]:
    """The open appeals that this person may answer, by when they are due: never one's own, never what one
    judged. One query, however many there are.
    """
    return answerable_by(user).open().select_related(*RELATED).order_by("due_at", "pk")


def answerable_by(user: Person) -> AppealQuerySet:
    """Open or answered: those whose answering this person's rights allow."""
    appeals = Appeal.objects.exclude(learner=user)
    if not user.has_perm("assessments.answer_appeals"):
        return appeals.none()
    runs = Q(enrolment__cohort__in=Cohort.objects.all().run_by(user).values("pk"))
    allowed = _questions(user, runs) | _labs(user, runs) | _samples(user)
    return Appeal.objects.filter(pk__in=appeals.filter(allowed).values("pk"))


def _questions(user: Person, runs: Q) -> Q:
    """Authors and who runs the cohort; of marked answers also mentors on the track. Not the first judges, and
    nobody but an author where they still have to pass the quiz themselves.
    """
    may = Q(pk__isnull=False) if user.has_perm("assessments.author_questions") else runs
    if user.has_perm("assessments.review_labs"):
        in_words = Q(item__question_version__kind="decision")
        may |= in_words & Q(enrolment__track__in=_mentored_tracks(user))
    judged = Q(
        pk__in=Appeal.objects.filter(
            Q(item__marks__marker=user) | Q(item__question_version__question__edited_by=user)
        ).values("pk")
    )
    if not user.has_perm("assessments.author_questions"):
        may &= ~Q(item__attempt__quiz__in=Attempt.objects.all().kept_from(user).values("pk"))
    return Q(kind=Appeal.Kind.QUESTION) & may & ~judged


def _labs(user: Person, runs: Q) -> Q:
    may = runs
    if user.has_perm("assessments.review_labs"):
        may |= Q(enrolment__track__in=_mentored_tracks(user))
    judged = Q(
        pk__in=Appeal.objects.filter(
            Q(review__reviewer=user)
            | Q(review__submission__marks__marker=user)
            | Q(review__submission__sign_offs__countersigned_by=user)
        ).values("pk")
    )
    return Q(kind=Appeal.Kind.LAB) & may & ~judged


def _samples(user: Person) -> Q:
    if not user.has_perm("assessments.judge_cases"):
        return Q(pk__in=())
    pools = ShadowPool.objects.all().judged_by(user).values("pk")
    met = Q(
        pk__in=Appeal.objects.filter(
            Q(sample__case__judgements__judge=user)
            | Q(sample__case__samples__learner=user)
            | Q(sample__case__imported_by=user)
        ).values("pk")
    )
    return Q(kind=Appeal.Kind.SAMPLE, sample__pool__in=pools) & ~met


def _mentored_tracks(user: Person) -> Any:
    return Mentorship.objects.current().filter(mentor=user).values("enrolment__track")


def visible_to(user: Person) -> AppealQuerySet:
    """One's own, and those that one may answer or has answered."""
    of = Appeal.objects.filter(Q(learner=user) | Q(answered_by=user))
    return Appeal.objects.filter(Q(pk__in=of.values("pk")) | Q(pk__in=answerable_by(user).values("pk")))


def row_of(appeal: Appeal, at: datetime) -> AppealRow:
    title, sub = appeal_rules.names_of(appeal)
    return AppealRow(appeal=appeal, title=title, sub=sub, overdue=appeal.overdue_at(at))


def rows_of(appeals: Sequence[Appeal], at: datetime) -> list[AppealRow]:
    return [row_of(appeal, at) for appeal in appeals]
