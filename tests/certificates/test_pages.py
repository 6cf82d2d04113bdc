"""The pages of certificates: Alice holds one, Bob runs her cohort, Charlie is an outsider."""

from datetime import timedelta

import pytest
from django.utils import timezone

from enablement.certificates import services
from enablement.certificates.models import Certificate
from enablement.certificates.tasks import issue
from enablement.jobs.models import Job, JobState
from surveys import services as surveys
from tests.certificates.factories import CertificateFactory
from tests.jobs.conftest import run
from tests.people.factories import UserFactory
from tests.tracks.factories import START, CohortFactory, EnrolmentFactory

pytestmark = [pytest.mark.django_db, pytest.mark.pages]


@pytest.fixture
def certificate():
    return CertificateFactory(
        enrolment__user__name="Alice Adams", enrolment__cohort__track__title="Front line"
    )


@pytest.fixture
def alice(certificate):
    return certificate.user


@pytest.fixture
def bob(certificate):
    return certificate.enrolment.cohort.created_by


def html(response):
    return response.content.decode()


def test_an_empty_page_teaches(client):
    client.force_login(EnrolmentFactory().user)
    page = html(client.get("/certificates/"))
    assert "No certificate yet" in page
    assert "See what is missing" in page


def test_the_holder_finds_it_with_download_and_consent(client, certificate, alice):
    client.force_login(alice)
    page = html(client.get("/certificates/"))
    assert "Front line" in page
    assert "Valid" in page
    assert f"/certificates/{certificate.public_id}/pdf/" in page
    assert "Show my name" in page


@pytest.mark.parametrize("others", [0, 3])
def test_the_page_costs_the_same_for_one_and_for_many(
    client, certificate, alice, others, django_assert_max_num_queries
):
    CertificateFactory.create_batch(others, enrolment__user=alice)
    client.force_login(alice)
    with django_assert_max_num_queries(8):
        assert html(client.get("/certificates/")).count("/pdf/") == others + 1


def test_while_it_is_made_the_page_says_so(client, achieved):
    client.force_login(achieved.user)
    page = html(client.get("/certificates/"))
    assert "Being made" in page
    assert f"/jobs/{Job.objects.get(kind=issue.name).pk}/" in page


def test_a_failed_job_is_told_and_can_be_asked_for_again(client, achieved):
    survey = achieved.track.surveys.get()
    surveys.retire_survey(survey=survey, at=START)
    failed = run(Job.objects.get(kind=issue.name))
    client.force_login(achieved.user)
    page = html(client.get("/certificates/"))
    assert "Not made yet" in page
    assert "My path says what is missing" in page
    response = client.post(f"/certificates/make/{achieved.pk}/")
    again = Job.objects.exclude(pk=failed.pk).get(kind=issue.name)
    assert (response.status_code, response.url) == (302, f"/jobs/{again.pk}/")
    assert again.state == JobState.QUEUED


def test_asking_again_for_what_is_there_leads_to_it(client, achieved):
    run(Job.objects.get(kind=issue.name))
    client.force_login(achieved.user)
    assert client.post(f"/certificates/make/{achieved.pk}/").url == "/certificates/"


def test_nobody_asks_for_another_or_before_completing(client, achieved, enrolment):
    client.force_login(UserFactory())
    assert client.post(f"/certificates/make/{achieved.pk}/").status_code == 404
    unfinished = EnrolmentFactory()
    client.force_login(unfinished.user)
    assert client.post(f"/certificates/make/{unfinished.pk}/").status_code == 404
    assert client.get(f"/certificates/make/{unfinished.pk}/").status_code == 405


def test_holder_and_manager_download_the_sheet_and_nobody_else(client, certificate, alice, bob):
    url = f"/certificates/{certificate.public_id}/pdf/"
    for person in (alice, bob):
        client.force_login(person)
        response = client.get(url)
        assert response["Content-Type"] == "application/pdf"
        assert response["Content-Disposition"] == 'attachment; filename="front-line-alice-adams.pdf"'
        assert response.getvalue() == b"%PDF-1.7"
        for close in response._resource_closers:
            close()
    for outsider in (UserFactory(), CohortFactory().created_by):
        client.force_login(outsider)
        assert client.get(url).status_code == 404
    client.logout()
    assert client.get(url).status_code == 302


