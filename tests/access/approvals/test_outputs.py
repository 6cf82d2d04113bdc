"""An approver answers for what they saw: the output is kept as a decision's text is, and shown to few."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse

from enablement.access.models import ApprovalRequest, LegalHold, Policy
from enablement.access.services import approvals, retention
from enablement.ledger.models import LedgerContent, LedgerEntry
from enablement.ledger.services import link, verify
from tests.access.conftest import NOW
from tests.people.factories import UserFactory

pytestmark = pytest.mark.django_db
TEXT = "The parcel of jo@example.com is <late>."


@pytest.fixture
def kept(world, ask, output):
    Policy.objects.update(keeps_content=True)
    return ask(call=replace(output, text=TEXT))


def page(client, user, request):
    client.force_login(user)
    return client.get(reverse("approval", args=[request.pk])).text


def assert_sound():
    link(at=NOW)
    assert verify(at=NOW).broken is None


def reads():
    return [entry.actor_id for entry in LedgerEntry.objects.filter(kind="access.approval_read")]


def test_who_decides_and_whom_it_is_for_read_it_without_personal_data(client, world, kept):
    shown = [page(client, user, kept) for user in (world.otto, world.engineer)]
    for text in shown:
        assert "is &lt;late&gt;." in text
        assert "jo@example.com" not in text
    assert reads() == [world.otto.pk]
    content = LedgerContent.objects.get(entry=kept.text_entry)
    entry = LedgerEntry.objects.get(pk=kept.text_entry)
    assert (content.person, content.subject) == (world.engineer.pk, "triage_summarizer")
    assert (entry.kind, "late" in entry.payload, str(kept.pk) in entry.payload) == (
        "access.approval_output_kept",
        False,
        True,
    )
    assert_sound()


def test_who_decided_reads_it_afterwards_and_others_who_see_the_request_do_not(client, world, kept):
    approvals.approve(request=kept, actor=world.otto, comment="", at=NOW)
    assert "&lt;late&gt;" in page(client, world.otto, kept)
    for other in (world.dagny, UserFactory(groups=["compliance"])):
        assert "&lt;late&gt;" not in page(client, other, kept)
    assert reads() == [world.otto.pk]


def test_where_none_is_here_the_page_says_why(client, world, ask, output):
    Policy.objects.update(keeps_content=False)
    request = ask()
    assert request.text_entry is None
    assert "The playbook in force keeps no outputs." in page(client, world.otto, request)
    before = ask(
        call=replace(output, action="invoke", text=None, confidence=None, workflow_id="refund_credits")
    )
    assert "No output was sent with the request" in page(client, world.otto, before)
    assert reads() == []
    assert not LedgerContent.objects.exists()


def test_it_goes_when_its_time_is_over_or_the_person_asks_unless_it_is_held(client, world, kept):
    liaison = UserFactory(groups=["compliance"])
    hold = retention.place_hold(
        reason="Claim 7",
        review_on=NOW.date() + timedelta(days=30),
        microtool=world.tool,
        actor=liaison,
        at=NOW,
    )
    late = NOW + timedelta(days=Policy.objects.get().retention_days + 1)
    ApprovalRequest.objects.update(state="rejected", settled_at=NOW)
    assert retention.purge(at=late) == 0
    LegalHold.objects.filter(pk=hold.pk).delete()
    assert retention.purge(at=late) == 1
    assert "The output has been removed since" in page(client, world.engineer, kept)
    assert_sound()


def test_the_fingerprint_is_of_what_was_sent_and_an_approval_holds_for_that(world, kept, decided, output):
    approvals.approve(request=kept, actor=world.otto, comment="", at=NOW)
    call = replace(output, text=TEXT, approvals=(str(kept.pk),))
    assert decided(replace(call, text="The parcel of is <late>.")).verdict.decision is False
    assert decided(call).verdict.decision is True
