"""Requests in the demo, all for `engineer1`: one approved, one to look at, one that waits for a manager."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from enablement.access.decisions.verdict import Call
from enablement.access.services import approvals
from enablement.access.services.decisions import Caller
from enablement.demo import texts
from enablement.people.models import User
from enablement.people.models.api_token import Scope
from enablement.people.services import create_token

TOOL = "triage_summarizer"
GATEWAY = "Helpdesk gateway"


@transaction.atomic
def build(people: Mapping[str, User], *, end: datetime) -> None:
    """The gateway asks for an output that the tool is not sure of; the engineer asks for a refund."""
    engineer = people["engineer1"]
    token, _secret = create_token(
        name=GATEWAY, scopes=[Scope.REQUEST], regions=[], microtools=[TOOL], actor=None, at=_before(end, 95)
    )
    caller = Caller.of_token(token)
    output = Call(
        subject=str(engineer.pk),
        microtool=TOOL,
        action="apply",
        prompt="triage_summarize",
        confidence=Decimal("0.86"),
        text=texts.DRAFT,
    )
    unsure = approvals.open_request(
        call=output, caller=caller, token=token, kind="approval", at=_before(end, 90)
    )
    approvals.approve(
        request=unsure, actor=people["dutymanager"], comment=texts.APPROVED, at=_before(end, 60)
    )
    approvals.open_request(call=output, caller=caller, token=token, kind="review", at=_before(end, 55))
    refund = Call(
        subject=str(engineer.pk),
        microtool=TOOL,
        action="invoke",
        prompt="triage_summarize",
        workflow_id="refund_credits",
    )
    approvals.open_request(
        call=refund,
        caller=Caller(label="session"),
        actor=engineer,
        purpose=texts.REFUND,
        at=_before(end, 30),
    )


def _before(end: datetime, minutes: int) -> datetime:
    return end - timedelta(minutes=minutes)
