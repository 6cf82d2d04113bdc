"""What nobody decides goes on to the next owner, then ends; time never approves."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core import mail

from enablement.access.models import ApprovalRequest, RequestKey
from enablement.access.services import approvals
from enablement.access.services.approvals.mailing import mail as send
from enablement.access.tasks import escalate_and_expire_approvals
from tests.access.conftest import NOW
from tests.people.factories import UserFactory
from tests.tracks.factories import RoleAssignmentFactory
from tracks.errors import Refused

pytestmark = pytest.mark.django_db
MOMENT = timedelta(microseconds=1)


def state(request):
    return ApprovalRequest.objects.get(pk=request.pk).state


def test_it_is_escalated_when_due_and_ends_a_time_later(ask):
    request = ask()
    assert approvals.escalate_and_expire(at=request.due_at - MOMENT) == 0
    assert approvals.escalate_and_expire(at=request.due_at) == 1
    assert state(request) == "escalated"
    assert approvals.escalate_and_expire(at=request.expires_at - MOMENT) == 0
    assert approvals.escalate_and_expire(at=request.expires_at) == 1
    assert state(request) == "expired"
    assert approvals.escalate_and_expire(at=request.expires_at) == 0


def test_the_next_owner_and_the_first_approver_may_both_decide_then(world, ask):
    first, second = ask(), ask()
    with pytest.raises(Refused):
        approvals.approve(request=first, actor=world.priya, at=NOW)
    approvals.escalate_and_expire(at=first.due_at)
    assert first.steps.get().escalated_to == "program_manager"
    assert approvals.approve(request=first, actor=world.priya, at=first.due_at).state == "approved"
    assert approvals.approve(request=second, actor=world.otto, at=first.due_at).state == "approved"


def test_it_goes_past_an_owner_who_is_the_asker(world, ask):
    sponsor = UserFactory(groups=["sponsors"])
    world.engineer.groups.set(world.priya.groups.all())
    world.priya.groups.clear()
    request = ask()
    approvals.escalate_and_expire(at=request.due_at)
    assert request.steps.get().escalated_to == "executive_sponsor"
    assert approvals.approve(request=request, actor=sponsor, at=request.due_at).state == "approved"


def test_without_any_owner_it_is_late_all_the_same(world, ask):
    world.priya.groups.clear()
    request = ask()
    approvals.escalate_and_expire(at=request.due_at)
    assert (state(request), request.steps.get().escalated_to) == ("escalated", "")


def test_both_times_can_pass_before_the_job_runs(ask):
    request = ask()
    approvals.escalate_and_expire(at=request.expires_at + timedelta(days=3))
    assert state(request) == "expired"


def test_a_review_is_nobody_elses_so_it_only_ends(world, ask):
    world.profile.human_in_loop = True
    world.profile.save()
    review = ask(kind="review")
    assert approvals.escalate_and_expire(at=review.due_at) == 0
    assert approvals.escalate_and_expire(at=review.expires_at) == 1
    assert state(review) == "expired"


def test_what_is_settled_is_left_alone_and_what_is_unused_ends(world, ask):
    approved, rejected = ask(), ask()
    approved = approvals.approve(request=approved, actor=world.otto, at=NOW)
    approvals.reject(request=rejected, actor=world.otto, comment="No.", at=NOW)
    assert approvals.escalate_and_expire(at=approved.expires_at - MOMENT) == 0
    assert approvals.escalate_and_expire(at=approved.expires_at) == 1
    assert (state(approved), state(rejected)) == ("expired", "rejected")


def test_the_job_forgets_old_keys(world, time_machine):
    RequestKey.objects.create(token=world.asker, key="old", body_sha256="0" * 64, started_at=NOW)
    time_machine.move_to(NOW + timedelta(hours=23))
    escalate_and_expire_approvals()
    assert RequestKey.objects.count() == 1
    time_machine.move_to(NOW + timedelta(hours=24))
    escalate_and_expire_approvals()
    assert RequestKey.objects.count() == 0


class TestMail:
    def test_everybody_who_may_decide_is_asked_and_nobody_else(self, world, ask):
        request = ask(purpose="For Ms Doe")
        assert send(request_id=request.pk, occasion="asked", at=NOW) == 2
        assert sorted(one.to[0] for one in mail.outbox) == ["dagny@example.com", "otto@example.com"]
        message = mail.outbox[0]
        assert message.subject == f"{world.engineer} asks for your approval: Triage"
        assert f"http://127.0.0.1:8000/approvals/{request.pk}/" in message.body
        assert "Due: 9 November 2026, 13:00 UTC" in message.body
        assert "Doe" not in message.body

    def test_the_same_message_has_the_same_id(self, world, ask):
        request = ask()
        for _attempt in range(2):
            send(request_id=request.pk, occasion="asked", at=NOW)
        ids = [one.extra_headers["Message-ID"] for one in mail.outbox]
        assert (len(ids), len(set(ids))) == (4, 2)

    def test_who_asks_is_not_asked_themself(self, world, ask):
        RoleAssignmentFactory(user=world.engineer, role=world.managers)
        assert send(request_id=ask().pk, occasion="asked", at=NOW) == 2

    def test_a_late_one_goes_to_the_next_owner(self, world, ask):
        request = ask()
        approvals.escalate_and_expire(at=request.due_at)
        assert send(request_id=request.pk, occasion="escalated", at=request.due_at) == 1
        assert mail.outbox[0].to == [world.priya.email]
        assert mail.outbox[0].subject.startswith("Overdue: ")

    def test_what_came_of_it_goes_to_whom_it_is_for(self, world, ask):
        request = approvals.approve(request=ask(), actor=world.otto, at=NOW)
        assert send(request_id=request.pk, occasion="asked", at=NOW) == 0
        assert send(request_id=request.pk, occasion="settled", at=NOW) == 1
        assert (mail.outbox[0].to, mail.outbox[0].subject) == (
            ["engineer@example.com"],
            "Your request for Triage: approved",
        )

    def test_a_review_is_asked_of_the_person_themself(self, world, output, ask):
        world.profile.human_in_loop = True
        world.profile.save()
        review = ask(replace(output), kind="review")
        assert send(request_id=review.pk, occasion="asked", at=NOW) == 1
        assert (mail.outbox[0].to, mail.outbox[0].subject) == (
            ["engineer@example.com"],
            "Look at an output of Triage",
        )

    def test_a_name_of_two_lines_makes_no_header_of_its_own(self, world, ask):
        world.engineer.name = "Eve\nBcc: all@example.com"
        world.engineer.save()
        send(request_id=ask().pk, occasion="asked", at=NOW)
        assert mail.outbox[0].subject == "Eve Bcc: all@example.com asks for your approval: Triage"
