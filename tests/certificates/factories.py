"""Certificates for tests, and people who have earned one."""

from decimal import Decimal

import factory
from django.core.files.base import ContentFile

from enablement.access.models import Gate, Policy
from enablement.certificates.models import Certificate
from surveys import services as surveys
from tests.surveys.factories import ANSWERS, SPEC
from tests.tracks.factories import START, EnrolmentFactory
from tracks.models import Track


class CertificateFactory(factory.django.DjangoModelFactory):
    """A valid certificate whose file is not a real sheet."""

    class Meta:
        model = Certificate

    enrolment = factory.SubFactory(EnrolmentFactory)
    user = factory.SelfAttribute("enrolment.user")
    track = factory.SelfAttribute("enrolment.track")
    person_name = factory.SelfAttribute("user.name")
    track_title = factory.SelfAttribute("track.title")
    requirements = factory.LazyFunction(lambda: [{"label": "Survey: Readiness", "required": "answered"}])
    policy_revision = 3
    issued_at = START
    file = factory.LazyAttribute(lambda c: ContentFile(b"%PDF-1.7", name="sheet.pdf"))
    sha256 = "a" * 64


def put_gate(track: Track) -> None:
    """The track's gate: its readiness survey is answered. Policy revision 3 is in force."""
    Policy.objects.update_or_create(
        pk=Policy.SINGLETON, defaults={"revision": 3, "block_on_confidence_lt": Decimal("0.7")}
    )
    surveys.put_survey(track=track, spec=SPEC, at=START)
    Gate.objects.update_or_create(
        track=track, defaults={"tree": {"all_of": [{"type": "survey", "survey": SPEC.key}]}}
    )


def meet_gate(enrolment, at=START) -> None:
    """The person answers the survey: their enrolment is complete, and their certificate is asked for."""
    survey = enrolment.track.surveys.get(key=SPEC.key)
    surveys.answer(survey=survey, respondent=enrolment.user, answers=ANSWERS, actor=None, at=at)
    enrolment.refresh_from_db()
