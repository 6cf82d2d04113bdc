"""The second signature of labs that ask for one."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from assessments.models import SignOff
from assessments.services.labs.announce import announce_signed
from assessments.services.labs.checks import (
    ensure_colleague,
    ensure_may_sign,
    ensure_pending,
    ensure_unchanged,
)
from assessments.services.labs.completion import complete
from assessments.services.labs.locks import lock_sign_off
from tracks.errors import Refused
from tracks.people import Person


@transaction.atomic
def countersign(*, sign_off: SignOff, evidence_hash: str, actor: Person, at: datetime) -> SignOff:
    """A second person's word on the same evidence: from now on the sign-off is proof.

    Somebody who mentors on the same track, neither the learner nor the first signer. The same person again
    changes nothing. Refused `own_work`, `not_colleague`, `same_signer`, `reciprocal`, `ended`,
    `already_signed`, `evidence_changed` or `enrolment_withdrawn`.
    """
    sign_off = lock_sign_off(sign_off, signer=actor)
    if sign_off.countersigned_by_id == actor.pk:
        return sign_off
    ensure_colleague(actor, sign_off.enrolment, at)
    if sign_off.signer_id == actor.pk:
        raise Refused("same_signer", _("You have signed this yourself; a second person has to."))
    ensure_pending(sign_off)
    ensure_may_sign(sign_off.enrolment, actor)
    if evidence_hash != sign_off.evidence_hash or sign_off.submission.content_hash != sign_off.evidence_hash:
        raise Refused(
            "evidence_changed", _("This is not the evidence that was signed. Read it again, then decide.")
        )
    ensure_unchanged(sign_off.submission)
    sign_off.countersigned_by = actor
    sign_off.countersigned_at = at
    sign_off.save(update_fields=["countersigned_by", "countersigned_at"])
    complete(sign_off, actor, at)
    announce_signed([sign_off], actor, at)
    return sign_off
