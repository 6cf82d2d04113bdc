"""A rework spike suspends: in the transaction of the report that completes it."""

from datetime import datetime

from django.utils.translation import ngettext

from enablement.access import rework
from enablement.access.models import Grant, GrantHold, OutcomeReport
from enablement.access.services.control.holds import place
from enablement.jobs.services import enqueue


def suspend_for_rework(*, report: OutcomeReport, at: datetime) -> GrantHold | None:
    """Looks at the person's grant for the tool, locked: of two reports at once the later one sees both."""
    from enablement.access.tasks import mail_rework

    grants = Grant.objects.select_for_update(of=("self",)).select_related("microtool", "user")
    grant = grants.filter(user=report.person_id, microtool=report.microtool_id).first()
    if grant is None or grant.state != Grant.State.GRANTED:
        return None
    counted = rework.tally(grant, at=at)
    if not counted.breaks:
        return None
    hold = GrantHold(grant=grant, cause=GrantHold.Cause.REWORK, reason=_reason(counted), placed_at=at)
    place(hold, actor=None, at=at)
    enqueue(task=mail_rework, args={"hold_id": str(hold.pk)}, at=at)
    return hold


def _reason(counted: rework.Tally) -> str:
    """In the words that the person reads."""
    figures = {
        "reworked": counted.reworked,
        "reported": counted.reported,
        "days": counted.rule.days,
        "count": counted.rule.count,
        "of": counted.rule.of,
    }
    return (
        ngettext(
            "Of the outputs of the last day, %(reworked)d of %(reported)d were reworked or overturned. "
            "The tool closes at %(count)d of %(of)d.",
            "Of the outputs of the last %(days)d days, %(reworked)d of %(reported)d were reworked or "
            "overturned. The tool closes at %(count)d of %(of)d.",
            counted.rule.days,
        )
        % figures
    )
