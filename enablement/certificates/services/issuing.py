"""Issuing: asked for when a gate is met, printed by a job, issued once."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from enablement.access.gates import Standing
from enablement.access.models import Policy
from enablement.access.selectors import standings
from enablement.certificates import printing
from enablement.certificates.models import Certificate
from enablement.certificates.signals import certificate_changed
from enablement.jobs.models import Job
from enablement.jobs.services import enqueue
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.models import Enrolment, Module
from tracks.pdf import Unprintable
from tracks.prepared import Prepared, PreparedObjects

Effect = Callable[[], dict[str, Any]]


@transaction.atomic
def request_certificate(*, enrolment: Enrolment, at: datetime) -> Job | None:
    """Have the certificate of this enrolment made; None where there is one already.

    Asking again while it is being made returns the same job.
    """
    from enablement.certificates.tasks import issue

    if Certificate.objects.live().filter(enrolment=enrolment).exists():
        return None
    return enqueue(
        task=issue,
        args={"enrolment_id": str(enrolment.pk)},
        key=str(enrolment.pk),
        requested_by=enrolment.user,
        title=_("Certificate: %(track)s") % {"track": enrolment.track},
        at=at,
    )


def prepare(*, enrolment_id: UUID, at: datetime) -> Effect:
    """Print the certificate, outside any transaction; the effect that is returned issues it.

    Refused where the gate is not met (any more).
    """
    enrolment = _one(_enrolments(enrolment=enrolment_id))
    for issued in _issued(enrolment=enrolment_id):
        return partial(_result, issued)
    certificate = _draft(enrolment, standing=_shown(enrolment, at=at), at=at)
    pdf = _print(certificate)
    certificate.sha256 = hashlib.sha256(pdf).hexdigest()
    return partial(_issue, certificate, pdf)


def _print(certificate: Certificate) -> bytes:
    try:
        return printing.print_certificate(certificate)
    except Unprintable as error:
        raise Refused(
            "no_font_for_name",
            _("No font here has “%(characters)s” of your name; tell an administrator.")
            % {"characters": error.characters},
        ) from error


@transaction.atomic
def _issue(certificate: Certificate, pdf: bytes) -> dict[str, Any]:
    """The gate is checked again under the enrolment's lock: proof may have been withdrawn since printing."""
    enrolment = _one(_locked(enrolment=certificate.enrolment_id))
    for issued in _issued(enrolment=enrolment.pk):
        return _result(issued)
    _shown(enrolment, at=certificate.issued_at)
    certificate.file.save("", ContentFile(pdf), save=False)
    try:
        certificate.save(force_insert=True)
        certificate_changed.send(sender=Certificate, facts=[_fact(certificate)])
    except BaseException:
        certificate.file.delete(save=False)
        raise
    return _result(certificate)


def _result(certificate: Certificate) -> dict[str, Any]:
    """For the job page: where the certificate is."""
    return {"url": reverse("my_certificates"), "certificate": certificate.public_id}


def _shown(enrolment: Enrolment, *, at: datetime) -> Standing:
    """How the gate is met. Refused where it is not."""
    standing = standings(enrolments=[enrolment], at=at).get(enrolment.pk)
    if enrolment.state == Enrolment.State.WITHDRAWN or standing is None or not standing.shown:
        raise Refused(
            "gate_not_met",
            _("“%(track)s” asks for more than is shown at the moment; My path says what is missing.")
            % {"track": enrolment.track},
        )
    return standing


def _draft(enrolment: Enrolment, *, standing: Standing, at: datetime) -> Certificate:
    ((revision,),) = _revision()
    return Certificate(
        user=enrolment.user,
        enrolment=enrolment,
        track=enrolment.track,
        person_name=enrolment.user.name or enrolment.user.email,
        track_title=enrolment.track.title,
        skills=[
            {"title": title, "outcomes": outcomes} for title, outcomes in _modules(track=enrolment.track_id)
        ],
        requirements=[
            {"label": leaf.label, "required": leaf.required} for leaf in standing.everything if leaf.met
        ],
        policy_revision=revision,
        issued_at=at,
    )


def _one(found: Sequence[Enrolment]) -> Enrolment:
    if not found:
        raise Enrolment.DoesNotExist
    return found[0]


_enrolments: PreparedObjects[Enrolment] = PreparedObjects(
    lambda enrolment: Enrolment.objects.filter(pk=enrolment).select_related("user", "track"),
    enrolment=UUID(int=1),
)
_locked: PreparedObjects[Enrolment] = PreparedObjects(
    lambda enrolment: (
        Enrolment.objects.select_for_update(of=("self",)).filter(pk=enrolment).select_related("track")
    ),
    enrolment=UUID(int=1),
)
_issued: PreparedObjects[Certificate] = PreparedObjects(
    lambda enrolment: Certificate.objects.live().filter(enrolment=enrolment), enrolment=UUID(int=1)
)
_modules = Prepared(
    lambda track: Module.objects.live().filter(track=track).values_list("title", "outcomes"),
    track=2_000_000_001,
)
_revision = Prepared(lambda: Policy.objects.values_list("revision"))


def _fact(certificate: Certificate) -> Fact:
    return Fact(
        kind="certificates.issued",
        subject=("certificates.Certificate", str(certificate.pk)),
        at=certificate.issued_at,
        actor_id=None,
        learner_id=certificate.user_id,
        payload={
            "track": certificate.track.key,
            "enrolment": str(certificate.enrolment_id),
            "policy_revision": certificate.policy_revision,
            "sha256": certificate.sha256,
        },
    )
