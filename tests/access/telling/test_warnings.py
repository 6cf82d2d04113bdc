"""Thirty, fourteen and three days before a tool closes, its person is told; once each."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.urls import reverse

from enablement.access.models import Grant, GrantWarning
from enablement.access.services import telling
from enablement.access.services.grants import reevaluate
from enablement.jobs.models import Job
from tests.access.conftest import NOW
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.tracks.factories import EnrolmentFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
END = NOW + 100 * DAY


@pytest.fixture
def enrolment(switch):
    PolicyFactory()
    track = GateFactory().track
    MicrotoolFactory(key="triage", title="Triage", track=track)
    found = EnrolmentFactory(cohort__track=track)
    switch.on.add(found.user_id)
    switch.lapses = END
    reevaluate(user_ids=[found.user_id], cause="tests", actor_id=None, at=NOW)
    return found


def days():
    return list(GrantWarning.objects.order_by("-days").values_list("days", flat=True))


@pytest.mark.parametrize(
    ("before", "told", "kept"),
    [
        (31, 0, []),
        (30, 1, [30]),
        (15, 1, [30]),
        (14, 1, [30, 14]),
        (3, 1, [30, 14, 3]),
        (0, 0, []),
    ],
)
def test_whoever_missed_a_mark_hears_of_the_nearest_one(enrolment, before, told, kept):
    assert telling.warn_lapsing(at=END - before * DAY) == told
    assert days() == kept


def test_once_each_whoever_calls(enrolment):
    assert [telling.warn_lapsing(at=END - n * DAY) for n in (30, 29, 14, 13, 3, 2)] == [1, 0, 1, 0, 1, 0]
    grant = Grant.objects.get()
    with pytest.raises(IntegrityError, match=r"(?i)unique|grant_warning_once"), transaction.atomic():
        GrantWarning.objects.create(grant=grant, not_after=END, days=3, made_at=NOW)
    with pytest.raises(IntegrityError, match="grant_warning_in_time"), transaction.atomic():
        GrantWarning.objects.create(grant=grant, not_after=END, days=1, made_at=END)


def test_the_message_and_that_nobody_is_warned_of_what_was_renewed(enrolment, switch):
    at = END - 14 * DAY
    telling.warn_lapsing(at=at)
    ids = Job.objects.get(kind="enablement.access.tasks.mail_grant_warnings").args["warning_ids"]
    assert telling.mail_warnings(warning_ids=ids, at=at) == 1
    assert mail.outbox[0].subject.startswith("Triage closes on ")
    switch.lapses = END + 100 * DAY
    reevaluate(user_ids=[enrolment.user_id], cause="tests", actor_id=None, at=at)
    assert telling.mail_warnings(warning_ids=ids, at=at) == 0


@pytest.mark.parametrize(("before", "shown"), [(61, False), (60, True)])
def test_my_tools_says_so_from_60_days_before(enrolment, client, time_machine, before, shown):
    time_machine.move_to(END - before * DAY, tick=False)
    client.force_login(enrolment.user)
    page = client.get(reverse("my_tools")).content.decode()
    assert ("Part of what it rests on lapses soon" in page) is shown


@pytest.mark.parametrize("size", [2, 12])
def test_a_cohort_costs_the_same(enrolment, switch, size, django_assert_num_queries):
    more = EnrolmentFactory.create_batch(size, cohort=enrolment.cohort)
    switch.on |= {each.user_id for each in more}
    reevaluate(user_ids=[each.user_id for each in more], cause="tests", actor_id=None, at=NOW)
    with django_assert_num_queries(10):
        assert telling.warn_lapsing(at=END - DAY) == size + 1
