"""Who may decide what: one refusal after the other, beside what is allowed."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from enablement.access import approvers
from enablement.access.models import ApprovalComment, ApprovalRequest, ApprovalStep, Policy
from enablement.access.services import approvals
from enablement.jobs.models import Job
from enablement.ledger.models import LedgerEntry
from enablement.people.services import deactivate
from tests.access.conftest import NOW
from tests.people.factories import UserFactory
from tests.tracks.factories import RoleAssignmentFactory
from tracks.errors import Refused

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def code(function, **arguments):
    with pytest.raises(Refused) as caught:
        function(at=NOW, **arguments)
    return caught.value.code


@pytest.fixture
def chain(world, output, ask):
    """Two steps: a manager for the role's own rule, then the legal partner for the tool's."""
    world.tool.approval_rule = "if confidence < 0.9 => legal_partner"
    world.tool.save()
    return ask(replace(output, workflow_id="refund_credits"))


@pytest.fixture
def legal():
    return UserFactory(name="Leila", groups=["legal"])


def test_a_request_says_what_it_is_for_and_until_when(world, ask):
    request = ask(purpose="Order 7")
    assert (request.kind, request.subject, request.state) == ("approval", world.engineer, "pending")
    assert request.requirements == [
        {"type": "approval", "reason": "approval_rule", "approver": "manager_approve"}
    ]
    assert request.due_at == datetime(2026, 11, 9, 13, 0, tzinfo=UTC)
    assert request.expires_at == datetime(2026, 11, 9, 17, 0, tzinfo=UTC)
    assert (request.text_length, request.confidence, request.purpose) == (19, "0.85", "Order 7")
    assert [(step.number, step.approver) for step in request.steps.all()] == [(1, "manager_approve")]


def test_the_policy_may_set_another_time_and_it_runs_in_the_askers_zone(world, ask):
    Policy.objects.update(slo={"approval_hours": 2})
    world.engineer.timezone = "Asia/Kolkata"
    world.engineer.save()
    # 14:30 in Kolkata.
    assert ask().due_at == datetime(2026, 11, 9, 11, 0, tzinfo=UTC)
    assert ask(at=NOW + HOUR).due_at == datetime(2026, 11, 10, 4, 0, tzinfo=UTC)


def test_a_manager_approves(world, ask):
    request = approvals.approve(request=ask(), actor=world.otto, at=NOW + HOUR, comment=" Fine. ")
    step = request.steps.get()
    assert (request.state, request.settled_at) == ("approved", NOW + HOUR)
    assert request.expires_at == NOW + 25 * HOUR
    assert (step.decision, step.decided_by, step.comment) == ("approved", world.otto, "Fine.")


def test_nobody_approves_their_own_request_whatever_their_role(world, ask):
    request = ask()
    RoleAssignmentFactory(user=world.engineer, role=world.managers)
    assert code(approvals.approve, request=request, actor=world.engineer) == "own_request"
    assert code(approvals.reject, request=request, actor=world.engineer, comment="x") == "own_request"


@pytest.mark.parametrize("who", ["outsider", "priya"])
def test_who_does_not_hold_the_role_does_not_decide(world, ask, who):
    assert code(approvals.approve, request=ask(), actor=getattr(world, who)) == "not_your_decision"


def test_who_has_left_or_lost_the_role_does_not_decide(world, ask):
    request = ask()
    world.dagny.role_assignments.update(ended_at=NOW)
    deactivate(user=world.otto, actor=None, at=NOW)
    world.otto.refresh_from_db()
    assert code(approvals.approve, request=request, actor=world.dagny) == "not_your_decision"
    assert code(approvals.approve, request=request, actor=world.otto) == "not_your_decision"


def test_a_step_is_decided_once(world, ask):
    request = ask()
    approvals.approve(request=request, actor=world.otto, at=NOW)
    assert code(approvals.approve, request=request, actor=world.dagny) == "decided"
    assert code(approvals.reject, request=request, actor=world.otto, comment="No") == "decided"


def test_turning_down_needs_words(world, ask):
    request = ask()
    with pytest.raises(ValidationError, match="Say why"):
        approvals.reject(request=request, actor=world.otto, comment=" ", at=NOW)
    request = approvals.reject(request=request, actor=world.otto, comment="Not this one.", at=NOW)
    assert (request.state, request.steps.get().comment) == ("rejected", "Not this one.")


def test_after_its_time_nobody_decides(world, ask):
    request = ask()
    with pytest.raises(Refused) as caught:
        approvals.approve(request=request, actor=world.otto, at=request.expires_at)
    assert caught.value.code == "expired"


def test_a_chain_goes_step_by_step_and_each_step_is_another_persons(world, chain, legal):
    assert [step.approver for step in chain.steps.all()] == ["manager_approve", "legal_partner"]
    assert code(approvals.approve, request=chain, actor=legal) == "not_your_decision"
    assert approvals.approve(request=chain, actor=world.otto, at=NOW).state == "pending"
    world.otto.groups.add(legal.groups.get())
    assert code(approvals.approve, request=chain, actor=world.otto) == "not_your_decision"
    assert approvals.approve(request=chain, actor=legal, at=NOW).state == "approved"


def test_one_no_ends_a_chain(world, chain, legal):
    assert approvals.reject(request=chain, actor=world.otto, comment="No.", at=NOW).state == "rejected"
    assert code(approvals.approve, request=chain, actor=legal) == "decided"


def test_an_owner_who_is_a_person_here_decides_instead_of_the_office(world, chain, legal):
    owner = UserFactory(email="counsel@example.com")
    Policy.objects.update(owners={"legal_partner": "Counsel@example.com"})
    approvals.approve(request=chain, actor=world.otto, at=NOW)
    assert code(approvals.approve, request=chain, actor=legal) == "not_your_decision"
    assert approvals.approve(request=chain, actor=owner, at=NOW).state == "approved"


def test_an_owner_who_is_a_mailbox_is_stood_for_by_the_office(world, chain, legal):
    Policy.objects.update(owners={"legal_partner": "legal@elsewhere.example"})
    approvals.approve(request=chain, actor=world.otto, at=NOW)
    assert approvals.approve(request=chain, actor=legal, at=NOW).state == "approved"


def test_both_ways_of_asking_who_decides_agree(world, chain, legal):
    everybody = [world.otto, world.dagny, world.priya, world.engineer, world.outsider, legal]
    for name in ("manager_approve", "ops_manager", "legal_partner", "program_manager", "nobody"):
        people = set(approvers.people_for(name, at=NOW))
        assert people == {one for one in everybody if name in approvers.seats(one, at=NOW).own}


def test_only_the_person_themself_looks_at_their_output(world, output, ask):
    world.profile.human_in_loop = True
    world.profile.save()
    review = ask(kind="review")
    assert code(approvals.confirm, request=review, actor=world.otto, usable=True) == "not_your_decision"
    assert code(approvals.approve, request=review, actor=world.otto) == "not_your_decision"
    assert code(approvals.confirm, request=ask(), actor=world.engineer, usable=True) == "not_a_review"
    review = approvals.confirm(request=review, actor=world.engineer, usable=True, at=NOW)
    assert (review.state, review.expires_at) == ("approved", NOW + 24 * HOUR)
    assert code(approvals.confirm, request=review, actor=world.engineer, usable=False) == "decided"


def test_a_look_that_finds_fault_settles_nothing(world, output, ask):
    world.profile.human_in_loop = True
    world.profile.save()
    review = approvals.confirm(request=ask(kind="review"), actor=world.engineer, usable=False, at=NOW)
    assert review.state == "rejected"


def test_what_it_is_for_can_be_withdrawn_by_whom_it_is_for(world, ask):
    request = ask()
    assert code(approvals.cancel, request=request, actor=world.otto) == "not_your_decision"
    assert approvals.cancel(request=request, actor=world.engineer, at=NOW).state == "cancelled"
    assert code(approvals.cancel, request=request, actor=world.engineer) == "decided"
    assert code(approvals.approve, request=request, actor=world.otto) == "decided"


def test_who_takes_part_may_comment(world, ask):
    request = ask()
    approvals.comment(request=request, actor=world.otto, text="Which order?", at=NOW)
    approvals.comment(request=request, actor=world.engineer, text="Order 7.", at=NOW)
    assert code(approvals.comment, request=request, actor=world.outsider, text="Hm.") == "not_your_decision"
    with pytest.raises(ValidationError):
        approvals.comment(request=request, actor=world.otto, text=" ", at=NOW)
    assert [one.text for one in ApprovalComment.objects.all()] == ["Which order?", "Order 7."]


def test_what_happens_is_recorded_without_peoples_words(world, ask):
    request = ask(purpose="For Ms Doe")
    approvals.comment(request=request, actor=world.otto, text="Ms Doe again?", at=NOW + HOUR)
    approvals.approve(request=request, actor=world.otto, comment="Ms Doe, fine.", at=NOW + 2 * HOUR)
    entries = LedgerEntry.objects.about("access.ApprovalRequest", str(request.pk)).order_by("at")
    assert [entry.kind for entry in entries] == [
        "access.approval_requested",
        "access.approval_commented",
        "access.approval_approved",
    ]
    assert [entry.actor_id for entry in entries] == [None, world.otto.pk, world.otto.pk]
    assert not [entry for entry in entries if "Doe" in entry.payload]
    assert json.loads(entries[0].payload)["token"] == str(world.asker.pk)


def test_who_is_concerned_is_written_to(world, ask):
    approvals.approve(request=ask(), actor=world.otto, at=NOW)
    jobs = Job.objects.filter(kind="enablement.access.tasks.mail_approval").order_by("created_at", "pk")
    assert sorted(job.args["occasion"] for job in jobs) == ["asked", "settled"]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"decided_by": "engineer"}, "approval_step_never_by_its_subject"),
        ({"decided_by": "otto", "on_behalf_of": "engineer"}, "approval_step_behalf_is_anothers"),
        ({"decided_by": "otto", "on_behalf_of": "otto"}, "approval_step_behalf_is_anothers"),
        ({"decided_by": "otto", "decided_at": None}, "approval_step_decision_is_whole"),
        ({"approver": "", "decided_by": "otto"}, "approval_step_names_its_approver"),
        ({"kind": "review", "approver": "", "decided_by": "otto"}, "approval_step_review_is_ones_own"),
    ],
)
def test_the_database_itself_keeps_the_rules_of_a_step(world, ask, change, name):
    fields = {"decision": "approved", "decided_at": NOW} | {
        key: getattr(world, value) if key in {"decided_by", "on_behalf_of"} else value
        for key, value in change.items()
    }
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        ApprovalStep.objects.filter(request=ask()).update(**fields)


def test_the_database_itself_keeps_two_steps_apart(world, chain):
    with pytest.raises(IntegrityError), transaction.atomic():
        chain.steps.update(decision="approved", decided_by=world.otto, decided_at=NOW)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"state": "spent", "settled_at": NOW}, "approval_request_spent_names_its_decision"),
        ({"spent_at": NOW}, "approval_request_spent_names_its_decision"),
        ({"state": "approved"}, "approval_request_settled_says_when"),
        ({"settled_at": NOW}, "approval_request_settled_says_when"),
        ({"state": "escalated"}, "approval_request_escalated_says_when"),
        ({"due_at": NOW}, "approval_request_ends_after_it_is_asked"),
        ({"requirements": []}, "approval_request_settles_something"),
    ],
)
def test_the_database_itself_keeps_the_rules_of_a_request(ask, change, name):
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        ApprovalRequest.objects.filter(pk=ask().pk).update(**change)


def test_what_cannot_be_kept_is_refused_before_anybody_is_asked(output, ask):
    for call, purpose, field in (
        (replace(output, text="\ud800"), "", "text"),
        (output, "x" * 501, "purpose"),
    ):
        with pytest.raises(ValidationError) as caught:
            ask(call, purpose=purpose)
        assert list(caught.value.message_dict) == [field]
    assert not ApprovalRequest.objects.exists()
