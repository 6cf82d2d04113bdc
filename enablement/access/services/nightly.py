"""What time alone changes: proof that lapsed, and tools that nobody used."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Coalesce, Greatest

from enablement.access.models import Grant, GrantHold
from enablement.access.services import grants
from enablement.access.services.control.holds import place
from tracks.models import Enrolment

#: People whose grants are evaluated in one transaction.
CHUNK = 500
#: A tool that is not used for so long is suspended; leave is not counted (DESIGN §4, grants).
DISUSE = timedelta(days=90)


def reevaluate_all(*, at: datetime) -> int:
    """Bring everybody's grants in line with their proof; the number of grants that changed."""
    people: set[UUID] = set(Enrolment.objects.live().values_list("user_id", flat=True))
    people |= set(Grant.objects.values_list("user_id", flat=True))
    changed = 0
    everybody = sorted(people)
    for start in range(0, len(everybody), CHUNK):
        chunk = everybody[start : start + CHUNK]
        done = grants.reevaluate(
            user_ids=chunk, cause="access.nightly", actor_id=None, at=at, at_once=len(chunk)
        )
        changed += len(done.changed)
    return changed


def suspend_unused(*, at: datetime) -> int:
    """Suspend what has not been used for `DISUSE`, but for people on leave; the number suspended.

    What opened again since its last use is counted from then.
    """
    on_leave = Enrolment.objects.filter(user=OuterRef("user"), state=Enrolment.State.PAUSED)
    unused = (
        Grant.objects.live(at=at)
        .annotate(used_at=Greatest(Coalesce("last_used_at", "since"), "since"))
        .filter(~Exists(on_leave), used_at__lt=at - DISUSE)
    )
    return sum(_suspend(pk, at=at) for pk in list(unused.values_list("pk", flat=True)))


@transaction.atomic
def _suspend(pk: UUID, *, at: datetime) -> bool:
    """False where the tool was used, or closed, since we looked."""
    grant = Grant.objects.select_for_update(of=("self",)).get(pk=pk)
    used_at = max(grant.last_used_at or grant.since, grant.since)
    if grant.state != Grant.State.GRANTED or used_at >= at - DISUSE:
        return False
    place(GrantHold(grant=grant, cause=GrantHold.Cause.DISUSE, placed_at=at), actor=None, at=at)
    return True


def back_from_leave(*, user_ids: set[UUID], at: datetime) -> None:
    """Disuse is counted anew for who was away."""
    Grant.objects.filter(user__in=user_ids).update(last_used_at=at)
