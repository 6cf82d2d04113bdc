"""Who decides while an approver is away."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from enablement.access import approvers
from enablement.access.models import ApprovalDelegation
from enablement.access.services import approvals
from enablement.ledger.models import LedgerEntry
from enablement.people.services import give_auditor_access
from tests.access.conftest import NOW
from tests.people.factories import UserFactory
from tests.tracks.factories import EnrolmentFactory, RoleAssignmentFactory
from tracks.errors import Refused

pytestmark = pytest.mark.django_db
MONDAY, FRIDAY = date(2026, 11, 9), date(2026, 11, 13)


def name(actor, delegate, *, first_day=MONDAY, last_day=FRIDAY, at=NOW):
    return approvals.name_delegate(
        email=delegate.email, first_day=first_day, last_day=last_day, actor=actor, at=at
    )


def test_a_delegate_decides_in_the_approvers_place_until_the_last_day(world, ask):
    with pytest.raises(Refused):
        approvals.approve(request=ask(), actor=world.deputy, at=NOW)
    delegation = name(world.otto, world.deputy)
    request = approvals.approve(request=ask(), actor=world.deputy, at=NOW)
    step = request.steps.get()
    assert (step.decided_by, step.on_behalf_of) == (world.deputy, world.otto)
    late = ask(at=delegation.ends_at)
    with pytest.raises(Refused):
        approvals.approve(request=late, actor=world.deputy, at=delegation.ends_at)


def test_who_learns_here_or_only_reads_the_record_stands_in_for_nobody(world, ask):
    auditor = UserFactory(name="Ada Audit")
    give_auditor_access(
        person=auditor,
        reason="Annual audit",
        ends_at=NOW + timedelta(days=9),
        actor=UserFactory(groups=["compliance"]),
        at=NOW,
    )
    peer = EnrolmentFactory(user__name="Peer").user
    RoleAssignmentFactory(user=peer, role=world.profile.role)
    for person in (world.outsider, auditor, peer):
        with pytest.raises(Refused) as caught:
            name(world.otto, person)
        assert caught.value.code == "not_staff"
    assert not ApprovalDelegation.objects.exists()


def test_a_delegate_who_is_no_longer_staff_decides_nothing_more(world, ask):
    name(world.otto, world.deputy)
    request = ask()
    assert world.deputy in approvers.people_for("manager_approve", at=NOW)
    world.deputy.groups.clear()
    assert world.deputy not in approvers.people_for("manager_approve", at=NOW)
    with pytest.raises(Refused):
        approvals.approve(request=request, actor=world.deputy, at=NOW)


def test_nobody_stands_in_on_a_task_for_which_they_have_to_ask_themselves(world, output, ask):
    RoleAssignmentFactory(user=world.deputy, role=world.profile.role)
    name(world.otto, world.deputy)
    refund = ask(replace(output, workflow_id="refund_credits"))
    with pytest.raises(Refused):
        approvals.approve(request=refund, actor=world.deputy, at=NOW)
    assert approvals.approve(request=ask(), actor=world.deputy, at=NOW).state == "approved"


def test_what_is_ones_own_to_decide_is_not_in_anothers_place(world, ask):
    name(world.otto, world.dagny)
    step = approvals.approve(request=ask(), actor=world.dagny, at=NOW).steps.get()
    assert (step.decided_by, step.on_behalf_of) == (world.dagny, None)


def test_a_delegate_does_not_decide_on_their_own_request(world, ask):
    world.engineer.groups.set(world.deputy.groups.all())
    name(world.otto, world.engineer)
    with pytest.raises(Refused) as caught:
        approvals.approve(request=ask(), actor=world.engineer, at=NOW)
    assert caught.value.code == "own_request"


def test_the_askers_delegate_does_not_decide_in_the_askers_place(world, ask):
    world.engineer.groups.set(world.priya.groups.all())
    name(world.engineer, world.deputy)
    request = ask()
    approvals.escalate_and_expire(at=request.due_at)
    with pytest.raises(Refused):
        approvals.approve(request=request, actor=world.deputy, at=request.due_at)
    assert approvals.approve(request=request, actor=world.priya, at=request.due_at).state == "approved"


def test_a_delegate_passes_nothing_on(world, ask):
    name(world.otto, world.priya)
    name(world.priya, world.deputy)
    with pytest.raises(Refused):
        approvals.approve(request=ask(), actor=world.deputy, at=NOW)


def test_two_steps_are_not_one_persons_by_way_of_a_delegate(world, output, ask):
    world.tool.approval_rule = "if confidence < 0.9 => legal_partner"
    world.tool.save()
    legal = UserFactory(groups=["legal"])
    world.otto.groups.set(legal.groups.all())
    name(world.otto, world.deputy)
    request = ask(replace(output, workflow_id="refund_credits"))
    approvals.approve(request=request, actor=world.otto, at=NOW)
    with pytest.raises(Refused):
        approvals.approve(request=request, actor=world.deputy, at=NOW)
    assert approvals.approve(request=request, actor=legal, at=NOW).state == "approved"


def test_another_one_takes_the_first_ones_place_and_the_same_again_changes_nothing(world):
    first = name(world.otto, world.deputy)
    assert name(world.otto, world.deputy) == first
    second = name(world.otto, world.priya)
    assert [one.delegate for one in ApprovalDelegation.objects.open()] == [world.priya]
    assert approvals.end_delegation(delegation=second, actor=world.otto, at=NOW) is True
    assert approvals.end_delegation(delegation=second, actor=world.otto, at=NOW) is False
    kinds = LedgerEntry.objects.filter(subject_type="access.ApprovalDelegation").values_list(
        "kind", flat=True
    )
    assert sorted(kinds) == ["access.approval_delegate_ended"] * 2 + ["access.approval_delegate_named"] * 2


def test_only_who_named_a_delegate_ends_it(world):
    delegation = name(world.otto, world.deputy)
    with pytest.raises(Refused) as caught:
        approvals.end_delegation(delegation=delegation, actor=world.dagny, at=NOW)
    assert caught.value.code == "not_yours"


@pytest.mark.parametrize(
    ("actor", "delegate", "code"),
    [
        ("otto", "otto", "own_delegate"),
        ("outsider", "otto", "not_an_approver"),
        ("otto", "outsider", "not_staff"),
    ],
)
def test_who_cannot_name_whom(world, actor, delegate, code):
    with pytest.raises(Refused) as caught:
        name(getattr(world, actor), getattr(world, delegate))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("first_day", "last_day", "field"),
    [
        (MONDAY - timedelta(days=1), FRIDAY, "first_day"),
        (FRIDAY, MONDAY, "last_day"),
        (MONDAY, MONDAY + timedelta(days=90), "last_day"),
    ],
)
def test_days_that_cannot_be(world, first_day, last_day, field):
    with pytest.raises(ValidationError) as caught:
        name(world.otto, world.deputy, first_day=first_day, last_day=last_day)
    assert list(caught.value.message_dict) == [field]


def test_somebody_who_is_not_here_is_nobodys_delegate(world):
    world.deputy.is_active = False
    world.deputy.save()
    with pytest.raises(ValidationError, match="Nobody here"):
        name(world.otto, world.deputy)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"delegate": "otto"}, "approval_delegation_is_to_another"),
        ({"ends_at": NOW}, "approval_delegation_ends_after_start"),
    ],
)
def test_the_database_itself_keeps_the_rules(world, change, constraint):
    pk = name(world.otto, world.deputy).pk
    change = {key: world.otto if value == "otto" else value for key, value in change.items()}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ApprovalDelegation.objects.filter(pk=pk).update(**change)


def test_the_database_itself_keeps_one_open(world):
    name(world.otto, world.deputy)
    with pytest.raises(IntegrityError), transaction.atomic():
        ApprovalDelegation.objects.create(
            approver=world.otto,
            delegate=world.priya,
            starts_at=NOW,
            ends_at=NOW + timedelta(days=1),
            named_at=NOW,
        )
