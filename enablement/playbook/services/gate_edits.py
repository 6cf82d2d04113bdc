"""A gate, or what an overlay asks besides, edited in the browser: tried out as a plan, kept as a draft,
applied like every other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from django.db import transaction
from django.utils.translation import gettext as _

from enablement.access import gates
from enablement.ledger import services as ledger
from enablement.people.models import User
from enablement.playbook.bundle import Bundle
from enablement.playbook.gate_writing import with_demands, with_gate
from enablement.playbook.models import PlaybookDraft
from enablement.playbook.plan import Plan
from enablement.playbook.rules import ensure_authors
from enablement.playbook.services.applying import current_number, export, plan
from enablement.playbook.services.drafts import keep_draft
from tracks.errors import Refused


class Edit(Protocol):
    """What was edited. file: what its draft is called; kind, about: what the ledger says of it."""

    @property
    def tree(self) -> Mapping[str, Any]: ...
    @property
    def file(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def about(self) -> Mapping[str, str]: ...
    def written(self, text: str) -> str:
        """The text of the playbook in force, with what was edited."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GateEdit:
    """Another gate for a track. immediate: what changes binds at once whoever holds the tools."""

    track: str
    tree: Mapping[str, Any]
    immediate: bool
    kind: str = "playbook.gate_drafted"

    @property
    def file(self) -> str:
        return f"gate-{self.track}.yaml"

    @property
    def about(self) -> Mapping[str, str]:
        return {"track": self.track}

    def written(self, text: str) -> str:
        return with_gate(text, file=self.file, track=self.track, tree=self.tree, immediate=self.immediate)


@dataclass(frozen=True, kw_only=True, slots=True)
class OverlayEdit:
    """Other requirements for whom an overlay holds."""

    overlay: str
    tree: Mapping[str, Any]
    kind: str = "playbook.overlay_drafted"

    @property
    def file(self) -> str:
        return f"overlay-{self.overlay}.yaml"

    @property
    def about(self) -> Mapping[str, str]:
        return {"overlay": self.overlay}

    def written(self, text: str) -> str:
        return with_demands(text, file=self.file, overlay=self.overlay, tree=self.tree)


def try_out(*, edit: Edit, base_number: int, at: datetime) -> Plan:
    """What this would change, and for whom; nothing is kept.

    base_number: the revision that was edited. Raises GateError for a tree that is not sound; SourceErrors
    for one that names what a track does not have, or an overlay that would loosen; Refused "stale_base"
    where another revision is in force by now, "no_change", and as `export` and `plan` do.
    """
    return _planned(_proposed(edit=edit, base_number=base_number, at=at), at=at)


@transaction.atomic
def keep(*, edit: Edit, base_number: int, reason: str, actor: User, at: datetime) -> PlaybookDraft:
    """The playbook in force with this edit, as a draft. Raises as `try_out` does, and PermissionDenied."""
    ensure_authors(actor)
    bundle = _proposed(edit=edit, base_number=base_number, at=at)
    _planned(bundle, at=at)
    draft = keep_draft(
        bundle=bundle, name=bundle.file, base_number=base_number, actor=actor, at=at, reason=reason
    )
    ledger.record(
        kind=edit.kind,
        subject=draft,
        actor=actor,
        at=at,
        payload={**edit.about, "sha256": draft.sha256, "base": base_number},
    )
    return draft


def _planned(bundle: Bundle, *, at: datetime) -> Plan:
    found = plan(bundle=bundle, at=at)
    if not found:
        raise Refused("no_change", _("That is what is in force already."))
    return found


def _proposed(*, edit: Edit, base_number: int, at: datetime) -> Bundle:
    gates.check(edit.tree)
    if base_number != current_number():
        raise Refused(
            "stale_base",
            _(
                "Another playbook was put in force since you began, and may have changed this too. Compare "
                "it with what is in force, then look again at who gains or loses."
            ),
        )
    bundle = export(at=at)
    return replace(bundle, yaml=edit.written(bundle.yaml), file=edit.file)
