"""Sending what is due, one endpoint at a time: at least once, in the order of the events, with pauses.

One job an endpoint sends whatever is due there (its key keeps a second one away), so that an endpoint that
does not answer costs one worker a few seconds now and then. Each attempt is on record as soon as it is over;
a worker that dies in between makes the attempt again, with the same id.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from enablement.jobs.services import enqueue
from enablement.webhooks import events, posting, signing
from enablement.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from enablement.webhooks.services.announcing import announce

State = WebhookDelivery.State
#: Before the second attempt, the third, …: the eighth is made after about 21 hours, and is the last.
PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (10, 60, 5 * 60, 30 * 60, 2 * 3600, 6 * 3600, 12 * 3600)
)
ATTEMPTS = len(PAUSES) + 1
#: One job sends for about this long, then leaves its worker to others.
BUDGET = timedelta(seconds=30)
#: The log goes back this far.
KEEP = timedelta(days=30)
USER_AGENT = "Enablement-Webhooks/1"


def ask_for_sending(endpoint_ids: Iterable[UUID], *, at: datetime) -> None:
    """After the commit: facts of two people must not wait for each other at the key of one job.

    What a crash in between would lose, `wake` finds: the deliveries are the record.
    """
    transaction.on_commit(partial(_enqueue, list(endpoint_ids), at=at), robust=True)


def _enqueue(endpoint_ids: list[UUID], *, at: datetime) -> None:
    from enablement.webhooks.tasks import send_webhooks

    for pk in endpoint_ids:
        enqueue(task=send_webhooks, args={"endpoint_id": str(pk)}, key=str(pk), at=at)


def wake(*, at: datetime) -> int:
    """Ask for what has become due since (an attempt after its pause); the number of endpoints."""
    due = WebhookDelivery.objects.due(at=at)
    endpoint_ids = list(due.order_by().values_list("endpoint", flat=True).distinct())
    ask_for_sending(endpoint_ids, at=at)
    return len(endpoint_ids)


def send_due(*, endpoint_id: UUID, clock: Callable[[], datetime] = timezone.now) -> int:
    """How many were taken. Ends at the first sign that the other side is not well: the others wait too."""
    taken, until = 0, clock() + BUDGET
    while (at := clock()) < until:
        due = WebhookDelivery.objects.due(at=at).filter(endpoint=endpoint_id).select_related("endpoint")
        delivery = due.order_by("created_at", "event").first()
        if delivery is None:
            break
        answer = _post(delivery, at=at)
        _keep(delivery, answer, at=clock())
        if answer.unwell:
            break
        taken += answer.taken
    return taken


def forget(*, at: datetime) -> int:
    """Delete what is older than the log goes back, people's addresses with it; the number of deliveries."""
    old = WebhookDelivery.objects.filter(created_at__lt=at - KEEP)
    _all, per_model = old.delete()
    return per_model.get("webhooks.WebhookDelivery", 0)


def _post(delivery: WebhookDelivery, *, at: datetime) -> posting.Answer:
    body = delivery.body.encode()
    signed = signing.headers(delivery.endpoint, message_id=str(delivery.event), body=body, at=at)
    plain = {"Content-Type": events.CONTENT_TYPE, "User-Agent": USER_AGENT}
    return posting.post(url=delivery.endpoint.url, body=body, headers=plain | signed)


@transaction.atomic
def _keep(delivery: WebhookDelivery, answer: posting.Answer, *, at: datetime) -> None:
    """The attempt, and what follows from it; nothing where another worker was faster."""
    # Without the key: facts that are told meanwhile refer to this row, and do not wait.
    endpoints = WebhookEndpoint.objects.select_for_update(of=("self",), no_key=True)
    endpoint = endpoints.get(pk=delivery.endpoint_id)
    made = delivery.attempts + 1
    pause = _pause(made - delivery.attempts_before, answer)
    if answer.taken:
        state, next_at = State.DELIVERED, None
    else:
        state, next_at = (State.WAITING, at + pause) if pause else (State.FAILED, None)
    mine = WebhookDelivery.objects.filter(pk=delivery.pk, state=State.WAITING, attempts=delivery.attempts)
    if not mine.update(state=state, attempts=made, next_at=next_at):
        return
    WebhookAttempt.objects.create(
        delivery=delivery,
        number=made,
        at=at,
        status=answer.status,
        error=answer.error,
        took_ms=answer.took_ms,
    )
    _note_health(endpoint, delivery, answer, given_up=state == State.FAILED, at=at)


def _pause(tried: int, answer: posting.Answer) -> timedelta | None:
    """None after the last attempt. The other side may ask for a longer pause, never for a shorter one."""
    if tried >= ATTEMPTS:
        return None
    return max(PAUSES[tried - 1], timedelta(seconds=answer.retry_after or 0))


def _note_health(
    endpoint: WebhookEndpoint,
    delivery: WebhookDelivery,
    answer: posting.Answer,
    *,
    given_up: bool,
    at: datetime,
) -> None:
    """Paused where it says that it is gone, or where nothing got through in all attempts at one event.

    One event that the other side cannot digest, among others that it takes, pauses nothing.
    """
    if answer.taken:
        if endpoint.failing_since is not None:
            WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=None)
        return
    if endpoint.failing_since is None:
        endpoint.failing_since = at
        endpoint.save(update_fields=["failing_since"])
    first = delivery.log.filter(number=delivery.attempts_before + 1).values_list("at", flat=True).first()
    nothing_since = first is not None and endpoint.failing_since <= first
    if endpoint.paused_at is None and (answer.gone or (given_up and nothing_since)):
        endpoint.paused_at = at
        endpoint.pause = WebhookEndpoint.Pause.GONE if answer.gone else WebhookEndpoint.Pause.FAILING
        endpoint.save(update_fields=["paused_at", "pause"])
        announce("paused", endpoint, actor=None, at=at)
