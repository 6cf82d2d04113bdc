"""A tool is about to close because proof lapses: people hear of it 30, 14 and 3 days before."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from enablement.access.models import Grant, GrantWarning
from enablement.access.services.telling.kept import asked_now
from enablement.access.services.telling.message import message
from enablement.jobs.services import enqueue
from enablement.people.letters import send

#: Days before the end (DESIGN §4, grants).
DAYS = (30, 14, 3)
#: Grants of one transaction and one job.
CHUNK = 200


def warn_lapsing(*, at: datetime) -> int:
    """Warn whoever has not been warned yet; the number of people told. Once for each mark, whoever calls."""
    ahead = Grant.objects.live(at=at).filter(not_after__lte=at + timedelta(days=max(DAYS)))
    found = list(ahead.order_by("pk").values_list("pk", flat=True))
    return sum(_warn(found[start : start + CHUNK], at=at) for start in range(0, len(found), CHUNK))


@transaction.atomic
def _warn(ids: Sequence[UUID], *, at: datetime) -> int:
    """Who missed a mark, because the proof came late, hears only of the nearest one."""
    from enablement.access.tasks import mail_grant_warnings

    grants = Grant.objects.select_for_update(of=("self",)).live(at=at).filter(pk__in=ids).order_by("pk")
    made = set(GrantWarning.objects.filter(grant__in=ids).values_list("grant_id", "not_after", "days"))
    missing: list[GrantWarning] = []
    nearest: dict[UUID, GrantWarning] = {}
    for grant in grants:
        if grant.not_after is None:
            continue
        for days in DAYS:
            due = at >= grant.not_after - timedelta(days=days)
            if due and (grant.pk, grant.not_after, days) not in made:
                nearest[grant.pk] = GrantWarning(
                    grant=grant, not_after=grant.not_after, days=days, made_at=at
                )
                missing.append(nearest[grant.pk])
    GrantWarning.objects.bulk_create(missing)
    if nearest:
        told = [str(warning.pk) for warning in nearest.values()]
        enqueue(task=mail_grant_warnings, args={"warning_ids": told}, at=at)
    return len(nearest)


def mail_warnings(*, warning_ids: Sequence[UUID], at: datetime) -> int:
    """How many messages were sent; nobody is warned of what has been renewed or closed in the meantime."""
    rows = GrantWarning.objects.filter(pk__in=warning_ids, grant__in=Grant.objects.live(at=at))
    missing = asked_now(Grant.objects.filter(warnings__in=rows))
    return send(
        message(
            "lapses",
            warning.grant,
            key=f"lapses.{warning.not_after.timestamp():.0f}.{warning.days}",
            at=at,
            steps=missing.get(warning.grant_id)
            or [leaf for leaf in warning.grant.leaves if leaf["met"] and leaf["next_step"]],
        )
        for warning in rows.select_related("grant__user", "grant__microtool")
        if warning.not_after == warning.grant.not_after
    )
