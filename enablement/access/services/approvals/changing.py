"""A change of the playbook waits for its chain; what is approved is put in force by the app of playbooks."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from enablement.access import working_time
from enablement.access.models import ApprovalRequest, ApprovalStep
from enablement.access.models.approval import PURPOSE_MAX, Kind
from enablement.access.services.approvals.announcing import announce, tell
from enablement.people.models import User
from tracks.errors import Refused

State = ApprovalRequest.State
#: Who approves, one after the other, and in how many working hours, where the playbook in force says nothing.
CHAIN = ("ops_manager", "security_partner", "legal_partner")
CHANGE_HOURS = 48
ACTION = "put_in_force"


@transaction.atomic
def propose_change(
    *,
    sha256: str,
    policy_revision: int,
    purpose: str,
    approvers: Sequence[str],
    hours: int,
    actor: User,
    at: datetime,
) -> ApprovalRequest:
    """Ask the chain. sha256: of the whole playbook. policy_revision: the one in force, whose chain it is."""
    steps = list(dict.fromkeys(approvers)) or list(CHAIN)
    within = timedelta(hours=hours)
    due_at = working_time.after(at, within, zone=actor.timezone)
    request = ApprovalRequest.objects.create(
        kind=Kind.CHANGE,
        subject=actor,
        action=ACTION,
        input_sha256=sha256,
        purpose=purpose.strip()[:PURPOSE_MAX],
        requirements=[
            {"type": Kind.CHANGE, "reason": "workflow_change", "approver": approver} for approver in steps
        ],
        policy_revision=policy_revision,
        requested_at=at,
        due_at=due_at,
        expires_at=working_time.after(due_at, within, zone=actor.timezone),
    )
    ApprovalStep.objects.bulk_create(
        ApprovalStep(request=request, number=number, kind=Kind.APPROVAL, subject=actor, approver=approver)
        for number, approver in enumerate(steps, start=1)
    )
    payload = {"approvers": steps, "due_at": due_at, "policy_revision": policy_revision}
    announce("requested", request, actor_id=actor.pk, at=at, payload=payload)
    tell("asked", request)
    return request


@transaction.atomic
def ensure_approved(*, request_id: UUID, at: datetime) -> ApprovalRequest:
    """The request of a change that everybody in its chain has approved, locked. Refused `not_approved`."""
    request = ApprovalRequest.objects.select_for_update(of=("self",)).get(pk=request_id, kind=Kind.CHANGE)
    steps = list(request.steps.all())
    whole = bool(steps) and all(step.decision == ApprovalStep.Decision.APPROVED for step in steps)
    people = {step.decided_by_id for step in steps}
    distinct = len(people) == len(steps) and not people & {None, request.subject_id}
    if request.state != State.APPROVED or request.expires_at <= at or not whole or not distinct:
        raise Refused("not_approved", "This change has not been approved by everybody who has to.")
    return request


@transaction.atomic
def spend_change(*, request: ApprovalRequest, entry: UUID, at: datetime) -> None:
    """It is in force now, and cannot be put in force twice. entry: where the ledger says so."""
    spent = ApprovalRequest.objects.filter(pk=request.pk, kind=Kind.CHANGE, state=State.APPROVED).update(
        state=State.SPENT, spent_at=at, spent_decision=entry
    )
    if spent != 1:
        raise Refused("not_approved", "This change has been put in force already.")


@transaction.atomic
def end_changes(*, request_ids: Iterable[UUID], at: datetime) -> None:
    """What was proposed against a revision that is no longer in force can never be approved."""
    waiting = ApprovalRequest.objects.undecided().filter(kind=Kind.CHANGE, pk__in=list(request_ids))
    for request in waiting.select_for_update(of=("self",)).order_by("pk"):
        request.state, request.settled_at = State.OUTRUN, at
        request.save(update_fields=["state", "settled_at"])
        announce("outdated", request, actor_id=None, at=at)
        tell("settled", request)
