"""What the pages say of a proposed playbook, in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from enablement.access import approvers
from enablement.access.models import ApprovalRequest, ApprovalStep
from enablement.access.views import approval_parts as parts
from enablement.ledger.models import PolicyRevision
from enablement.people.models import User
from enablement.playbook.bundle import Bundle
from enablement.playbook.file_differences import FileDifference, differences, for_page, withhold
from enablement.playbook.models import PlaybookProposal
from enablement.playbook.phrases import by_kind
from enablement.playbook.rules import AUTHOR
from tracks.models import Enrolment, Track

State = ApprovalRequest.State


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One seat of the chain. who: who decided, or who can, "" where nobody can."""

    title: str
    tone: str
    state: str
    who: str
    at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A proposal in a list."""

    proposal: PlaybookProposal
    state: str
    tone: str
    with_whom: str


def listed(*, user: User, at: datetime) -> QuerySet[PlaybookProposal]:
    """What this person may see, the latest first, as `rows` shows them."""
    found = PlaybookProposal.objects.visible_to(user, at=at)
    return found.select_related("request__subject", "applied_revision").defer("document", "plan")


def rows(proposals: Iterable[PlaybookProposal], *, at: datetime) -> list[Row]:
    """With who has to act next. A constant number of queries."""
    found = list(proposals)
    requests = parts.listed(ApprovalRequest.objects.filter(pk__in=[each.pk for each in found]))
    lines = {line.request.pk: line for line in parts.lines(requests, at=at)}
    return [
        Row(
            proposal=each,
            state=_state(each),
            tone=lines[each.pk].tone,
            with_whom=lines[each.pk].with_whom,
        )
        for each in found
    ]


def context(proposal: PlaybookProposal, *, user: User, at: datetime) -> dict[str, Any]:
    """Everything that the page of one shows."""
    request = proposal.request
    [line] = parts.lines(parts.listed(ApprovalRequest.objects.filter(pk=request.pk)), at=at)
    over = request.is_undecided and request.expires_at <= at
    uploaded = proposal.draft is not None and proposal.draft.uploaded_by_id == user.pk
    own = request.subject_id == user.pk
    return {
        "proposal": proposal,
        "item": request,
        "line": line,
        "state": _state(proposal),
        "over": over,
        "own": own or uploaded,
        "may_decide": not uploaded and approvers.steps_for(user, at=at).filter(request=request).exists(),
        "may_withdraw": own and request.is_undecided,
        "may_comment": approvers.visible_to(user, at=at).filter(pk=request.pk).exists(),
        "steps": _steps(request, at=at),
        "groups": by_kind(proposal.changes),
        "files": for_page(file_changes(proposal, user=user)),
        "history": parts.history(request),
        "comments": request.comments.select_related("author"),
    }


def file_changes(proposal: PlaybookProposal, *, user: User) -> list[FileDifference]:
    """How its files differ from those of the revision below it, as far as this person may see."""
    base = PolicyRevision.objects.get(number=proposal.base_number)
    found = differences(Bundle.of_document(base.document), proposal.bundle)
    if user.has_perm(AUTHOR):
        return found
    own = Q(role__in=user.role_assignments.filter(ended_at=None).values("role"))
    learns = Q(pk__in=Enrolment.objects.live().filter(user=user).values("track"))
    return withhold(found, tracks=set(Track.objects.filter(own | learns).values_list("key", flat=True)))


def _state(proposal: PlaybookProposal) -> str:
    if proposal.outdated_by_id is not None:
        return _("Outrun by another playbook")
    if proposal.applied_revision is not None:
        return _("In force as revision %(number)d") % {"number": proposal.applied_revision.number}
    return {
        State.REJECTED: _("Turned down"),
        State.CANCELLED: _("Withdrawn"),
        State.OUTRUN: _("Outrun by another playbook"),
        State.EXPIRED: _("Ended: its time was over"),
        State.ESCALATED: _("Overdue, and passed on"),
    }.get(State(proposal.request.state), _("Waiting"))


def _steps(request: ApprovalRequest, *, at: datetime) -> list[Step]:
    title = approvers.titles()
    steps = list(request.steps.select_related("decided_by").order_by("number"))
    waiting = next((step for step in steps if not step.decision), None)
    done = {step.decided_by_id for step in steps} | {request.subject_id}
    return [
        _step(step, title, at=at, now=step is waiting and request.is_undecided, done=done) for step in steps
    ]


def _step(step: ApprovalStep, title: Any, *, at: datetime, now: bool, done: set[Any]) -> Step:
    names = [step.approver, *([step.escalated_to] if step.escalated_to else [])]
    if step.decision:
        who, state = str(step.decided_by), str(step.get_decision_display()).capitalize()
        tone = "met" if step.decision == ApprovalStep.Decision.APPROVED else "not-met"
    else:
        people = {person for name in names for person in approvers.people_for(name, at=at)}
        who = ", ".join(sorted(str(person) for person in people if person.pk not in done))
        state, tone = (_("Decides now"), "waiting") if now else (_("Later"), "not-started")
        who = who or _("nobody who may: it will be passed on")
    return Step(title=_(" or ").join(map(title, names)), tone=tone, state=state, who=who, at=step.decided_at)
