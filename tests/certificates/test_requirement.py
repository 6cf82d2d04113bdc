"""A gate may ask for another track's valid certificate."""

from datetime import timedelta

import pytest

from enablement.access.models import Grant
from enablement.access.services.grants import reevaluate
from enablement.certificates.models import Certificate
from enablement.certificates.requirement import CertificateParams, CertificateValid
from enablement.certificates.services import revoke
from tests.access.conftest import NOW
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.certificates.factories import CertificateFactory
from tests.tracks.factories import EnrolmentFactory, TrackFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def basics():
    return TrackFactory(key="basics")


@pytest.fixture
def enrolment(basics):
    PolicyFactory()
    gate = GateFactory(tree={"type": "certificate_valid", "track": "basics"})
    MicrotoolFactory(track=gate.track)
    return EnrolmentFactory(cohort__track=gate.track)


def leaf(enrolment, track="basics", at=NOW):
    found = CertificateValid().evaluate(
        track=enrolment.track, enrolments=[enrolment], params=CertificateParams(track=track), at=at
    )
    return found[enrolment.pk]


def certificate(enrolment, basics, **fields):
    learnt = EnrolmentFactory(cohort__track=basics, user=enrolment.user)
    return CertificateFactory(enrolment=learnt, user=enrolment.user, track=basics, **fields)


def test_held_valid_and_until_when(enrolment, basics):
    assert leaf(enrolment).met is False
    ends = NOW + timedelta(days=30)
    held = certificate(enrolment, basics, issued_at=NOW - timedelta(days=1), expires_at=ends)
    found = leaf(enrolment)
    assert (found.met, found.lapses_at) == (True, ends)
    assert found.proof == (f"certificates.certificate:{held.public_id}",)
    assert leaf(enrolment, at=ends).met is False


@pytest.mark.parametrize("track", ["missing", "own"])
def test_what_cannot_be_established_denies(enrolment, track):
    asked = enrolment.track.key if track == "own" else track
    assert leaf(enrolment, track=asked).met is None


def test_revoking_it_closes_the_tool_at_once(enrolment, basics):
    held = certificate(enrolment, basics, issued_at=NOW)
    reevaluate(user_ids=[enrolment.user_id], cause="tests", actor_id=None, at=NOW)
    assert Grant.objects.get().state == "granted"
    manager = held.enrolment.cohort
    revoke(certificate=held, reason="Cheated", actor=manager_of(manager), at=NOW)
    assert Grant.objects.get().state == "revoked"
    assert Certificate.objects.get().revoked_at == NOW


def manager_of(cohort):
    from guardian.shortcuts import assign_perm

    from tests.people.factories import UserFactory

    manager = UserFactory(groups=["program_managers"])
    assign_perm("tracks.run_cohort", manager, cohort)
    return manager
