"""A kill switch: everybody who holds what it stops hears of it once, and once that it has ended."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from enablement.access.models import EmergencyAccess, Grant
from enablement.access.services import control, telling
from enablement.access.services.grants import reevaluate
from enablement.jobs.models import Job
from tests.access.conftest import NOW, warden
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.jobs.conftest import run
from tests.people.factories import UserFactory
from tests.tracks.factories import EnrolmentFactory

pytestmark = pytest.mark.django_db
FAN_OUT = "enablement.access.tasks.tell_of_stop"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def now(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def track():
    PolicyFactory()
    return GateFactory().track


@pytest.fixture
def tools(track):
    return [MicrotoolFactory(key=key, title=key.title(), track=track) for key in ("triage", "brief")]


@pytest.fixture
def holder(tools, track, switch):
    """Somebody to whom both tools are open, by name and region."""
    cohort = EnrolmentFactory(cohort__track=track).cohort

    def made(name, **about):
        email = f"{name}@example.com"
        person = EnrolmentFactory(cohort=cohort, user__name=name, user__email=email).user
        type(person).objects.filter(pk=person.pk).update(**about)
        switch.on.add(person.pk)
        reevaluate(user_ids=[person.pk], cause="tests", actor_id=None, at=NOW)
        return person

    return made


@pytest.fixture
def lena():
    return UserFactory(email="lena@example.com", groups=["compliance"])


def stopped(kind="microtool", value="triage", actor=None):
    return control.stop(kind=kind, value=value, reason="It leaked.", actor=actor or warden(), at=NOW)


def told():
    """Runs what was asked for, jobs that those ask for included; who was told what."""
    mail.outbox.clear()
    while job := Job.objects.filter(state="queued", kind__contains="stop").order_by("created_at").first():
        assert run(job).state == "done"
    return sorted((message.to[0], message.subject) for message in mail.outbox)


def test_who_holds_a_tool_hears_once_that_it_is_stopped_and_once_that_it_opens_again(holder, lena):
    holder("amara"), holder("ben")
    stop = stopped()
    assert told() == [
        ("amara@example.com", "Stopped: Triage"),
        ("ben@example.com", "Stopped: Triage"),
        ("lena@example.com", "Stopped for everybody: Triage"),
    ]
    body = mail.outbox[0].body
    assert "Since 9 November 2026, 09:00 UTC Triage is stopped for everybody." in body
    assert "It leaked." not in body
    control.end_stop(stop=stop, reason="Mended", actor=warden(), at=NOW + HOUR)
    assert told() == [
        ("amara@example.com", "No longer stopped: Triage"),
        ("ben@example.com", "No longer stopped: Triage"),
        ("lena@example.com", "To review: the stop of Triage"),
    ]
    assert "has ended on 9 November 2026, 10:00 UTC" in mail.outbox[0].body
    control.review_stop(stop=stop, review="Right", actor=lena, at=NOW + HOUR)
    assert told() == []


def test_who_does_not_hold_it_hears_nothing(holder, lena, switch, tools):
    amara, left, suspended, lapsed, lost = (holder(name) for name in ("amara", "b", "c", "d", "e"))
    type(left).objects.filter(pk=left.pk).update(is_active=False)
    control.suspend(grant=suspended.grants.get(microtool=tools[0]), reason="By hand", actor=warden(), at=NOW)
    lapsed.grants.filter(microtool=tools[0]).update(not_after=NOW)
    switch.on.remove(lost.pk)
    reevaluate(user_ids=[lost.pk], cause="tests", actor_id=None, at=NOW)
    stopped()
    assert [to for to, subject in told() if subject == "Stopped: Triage"] == [amara.email]


def test_emergency_access_is_held_too(holder, switch, tools):
    amara = holder("amara")
    switch.on.clear()
    reevaluate(user_ids=[amara.pk], cause="tests", actor_id=None, at=NOW)
    grant = Grant.objects.get(user=amara, microtool=tools[1])
    EmergencyAccess.objects.create(
        grant=grant,
        user=amara,
        reason="Outage",
        hours=1,
        asked_by=amara,
        asked_at=NOW,
        approved_by=UserFactory(),
        starts_at=NOW,
        ends_at=NOW + HOUR,
    )
    stopped(value="triage")
    stopped(value="brief")
    assert ("amara@example.com", "Stopped: Brief") in told()
    assert [message.to for message in mail.outbox if message.subject == "Stopped: Triage"] == []


def test_a_region_concerns_who_works_there_or_nobody_knows_where(holder):
    holder("amara", region="eu-west-1"), holder("ben", region="us-east-1"), holder("chen", region="")
    stopped(kind="region", value="eu-west-1")
    subject = "Stopped: every tool in the region eu-west-1"
    assert told() == [("amara@example.com", subject), ("chen@example.com", subject)]


def test_a_model_concerns_whoever_holds_any_tool(holder, tools):
    amara = holder("amara")
    holder("ben")
    amara.grants.filter(microtool=tools[0]).update(state="locked")
    stopped(kind="model", value="small-1")
    assert told() == [(f"{name}@example.com", "Stopped: the model small-1") for name in ("amara", "ben")]
    assert "or do not say which model they use, are denied" in mail.outbox[0].body


def test_what_has_ended_before_the_message_is_told_only_as_ended(holder):
    holder("amara")
    control.end_stop(stop=stopped(), reason="A mistake", actor=warden(), at=NOW)
    assert [each for each in told() if each[0] == "amara@example.com"] == [
        ("amara@example.com", "No longer stopped: Triage")
    ]


def test_compliance_is_told_but_not_who_stopped_and_asked_for_the_review_but_not_who_ended(lena, tools):
    stopped(actor=lena)
    # Nobody else is in compliance: whoever else may do it is asked.
    other = UserFactory(email="sec@example.com", groups=["security"])
    UserFactory(groups=["mentors"])
    assert told() == [(other.email, "Stopped for everybody: Triage")]
    assert "It leaked." in mail.outbox[0].body
    assert "/access/stops/" in mail.outbox[0].body
    max_ = UserFactory(email="max@example.com", groups=["compliance"])
    brief = stopped(actor=lena, value="brief")
    assert told() == [("max@example.com", "Stopped for everybody: Brief")]
    control.end_stop(stop=brief, reason="Mended", actor=max_, at=NOW)
    assert told() == [(other.email, "To review: the stop of Brief")]


def test_a_message_sent_again_has_the_same_id(holder):
    holder("amara")
    stopped()
    told()
    [job] = Job.objects.filter(kind="enablement.access.tasks.mail_stop")
    Job.objects.filter(pk=job.pk).update(state="queued", finished_at=None)
    first = mail.outbox[0].extra_headers["Message-ID"]
    told()
    assert [message.extra_headers["Message-ID"] for message in mail.outbox] == [first]


@pytest.mark.parametrize("people", [1, 4])
def test_writing_to_many_costs_the_same_queries(holder, people, django_assert_num_queries):
    readers = [holder(f"person{number}").pk for number in range(people)]
    stop = stopped()
    with django_assert_num_queries(3):
        assert telling.mail_stop(stop_id=stop.pk, what="started", user_ids=readers) == people


@pytest.mark.parametrize("people", [1, 4])
def test_the_switch_is_one_job_and_the_messages_go_out_in_portions(holder, people, monkeypatch):
    monkeypatch.setattr("enablement.jobs.services.enqueueing.CHUNK", 2)
    for number in range(people):
        holder(f"person{number}")
    with CaptureQueriesContext(connection) as queries:
        stopped()
    assert Job.objects.filter(kind__contains="stop").count() == 1
    assert len([q for q in queries if "INSERT" in q["sql"] and "jobs_job" in q["sql"]]) == 1
    assert len(told()) == people
    assert Job.objects.filter(kind="enablement.access.tasks.mail_stop").count() == -(-people // 2)
    assert Job.objects.filter(kind=FAN_OUT).get().result == {"people": people}


def test_the_page_leads_to_the_review(client, lena, tools):
    stop = stopped()
    client.force_login(lena)
    told()
    assert client.get(reverse("access_stop_review", args=[stop.pk])).status_code == 404
    control.end_stop(stop=stop, reason="Mended", actor=warden(), at=NOW)
    told()
    address = reverse("access_stop_review", args=[stop.pk])
    assert address in mail.outbox[0].body
    assert client.get(address).status_code == 200
