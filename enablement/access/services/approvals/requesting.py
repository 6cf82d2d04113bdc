"""Asking a person: only for what a decision on this very call would want."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from enablement.access import working_time
from enablement.access.decisions.fingerprint import digits, fingerprint
from enablement.access.decisions.verdict import Call
from enablement.access.models import ApprovalRequest, ApprovalStep, Microtool, Policy
from enablement.access.models.approval import PURPOSE_MAX, Kind
from enablement.access.services.approvals.announcing import announce, tell
from enablement.access.services.decisions import Caller, Judged, consider
from enablement.ledger import services as ledger
from enablement.ledger.redaction import redact
from enablement.people.models import ApiToken, User
from tracks.errors import Refused

#: Working hours within which a person decides, where the policy's `slo.approval_hours` says nothing else.
APPROVAL_HOURS = 4


class CallDenied(Exception):
    """The call is denied whatever people say; `reason` as the decision would give it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@transaction.atomic
def open_request(
    *,
    call: Call,
    caller: Caller,
    at: datetime,
    token: ApiToken | None = None,
    actor: User | None = None,
    kind: str = "",
    purpose: str = "",
) -> ApprovalRequest:
    """A request for what this call still needs: approvals, where there are any to get, else the own review.

    kind: which of the two, where the call needs both. What `call.approvals` settles already is left out.
    actor: who asks on a page; None where a gateway does, with its `token`.

    Raises CallDenied, Refused `nothing_required`, ValidationError.
    """
    judged = consider(call=call, caller=caller, at=at)
    if judged.verdict.outcome == "deny" or judged.person is None or judged.policy is None:
        raise CallDenied(judged.verdict.reason)
    wanted = _wanted(judged, kind)
    said = _fingerprint(call)
    _ensure_short(purpose)
    subject = User.objects.get(pk=judged.person.id)
    number = uuid4()
    hours = timedelta(hours=_hours())
    due_at = working_time.after(at, hours, zone=subject.timezone)
    request = ApprovalRequest.objects.create(
        id=number,
        kind=wanted[0]["type"],
        subject=subject,
        microtool=Microtool.objects.get(key=call.microtool),
        action=call.action,
        prompt=call.prompt or "",
        workflow_id=call.workflow_id or "",
        confidence="" if call.confidence is None else digits(call.confidence),
        text_length=None if call.text is None else len(call.text),
        text_entry=_keep_text(judged, number, caller=caller, at=at),
        input_sha256=said,
        purpose=redact(purpose.strip()).text[:PURPOSE_MAX],
        requirements=wanted,
        policy_revision=judged.policy.revision,
        token=token,
        requested_at=at,
        due_at=due_at,
        expires_at=working_time.after(due_at, hours, zone=subject.timezone),
    )
    _add_steps(request)
    _announce(request, actor_id=actor.pk if actor else None, at=at)
    tell("asked", request)
    return request


def _keep_text(judged: Judged, number: UUID, *, caller: Caller, at: datetime) -> UUID | None:
    """The output for who decides, as the text of a decision is kept: beside the chain, and only where the
    playbook keeps content. About the tool, so that a legal hold on it reaches these words too.
    """
    text = judged.call.text
    if text is None or judged.tool is None or judged.policy is None or not judged.policy.keeps_content:
        return None
    entry = ledger.NewEntry(
        kind="access.approval_output_kept",
        subject=("access.microtool", judged.tool.key),
        actor=caller.label,
        at=at,
        payload={"request": str(number)},
        policy_revision=judged.policy.revision,
        content=ledger.Content(person=judged.person.id if judged.person else None, texts={"text": text}),
    )
    return ledger.record_many([entry])[0].pk


def _wanted(judged: Judged, kind: str) -> list[dict[str, str]]:
    """What is left of one kind; approvals first, because somebody else has to find time for them."""
    left = judged.verdict.required
    kinds = [kind] if kind else [Kind.APPROVAL, Kind.REVIEW]
    for one in kinds:
        wanted = [entry for entry in left if entry["type"] == one]
        if wanted:
            return wanted
    if left and kind == Kind.APPROVAL:
        raise Refused("nothing_required", _("No approval is needed for this; only a review of one's own."))
    if left:
        raise Refused("nothing_required", _("No review is needed for this; only an approval."))
    raise Refused("nothing_required", _("This is allowed without anybody: ask for the decision itself."))


def _fingerprint(call: Call) -> str:
    said = fingerprint(call)
    if said is None:
        raise ValidationError({"text": [_("The text holds half a character.")]})
    return said


def _ensure_short(purpose: str) -> None:
    if len(purpose) > PURPOSE_MAX:
        message = _("At most %(most)d characters.") % {"most": PURPOSE_MAX}
        raise ValidationError({"purpose": [message]})


def _hours() -> int:
    policy = Policy.objects.values_list("slo", flat=True).first() or {}
    return int(policy.get("approval_hours", APPROVAL_HOURS))


def _add_steps(request: ApprovalRequest) -> None:
    """A step for each approver, in the order in which the requirements came; one of the subject's own."""
    approvers = dict.fromkeys(entry.get("approver", "") for entry in request.requirements)
    ApprovalStep.objects.bulk_create(
        ApprovalStep(
            request=request, number=number, kind=request.kind, subject=request.subject, approver=approver
        )
        for number, approver in enumerate(approvers, start=1)
    )


def _announce(request: ApprovalRequest, *, actor_id: UUID | None, at: datetime) -> None:
    payload: dict[str, Any] = {
        "action": request.action,
        "prompt": request.prompt,
        "workflow_id": request.workflow_id,
        "confidence": request.confidence,
        "required": [entry["reason"] for entry in request.requirements],
        "approvers": [step.approver for step in request.steps.all()],
        "due_at": request.due_at,
        "token": str(request.token_id) if request.token_id else "",
        "policy_revision": request.policy_revision,
    }
    announce("requested", request, actor_id=actor_id, at=at, payload=payload)
