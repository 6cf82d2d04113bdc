"""A change of a ruling, proposed in the browser: it ends as a draft of a playbook, like every change."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from enablement.ledger import services as ledger
from enablement.people.models import User
from enablement.playbook.content.reading import ROLES
from enablement.playbook.content.role_edits import with_activity
from enablement.playbook.models import PlaybookDraft
from enablement.playbook.reading import read
from enablement.playbook.services.applying import current_number, export
from enablement.playbook.services.drafts import keep_draft
from tracks.errors import Refused


@transaction.atomic
def propose_ruling(
    *, role: str, line: str, activity: Mapping[str, Any], reason: str, actor: User, at: datetime
) -> PlaybookDraft:
    """The playbook in force with this activity as proposed, as a draft that an author plans and applies.

    activity: as in roles.yaml. Raises PermissionDenied; Refused `no_rubric` for a role without one,
    `no_change` where it says that already; SourceErrors where the playbook would not be sound.
    """
    if not actor.has_perm("access.propose_rulings"):
        raise PermissionDenied(_("You may not propose rulings."))
    bundle = export(at=at)
    reading = read(bundle, in_force=None)
    if role not in reading.content.roles:
        raise Refused("no_rubric", _("The playbook in force has no rubric for this role."))
    content = dict(bundle.content or {})
    before = reading.content.roles[role].rubric()
    content[ROLES] = with_activity(content[ROLES], role=role, line=line, activity=activity)
    proposed = replace(bundle, content=content)
    if read(proposed, in_force=None).content.roles[role].rubric() == before:
        raise Refused("no_change", _("That is what is in force already."))
    name = f"ruling-{role}-{activity['key']}.yaml"[:200]
    draft = keep_draft(
        bundle=proposed, name=name, base_number=current_number(), actor=actor, at=at, reason=reason
    )
    entry = ledger.NewEntry(
        kind="playbook.ruling_proposed",
        subject=draft,
        actor=actor,
        at=at,
        payload={
            "role": role,
            "workflow": activity["key"],
            "line": line,
            "sha256": draft.sha256,
            "base": draft.base_number,
        },
        content=ledger.Content(person=actor.pk, texts={"why": draft.reason}),
    )
    ledger.record_many([entry])
    return draft
