"""A prompt becomes a step of a procedure: a change of the playbook, so the chain approves it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from enablement.access.sop_specs import SOPSpec
from enablement.ledger import services as ledger
from enablement.people.models import User
from enablement.playbook.bundle import Bundle
from enablement.playbook.content.sop_edits import with_step
from enablement.playbook.content.sops import SOPS
from enablement.playbook.models import PlaybookDraft, PlaybookProposal
from enablement.playbook.reading import read
from enablement.playbook.rules import AUTHOR
from enablement.playbook.services.applying import current_number, export
from enablement.playbook.services.chain import submit
from enablement.playbook.services.drafts import keep_draft
from tracks.errors import Refused


@transaction.atomic
def promote(
    *, sop: str, after: str, step: Mapping[str, Any], reason: str, actor: User, at: datetime
) -> PlaybookProposal | PlaybookDraft:
    """The playbook in force with this step in that procedure. Who may author playbooks proposes it to the
    chain at once; for anybody else it is a draft, which an author proposes.

    after: the key of the step before it, "" for the first place. step: as in sops.yaml, without its key.
    Raises PermissionDenied; Refused `no_procedure` where the procedure or that step is not there, or as
    `export` and `submit` do; SourceErrors where the playbook would not be sound.
    """
    if not actor.has_perm("access.author_prompts"):
        raise PermissionDenied(_("You may not change procedures."))
    bundle = export(at=at)
    before = _sops(bundle)
    if sop not in before or (after and after not in [each.key for each in before[sop].steps]):
        raise Refused("no_procedure", _("The procedure has changed. Look at it again, then choose a place."))
    content = dict(bundle.content or {})
    content[SOPS] = with_step(content[SOPS], sop=sop, after=after, step=step)
    proposed = replace(bundle, content=content)
    _ensure_only(sop, before, _sops(proposed))
    name = f"procedure-{sop}.yaml"[:200]
    draft = keep_draft(
        bundle=proposed, name=name, base_number=current_number(), actor=actor, at=at, reason=reason
    )
    entry = ledger.NewEntry(
        kind="playbook.sop_step_proposed",
        subject=draft,
        actor=actor,
        at=at,
        payload={
            "sop": sop,
            "prompt": step["prompt"],
            "after": after,
            "sha256": draft.sha256,
            "base": draft.base_number,
        },
        content=ledger.Content(person=actor.pk, texts={"why": draft.reason}),
    )
    ledger.record_many([entry])
    if not actor.has_perm(AUTHOR):
        return draft
    done = submit(
        bundle=draft.bundle,
        base_number=draft.base_number,
        actor=actor,
        at=at,
        note=draft.reason,
        draft=draft,
    )
    return done.proposal or draft


def _sops(bundle: Bundle) -> dict[str, SOPSpec]:
    return {each.key: each for each in read(bundle, in_force=None).content.sops}


def _ensure_only(sop: str, before: Mapping[str, SOPSpec], after: Mapping[str, SOPSpec]) -> None:
    """Rewriting the file has put one step in and touched nothing else; else it is a defect of ours."""
    old, new = [each.key for each in before[sop].steps], after[sop].steps
    kept = replace(after[sop], steps=tuple(each for each in new if each.key in old))
    if {**after, sop: kept} != before or len(new) != len(old) + 1:
        message = f"the step cannot be written into {SOPS}"
        raise ValueError(message)
