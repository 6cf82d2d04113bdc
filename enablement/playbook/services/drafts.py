"""Playbooks in the browser: upload, look at the plan or at what is wrong, apply."""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from enablement.ledger import services as ledger
from enablement.people.models import User
from enablement.playbook.archive import read_upload
from enablement.playbook.bundle import CONTENT, Bundle
from enablement.playbook.errors import SourceError, SourceErrors
from enablement.playbook.file_differences import FileDifference, differences
from enablement.playbook.models import PlaybookDraft
from enablement.playbook.plan import Plan
from enablement.playbook.rules import ensure_authors
from enablement.playbook.services.applying import current_bundle, current_number, plan, whole
from enablement.playbook.services.chain import Submitted, submit
from tracks.errors import Refused

_SHOWN = 160


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """A fault with the line it stands on; `before`, `here`, `after` split that line at its column."""

    error: SourceError
    before: str = ""
    here: str = ""
    after: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspection:
    """Either a plan, or what has to be mended first; `more` faults are not listed."""

    plan: Plan | None = None
    faults: tuple[Fault, ...] = ()
    more: int = 0
    refusal: str = ""


@transaction.atomic
def upload(*, name: str, data: bytes, actor: User, at: datetime) -> PlaybookDraft:
    """Keep an uploaded .yaml or .zip as a draft, sound or not.

    Raises SourceErrors for what cannot be kept as text: too large, not UTF-8, no plain archive.
    """
    ensure_authors(actor)
    bundle = read_upload(name, data)
    draft = keep_draft(bundle=bundle, name=bundle.file, base_number=current_number(), actor=actor, at=at)
    ledger.record(
        kind="playbook.uploaded",
        subject=draft,
        actor=actor,
        at=at,
        payload={"sha256": draft.sha256, "base": draft.base_number},
    )
    return draft


def keep_draft(
    *, bundle: Bundle, name: str, base_number: int, actor: User, at: datetime, reason: str = ""
) -> PlaybookDraft:
    """What somebody uploads or makes of the playbook in force, to be planned and applied."""
    return PlaybookDraft.objects.create(
        name=name,
        document=bundle.yaml,
        content=bundle.content,
        sha256=bundle.sha256,
        uploaded_by=actor,
        uploaded_at=at,
        base_number=base_number,
        reason=reason.strip(),
    )


def inspect(*, draft: PlaybookDraft, at: datetime) -> Inspection:
    """What applying the draft would do now, or why it cannot be."""
    bundle = draft.bundle
    try:
        return Inspection(plan=plan(bundle=bundle, at=at))
    except SourceErrors as errors:
        faults = tuple(_fault(error, bundle) for error in errors.errors)
        return Inspection(faults=faults, more=errors.more)
    except Refused as refusal:
        return Inspection(refusal=refusal.message)


def file_changes(draft: PlaybookDraft) -> list[FileDifference]:
    """How the files of a sound draft differ from those in force; none before the first playbook."""
    in_force = current_bundle()
    return differences(in_force, whole(draft.bundle)) if in_force else []


@transaction.atomic
def apply_draft(
    *, draft: PlaybookDraft, base_number: int, actor: User, at: datetime, note: str = ""
) -> Submitted | None:
    """Put a draft in force, or propose it; None where it was applied before (a second click changes nothing).

    base_number: the revision that the plan on the page was made against. Raises as `submit` does.
    """
    ensure_authors(actor)
    draft = PlaybookDraft.objects.select_for_update().get(pk=draft.pk)
    if draft.applied_revision_id is not None:
        return None
    if draft.discarded_at is not None:
        raise Refused("discarded", _("This draft has been discarded. Upload it again."))
    done = submit(bundle=draft.bundle, base_number=base_number, actor=actor, at=at, note=note, draft=draft)
    if done.applied is not None:
        draft.applied_revision = done.applied.revision
        draft.save(update_fields=["applied_revision"])
    return done


@transaction.atomic
def discard(*, draft: PlaybookDraft, actor: User, at: datetime) -> PlaybookDraft:
    """Put one's own draft away; what was proposed with it stays on record. A second time changes nothing.

    Raises PermissionDenied for another's; Refused "applied" or, while its approval is under way, "waits".
    """
    ensure_authors(actor)
    found = PlaybookDraft.objects.select_for_update(of=("self",)).get(pk=draft.pk)
    if found.uploaded_by_id != actor.pk:
        raise PermissionDenied(_("Whoever uploaded a draft discards it."))
    if found.discarded_at is not None:
        return found
    if found.applied_revision_id is not None:
        raise Refused("applied", _("This draft is in force; its revision stays."))
    if found.proposals.waiting().exists():
        raise Refused("waits", _("It waits for approval. Withdraw the proposal first."))
    found.discarded_at = at
    found.save(update_fields=["discarded_at"])
    ledger.record(
        kind="playbook.discarded",
        subject=found,
        actor=actor,
        at=at,
        payload={"sha256": found.sha256, "base": found.base_number},
    )
    return found


def _fault(error: SourceError, bundle: Bundle) -> Fault:
    text = bundle.yaml if error.file == bundle.file else ""
    if error.file.startswith(CONTENT):
        text = (bundle.content or {}).get(error.file.removeprefix(CONTENT), "")
    lines = text.split("\n")
    if not text or error.line > len(lines):
        return Fault(error=error)
    line, place = lines[error.line - 1].rstrip("\r"), error.column - 1
    return Fault(
        error=error,
        before=line[max(place - _SHOWN // 2, 0) : place],
        here=line[place : place + 1],
        after=line[place + 1 : place + _SHOWN // 2],
    )
