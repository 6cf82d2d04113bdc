"""Asking for an evidence pack, making it in a job, taking it away: all of it on record."""

import hashlib
import tempfile
from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.core.files import File
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from enablement.access.models import Microtool
from enablement.access.services.decision_log import project
from enablement.jobs.progress import progress
from enablement.jobs.services import enqueue
from enablement.ledger import services as ledger
from enablement.people.models import User
from enablement.reports.evidence import bagging
from enablement.reports.evidence.collecting import collect
from enablement.reports.models import EvidencePack
from enablement.reports.signals import evidence_pack_changed
from tracks.facts import Fact
from tracks.models import Cohort

STEPS = 3
RIGHT = "ledger.view_ledgerentry"


@transaction.atomic
def request_pack(
    *,
    purpose: str,
    first_day: date,
    last_day: date,
    actor: User,
    at: datetime,
    person: User | None = None,
    cohort: Cohort | None = None,
    microtool: Microtool | None = None,
) -> EvidencePack:
    """A pack on these days, in the zone of who asks. Raises PermissionDenied, or ValidationError."""
    from enablement.reports.tasks import build_pack as task

    if not actor.has_perm(RIGHT):
        raise PermissionDenied
    pack = EvidencePack(
        requested_by=actor,
        purpose=purpose.strip(),
        person=person,
        cohort=cohort,
        microtool=microtool,
        first_day=first_day,
        last_day=last_day,
        zone=actor.timezone,
        created_at=at,
    )
    pack.full_clean(exclude=["job", "person", "cohort", "microtool", "file"])
    pack.job = enqueue(
        task=task,
        args={"pack_id": str(pack.pk)},
        requested_by=actor,
        title=_("Evidence pack: %(matter)s") % {"matter": pack},
        at=at,
    )
    pack.save(force_insert=True)
    scope = {
        "person": str(person.pk) if person else "",
        "cohort": str(cohort.pk) if cohort else "",
        "microtool": microtool.key if microtool else "",
        "since": pack.since,
        "until": pack.until,
    }
    _announce("requested", pack, actor=actor, at=at, **scope)
    return pack


def build(*, pack_id: UUID, at: datetime) -> Callable[[], dict[str, Any]]:
    """Write the ZIP, outside any transaction; the effect that is returned keeps it.

    First a checkpoint is signed and the decision log brought up to date, so that the pack lacks nothing.
    """
    pack = EvidencePack.objects.select_related("person", "cohort", "microtool", "requested_by").get(
        pk=pack_id
    )
    if pack.finished_at is not None:
        return _result
    progress(0, STEPS, _("Signing what the ledger holds"))
    ledger.checkpoint(at=at)
    project()
    progress(1, STEPS, _("Collecting the evidence"))
    matter = collect(pack)
    progress(2, STEPS, _("Writing and signing the pack"))
    folder = tempfile.TemporaryDirectory(prefix="enablement-evidence-")
    path = bagging.write(matter, folder=Path(folder.name), at=at)
    pack.decisions, pack.entries, pack.finished_at = matter.decisions, len(matter.positions), at
    return partial(_keep, pack, folder, path, at)


@transaction.atomic
def _keep(
    pack: EvidencePack, folder: "tempfile.TemporaryDirectory[str]", path: Path, at: datetime
) -> dict[str, Any]:
    with folder:
        if EvidencePack.objects.select_for_update(of=("self",)).get(pk=pack.pk).finished_at is not None:
            return _result()
        with path.open("rb") as file:
            pack.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            pack.file.save("", File(file), save=False)
    try:
        pack.save(update_fields=["file", "sha256", "decisions", "entries", "finished_at"])
        _announce("made", pack, actor=None, at=at, sha256=pack.sha256, entries=pack.entries)
    except BaseException:
        pack.file.delete(save=False)
        raise
    return _result()


@transaction.atomic
def note_download(*, pack: EvidencePack, actor: User, at: datetime) -> None:
    """Who takes evidence away is evidence too; without this record the file is not given out."""
    _announce("downloaded", pack, actor=actor, at=at, sha256=pack.sha256)


def _announce(what: str, pack: EvidencePack, *, actor: User | None, at: datetime, **payload: Any) -> None:
    fact = Fact(
        kind=f"reports.evidence_pack_{what}",
        subject=("reports.EvidencePack", str(pack.pk)),
        at=at,
        actor_id=actor.pk if actor else None,
        payload=payload,
    )
    evidence_pack_changed.send(sender=EvidencePack, facts=[fact])


def _result() -> dict[str, Any]:
    """For the job page: where the pack is."""
    return {"url": reverse("evidence_packs")}
