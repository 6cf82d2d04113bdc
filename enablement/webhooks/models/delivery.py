"""What was sent to an endpoint, and what came of each attempt."""

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

#: The type of the event that a person sends to try an endpoint.
TEST = "enablement.webhook.test"


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def due(self, *, at: datetime) -> Self:
        """To be sent now. A paused endpoint gets nothing but tests."""
        return self.filter(
            Q(endpoint__paused_at=None) | Q(type=TEST),
            state=WebhookDelivery.State.WAITING,
            next_at__lte=at,
            endpoint__ended_at=None,
        )


class WebhookDelivery(models.Model):
    """One event for one endpoint. `event` is its id there, the same at every attempt.

    `body`: the JSON as it is sent, word for word, because its signature is over these bytes.
    `attempts_before`: those made before a person had it sent again; they do not count towards the limit.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("given up")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    endpoint = models.ForeignKey("webhooks.WebhookEndpoint", models.PROTECT, related_name="deliveries")
    event = models.UUIDField(editable=False)
    type = models.CharField(_("event"), max_length=100)
    body = models.TextField()
    created_at = models.DateTimeField()
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    attempts_before = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(_("next attempt"), null=True, blank=True)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ("-created_at", "id")
        indexes = (
            models.Index(
                fields=("endpoint", "next_at"),
                condition=Q(state="waiting"),
                name="webhook_delivery_due_index",
            ),
            models.Index(fields=("endpoint", "-created_at"), name="webhook_delivery_log_index"),
            models.Index(fields=("created_at",), name="webhook_delivery_age_index"),
        )
        constraints = (
            models.UniqueConstraint("endpoint", "event", name="webhook_event_once_an_endpoint"),
            models.CheckConstraint(
                condition=Q(state="waiting", next_at__isnull=False)
                | (Q(state__in=("delivered", "failed")) & Q(next_at=None)),
                name="webhook_delivery_waiting_has_next",
            ),
            models.CheckConstraint(
                condition=Q(attempts_before__lte=F("attempts")), name="webhook_delivery_attempts_count_up"
            ),
        )

    def __str__(self) -> str:
        return f"{self.type} {self.event}"

    def get_absolute_url(self) -> str:
        return reverse("webhook_delivery", args=[self.pk])


class WebhookAttempt(models.Model):
    """`status`: what the other side answered; None where it did not, and `error` says what happened."""

    class Error(models.TextChoices):
        ADDRESS = "address", _("the address is not allowed")
        NAME = "name", _("the name cannot be found")
        TLS = "tls", _("the certificate is not trusted, or TLS failed")
        TIMEOUT = "timeout", _("no answer in time")
        CONNECTION = "connection", _("the connection failed")

    delivery = models.ForeignKey(WebhookDelivery, models.CASCADE, related_name="log")
    number = models.PositiveSmallIntegerField(_("attempt"))
    at = models.DateTimeField(_("when"))
    status = models.PositiveSmallIntegerField(_("answer"), null=True, blank=True)
    error = models.CharField(_("what happened"), max_length=12, choices=Error.choices, blank=True)
    took_ms = models.PositiveIntegerField(_("took"))

    class Meta:
        verbose_name = _("attempt")
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint("delivery", "number", name="webhook_attempt_number_unique"),
            models.CheckConstraint(
                condition=(Q(status__isnull=False) & Q(error="")) | (Q(status=None) & ~Q(error="")),
                name="webhook_attempt_answer_or_error",
            ),
        )

    def __str__(self) -> str:
        return f"{self.number}: {self.status or self.get_error_display()}"
