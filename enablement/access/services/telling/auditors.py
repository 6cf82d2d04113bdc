"""An auditor was let in for a time: they hear until when, where to read, and that reading is recorded."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from enablement.access.services.telling.message import letter
from enablement.jobs.services import enqueue
from enablement.people.letters import send
from enablement.people.models import AuditorAccess
from tracks.facts import Fact

#: What they may read, and the name of its page.
PLACES: tuple[tuple[str | Promise, str], ...] = (
    (_("The decision log"), "access_log"),
    (_("Who could do what on a day, and why"), "access_roles"),
    (_("Evidence packs"), "evidence_packs"),
    (_("Retention and legal holds"), "access_records"),
)


def tell_auditors(facts: Sequence[Fact]) -> None:
    """Ask for the message to whoever was let in; what has ended needs no answer."""
    from enablement.access.tasks import mail_auditor

    for fact in facts:
        if fact.kind == "people.auditor_access_given":
            enqueue(task=mail_auditor, args={"access_id": fact.subject[1]}, at=fact.at)


def mail_auditor(*, access_id: UUID, at: datetime) -> int:
    """1, or 0 where it has ended in the meantime."""
    rows = AuditorAccess.objects.live(at=at).filter(pk=access_id, person__is_active=True)
    return send(
        letter(
            "auditor",
            access.person,
            key=f"auditor.{access.pk}",
            access=access,
            places=[(title, f"{settings.SITE_URL}{reverse(name)}") for title, name in PLACES],
        )
        for access in rows.select_related("person", "given_by")
    )
