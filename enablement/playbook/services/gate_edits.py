"""A gate edited in the browser: tried out as a plan, kept as a draft, applied like every other."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from enablement.access import gates
from enablement.ledger import services as ledger
from enablement.people.models import User
from enablement.playbook.bundle import Bundle
from enablement.playbook.gate_writing import with_gate
from enablement.playbook.models import PlaybookDraft
from enablement.playbook.plan import Plan
from enablement.playbook.rules import ensure_authors
from enablement.playbook.services.applying import current_number, export, plan
from enablement.playbook.services.drafts import keep_draft
from tracks.errors import Refused


def try_out(*, track: str, tree: Mapping[str, Any], immediate: bool, base_number: int, at: datetime) -> Plan:
    """What this gate would change, and for whom; nothing is kept.

    base_number: the revision whose gate was edited. Raises GateError for a tree that is not sound;
    SourceErrors for one that names what the track does not have; Refused "stale_base" where another
    revision is in force by now, "no_change", and as `export` and `plan` do.
    """
    proposed = _proposed(track=track, tree=tree, immediate=immediate, base_number=base_number, at=at)
    return _planned(proposed, at=at)


@transaction.atomic
def keep(
    *,
    track: str,
    tree: Mapping[str, Any],
    immediate: bool,
    base_number: int,
    reason: str,
    actor: User,
    at: datetime,
) -> PlaybookDraft:
    """The playbook in force with this gate, as a draft. Raises as `try_out` does, and PermissionDenied."""
    ensure_authors(actor)
    bundle = _proposed(track=track, tree=tree, immediate=immediate, base_number=base_number, at=at)
    _planned(bundle, at=at)
    draft = keep_draft(
        bundle=bundle, name=bundle.file, base_number=base_number, actor=actor, at=at, reason=reason
    )
    ledger.record(
        kind="playbook.gate_drafted",
        subject=draft,
        actor=actor,
        at=at,
        payload={"track": track, "sha256": draft.sha256, "base": base_number},
    )
    return draft


def _planned(bundle: Bundle, *, at: datetime) -> Plan:
    found = plan(bundle=bundle, at=at)
    if not found:
        raise Refused("no_change", _("That is what is in force already."))
    return found


def _proposed(
    *, track: str, tree: Mapping[str, Any], immediate: bool, base_number: int, at: datetime
) -> Bundle:
    gates.check(tree)
    if base_number != current_number():
        raise Refused(
            "stale_base",
            _(
                "Another playbook was put in force since you began, and may have changed this gate. Compare "
                "it with the gate in force, then look again at who gains or loses."
            ),
        )
    bundle = export(at=at)
    name = f"gate-{track}.yaml"
    return replace(
        bundle, yaml=with_gate(bundle.yaml, file=name, track=track, tree=tree, immediate=immediate), file=name
    )
