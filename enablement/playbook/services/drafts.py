"""Playbooks in the browser: upload, look at the plan or at what is wrong, apply."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from enablement.ledger import services as ledger
from enablement.people.models import User
from enablement.playbook.archive import read_upload
from enablement.playbook.bundle import CONTENT, Bundle
from enablement.playbook.errors import SourceError, SourceErrors
from enablement.playbook.models import PlaybookDraft
from enablement.playbook.plan import Plan
from enablement.playbook.rules import ensure_authors
from enablement.playbook.services.applying import current_number, plan
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
    draft = PlaybookDraft.objects.create(
        name=bundle.file,
        document=bundle.yaml,
        content=bundle.content,
        sha256=bundle.sha256,
        uploaded_by=actor,
        uploaded_at=at,
        base_number=current_number(),
    )
    ledger.record(
        kind="playbook.uploaded",
        subject=draft,
        actor=actor,
        at=at,
        payload={"sha256": draft.sha256, "base": draft.base_number},
    )
    return draft


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
    done = submit(bundle=draft.bundle, base_number=base_number, actor=actor, at=at, note=note, draft=draft)
    if done.applied is not None:
        draft.applied_revision = done.applied.revision
        draft.save(update_fields=["applied_revision"])
    return done


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
