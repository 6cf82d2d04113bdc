"""Another person marks an answer in words anew; the first marks stay on record beside the new ones."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from assessments import signals
from assessments.models import Attempt, AttemptItem, ItemMark, Regrade
from assessments.services import grading
from assessments.services.attempts import earning
from assessments.services.regrading.amending import Change, amend, change_of, items_of, locked, marks_of
from assessments.services.regrading.deciding import checked_reason, regrade_fact
from tracks.errors import Refused
from tracks.people import Person


@transaction.atomic
def remark(
    *, item: AttemptItem, marks: Mapping[str, object], reason: str, actor: Person, at: datetime
) -> Regrade:
    """New marks by criterion; they count from now on. Who may do so is the caller's question.

    Raises ValidationError without a reason, or by criterion; Refused `own_attempt`, `same_marker`,
    `not_in_words`, `not_more` (it would not earn more than before).
    """
    reason = checked_reason(reason)
    (attempt,) = locked(Attempt.objects.filter(pk=item.attempt_id))
    held, before = items_of([attempt])[attempt.pk], marks_of([attempt])
    (own,) = (each for each in held if each.pk == item.pk)
    _ensure_another(attempt, own, actor)
    read = grading.read_marks(own.question_version, marks)
    found = earning.earned(own, marks=read)
    change = change_of(attempt, held, own, found, marks=before | {own.pk: read}, lowers=False)
    change = _ensure_more(change)
    regrade = Regrade.objects.create(
        question=own.question_version.question,
        kind=Regrade.Kind.REMARK,
        attempt=attempt,
        reason=reason,
        decided_by=actor,
        decided_at=at,
        applied_at=at,
    )
    ItemMark.objects.create(
        item=own,
        learner=attempt.user,
        marker=actor,
        marks=read,
        points=change.after,
        comment=reason,
        marked_at=at,
    )
    amend(regrade, [change], actor=actor, at=at)
    fact = regrade_fact("question_remarked", regrade, at=at)
    signals.question_regraded.send(sender=Regrade, facts=[fact])
    return regrade


def _ensure_another(attempt: Attempt, item: AttemptItem, actor: Person) -> None:
    if actor.pk == attempt.user_id:
        raise Refused("own_attempt", _("Nobody marks their own work."))
    markers = set(item.marks.values_list("marker_id", flat=True))
    if not markers or not attempt.has_result:
        raise Refused("not_in_words", _("Nobody has marked this answer by hand."))
    if actor.pk in markers:
        raise Refused("same_marker", _("You gave the first marks, so somebody else marks it anew."))


def _ensure_more(change: Change | None) -> Change:
    if change is None or change.kept:
        raise Refused(
            "not_more",
            _("These marks earn no more than the first ones. Do not uphold the appeal instead."),
        )
    return change
