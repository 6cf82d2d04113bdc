"""Where programs elsewhere want to hear of what opens and closes."""

import uuid
from typing import Self
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

URL_MAX = 500


class WebhookEndpointQuerySet(models.QuerySet["WebhookEndpoint"]):
    def live(self) -> Self:
        """Those that have not been removed; a paused one keeps what it will be sent."""
        return self.filter(ended_at=None)


class WebhookEndpoint(models.Model):
    """An address that gets events by POST, signed.

    `salt`: its secret is made of this and the installation's SECRET_KEY, and stored nowhere. The former one
    signs too until `former_until`, so that a rotation needs no moment without a valid signature.
    `microtools`: keys of the tools it hears of; an empty list is every tool.
    `failing_since`: the first attempt that failed since the last one that was taken.
    """

    class Pause(models.TextChoices):
        BY_HAND = "by_hand", _("a person paused it")
        FAILING = "failing", _("nothing could be delivered")
        GONE = "gone", _("the other side says that it is gone")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=100)
    url = models.CharField(_("address"), max_length=URL_MAX)
    microtools = models.JSONField(_("tools"), default=list, blank=True)
    salt = models.CharField(max_length=64, editable=False)
    former_salt = models.CharField(max_length=64, blank=True, editable=False)
    former_until = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(_("paused"), null=True, blank=True)
    pause = models.CharField(_("why it is paused"), max_length=10, choices=Pause.choices, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = WebhookEndpointQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook")
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                "name",
                condition=Q(ended_at=None),
                name="webhook_live_name_unique",
                violation_error_message=_("A webhook has this name already."),
            ),
            models.CheckConstraint(
                condition=Q(paused_at=None, pause="") | (Q(paused_at__isnull=False) & ~Q(pause="")),
                name="webhook_paused_says_why",
            ),
            models.CheckConstraint(
                condition=Q(former_salt="", former_until=None)
                | (~Q(former_salt="") & Q(former_until__isnull=False)),
                name="webhook_former_secret_ends",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("webhook", args=[self.pk])

    @property
    def host(self) -> str:
        """All of the address that everybody who sees the page may see: the rest may hold a key."""
        return urlsplit(self.url).netloc

    def wants(self, microtool: str | None) -> bool:
        """None is what concerns every tool."""
        return not self.microtools or microtool is None or microtool in self.microtools
