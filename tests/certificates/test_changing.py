"""Revoking, and consent to show the name."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from enablement.certificates import services
from enablement.certificates.models.certificate import CertificateState
from enablement.ledger.models import LedgerEntry
from tests.certificates.factories import CertificateFactory
from tests.people.factories import UserFactory
from tests.tracks.factories import START
from tracks.errors import Refused

pytestmark = pytest.mark.django_db
LATER = START + timedelta(days=10)


@pytest.fixture
def certificate():
    return CertificateFactory()


@pytest.fixture
def manager(certificate):
    return certificate.enrolment.cohort.created_by


def kinds():
    return list(LedgerEntry.objects.order_by("recorded_at").values_list("kind", flat=True))


def test_revoking_keeps_who_when_and_why_and_is_recorded(certificate, manager):
    services.revoke(certificate=certificate, reason=" Issued in error. ", actor=manager, at=LATER)
    certificate.refresh_from_db()
    assert (certificate.revoked_at, certificate.revoked_by) == (LATER, manager)
    assert certificate.revoked_reason == "Issued in error."
    assert certificate.state(at=LATER) == CertificateState.REVOKED
    assert kinds() == ["certificates.revoked"]


def test_the_second_time_changes_nothing(certificate, manager):
    services.revoke(certificate=certificate, reason="First.", actor=manager, at=LATER)
    services.revoke(certificate=certificate, reason="Second.", actor=manager, at=LATER + timedelta(days=1))
    certificate.refresh_from_db()
    assert (certificate.revoked_reason, certificate.revoked_at) == ("First.", LATER)
    assert len(kinds()) == 1


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_it_needs_a_reason(certificate, manager, reason):
    with pytest.raises(ValidationError):
        services.revoke(certificate=certificate, reason=reason, actor=manager, at=LATER)


def test_only_who_runs_the_cohort_and_never_the_holder(certificate, manager):
    with pytest.raises(PermissionDenied):
        services.revoke(certificate=certificate, reason="Why.", actor=UserFactory(), at=LATER)
    own = CertificateFactory(
        enrolment__user=manager,
        enrolment__cohort=certificate.enrolment.cohort,
    )
    with pytest.raises(Refused) as refusal:
        services.revoke(certificate=own, reason="Why.", actor=manager, at=LATER)
    assert refusal.value.code == "own_certificate"
    with pytest.raises(IntegrityError, match="certificate_not_revoked_by_its_holder"), transaction.atomic():
        CertificateFactory(
            enrolment__user=manager, revoked_at=LATER, revoked_by=manager, revoked_reason="Why."
        )


def test_the_holder_alone_decides_about_the_name(certificate, manager):
    services.show_name(certificate=certificate, show=True, actor=certificate.user, at=LATER)
    certificate.refresh_from_db()
    assert certificate.name_public is True
    services.show_name(certificate=certificate, show=True, actor=certificate.user, at=LATER)
    services.show_name(certificate=certificate, show=False, actor=certificate.user, at=LATER)
    certificate.refresh_from_db()
    assert certificate.name_public is False
    assert kinds() == ["certificates.name_shown", "certificates.name_hidden"]
    with pytest.raises(PermissionDenied):
        services.show_name(certificate=certificate, show=True, actor=manager, at=LATER)


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({}, "valid"),
        ({"expires_at": LATER}, "expired"),
        ({"expires_at": LATER + timedelta(seconds=1)}, "valid"),
        ({"superseded_at": START, "expires_at": LATER}, "superseded"),
    ],
)
def test_states(values, state):
    assert CertificateFactory(**values).state(at=LATER) == state


def test_revoked_prevails(certificate, manager):
    services.revoke(certificate=certificate, reason="Why.", actor=manager, at=LATER)
    certificate.refresh_from_db()
    certificate.superseded_at = certificate.expires_at = START
    assert certificate.state(at=LATER) == "revoked"
