"""Revoking: the certificate stays, and says so to everybody who verifies it."""

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from enablement.certificates.models import Certificate
from enablement.certificates.models.certificate import REASON_MAX
from enablement.certificates.signals import certificate_changed
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.people import Person


@transaction.atomic
def revoke(*, certificate: Certificate, reason: str, actor: Person, at: datetime) -> Certificate:
    """For who runs the cohort, never for the holder. A second time changes nothing: the first reason stays.

    The reason is for the record and for the holder; whoever verifies the certificate is not told.
    """
    if not actor.has_perm("tracks.run_cohort", certificate.enrolment.cohort):
        raise PermissionDenied(_("You do not run this cohort."))
    if actor.pk == certificate.user_id:
        raise Refused(
            "own_certificate", _("Nobody revokes their own certificate; ask another program manager.")
        )
    reason = reason.strip()
    if not reason or len(reason) > REASON_MAX:
        raise ValidationError(
            {"reason": _("Say why, in at most %(most)d characters.") % {"most": REASON_MAX}}
        )
    certificate = (
        Certificate.objects.select_for_update(of=("self",)).select_related("track").get(pk=certificate.pk)
    )
    if certificate.revoked_at is not None:
        return certificate
    certificate.revoked_at = at
    certificate.revoked_by = actor
    certificate.revoked_reason = reason
    certificate.save(update_fields=["revoked_at", "revoked_by", "revoked_reason"])
    fact = Fact(
        kind="certificates.revoked",
        subject=("certificates.Certificate", str(certificate.pk)),
        at=at,
        actor_id=actor.pk,
        learner_id=certificate.user_id,
        payload={"track": certificate.track.key, "enrolment": str(certificate.enrolment_id)},
    )
    certificate_changed.send(sender=Certificate, facts=[fact])
    return certificate
