"""People hear once of each tool that opens or closes for them."""

import pytest
from django.core import mail

from enablement.access.models import Grant
from enablement.access.services import telling
from enablement.access.services.grants import reevaluate
from enablement.access.services.telling.changes import Change
from enablement.jobs.models import Job
from tests.access.conftest import NOW
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.tracks.factories import EnrolmentFactory

pytestmark = pytest.mark.django_db
KIND = "enablement.access.tasks.mail_grant_changes"


@pytest.fixture
def enrolment(switch):
    PolicyFactory()
    track = GateFactory().track
    MicrotoolFactory(key="triage", title="Triage", track=track)
    return EnrolmentFactory(cohort__track=track)


def evaluate(*enrolments):
    reevaluate(user_ids=[each.user_id for each in enrolments], cause="access.nightly", actor_id=None, at=NOW)


def told():
    """What the jobs that were asked for send."""
    for job in Job.objects.filter(kind=KIND).order_by("created_at"):
        lines = [Change.of(line) for line in job.args["changes"]]
        telling.mail_changes(changes=lines, at=NOW)
    return [message.subject for message in mail.outbox]


def test_opening_and_closing_are_told_once(enrolment, switch):
    evaluate(enrolment)
    assert not Job.objects.filter(kind=KIND).exists()
    switch.on.add(enrolment.user_id)
    evaluate(enrolment)
    evaluate(enrolment)
    assert told() == ["Triage is open to you"]
    assert mail.outbox[0].to == [enrolment.user.email]
    assert "Because of: The nightly evaluation of all grants." in mail.outbox[0].body
    assert "/tools/" in mail.outbox[0].body


def test_what_has_changed_again_is_told_by_its_own_message(enrolment, switch):
    switch.on.add(enrolment.user_id)
    evaluate(enrolment)
    switch.on.clear()
    evaluate(enrolment)
    assert told() == ["Triage is closed to you"]


def test_a_message_sent_again_has_the_same_id(enrolment, switch):
    switch.on.add(enrolment.user_id)
    evaluate(enrolment)
    told()
    told()
    assert len({message.extra_headers["Message-ID"] for message in mail.outbox}) == 1


def test_leavers_are_not_written_to(enrolment, switch):
    switch.on.add(enrolment.user_id)
    evaluate(enrolment)
    type(enrolment.user).objects.update(is_active=False)
    assert told() == []


def test_a_cohort_is_told_by_one_job(enrolment, switch):
    more = [enrolment, *EnrolmentFactory.create_batch(9, cohort=enrolment.cohort)]
    switch.on |= {each.user_id for each in more}
    evaluate(*more)
    assert Grant.objects.filter(state="granted").count() == 10
    assert len(Job.objects.get(kind=KIND).args["changes"]) == 10


def test_what_is_missing_is_said_and_two_tools_are_told_in_one_message(enrolment, switch):
    MicrotoolFactory(key="drafts", title="Drafts", track=enrolment.track)
    switch.on.add(enrolment.user_id)
    evaluate(enrolment)
    switch.on.clear()
    evaluate(enrolment)
    assert told() == ["Closed to you: Drafts, Triage"]
    body = mail.outbox[0].body
    assert "calls of Drafts, Triage are denied." in body
    assert body.count("- Switch it on (Switch)\n") == 1


def test_all_of_one_person_is_in_one_job(enrolment, switch):
    MicrotoolFactory.create_batch(30, track=enrolment.track)
    other = EnrolmentFactory(cohort=enrolment.cohort)
    switch.on |= {enrolment.user_id, other.user_id}
    evaluate(enrolment, other)
    job = Job.objects.get(kind=KIND)
    assert len(job.args["changes"]) == 62
    assert telling.mail_changes(changes=[Change.of(line) for line in job.args["changes"]], at=NOW) == 2
