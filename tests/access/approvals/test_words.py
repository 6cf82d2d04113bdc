"""What people write about a request: without personal data, and removed in time or for the person."""

import json
from datetime import timedelta

import pytest
from django.core import mail as outbox
from django.urls import reverse

from enablement.access.models import ApprovalComment, ApprovalRequest
from enablement.access.services import approvals, retention
from enablement.access.services.approvals.mailing import mail
from enablement.jobs.models import Job
from enablement.ledger.models import LedgerEntry
from enablement.people.models import User
from tests.access.conftest import NOW
from tests.people.factories import UserFactory

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=731)
ERASED = "access.content_erased"


def erase(person):
    officer = UserFactory(groups=["compliance"])
    return retention.erase(person=person, reason="Asked", actor=officer, at=NOW)


@pytest.fixture
def settled(world, ask):
    request = ask(purpose="Refund for max@example.com")
    approvals.comment(request=request, actor=world.otto, text="Call +49 30 901820", at=NOW)
    approvals.reject(request=request, actor=world.otto, comment="Ask eve@example.com", at=NOW)
    return request


def words(request):
    request.refresh_from_db()
    said = list(request.comments.values_list("text", flat=True))
    return request.purpose, said, request.steps.get().comment


def test_personal_data_is_taken_out_before_words_are_kept(settled):
    assert words(settled) == ("Refund for [email]", ["Call [phone]"], "Ask [email]")


def test_their_time_ends_and_who_decided_and_why_stays(settled, world):
    assert retention.purge(at=LATER - timedelta(days=2)) == 0
    assert retention.purge(at=LATER) == 3  # the output that was sent, too
    assert words(settled) == ("", [], "Ask [email]")
    step = settled.steps.get()
    assert (settled.state, step.decision, step.decided_by) == ("rejected", "rejected", world.otto)


@pytest.mark.parametrize(("about", "gone"), [("engineer", 0), ("otto", 2), ("somebody else", 3)])
def test_a_hold_on_whose_request_it_is_or_on_who_wrote_keeps_them(settled, world, about, gone):
    counsel = UserFactory(groups=["legal"])
    person = counsel if about == "somebody else" else getattr(world, about)
    retention.place_hold(reason="x", review_on=NOW.date(), person=person, actor=counsel, at=NOW)
    assert retention.purge(at=LATER) == gone


def test_what_nobody_has_decided_yet_keeps_its_purpose(ask):
    request = ask(purpose="Wait")
    retention.purge(at=LATER)
    assert ApprovalRequest.objects.get(pk=request.pk).purpose == "Wait"


def test_erasing_takes_what_somebody_wrote_about_others_too(settled, world):
    officer = UserFactory(groups=["compliance"])
    made = retention.erase(person=world.otto, reason="Asked", actor=officer, at=NOW)
    assert made.words == 1
    assert words(settled) == ("Refund for [email]", [], "Ask [email]")
    retention.erase(person=world.engineer, reason="Asked", actor=officer, at=NOW)
    assert words(settled) == ("", [], "Ask [email]")
    assert not ApprovalComment.objects.exists()


def test_a_reason_stays_without_the_name_of_whose_words_are_erased(ask, world):
    User.objects.filter(pk=world.engineer.pk).update(name="Ann Bo Will-Smith")
    request = ask()
    said = "Ann Will-Smith may: Bo will not. Annex B, says Otto"
    approvals.reject(request=request, actor=world.otto, comment=said, at=NOW)
    world.engineer.refresh_from_db()
    erase(world.engineer)
    assert words(request)[2] == "[name] [name] may: Bo will not. Annex B, says Otto"
    erase(world.otto)
    assert words(request)[2] == "[name] [name] may: Bo will not. Annex B, says [name]"
    told = [json.loads(each.payload)["reasons"] for each in LedgerEntry.objects.filter(kind=ERASED)]
    assert sorted(told) == [1, 1]


def test_who_still_has_to_decide_hears_that_what_it_was_for_is_gone(ask, world, client):
    waiting, other = ask(purpose="Refund"), ask(purpose="Another")
    approvals.reject(request=other, actor=world.otto, comment="No", at=NOW)
    Job.objects.all().delete()
    erase(world.engineer)
    jobs = Job.objects.filter(kind="enablement.access.tasks.mail_approval")
    assert [job.args for job in jobs] == [{"request_id": str(waiting.pk), "occasion": "erased"}]
    assert mail(request_id=waiting.pk, occasion="erased", at=NOW) == 2
    assert sorted(message.to[0] for message in outbox.outbox) == ["dagny@example.com", "otto@example.com"]
    assert "what it was for was erased" in outbox.outbox[0].subject
    assert reverse("approval", args=[waiting.pk]) in outbox.outbox[0].body
    client.force_login(world.otto)
    assert "Decide by what is left" in client.get(reverse("approval", args=[waiting.pk])).text
    assert "Decide by what is left" not in client.get(reverse("approval", args=[other.pk])).text
