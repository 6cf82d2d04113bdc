"""A case that cannot be settled leaves the pool by a person's word, and the learners' samples with it."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assessments import signals
from assessments.models import ShadowCase, ShadowPool
from assessments.services.shadow.scoring import drop_samples, lock_case
from assessments.services.shadow.versions import LONGEST_REASON
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.people import Person


@transaction.atomic
def drop_case(*, case: ShadowCase, reason: str, actor: Person, at: datetime) -> ShadowCase:
    """From now on the case counts for nobody. A second time changes nothing.

    Raises ValidationError without a reason; Refused `not_owner`, `settled`.
    """
    reason = reason.strip()
    if not reason:
        raise ValidationError({"reason": _("Say why the case is dropped.")}, code="reason_missing")
    case = lock_case(case.pk)
    ensure_owner(case.pool, actor)
    if case.dropped_at is not None:
        return case
    if case.settled_at is not None:
        raise Refused("settled", _("This case has been settled in the meantime."))
    case.dropped_at, case.dropped_by, case.dropped_reason = at, actor, reason[:LONGEST_REASON]
    case.save(update_fields=["dropped_at", "dropped_by", "dropped_reason"])
    samples = drop_samples(case=case, at=at)
    fact = Fact(
        kind="assessments.case_dropped",
        subject=("assessments.ShadowCase", str(case.pk)),
        at=at,
        actor_id=actor.pk,
        payload={
            "pool": case.pool.key,
            "case": case.key,
            "reason": case.dropped_reason,
            "samples": samples,
        },
    )
    signals.case_dropped.send(sender=ShadowCase, facts=[fact])
    return case


def ensure_owner(pool: ShadowPool, actor: Person) -> None:
    """Whoever answers for pools answers for those that they judge."""
    judges = ShadowPool.objects.filter(pk=pool.pk).judged_by(actor).exists()
    if not judges or not actor.has_perm("assessments.own_pools"):
        raise Refused("not_owner", _("You do not answer for this pool of cases."))
