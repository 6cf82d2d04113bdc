"""Consent: whether the public page shows the holder's name."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from enablement.certificates.models import Certificate
from enablement.certificates.signals import certificate_changed
from tracks.facts import Fact
from tracks.people import Person


@transaction.atomic
def show_name(*, certificate: Certificate, show: bool, actor: Person, at: datetime) -> Certificate:
    """The holder alone decides, as often as they like."""
    if actor.pk != certificate.user_id:
        raise PermissionDenied(_("Only the holder decides whether the name is shown."))
    changed = Certificate.objects.filter(pk=certificate.pk, name_public=not show).update(name_public=show)
    certificate.name_public = show
    if changed:
        fact = Fact(
            kind="certificates.name_shown" if show else "certificates.name_hidden",
            subject=("certificates.Certificate", str(certificate.pk)),
            at=at,
            actor_id=actor.pk,
            learner_id=certificate.user_id,
        )
        certificate_changed.send(sender=Certificate, facts=[fact])
    return certificate
