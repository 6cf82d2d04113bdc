"""What happens to a request is announced, and told to the people whom it concerns."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from enablement.access.models import ApprovalRequest
from enablement.access.services.approvals import channels
from enablement.access.signals import approval_changed
from tracks.facts import Fact


def announce(
    what: str,
    request: ApprovalRequest,
    *,
    actor_id: UUID | None,
    at: datetime,
    payload: Mapping[str, Any] | None = None,
) -> None:
    """`access.approval_<what>`; people's own words stay out of it."""
    fact = Fact(
        kind=f"access.approval_{what}",
        subject=("access.ApprovalRequest", str(request.pk)),
        at=at,
        actor_id=actor_id,
        learner_id=request.subject_id,
        payload={
            "kind": request.kind,
            "microtool": request.microtool.key if request.microtool else "",
            "input_sha256": request.input_sha256,
            "state": request.state,
        }
        | dict(payload or {}),
    )
    approval_changed.send(sender=ApprovalRequest, facts=[fact])


def tell(occasion: str, request: ApprovalRequest) -> None:
    """An e-mail by a job: `asked`, `escalated` and `erased` go to who decides now, `settled` to who asked.

    The channels of Slack and Teams hear, each by a job of its own, of what waits for another person.
    """
    from enablement.access.tasks import mail_approval, post_approval

    mail_approval.delay(str(request.pk), occasion)
    if channels.concerns_channels(request, occasion):
        for channel in channels.channels():
            post_approval.delay(str(request.pk), occasion, channel)
