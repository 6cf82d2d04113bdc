"""Reads of regrades: how a question looks once it was put right, and what became of whom."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from assessments.models import Attempt, AttemptItem, ItemRegrade, Question, QuestionVersion, Regrade
from assessments.selectors.graded import GradedQuestion
from assessments.services.attempts.earning import key_of
from tracks.models import Cohort
from tracks.people import Person

#: What of a version decides which answers are right; wording and pictures stay as they were asked.
_OF_THE_KEY = ("options", "answer", "tolerance", "details", "scoring", "explanation")


def as_keyed(item: AttemptItem) -> AttemptItem:
    """The item with its question as it was asked, and the key that counts now. No query with `WITH_KEY`."""
    version = item.question_version
    key = key_of(version)
    if key is not None and key != version:
        item.question_version = _by_key(version, key)
    return item


def _by_key(asked: QuestionVersion, key: QuestionVersion) -> QuestionVersion:
    shown = copy.copy(asked)
    for name in _OF_THE_KEY:
        setattr(shown, name, getattr(key, name))
    return shown


def regrades_of(attempt: Attempt) -> dict[int, ItemRegrade]:
    """The latest thing that was put right of each answer, by item. One query."""
    rows = ItemRegrade.objects.filter(item__attempt=attempt).select_related("regrade", "item")
    return {row.item_id: row for row in rows.order_by("regrade__decided_at", "pk")}


def with_regrade(question: GradedQuestion, regraded: ItemRegrade | None) -> GradedQuestion:
    """Says so below the question; the reason may name what is right, so it stands only here."""
    if regraded is None:
        return question
    said = _("Put right: %(reason)s") % {"reason": regraded.regrade.reason}
    remarks = [*question.remarks, said]
    if regraded.found < regraded.after:
        remarks.append(_("Your answer keeps the points that it had."))
    return replace(question, remarks=remarks)


@dataclass(frozen=True, kw_only=True, slots=True)
class RegradeRow:
    """One answer of one attempt in a table: for a plan and for what was done."""

    name: str
    attempt: Attempt
    position: int
    before: Decimal | None
    after: Decimal
    points_before: Decimal | None
    points_after: Decimal | None
    kept: bool
    passes_now: bool
    stops_passing: bool


def rows_done(regrade: Regrade) -> QuerySet[ItemRegrade]:
    """What it changed, by name; `row_of` makes a row of each."""
    return regrade.items.select_related("item__attempt__user").order_by("item__attempt__user__name", "pk")


def row_of(done: ItemRegrade) -> RegradeRow:
    attempt = done.item.attempt
    return RegradeRow(
        name=str(attempt.user),
        attempt=attempt,
        position=done.item.position,
        before=done.before,
        after=done.after,
        points_before=done.points_before,
        points_after=done.points_after,
        kept=done.found != done.after,
        passes_now=bool(done.passed_after) and done.passed_before is False,
        stops_passing=bool(done.passed_before) and done.passed_after is False,
    )


def regrades_of_question(question: Question) -> Sequence[Regrade]:
    """Newest first. One query."""
    rows = question.regrades.select_related("decided_by", "version", "attempt__user")
    return list(rows.order_by("-decided_at", "-pk"))


def excusable_by(user: Person) -> Q:
    """Attempts with a result in which this person may excuse a question: see `rules.may_excuse`."""
    mine = Q(points__isnull=False) & ~Q(user=user)
    if user.has_perm("assessments.author_questions"):
        return mine
    return mine & Q(enrolment__cohort__in=Cohort.objects.all().run_by(user).values("pk"))
