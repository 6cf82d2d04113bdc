"""What nobody decides in time goes to the next owner, and then it ends. Time never approves anything."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from enablement.access import approvers
from enablement.access.models import ApprovalRequest
from enablement.access.models.approval import Kind
from enablement.access.services.approvals.announcing import announce, tell

State = ApprovalRequest.State


def escalate_and_expire(*, at: datetime) -> int:
    """Each request in a transaction of its own, so that one cannot hold up the others; returns how many.

    A request that was approved and not used in its time ends as well.
    """
    late = Q(kind__in=(Kind.APPROVAL, Kind.CHANGE), state=State.PENDING, due_at__lte=at)
    over = Q(state__in=(*ApprovalRequest.UNDECIDED, State.APPROVED), expires_at__lte=at)
    ids = list(ApprovalRequest.objects.filter(late | over).values_list("pk", flat=True))
    return sum(_move(pk, at=at) for pk in ids)


@transaction.atomic
def _move(pk: UUID, *, at: datetime) -> bool:
    request = ApprovalRequest.objects.select_for_update(of=("self",)).select_related("microtool").get(pk=pk)
    unused = request.state == State.APPROVED
    if (unused or request.is_undecided) and request.expires_at <= at:
        request.state = State.EXPIRED
        request.settled_at = request.settled_at or at
        request.save(update_fields=["state", "settled_at"])
        announce("expired", request, actor_id=None, at=at, payload={"unused": unused})
        tell("settled", request)
        return True
    if request.state == State.PENDING and request.due_at <= at:
        _escalate(request, at=at)
        return True
    return False


def _escalate(request: ApprovalRequest, *, at: datetime) -> None:
    """Every step that is open gets its next owner beside its approver, who may still decide."""
    request.state, request.escalated_at = State.ESCALATED, at
    request.save(update_fields=["state", "escalated_at"])
    steps = list(request.steps.filter(decision=""))
    for step in steps:
        step.escalated_to = approvers.next_owner(step, at=at)
        step.save(update_fields=["escalated_to"])
    payload = {"escalated_to": [step.escalated_to for step in steps]}
    announce("escalated", request, actor_id=None, at=at, payload=payload)
    tell("escalated", request)
