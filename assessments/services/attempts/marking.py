"""A mentor's marks for answers in words, against the question's rubric."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assessments import rules, signals
from assessments.models import Attempt, AttemptItem, ItemMark
from assessments.services import grading
from assessments.services.attempts import earning
from assessments.services.attempts.announce import attempt_fact
from assessments.services.attempts.closing import settle_result, write_items
from tracks.errors import Refused
from tracks.people import Person


@transaction.atomic
def mark(
    *,
    attempt: Attempt,
    marks: Mapping[int, Mapping[str, object]],
    comments: Mapping[int, str],
    actor: Person,
    at: datetime,
) -> Attempt:
    """Mark every answer that waits, by position and criterion; the attempt then has its result.

    The same marker again gets the same result. Raises Refused `own_work`, `not_passed`, `not_mentor`,
    `marked`;
    ValidationError by "position-criterion" where a level is missing or not in the rubric.
    """
    locked = Attempt.objects.select_for_update().get(pk=attempt.pk)
    _ensure_marker(locked, actor, at)
    if locked.state != Attempt.State.WAITING:
        if ItemMark.objects.filter(item__attempt=locked, marker=actor).exists():
            return locked
        raise Refused("marked", _("Nothing of this attempt waits for marks any more."))
    items = list(locked.items.select_related(*earning.WITH_KEY))
    waiting = [item for item in items if item.points is None]
    read = _read_all(waiting, marks)
    # Exact: what is stored of each item is rounded down.
    earned = {item.position: earning.standing(item, marks=read.get(item.position)) for item in items}
    for item in waiting:
        item.points = grading.stored(earned[item.position])
    write_items(waiting, fields=["points"])
    ItemMark.objects.bulk_create(
        ItemMark(
            item=item,
            learner=locked.user,
            marker=actor,
            marks=read[item.position],
            points=item.points or 0,
            comment=comments.get(item.position, "").strip(),
            marked_at=at,
        )
        for item in waiting
    )
    settle_result(locked, total=sum(earned.values(), Fraction(0)), actor=actor, at=at)
    points = {str(item.position): str(item.points) for item in waiting}
    fact = attempt_fact("graded", locked, actor=actor, at=at, marked=points)
    signals.attempt_graded.send(sender=Attempt, facts=[fact])
    return locked


def _ensure_marker(attempt: Attempt, actor: Person, at: datetime) -> None:
    if actor.pk == attempt.user_id:
        raise Refused("own_work", _("Nobody marks their own work."))
    if Attempt.objects.all().markable_by(actor, at).filter(pk=attempt.pk).exists():
        return
    kept = Attempt.objects.all().kept_from(actor).filter(pk=attempt.quiz_id)
    if rules.mentors(actor, attempt.enrolment) and kept.exists():
        raise Refused(
            "not_passed", _("You take this quiz yourself: pass it before you mark what others wrote.")
        )
    raise Refused("not_mentor", _("You do not mentor this person now."))


def _read_all(
    waiting: Sequence[AttemptItem], marks: Mapping[int, Mapping[str, object]]
) -> dict[int, dict[str, int]]:
    read: dict[int, dict[str, int]] = {}
    problems: dict[str, list[ValidationError]] = {}
    for item in waiting:
        try:
            read[item.position] = grading.read_marks(item.question_version, marks.get(item.position, {}))
        except ValidationError as error:
            problems |= {f"{item.position}-{key}": errors for key, errors in error.error_dict.items()}
    if problems:
        raise ValidationError(problems)
    return read
