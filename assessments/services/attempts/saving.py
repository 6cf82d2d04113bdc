"""What is kept during an attempt: answers, flags, and pages that were checked."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from assessments import rules
from assessments.models import Attempt, AttemptItem, Quiz
from assessments.services import grading
from assessments.services.attempts.closing import lapse, write_items
from assessments.services.attempts.locks import lock_own
from tracks.errors import Refused
from tracks.people import Person
from tracks.prepared import PreparedObjects


def save(
    *,
    attempt: Attempt | UUID,
    answers: Mapping[int, object],
    actor: Person,
    at: datetime,
    flags: Mapping[int, bool] | None = None,
    typed_at: datetime | None = None,
) -> Attempt:
    """Keep answers (by position; None clears one) and flags. All or nothing; the same again changes nothing.

    attempt: the row, or its id (which saves reading it twice). typed_at: when the answers were given, if that
    was before they arrived: an answer given later stays.
    Raises Attempt.DoesNotExist where it is not the actor's, ValidationError where a value cannot be an answer
    or a position was not drawn, and Refused `closed`, `time_over` (the attempt is then closed as of its
    deadline) or `settled` (the page was checked, so what is right is known).
    """
    with transaction.atomic():
        locked = lock_own(attempt, actor)
        overdue = _lapses(locked, at)
        if not overdue:
            given_at = min(max(typed_at or at, locked.started_at), at)
            _store(locked, answers=answers, flags=flags or {}, given_at=given_at)
    if overdue:
        raise _time_over()
    return locked


def flag(*, attempt: Attempt | UUID, flags: Mapping[int, bool], actor: Person, at: datetime) -> None:
    """Mark questions to come back to, or take the mark off; like `save`."""
    save(attempt=attempt, answers={}, flags=flags, actor=actor, at=at)


def check_page(*, attempt: Attempt | UUID, page: int, actor: Person, at: datetime) -> Attempt:
    """Settle the answers of a page, which may then be shown with what is right. A second time is the first.

    Raises what `save` raises, ValidationError for a page that the attempt does not have, and Refused
    `not_checked` where the quiz does not show answers page by page.
    """
    with transaction.atomic():
        locked = lock_own(attempt, actor)
        overdue = _lapses(locked, at)
        if not overdue:
            _settle(locked, page, at)
    if overdue:
        raise _time_over()
    return locked


def _lapses(locked: Attempt, at: datetime) -> bool:
    """Whether the time is over; the attempt is then closed. Refused where it was closed before."""
    if not locked.is_open:
        raise Refused("closed", _("This attempt has been handed in. Nothing was changed."))
    overdue = rules.is_overdue(deadline_at=locked.deadline_at, at=at)
    if overdue:
        lapse(locked)
    return overdue


def _time_over() -> Refused:
    return Refused(
        "time_over",
        _("Time is over: this came after the end. What was saved before counts and has been graded."),
    )


def _settle(locked: Attempt, page: int, at: datetime) -> None:
    if locked.quiz.feedback != Quiz.Feedback.AFTER_EACH:
        raise Refused("not_checked", _("This quiz does not show answers before it is handed in."))
    first = (page - 1) * locked.page_size + 1
    items = locked.items.filter(position__gte=first, position__lt=first + locked.page_size)
    if page < 1 or not items.exists():
        raise ValidationError(_("This attempt has no such page."), code="page")
    items.filter(settled_at=None).update(settled_at=at)


def _store(
    attempt: Attempt, *, answers: Mapping[int, object], flags: Mapping[int, bool], given_at: datetime
) -> None:
    """Read all answers first, then write those that say something new, in one statement."""
    positions = {*answers, *flags}
    if not positions:
        return
    found = _items(attempt=attempt.pk, first=min(positions), last=max(positions))
    items = {item.position: item for item in found if item.position in positions}
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
            if item.settled_at is not None:
                raise Refused(
                    "settled",
                    _("Question %(position)s has been checked, so its answer stays.")
                    % {"position": position},
                )
            item.response, item.saved_at = response, given_at
            changed.add(position)
    for position, flagged in flags.items():
        if items[position].flagged != flagged:
            items[position].flagged = flagged
            changed.add(position)
    write_items([items[position] for position in sorted(changed)], fields=["response", "saved_at", "flagged"])


def _of_attempt(attempt: UUID, first: int, last: int) -> QuerySet[AttemptItem]:
    """With the question's kind, which reading an answer needs; the rest of the question it does not."""
    of_page = AttemptItem.objects.filter(attempt=attempt, position__gte=first, position__lte=last)
    return of_page.order_by().annotate(kind=F("question_version__kind"))


_items = PreparedObjects(_of_attempt, attempt=UUID(int=1), first=31_001, last=31_002)


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
                kind=item.kind,  # type: ignore[attr-defined]
                keys=item.option_order,
                raw=raw,
            )
        except ValidationError as error:
            errors[str(position)] = error
    if errors:
        raise ValidationError(errors)
    return responses
