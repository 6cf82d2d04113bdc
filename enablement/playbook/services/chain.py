"""The workflow-change chain (DESIGN §4, approvals): what loosens is proposed; the last approval applies it.

A plan that only tightens needs one person. Time never approves, nobody approves twice or what is their own,
and what is put in force is the very playbook, with the very plan, that was approved: else it is planned anew.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from enablement.access import approvers
from enablement.access.models import ApprovalRequest, Policy
from enablement.access.services import approvals
from enablement.ledger import services as ledger
from enablement.ledger.canonical import canonical, sha256
from enablement.ledger.models import LedgerEntry
from enablement.people.models import User
from enablement.playbook.bundle import Bundle
from enablement.playbook.models import PlaybookDraft, PlaybookProposal
from enablement.playbook.plan import Plan
from enablement.playbook.rules import ensure_authors
from enablement.playbook.schema import PlaybookFile
from enablement.playbook.services.applying import (
    CAUSE,
    Applied,
    NeedsApproval,
    apply,
    current_bundle,
    current_number,
    put_in_force,
)
from enablement.playbook.yaml_source import load
from tracks.errors import Refused


@dataclass(frozen=True, kw_only=True, slots=True)
class Submitted:
    """Either in force now, or proposed. `new`: not proposed before."""

    applied: Applied | None = None
    proposal: PlaybookProposal | None = None
    plan: Plan
    new: bool = True


def submit(
    *,
    bundle: Bundle,
    base_number: int,
    actor: User | None,
    at: datetime,
    note: str = "",
    draft: PlaybookDraft | None = None,
) -> Submitted:
    """Apply what one person may apply; propose the rest to the chain. Raises as `apply`; Refused
    "nobody_proposes" where nobody is named as the person who proposes, "no_reason" where neither `note` nor
    the draft tells the approvers why.
    """
    try:
        applied = apply(bundle=bundle, base_number=base_number, actor=actor, at=at, note=note)
    except NeedsApproval as needed:
        if actor is None:
            message = _("This loosens what is in force, so others have to approve it: say who proposes it.")
            raise Refused("nobody_proposes", message) from needed
        return _propose(needed, actor=actor, at=at, note=note, draft=draft, name=bundle.file)
    return Submitted(applied=applied, plan=applied.plan, new=applied.new)


@transaction.atomic
def _propose(
    needed: NeedsApproval, *, actor: User, at: datetime, note: str, draft: PlaybookDraft | None, name: str
) -> Submitted:
    ensure_authors(actor)
    plan, bundle = needed.plan, needed.bundle
    why = note.strip() or (draft.reason if draft else "")
    hold()
    if current_number() != plan.base_number:
        raise Refused("stale_base", _("Another playbook was put in force at this moment. Plan again."))
    same = PlaybookProposal.objects.waiting().filter(sha256=bundle.sha256, base_number=plan.base_number)
    if (found := same.select_related("request").first()) is not None:
        return Submitted(proposal=found, plan=plan, new=False)
    if not why:
        raise Refused("no_reason", _("Say why: it is what those read who have to approve it."))
    steps, hours = _chain()
    request = approvals.propose_change(
        sha256=bundle.sha256,
        policy_revision=plan.base_number,
        purpose=why,
        approvers=steps,
        hours=hours,
        actor=actor,
        at=at,
    )
    made = PlaybookProposal.objects.create(
        request=request,
        draft=draft,
        name=name[:200],
        document=bundle.document(),
        sha256=bundle.sha256,
        base_number=plan.base_number,
        plan=_kept(plan),
        plan_sha256=digest(plan),
    )
    _record(made, plan, why=why, actor=actor, at=at)
    return Submitted(proposal=made, plan=plan)


def _record(proposal: PlaybookProposal, plan: Plan, *, why: str, actor: User, at: datetime) -> None:
    """With the words beside the chain, where they can be erased for whose they are."""
    draft = proposal.draft
    entry = ledger.NewEntry(
        kind="playbook.proposed",
        subject=("access.ApprovalRequest", str(proposal.pk)),
        actor=actor,
        at=at,
        payload={
            "sha256": proposal.sha256,
            "plan_sha256": proposal.plan_sha256,
            "base": proposal.base_number,
            "loosens": len(plan.loosens),
            "draft": str(draft.pk) if draft else "",
            "drafted_by": str(draft.uploaded_by_id) if draft else "",
        },
        policy_revision=plan.base_number,
        content=ledger.Content(
            person=draft.uploaded_by_id if draft and draft.reason == why else actor.pk, texts={"why": why}
        ),
    )
    ledger.record_many([entry])


@transaction.atomic
def decide(
    *, proposal: PlaybookProposal, approve: bool, actor: User, at: datetime, comment: str = ""
) -> ApprovalRequest:
    """Approve the current step, or turn the proposal down. The last approval puts it in force.

    The policy is held first, as applying holds it, so that the two wait for each other. Raises as
    `approvals.approve` and as `on_approved`.
    """
    hold()
    service = approvals.approve if approve else approvals.reject
    return service(request=proposal.request, actor=actor, comment=comment, at=at)


def on_approved(*, request_id: UUID, actor_id: UUID | None, at: datetime, last: bool) -> None:
    """A step of a change was approved; runs in that transaction, so what it refuses was never approved.

    Refused "own_request" for whoever uploaded it; "stale_base", "plan_differs" or "not_approved" where it is
    not what was proposed any more; and as `put_in_force` does.
    """
    found = PlaybookProposal.objects.select_for_update(of=("self",)).select_related(
        "draft", "request__subject"
    )
    proposal = found.get(pk=request_id)
    if actor_id is None or (proposal.draft is not None and proposal.draft.uploaded_by_id == actor_id):
        raise Refused(
            "own_request", _("Nobody decides on a playbook that they uploaded; somebody else has to.")
        )
    if proposal.base_number != current_number():
        raise Refused(
            "stale_base",
            _("Another playbook is in force by now. This one has to be planned and proposed again."),
        )
    if last:
        _carry_out(proposal, at=at)


def _carry_out(proposal: PlaybookProposal, *, at: datetime) -> None:
    request = approvals.ensure_approved(request_id=proposal.pk, at=at)
    proposer = request.subject
    if not proposer.is_active:
        raise Refused("proposer_gone", _("Whoever proposed this has left. Somebody else has to propose it."))

    def ensure_same(plan: Plan, bundle: Bundle) -> None:
        same = bundle.sha256 == proposal.sha256 == request.input_sha256
        if not same or digest(plan) != proposal.plan_sha256:
            raise Refused(
                "plan_differs",
                _(
                    "Something was edited since this was proposed, and its plan is another now. It has to be "
                    "planned and proposed again."
                ),
            )

    applied = put_in_force(
        bundle=proposal.bundle,
        base_number=proposal.base_number,
        actor=proposer,
        at=at,
        note=request.purpose,
        check=ensure_same,
    )
    if not applied.new:
        raise Refused("plan_differs", _("There is nothing left to change. Withdraw the proposal."))
    entry = LedgerEntry.objects.about("ledger.policyrevision", str(applied.revision.number)).get(kind=CAUSE)
    approvals.spend_change(request=request, entry=entry.pk, at=at)
    proposal.applied_revision, proposal.outdated_by = applied.revision, None
    proposal.save(update_fields=["applied_revision", "outdated_by"])
    if proposal.draft_id is not None:
        PlaybookDraft.objects.filter(pk=proposal.draft_id).update(applied_revision=applied.revision)


def digest(plan: Plan) -> str:
    """What a plan changes and undoes, as one number. Who judges is no part: people are appointed daily.

    Nor are titles: where one changes, that is a change of its own.
    """
    kept = _kept(plan)
    changes = [change[:-1] for change in kept["changes"] if change[1] != "judge"]
    return sha256(canonical({"changes": changes, "warnings": kept["warnings"]}))


def deciding_roles() -> set[str]:
    """The keys of roles that stand in the chain."""
    return {approvers.role_of(name) for name in _chain()[0]}


def hold() -> None:
    """Waits for whoever applies or approves a playbook, and makes them wait."""
    Policy.objects.select_for_update().first()


def _kept(plan: Plan) -> dict[str, Any]:
    return {
        "changes": [
            [change.action, change.item.kind, change.item.name, list(change.details), change.title]
            for change in plan.changes
        ],
        "gain": [[effect.title or effect.tool, len(effect.gain)] for effect in plan.effects if effect.gain],
        "lose": [[effect.title or effect.tool, len(effect.lose)] for effect in plan.effects if effect.lose],
        "calls": [[call.what, call.tool, len(call.stops), len(call.lets_in)] for call in plan.calls],
        "uncounted": list(plan.uncounted),
        "loosens": list(plan.loosens),
        "warnings": list(plan.warnings),
        "gaps": list(plan.gaps),
        "notes": list(plan.notes),
    }


def _chain() -> tuple[list[str], int]:
    """As the playbook in force says it, never as the proposed one would."""
    bundle = current_bundle()
    said = None
    if bundle is not None:
        said = PlaybookFile.model_validate(
            load(bundle.yaml, file=bundle.file).value
        ).approvals.workflow_changes
    if said is None:
        return list(approvals.CHAIN), approvals.CHANGE_HOURS
    return list(said.steps), int(said.sla_hours)
