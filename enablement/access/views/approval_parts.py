"""What the approval pages say of a request, in words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from enablement.access import approvers, prompts
from enablement.access.models import ApprovalRequest, ApprovalStep, Erasure
from enablement.access.models.approval import Kind
from enablement.ledger.models import LedgerContent
from enablement.people.models import User
from tracks.words import in_words

State = ApprovalRequest.State
WHY: dict[str, Promise] = {
    "role_needs_approval": _lazy("The role may not do this by itself: it has to be approved every time."),
    "approval_rule": _lazy(
        "The rule of this tool wants an approval: low confidence, or a word that it watches."
    ),
    "confidence_below_threshold": _lazy("The tool is less sure of this output than it has to be."),
    "yellow_zone_term": _lazy("The output speaks of something that a person has to look at."),
    "mixed_scripts": _lazy("A word in the output mixes letters of two alphabets; it may pose as another."),
    "human_in_loop": _lazy("In this role, a person looks at every output."),
    "workflow_change": _lazy("It loosens what is in force, so one person may not do it alone."),
    "activity_without_ruling": _lazy("Nothing says yet whether the tool may do this task."),
}
ACTIONS: dict[str, Promise] = {
    "invoke": _lazy("calls the tool"),
    "apply": _lazy("uses what the tool wrote"),
}
TONES = {
    State.PENDING: "waiting",
    State.ESCALATED: "at-risk",
    State.APPROVED: "met",
    State.SPENT: "met",
    State.REJECTED: "not-met",
    State.EXPIRED: "not-met",
    State.CANCELLED: "not-started",
    State.OUTRUN: "not-started",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A request in a list. with_whom: who has to decide now; task, prompt: in words, "" where it has none."""

    request: ApprovalRequest
    tone: str
    overdue: bool
    with_whom: str
    task: str
    prompt: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something in a request's history. `who` is "" for the system."""

    at: datetime
    what: str
    who: str = ""
    comment: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """What a request is about, for whoever may read it. text: None where it is not here; `why` says so."""

    text: str | None = None
    why: str = ""


def output(request: ApprovalRequest, *, user: User, at: datetime) -> Output | None:
    """For who decides, who decided and whom it is for; None for everybody else."""
    if not may_read_output(request, user=user, at=at):
        return None
    if request.text_length is None:
        return Output(why=_("No output was sent with the request: it asks before the tool is called."))
    if request.text_entry is None:
        return Output(
            why=_("The playbook in force keeps no outputs. Ask to see it in the tool before you decide.")
        )
    kept = LedgerContent.objects.filter(entry=request.text_entry).first()
    if kept is None or kept.gone_at is not None:
        return Output(why=_("The output has been removed since: its time was over, or it was erased."))
    return Output(text=kept.texts().get("text", ""))


def may_read_output(request: ApprovalRequest, *, user: User, at: datetime) -> bool:
    if request.is_change:
        return False
    if request.subject_id == user.pk or request.steps.filter(decided_by=user).exists():
        return True
    return approvers.steps_for(user, at=at).filter(request=request).exists()


def waiting_for(user: User, *, at: datetime) -> QuerySet[ApprovalRequest]:
    """What this person can decide or look at now, the most urgent first."""
    steps = approvers.steps_for(user, at=at)
    own = Q(kind=Kind.REVIEW, subject=user, state__in=ApprovalRequest.UNDECIDED, expires_at__gt=at)
    return listed(ApprovalRequest.objects.filter(own | Q(pk__in=steps.values("request")))).order_by(
        "due_at", "id"
    )


def listed(requests: QuerySet[ApprovalRequest]) -> QuerySet[ApprovalRequest]:
    """With everything that a list shows; two queries for any number."""
    undecided = ApprovalStep.objects.filter(decision="").order_by("number")
    return requests.select_related("subject", "microtool").prefetch_related(
        Prefetch("steps", queryset=undecided, to_attr="steps_left")
    )


def lines(requests: Any, *, at: datetime) -> list[Line]:
    title, prompt_titles = approvers.titles(), prompts.titles()
    return [
        Line(
            request=one,
            tone=tone(one, at=at),
            overdue=one.is_undecided and one.due_at <= at,
            with_whom=_with_whom(one, title),
            task=in_words(one.workflow_id or ""),
            prompt=prompt_titles.get(one.prompt, in_words(one.prompt)) if one.prompt else "",
        )
        for one in requests
    ]


def tone(request: ApprovalRequest, *, at: datetime) -> str:
    late = request.is_undecided and request.due_at <= at
    return "at-risk" if late else TONES[State(request.state)]


def _with_whom(request: Any, title: Any) -> str:
    if not request.is_undecided or not request.steps_left:
        return ""
    if request.is_review:
        return str(request.subject)
    step = request.steps_left[0]
    names = [title(step.approver), *([title(step.escalated_to)] if step.escalated_to else [])]
    return _(" or ").join(names)


def why(request: ApprovalRequest) -> list[str]:
    return [str(WHY.get(entry["reason"], entry["reason"])) for entry in request.requirements]


def erased_at(request: ApprovalRequest) -> datetime | None:
    """When the words of the person whom it is for were erased, where it was waiting then."""
    rows = Erasure.objects.filter(person=request.subject_id, done_at__gte=request.requested_at)
    if request.settled_at is not None:
        rows = rows.filter(done_at__lte=request.settled_at)
    return rows.order_by("-done_at").values_list("done_at", flat=True).first()


def history(request: ApprovalRequest) -> list[Event]:
    """From asking to use, in order; comments that decided nothing stand elsewhere."""
    asked_by = "" if request.token else str(request.subject)
    asked = _("Asked by %(name)s") % {"name": request.token.name} if request.token else _("Asked")
    events = [Event(at=request.requested_at, what=asked, who=asked_by)]
    if request.escalated_at:
        events.append(Event(at=request.escalated_at, what=_("Passed on, because nobody had decided in time")))
    decided = request.steps.exclude(decided_at=None).select_related("decided_by", "on_behalf_of")
    events.extend(
        Event(at=step.decided_at, what=_decided(step), who=_who(step), comment=step.comment)
        for step in decided
        if step.decided_at is not None
    )
    if request.settled_at and request.state == State.CANCELLED:
        events.append(Event(at=request.settled_at, what=_("Withdrawn"), who=str(request.subject)))
    if request.settled_at and request.state == State.OUTRUN:
        events.append(Event(at=request.settled_at, what=_("Outrun by another playbook")))
    if request.state == State.EXPIRED:
        events.append(Event(at=request.expires_at, what=_("Ended: its time was over")))
    if request.spent_at:
        used = _("Put in force") if request.is_change else _("Used by the call that it was for")
        events.append(Event(at=request.spent_at, what=used))
    return sorted(events, key=lambda event: event.at)


def _decided(step: ApprovalStep) -> str:
    approved = step.decision == ApprovalStep.Decision.APPROVED
    if step.kind == Kind.REVIEW:
        return _("Looked at: it may be used") if approved else _("Looked at: it must not be used")
    return _("Approved") if approved else _("Turned down")


def _who(step: ApprovalStep) -> str:
    if step.on_behalf_of is None:
        return str(step.decided_by)
    return _("%(name)s, in place of %(absent)s") % {"name": step.decided_by, "absent": step.on_behalf_of}
