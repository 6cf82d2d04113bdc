"""What the page of one appeal shows: to the learner, and to whoever answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from assessments import rules
from assessments.models import Appeal, AttemptItem, Route
from assessments.selectors.appeals import AppealRow, answerable_by, row_of
from assessments.selectors.graded import GradedQuestion, as_graded
from assessments.selectors.marking import MarkedAnswer, latest_marks, marked_answers
from assessments.selectors.regrades import as_keyed
from assessments.selectors.results import hidden_because
from assessments.services.attempts.earning import WITH_KEY
from tracks.models import Mentorship
from tracks.people import Person


@dataclass(frozen=True, kw_only=True, slots=True)
class AppealPage:
    """One appeal for one viewer. `hidden`: the quiz still keeps its right answers from the learner.

    What is not of its kind, or not for this viewer, is empty. rubric: criteria that can be marked anew.
    only_mentor: the first reviewer is the learner's only mentor, so upholding needs another one to be named.
    """

    row: AppealRow
    own: bool
    may_answer: bool
    hidden: bool
    prompt: str = ""
    question: GradedQuestion | None = None
    marked: MarkedAnswer | None = None
    mark: Mapping[str, Any] | None = None
    rubric: Sequence[Mapping[str, Any]] = ()
    consequences: Sequence[str] = ()
    settled: str = ""
    answered: str = ""
    only_mentor: bool = False


def appeal_page(appeal: Appeal, *, viewer: Person, at: datetime) -> AppealPage:
    """appeal: with RELATED. Nothing of what is right, unless the viewer answers or may see it."""
    page = AppealPage(
        row=row_of(appeal, at),
        own=appeal.learner_id == viewer.pk,
        may_answer=appeal.is_open and answerable_by(viewer).filter(pk=appeal.pk).exists(),
        hidden=False,
    )
    if appeal.item is not None:
        return _of_question(page, appeal, appeal.item.pk, viewer, at)
    if appeal.review is not None:
        return _of_lab(page, appeal)
    return _of_sample(page, appeal)


def _of_question(page: AppealPage, appeal: Appeal, item_pk: int, viewer: Person, at: datetime) -> AppealPage:
    items = AttemptItem.objects.select_related("question_version__question", *WITH_KEY)
    item = items.get(pk=item_pk)
    hidden = bool(hidden_because(item.attempt, at))
    page = replace(page, hidden=hidden, prompt=item.question_version.prompt)
    if page.own and hidden:
        return page
    version = item.question_version
    in_words = marked_answers([item], latest_marks(item.attempt)) if version.kind == "decision" else []
    return replace(
        page,
        question=as_graded(as_keyed(item), {}),
        marked=in_words[0] if in_words else None,
        rubric=version.details.get("rubric", []) if page.may_answer and in_words else (),
        consequences=_open_to(viewer, appeal, in_words=bool(in_words)) if page.may_answer else (),
    )


def _open_to(viewer: Person, appeal: Appeal, *, in_words: bool) -> list[str]:
    """What this person may have follow: marks anew for who mentors, the key and everybody for authors."""
    found = [Appeal.Consequence.REMARKED] if in_words else []
    if rules.may_excuse(viewer, appeal.item.attempt):  # type: ignore[union-attr]
        found.append(Appeal.Consequence.EXCUSED)
    if viewer.has_perm("assessments.author_questions"):
        found += [Appeal.Consequence.REGRADED, Appeal.Consequence.EXCUSED_ALL]
    return [each.value for each in found]


def _of_lab(page: AppealPage, appeal: Appeal) -> AppealPage:
    review = appeal.review
    if review is None:
        return page
    mark = next((mark for mark in review.marks if mark["key"] == appeal.criterion), None)
    rubric = [each for each in review.submission.lab.rubric if each["key"] == appeal.criterion]
    others = Mentorship.objects.current().filter(enrolment=appeal.enrolment_id)
    return replace(
        page,
        mark=mark,
        rubric=rubric if page.may_answer else (),
        consequences=[Appeal.Consequence.NEW_MARK.value] if page.may_answer else (),
        only_mentor=page.may_answer and not others.exclude(mentor=review.reviewer_id).exists(),
    )


def _of_sample(page: AppealPage, appeal: Appeal) -> AppealPage:
    sample = appeal.sample
    if sample is None:
        return page
    return replace(
        page,
        consequences=[Appeal.Consequence.REJUDGED.value] if page.may_answer else (),
        answered=_answers(sample.decision, usable=bool(sample.usable)),
        settled=_answers(sample.case.settled_decision, usable=bool(sample.case.settled_usable)),
    )


def _answers(decision: str, *, usable: bool) -> str:
    output = _("output usable") if usable else _("output not usable")
    return f"{Route(decision).label}, {output}"
