"""What people write about a request: without personal data, and removed in time or for the person."""

from datetime import timedelta

import pytest

from enablement.access.models import ApprovalComment, ApprovalRequest
from enablement.access.services import approvals, retention
from tests.access.conftest import NOW
from tests.people.factories import UserFactory

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=731)


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


def test_their_time_ends_and_who_decided_stays(settled, world):
    assert retention.purge(at=LATER - timedelta(days=2)) == 0
    assert retention.purge(at=LATER) == 4  # the output that was sent, too
    assert words(settled) == ("", [], "")
    step = settled.steps.get()
    assert (settled.state, step.decision, step.decided_by) == ("rejected", "rejected", world.otto)


@pytest.mark.parametrize(("about", "gone"), [("engineer", 0), ("otto", 2), ("somebody else", 4)])
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
    assert made.words == 2
    assert words(settled) == ("Refund for [email]", [], "")
    retention.erase(person=world.engineer, reason="Asked", actor=officer, at=NOW)
    assert words(settled) == ("", [], "")
    assert not ApprovalComment.objects.exists()
