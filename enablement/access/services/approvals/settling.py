"""People decide: a step at a time, never on what is their own, and never by letting time pass."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from enablement.access import approvers
from enablement.access.models import ApprovalComment, ApprovalRequest, ApprovalStep
from enablement.access.models.approval import COMMENT_MAX
from enablement.access.services.approvals.announcing import announce, tell
from enablement.ledger.redaction import redact
from enablement.people.models import User
from tracks.errors import Refused

State = ApprovalRequest.State
#: For so long an approval may be used: exceptions clear within 24 hours (seed, service levels).
USABLE = timedelta(hours=24)


@transaction.atomic
def approve(*, request: ApprovalRequest, actor: User, at: datetime, comment: str = "") -> ApprovalRequest:
    """Decide the current step. The last step makes the request usable, for 24 hours and once.

    Refused `decided`, `expired`, `own_request`, `not_your_decision`; ValidationError (`comment`).
    """
    request, step = _current(request, actor=actor, at=at)
    _decide(step, ApprovalStep.Decision.APPROVED, actor=actor, comment=comment, at=at)
    if request.steps.filter(decision="").exists():
        announce("step_approved", request, actor_id=actor.pk, at=at, payload=_of(step))
        tell("asked", request)
        return request
    _settle(request, State.APPROVED, usable_until=at + USABLE, at=at)
    announce("approved", request, actor_id=actor.pk, at=at, payload=_of(step))
    tell("settled", request)
    return request


@transaction.atomic
def reject(*, request: ApprovalRequest, actor: User, at: datetime, comment: str) -> ApprovalRequest:
    """Turn the request down, with words for whoever asked. Refused as `approve`; ValidationError."""
    request, step = _current(request, actor=actor, at=at)
    if not comment.strip():
        raise ValidationError({"comment": [_("Say why, so that they know what to do now.")]}, code="required")
    _decide(step, ApprovalStep.Decision.REJECTED, actor=actor, comment=comment, at=at)
    _settle(request, State.REJECTED, at=at)
    announce("rejected", request, actor_id=actor.pk, at=at, payload=_of(step))
    tell("settled", request)
    return request


@transaction.atomic
def confirm(*, request: ApprovalRequest, actor: User, at: datetime, usable: bool) -> ApprovalRequest:
    """The user's own recorded look at an output: they used their eyes and say whether it may be used.

    Only the subject themself, in person: no token can do this. Refused `not_a_review`, `not_your_decision`,
    `decided`, `expired`.
    """
    request = _locked(request)
    if not request.is_review:
        raise Refused("not_a_review", _("This waits for another person, not for your own look."))
    if request.subject_id != actor.pk:
        raise Refused("not_your_decision", _("Only the person whose call it is can look at the output."))
    _ensure_undecided(request, at=at)
    step = request.steps.get()
    decision = ApprovalStep.Decision.APPROVED if usable else ApprovalStep.Decision.REJECTED
    _decide(step, decision, actor=actor, comment="", at=at)
    if usable:
        _settle(request, State.APPROVED, usable_until=at + USABLE, at=at)
    else:
        _settle(request, State.REJECTED, at=at)
    announce("review_confirmed" if usable else "review_refused", request, actor_id=actor.pk, at=at)
    return request


@transaction.atomic
def cancel(*, request: ApprovalRequest, actor: User, at: datetime) -> ApprovalRequest:
    """Whoever it is for no longer needs it; an approval that was not used yet goes as well.

    Refused `not_your_decision`, `decided`.
    """
    request = _locked(request)
    if request.subject_id != actor.pk:
        raise Refused("not_your_decision", _("Only the person whom it is for can withdraw it."))
    if request.state not in {*ApprovalRequest.UNDECIDED, State.APPROVED}:
        raise Refused("decided", _("This request is over already."))
    _settle(request, State.CANCELLED, at=at)
    announce("cancelled", request, actor_id=actor.pk, at=at)
    return request


@transaction.atomic
def comment(*, request: ApprovalRequest, actor: User, text: str, at: datetime) -> ApprovalComment:
    """Add to the conversation; it decides nothing. ValidationError (`text`); Refused `not_your_decision`."""
    if not approvers.visible_to(actor, at=at).filter(pk=request.pk).exists():
        raise Refused("not_your_decision", _("You have no part in this request."))
    made = ApprovalComment.objects.create(request=request, author=actor, text=_words(text, "text"), at=at)
    announce("commented", request, actor_id=actor.pk, at=at)
    return made


def _locked(request: ApprovalRequest) -> ApprovalRequest:
    locked = ApprovalRequest.objects.select_for_update(of=("self",)).select_related("microtool", "subject")
    return locked.get(pk=request.pk)


def _current(request: ApprovalRequest, *, actor: User, at: datetime) -> tuple[ApprovalRequest, ApprovalStep]:
    """The locked request and the step that this person may decide now."""
    request = _locked(request)
    _ensure_undecided(request, at=at)
    if request.subject_id == actor.pk:
        raise Refused("own_request", _("Nobody decides on their own request; somebody else has to."))
    step = approvers.steps_for(actor, at=at).filter(request=request).first()
    if step is None or not actor.is_active:
        raise Refused("not_your_decision", _("This step is not yours to decide, or not any more."))
    return request, step


def _ensure_undecided(request: ApprovalRequest, *, at: datetime) -> None:
    if not request.is_undecided:
        raise Refused("decided", _("This request has been settled already."))
    if request.expires_at <= at:
        raise Refused("expired", _("The time for this request is over; it has to be asked again."))


def _decide(step: ApprovalStep, decision: str, *, actor: User, comment: str, at: datetime) -> None:
    step.decision, step.decided_by, step.decided_at = decision, actor, at
    if step.kind == "approval":
        step.on_behalf_of = approvers.on_whose_behalf(step, actor, at=at)
    step.comment = _words(comment, "comment", empty=True)
    step.save(update_fields=["decision", "decided_by", "on_behalf_of", "decided_at", "comment"])


def _settle(
    request: ApprovalRequest, state: str, *, at: datetime, usable_until: datetime | None = None
) -> None:
    request.state, request.settled_at = state, at
    request.expires_at = usable_until or request.expires_at
    request.save(update_fields=["state", "settled_at", "expires_at"])


def _words(text: str, name: str, *, empty: bool = False) -> str:
    """Without the personal data in it, as it is kept."""
    text = redact(text.strip()).text
    if not text and not empty:
        raise ValidationError({name: [_("Write something first.")]}, code="required")
    if len(text) > COMMENT_MAX:
        message = _("At most %(most)d characters.") % {"most": COMMENT_MAX}
        raise ValidationError({name: [message]}, code="too_long")
    return text


def _of(step: ApprovalStep) -> dict[str, str | int]:
    behalf = str(step.on_behalf_of_id) if step.on_behalf_of_id else ""
    return {"step": step.number, "approver": step.approver, "on_behalf_of": behalf}
