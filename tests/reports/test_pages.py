"""The pages of reports: Bob runs the cohort, Charlie runs another one, Dora runs none."""

import pytest

from enablement.jobs.models import Job
from enablement.reports.models import Report
from enablement.reports.views import TYPES
from tests.jobs.conftest import run
from tests.people.factories import UserFactory
from tests.reports.factories import ReportFactory
from tests.tracks.factories import CohortFactory

pytestmark = [pytest.mark.django_db, pytest.mark.pages]


@pytest.fixture
def bob():
    return UserFactory(groups=["program_managers"])


@pytest.fixture
def charlie():
    charlie = UserFactory(groups=["program_managers"])
    CohortFactory(created_by=charlie)
    return charlie


@pytest.fixture
def wave(bob):
    return CohortFactory(name="Wave 1", created_by=bob)


def html(response):
    return response.content.decode()


def test_an_empty_page_teaches_and_offers_ones_cohorts(client, bob, wave):
    client.force_login(bob)
    page = html(client.get("/reports/"))
    assert "No report yet" in page
    assert f"/reports/of/{wave.pk}/" in page


def test_without_a_cohort_it_leads_to_starting_one(client, bob):
    client.force_login(bob)
    assert "Start one first" in html(client.get("/reports/"))


def test_asking_leads_to_the_jobs_page_and_then_to_the_files(client, bob, wave):
    client.force_login(bob)
    response = client.post(f"/reports/of/{wave.pk}/")
    job = Job.objects.get()
    assert (response.status_code, response.url) == (302, job.get_absolute_url())
    assert "Report: Wave 1" in html(client.get(response.url))
    assert "Being made" in html(client.get("/reports/"))
    run(job)
    report = Report.objects.get()
    page = html(client.get("/reports/"))
    for kind in ("pdf", "csv"):
        assert f"/reports/{report.pk}/{kind}/" in page


@pytest.mark.parametrize(("kind", "start"), [("pdf", b"%PDF-1.7"), ("csv", b"Name")])
def test_files_are_downloaded_by_their_cohorts_name(client, bob, wave, kind, start):
    report = ReportFactory(cohort=wave)
    client.force_login(bob)
    response = client.get(f"/reports/{report.pk}/{kind}/")
    assert response["Content-Type"] == TYPES[kind]
    assert response["Content-Disposition"] == f'attachment; filename="wave-1-2026-11-02.{kind}"'
    assert response.getvalue() == start
    for close in response._resource_closers:
        close()


def test_whoever_runs_another_cohort_sees_nothing_of_it(client, charlie, wave):
    report = ReportFactory(cohort=wave)
    client.force_login(charlie)
    assert "Wave 1" not in html(client.get("/reports/"))
    assert client.get(f"/reports/{report.pk}/pdf/").status_code == 404
    assert client.post(f"/reports/of/{wave.pk}/").status_code == 404
    assert Report.objects.count() == 1


def test_who_runs_none_may_not_open_the_page(client, wave):
    client.force_login(UserFactory())
    assert client.get("/reports/").status_code == 403
    assert client.post(f"/reports/of/{wave.pk}/").status_code == 404


def test_asking_is_a_post_and_other_kinds_are_unknown(client, bob, wave):
    client.force_login(bob)
    report = ReportFactory(cohort=wave)
    assert client.get(f"/reports/of/{wave.pk}/").status_code == 405
    assert client.get(f"/reports/{report.pk}/xlsx/").status_code == 404


def test_an_unfinished_report_has_no_file(client, bob, wave):
    client.force_login(bob)
    client.post(f"/reports/of/{wave.pk}/")
    assert client.get(f"/reports/{Report.objects.get().pk}/pdf/").status_code == 404


@pytest.mark.parametrize("reports", [1, 4])
def test_the_page_costs_the_same_for_one_and_for_many(
    client, bob, wave, reports, django_assert_max_num_queries
):
    ReportFactory.create_batch(reports, cohort=wave)
    client.force_login(bob)
    with django_assert_max_num_queries(16):
        assert html(client.get("/reports/")).count("/pdf/") == reports
