"""How a sign-off ends: a person withdraws it and says why, or its evidence changed. It is kept."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assessments import reviewers, signals
from assessments.models import SignOff, Submission
from assessments.services.labs.announce import sign_off_fact
from assessments.services.labs.locks import lock_sign_off
from assessments.services.labs.rounds import open_next_round
from tracks.errors import Refused
from tracks.models import Component
from tracks.people import Person
from tracks.services.progress import withdraw_completion

_LONGEST_REASON = 500


@transaction.atomic
def withdraw_sign_off(*, sign_off: SignOff, reason: str, actor: Person, at: datetime) -> SignOff:
    """The sign-off no longer stands and the learner gets a new round. A second time changes nothing.

    Raises ValidationError without a reason, Refused `may_not_withdraw` or `voided`.
    """
    if not reason.strip():
        raise ValidationError({"reason": _("Say why you withdraw it.")}, code="reason_missing")
    sign_off = lock_sign_off(sign_off)
    if not reviewers.may_withdraw(actor, sign_off, at):
        raise Refused(
            "may_not_withdraw",
            _("Only the signer, a mentor of this person or their program manager can withdraw it."),
        )
    if sign_off.withdrawn_at is not None:
        return sign_off
    if sign_off.voided_at is not None:
        raise Refused("voided", _("This sign-off is void already, because its evidence changed."))
    sign_off.withdrawn_at = at
    sign_off.withdrawn_by = actor
    sign_off.withdrawn_reason = reason.strip()[:_LONGEST_REASON]
    sign_off.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    _take_back(sign_off, reason=sign_off.withdrawn_reason, actor=actor, at=at)
    fact = sign_off_fact("sign_off_withdrawn", sign_off, actor, at)
    signals.sign_off_withdrawn.send(sender=SignOff, facts=[fact])
    return sign_off


@transaction.atomic
def void(*, sign_off: SignOff, actor: Person | None, at: datetime) -> SignOff:
    """The evidence is no longer what was signed for. A sign-off that has ended stays as it ended."""
    sign_off = lock_sign_off(sign_off)
    if not sign_off.open:
        return sign_off
    sign_off.voided_at = at
    sign_off.save(update_fields=["voided_at"])
    _take_back(sign_off, reason=_("The evidence changed after the sign-off."), actor=actor, at=at)
    fact = sign_off_fact("sign_off_voided", sign_off, actor, at)
    signals.sign_off_voided.send(sender=SignOff, facts=[fact])
    return sign_off


def _take_back(sign_off: SignOff, *, reason: str, actor: Person | None, at: datetime) -> None:
    submission = sign_off.submission
    submission.state = Submission.State.SENT_BACK
    submission.save(update_fields=["state"])
    rounds = Submission.objects.filter(enrolment=sign_off.enrolment_id, lab=sign_off.lab_id)
    if not rounds.open().exists():
        open_next_round(submission, at)
    withdraw_completion(
        enrolment=sign_off.enrolment,
        module=sign_off.lab.module,
        kind=Component.Kind.LAB,
        key=sign_off.lab.key,
        reason=reason,
        actor=actor,
        at=at,
    )
