"""A gateway or a tool reported that an output led to an incident: compliance hears of it at once."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from enablement.access.models import OutcomeReport
from enablement.access.services.telling.message import COMPLIANCE, letter
from enablement.people.letters import send
from enablement.people.selectors import members


def mail_incident(*, report_id: UUID) -> int:
    """How many were written to; nobody of themselves, and nobody once it has been corrected."""
    reports = OutcomeReport.objects.uncorrected().select_related("person", "microtool", "token")
    report = reports.filter(pk=report_id).first()
    if report is None:
        return 0
    context: dict[str, Any] = {
        "report": report,
        "link": f"{settings.SITE_URL}{reverse('access_decision', args=[report.decision])}",
        "stops": f"{settings.SITE_URL}{reverse('access_stops')}",
    }
    readers = members(COMPLIANCE)
    if report.person_id:
        readers = readers.exclude(pk=report.person_id)
    return send(
        letter("incident", reader, key=f"incident.{report.pk}.{reader.pk}", **context) for reader in readers
    )
