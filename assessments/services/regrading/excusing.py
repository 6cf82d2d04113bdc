"""One attempt is excused one question: it counts in full there, whatever was answered."""

from datetime import datetime
from fractions import Fraction

from django.db import transaction
from django.utils.translation import gettext as _

from assessments import rules, signals
from assessments.models import Attempt, AttemptItem, Regrade
from assessments.services.regrading.amending import amend, change_of, items_of, locked, marks_of
from assessments.services.regrading.deciding import checked_reason, regrade_fact
from tracks.errors import Refused
from tracks.people import Person


@transaction.atomic
def excuse_in_attempt(*, item: AttemptItem, reason: str, actor: Person, at: datetime) -> Regrade:
    """Full points for one answer of an attempt that has its result. The same again is the first one.

    Raises ValidationError without a reason; Refused `own_attempt`, `not_allowed`, `no_result`, `full`.
    """
    reason = checked_reason(reason)
    (attempt,) = locked(Attempt.objects.filter(pk=item.attempt_id))
    question = item.question_version.question
    _ensure_may(actor, attempt)
    done = Regrade.objects.filter(kind=Regrade.Kind.EXCUSE_ONE, attempt=attempt, question=question).first()
    if done is not None:
        return done
    held = items_of([attempt])[attempt.pk]
    (own,) = (each for each in held if each.pk == item.pk)
    change = change_of(attempt, held, own, Fraction(own.max_points), marks=marks_of([attempt]), lowers=False)
    if change is None:
        raise Refused("full", _("This answer has the whole mark already."))
    regrade = Regrade.objects.create(
        question=question,
        kind=Regrade.Kind.EXCUSE_ONE,
        attempt=attempt,
        reason=reason,
        decided_by=actor,
        decided_at=at,
        applied_at=at,
    )
    amend(regrade, [change], actor=actor, at=at)
    fact = regrade_fact("question_excused_once", regrade, at=at)
    signals.question_regraded.send(sender=Regrade, facts=[fact])
    return regrade


def _ensure_may(actor: Person, attempt: Attempt) -> None:
    if actor.pk == attempt.user_id:
        raise Refused("own_attempt", _("Nobody excuses themselves."))
    if not rules.may_excuse(actor, attempt):
        raise Refused(
            "not_allowed", _("Only an author, or who runs the person's cohort, can excuse a question.")
        )
    if not attempt.has_result:
        raise Refused("no_result", _("This attempt has no result yet."))