def test_consent_is_the_holders(client, certificate, alice, bob):
    url = f"/certificates/{certificate.public_id}/name/"
    client.force_login(bob)
    assert client.post(url, {"show": "yes"}).status_code == 404
    client.force_login(alice)
    assert client.get(url).status_code == 405
    assert "Your name is shown now." in html(client.post(url, {"show": "yes"}, follow=True))
    assert Certificate.objects.get().name_public is True
    assert "Your name is withheld now." in html(client.post(url, {"show": "no"}, follow=True))
    assert Certificate.objects.get().name_public is False


@pytest.mark.parametrize("address", ["/verify/{}", "/verify/{}/"])
def test_anybody_verifies_it_and_the_name_is_withheld(client, certificate, address):
    response = client.get(address.format(certificate.public_id))
    page = html(response)
    assert response.status_code == 200
    assert "This certificate is valid" in page
    assert "Name withheld" in page
    assert "Alice" not in page
    assert "Survey: Readiness" in page
    assert certificate.sha256[:12] in page
    assert (response["Cache-Control"], response["X-Robots-Tag"]) == ("no-store", "noindex, nofollow")


def test_the_name_shows_by_consent(client, certificate, alice):
    services.show_name(certificate=certificate, show=True, actor=alice, at=START)
    assert "Alice Adams" in html(client.get(f"/verify/{certificate.public_id}"))


def test_a_revoked_one_says_so_without_the_reason(client, certificate, bob):
    services.revoke(certificate=certificate, reason="Somebody else's lab.", actor=bob, at=timezone.now())
    response = client.get(f"/verify/{certificate.public_id}")
    assert response.status_code == 200
    assert "This certificate was revoked" in html(response)
    assert "lab." not in html(response)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"expires_at": START + timedelta(seconds=1)}, "This certificate has expired"),
        ({"superseded_at": START}, "A newer certificate has taken its place"),
    ],
)
def test_expired_and_superseded_ones_say_so(client, values, words):
    assert words in html(client.get(f"/verify/{CertificateFactory(**values).public_id}"))


@pytest.mark.parametrize("public_id", ["0" * 32, "x", "%3Cscript%3E", "é" * 200])
def test_an_unknown_one_is_a_clear_404(client, public_id):
    response = client.get(f"/verify/{public_id}")
    assert response.status_code == 404
    assert "No certificate with this number was ever issued here" in html(response)
    assert "<script>”" not in html(response)
    assert response["Cache-Control"] == "no-store"


def test_the_manager_revokes_with_a_reason(client, certificate, bob, alice):
    client.force_login(bob)
    listed = html(client.get(f"/cohorts/{certificate.enrolment.cohort_id}/certificates/"))
    url = f"/certificates/{certificate.public_id}/revoke/"
    assert url in listed
    assert "This cannot be taken back" in html(client.get(url))
    assert "This field is required." in html(client.post(url, {"reason": " "}))
    response = client.post(url, {"reason": "Issued in error."}, follow=True)
    assert "The certificate is revoked." in html(response)
    assert "Revoked" in html(response)
    assert url not in html(response)
    assert "It is revoked already" in html(client.get(url))
    client.force_login(alice)
    assert "Issued in error." in html(client.get("/certificates/"))


def test_others_cannot_revoke_or_list(client, certificate, alice):
    listing = f"/cohorts/{certificate.enrolment.cohort_id}/certificates/"
    revoke = f"/certificates/{certificate.public_id}/revoke/"
    for person in (alice, UserFactory(perms=["tracks.run_cohorts"]), CohortFactory().created_by):
        client.force_login(person)
        assert client.get(listing).status_code == 404
        assert client.post(revoke, {"reason": "Why."}).status_code == 404
    assert Certificate.objects.get().revoked_at is None


def test_a_manager_who_learns_there_cannot_revoke_their_own(client, certificate, bob):
    own = CertificateFactory(enrolment__user=bob, enrolment__cohort=certificate.enrolment.cohort)
    client.force_login(bob)
    assert client.post(f"/certificates/{own.public_id}/revoke/", {"reason": "Why."}).status_code == 404
