"""A certificate is made by a job, once per achievement."""

import hashlib
import io

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from pypdf import PdfReader

from enablement.certificates import services
from enablement.certificates.models import Certificate
from enablement.certificates.signals import certificate_changed
from enablement.certificates.tasks import issue
from enablement.jobs.models import Job, JobState
from surveys import services as surveys
from tests.certificates.factories import CertificateFactory, meet_gate
from tests.jobs.conftest import run
from tests.tracks.factories import START, EnrolmentFactory
from tracks.errors import Refused
from tracks.models import Enrolment
from tracks.services.cohorts import withdraw_enrolment

pytestmark = pytest.mark.django_db


@pytest.fixture
def facts():
    heard = []

    def listen(*, facts, **_kwargs):
        heard.extend(facts)

    certificate_changed.connect(listen)
    yield heard
    certificate_changed.disconnect(listen)


def test_meeting_the_gate_asks_for_the_certificate_as_the_learner(achieved):
    job = Job.objects.get(kind=issue.name)
    assert (job.key, job.args) == (str(achieved.pk), {"enrolment_id": str(achieved.pk)})
    assert (job.requested_by, job.title) == (achieved.user, "Certificate: Front line")
    assert achieved.state == Enrolment.State.COMPLETED
    assert not Certificate.objects.exists()


def sheet_of(certificate):
    with certificate.file.open() as file:
        return file.read()


def test_asking_twice_is_one_job_and_none_once_it_is_issued(achieved):
    job = Job.objects.get(kind=issue.name)
    assert services.request_certificate(enrolment=achieved, at=START) == job
    run(job)
    assert services.request_certificate(enrolment=achieved, at=START) is None


def test_the_job_issues_it_with_what_was_shown_frozen(achieved, facts):
    job = run(Job.objects.get(kind=issue.name))
    assert (job.state, job.error) == (JobState.DONE, "")
    certificate = Certificate.objects.get()
    assert (certificate.user, certificate.enrolment, certificate.track) == (
        achieved.user,
        achieved,
        achieved.track,
    )
    assert (certificate.person_name, certificate.track_title) == ("Amara Okafor", "Front line")
    assert certificate.skills == [
        {"title": "Automate-vs-Avoid 101", "outcomes": ["use_governed_gateway"]},
        {"title": "Copilot", "outcomes": ["Tell a draft from a fact."]},
    ]
    assert certificate.requirements == [{"label": "Survey: Readiness", "required": "answered"}]
    assert (certificate.policy_revision, certificate.name_public, certificate.expires_at) == (3, False, None)
    assert len(certificate.public_id) == 32
    assert job.result == {"url": "/certificates/", "certificate": certificate.public_id}
    assert certificate.sha256 == hashlib.sha256(sheet_of(certificate)).hexdigest()
    assert [(fact.kind, fact.learner_id) for fact in facts] == [("certificates.issued", achieved.user_id)]
    assert facts[0].payload["policy_revision"] == 3


def test_the_sheet_says_it_all_and_embeds_its_fonts(achieved):
    run(Job.objects.get(kind=issue.name))
    certificate = Certificate.objects.get()
    reader = PdfReader(io.BytesIO(sheet_of(certificate)))
    (page,) = reader.pages
    text = " ".join(page.extract_text().split())
    for words in (
        "Amara Okafor",
        "Front line",
        "Automate-vs-Avoid 101",
        "Use governed gateway",
        "Survey: Readiness (answered)",
        certificate.public_id,
        f"{certificate.issued_at:%-d %B %Y}",
    ):
        assert words in text
    assert (round(page.mediabox.width), round(page.mediabox.height)) == (842, 595)
    assert reader.metadata.title == "Certificate: Front line, Amara Okafor"
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    names = {font["/BaseFont"].split("+")[1] for font in fonts}
    assert names == {"Inter", "Inter-Semi-Bold"}
    descriptors = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"] for font in fonts]
    assert all("/FontFile2" in descriptor for descriptor in descriptors)


def test_an_attempt_after_the_first_issues_nothing_more(achieved, facts):
    first, second = (services.prepare(enrolment_id=achieved.pk, at=START) for _twice in range(2))
    assert first() == second()
    late = services.prepare(enrolment_id=achieved.pk, at=START)
    assert late()["certificate"] == Certificate.objects.get().public_id
    assert len(facts) == 1


def test_without_the_gate_nothing_is_printed(enrolment):
    with pytest.raises(Refused) as refusal:
        services.prepare(enrolment_id=enrolment.pk, at=START)
    assert refusal.value.code == "gate_not_met"


def test_proof_withdrawn_after_printing_stops_the_issue(achieved):
    effect = services.prepare(enrolment_id=achieved.pk, at=START)
    surveys.retire_survey(survey=achieved.track.surveys.get(), at=START)
    with pytest.raises(Refused) as refusal:
        effect()
    assert refusal.value.code == "gate_not_met"
    assert not Certificate.objects.exists()


def test_somebody_who_left_the_track_gets_none(achieved):
    withdraw_enrolment(enrolment=achieved, actor=None, at=START)
    job = run(Job.objects.get(kind=issue.name))
    assert job.state == JobState.FAILED
    assert "asks for more than is shown" in job.error


def test_a_failing_record_leaves_neither_row_nor_file(achieved):
    def fail(**_kwargs):
        raise RuntimeError("no ledger")

    effect = services.prepare(enrolment_id=achieved.pk, at=START)
    before = stored()
    certificate_changed.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            effect()
    finally:
        certificate_changed.disconnect(fail)
    assert not Certificate.objects.exists()
    assert stored() == before


def stored():
    return (
        set(default_storage.listdir("certificates")[1]) if default_storage.exists("certificates") else set()
    )


def test_a_name_that_no_font_has_is_refused_and_not_left_out(enrolment):
    enrolment.user.name = "\U00012000 Amara"
    enrolment.user.save()
    meet_gate(enrolment)
    job = run(Job.objects.get(kind=issue.name))
    assert job.state == JobState.FAILED
    assert "“\U00012000”" in job.error
    assert not Certificate.objects.exists()


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("certificate_once_per_achievement", {"again": True}),
        ("certificate_revoked_by_whom_and_why", {"revoked_at": START}),
        ("certificate_expires_after_issue", {"expires_at": START}),
    ],
)
def test_the_database_holds_it_too(constraint, values):
    first = CertificateFactory()
    enrolment = first.enrolment if values.pop("again", False) else EnrolmentFactory()
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        CertificateFactory(enrolment=enrolment, **values)
    assert constraint in str(error.value) or "UNIQUE" in str(error.value)


def test_a_newer_one_may_supersede_the_first():
    first = CertificateFactory(superseded_at=START)
    newer = CertificateFactory(enrolment=first.enrolment, supersedes=first)
    assert list(Certificate.objects.live()) == [newer]
