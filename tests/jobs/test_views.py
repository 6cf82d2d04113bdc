import uuid

import pytest
from django.utils import timezone

from enablement.jobs.models import Job
from enablement.jobs.services import enqueue
from tests.jobs import tasks
from tests.jobs.conftest import run
from tests.people.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.pages]
REFRESH = '<noscript><meta http-equiv="refresh" content="5"></noscript>'


@pytest.fixture
def alice():
    return UserFactory()


@pytest.fixture
def job(alice):
    return enqueue(
        task=tasks.quick, args={"name": "n"}, at=timezone.now(), requested_by=alice, title="Cohort report"
    )


def test_who_asked_sees_the_job(client, alice, job):
    client.force_login(alice)
    page = client.get(job.get_absolute_url())
    assert page.status_code == 200
    assert page["Cache-Control"] == "no-store"
    text = page.content.decode()
    assert "Cohort report" in text
    assert "Waiting for its turn" in text
    assert 'hx-trigger="every 2s"' in text
    assert REFRESH in text


def test_a_running_job_shows_how_far_it_is(client, alice, job):
    Job.objects.update(
        state="running",
        attempts=1,
        lease_until=timezone.now(),
        progress_done=3,
        progress_total=8,
        progress_note="Drawing",
    )
    client.force_login(alice)
    text = client.get(job.get_absolute_url()).content.decode()
    assert "Drawing" in text
    assert "3 of 8" in text


def test_htmx_gets_the_same_fragment_alone(client, alice, job):
    client.force_login(alice)
    page = client.get(job.get_absolute_url(), headers={"HX-Request": "true"})
    text = page.content.decode()
    assert "HX-Request" in page["Vary"]
    assert text.strip().startswith('<div id="job"')
    assert text.strip() in client.get(job.get_absolute_url()).content.decode()


def test_a_finished_job_leads_to_its_result_and_asks_no_more(client, alice, job):
    run(job)
    client.force_login(alice)
    text = client.get(job.get_absolute_url()).content.decode()
    assert 'href="/results/n/"' in text
    assert "hx-trigger" not in text
    assert REFRESH not in text


def test_a_failed_job_says_why(client, alice):
    job = run(enqueue(task=tasks.is_refused, args={"name": "n"}, at=timezone.now(), requested_by=alice))
    client.force_login(alice)
    assert "n is too late." in client.get(job.get_absolute_url()).content.decode()


def test_who_may_see_it(client, job):
    url = job.get_absolute_url()
    assert client.get(url).status_code == 302
    client.force_login(UserFactory())
    assert client.get(url).status_code == 404
    client.force_login(UserFactory(perms=["jobs.view_job"]))
    assert client.get(url).status_code == 200
    assert client.get(url.replace(str(job.pk), str(uuid.uuid4()))).status_code == 404
    assert client.post(url).status_code == 405


def test_query_count(client, alice, job, django_assert_max_num_queries):
    client.force_login(alice)
    with django_assert_max_num_queries(8):
        client.get(job.get_absolute_url())
