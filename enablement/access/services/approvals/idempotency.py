"""The same `Idempotency-Key` of one token makes one request, however often and however fast it is sent."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from enablement.access.models import ApprovalRequest, RequestKey
from enablement.people.models import ApiToken
from tracks.errors import Refused

#: For so long a key stands for its request (DESIGN, doors).
KEPT = timedelta(hours=24)
#: A call that has been under way for longer is taken for dead, and the next one does its work.
PATIENCE = timedelta(seconds=60)


class KeyReused(Refused):
    def __init__(self) -> None:
        super().__init__("idempotency_key_reused", _("This key came with another request; use a new one."))


class InProgress(Refused):
    def __init__(self) -> None:
        super().__init__("in_progress", _("The same request is under way; ask again in a moment."))


def once(
    *, token: ApiToken, key: str, body_sha256: str, work: Callable[[], ApprovalRequest], at: datetime
) -> tuple[ApprovalRequest, bool]:
    """What `work` made, and whether it was made now. Without a key it is made every time.

    The key is claimed in a transaction of its own, so that a second call sees the first one under way. Where
    `work` fails, the key is free again. Raises KeyReused, InProgress, and whatever `work` raises.
    """
    if not key:
        return work(), True
    claim = _claim(token, key, body_sha256, at)
    if claim.request is not None:
        return claim.request, False
    try:
        return work_on(claim, work), True
    except BaseException:
        _still(claim).delete()
        raise


def _still(claim: RequestKey) -> QuerySet[RequestKey]:
    """The claim, unless a later call has taken this one for dead."""
    return RequestKey.objects.filter(pk=claim.pk, started_at=claim.started_at, request=None)


@transaction.atomic
def work_on(claim: RequestKey, work: Callable[[], ApprovalRequest]) -> ApprovalRequest:
    """What `work` makes, kept only where the key is still ours; else InProgress, and nothing was made."""
    made = work()
    if not _still(claim).update(request=made):
        raise InProgress
    return made


@transaction.atomic
def _claim(token: ApiToken, key: str, body_sha256: str, at: datetime) -> RequestKey:
    """The key as it was used before, with its request; or claimed now, without one."""
    try:
        with transaction.atomic():
            return RequestKey.objects.create(token=token, key=key, body_sha256=body_sha256, started_at=at)
    except IntegrityError:
        held = RequestKey.objects.select_for_update().filter(token=token, key=key).first()
    if held is None:
        # Its work has just failed, and the key with it.
        raise InProgress
    if held.started_at > at - KEPT:
        if held.body_sha256 != body_sha256:
            raise KeyReused
        if held.request_id is not None:
            return held
        if held.started_at > at - PATIENCE:
            raise InProgress
    held.body_sha256, held.started_at, held.request = body_sha256, at, None
    held.save(update_fields=["body_sha256", "started_at", "request"])
    return held


def forget_keys(*, at: datetime) -> int:
    """Deletes keys that no longer stand for anything; returns how many."""
    return RequestKey.objects.filter(started_at__lte=at - KEPT).delete()[0]
