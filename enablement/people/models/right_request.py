"""A right to decide that one person asked for another one to have: it waits for a second person."""

import uuid
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

REASON_MAX = 500
#: What nobody confirmed by then has to be asked for again.
LAPSES_AFTER = timedelta(days=14)
_NAME_LENGTH = 150


class RightRequestQuerySet(models.QuerySet["RightRequest"]):
    def open(self) -> Self:
        """Not decided; what nobody decided in time too, until it is closed."""
        return self.filter(decision="")

    def waiting(self, *, at: datetime) -> Self:
        """Those that a second person may confirm."""
        return self.open().filter(lapses_at__gt=at)


class RightRequest(models.Model):
    """`name` is that of a staff group, or the key of a role. Nobody holds it before it is confirmed."""

    class Kind(models.TextChoices):
        GROUP = "group", _("group")
        ROLE = "role", _("role")

    class Decision(models.TextChoices):
        CONFIRMED = "confirmed", _("confirmed")
        TURNED_DOWN = "turned_down", _("turned down")
        WITHDRAWN = "withdrawn", _("withdrawn")
        LAPSED = "lapsed", _("lapsed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="right_requests")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    name = models.CharField(_("group or role"), max_length=_NAME_LENGTH)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("asked"))
    lapses_at = models.DateTimeField(_("lapses"))
    decision = models.CharField(_("decision"), max_length=20, choices=Decision, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=REASON_MAX, blank=True)

    objects = RightRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("right to be confirmed")
        verbose_name_plural = _("rights to be confirmed")
        ordering = ("-asked_at", "person", "kind", "name")
        permissions = (("confirm_rights", "Can confirm rights that another person asked for"),)
        constraints = (
            models.UniqueConstraint(
                fields=["person", "kind", "name"], condition=Q(decision=""), name="right_request_waits_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["group", "role"]) & ~Q(name=""), name="right_request_names_a_right"
            ),
            models.CheckConstraint(
                condition=~Q(decision__in=["confirmed", "turned_down"])
                | (~Q(decided_by=F("asked_by")) & ~Q(decided_by=F("person"))),
                name="right_request_takes_two_people",
            ),
            models.CheckConstraint(
                condition=~Q(asked_by=F("person")), name="right_request_is_not_for_oneself"
            ),
            models.CheckConstraint(
                condition=Q(decision="", decided_by=None, decided_at=None)
                | Q(decision__in=["lapsed", "withdrawn"], decided_at__isnull=False)
                | Q(
                    decision__in=["confirmed", "turned_down"],
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                ),
                name="right_request_decided_by_whom",
            ),
            models.CheckConstraint(
                condition=~Q(decision="turned_down") | ~Q(reason=""), name="right_request_turned_down_why"
            ),
            models.CheckConstraint(
                condition=Q(lapses_at__gt=F("asked_at")) & Q(lapses_at__lte=F("asked_at") + LAPSES_AFTER),
                name="right_request_lapses_within_14_days",
            ),
        )

    def __str__(self) -> str:
        return f"{self.person}: {self.name}"

    def get_absolute_url(self) -> str:
        return reverse("right", args=[self.pk])

    def waits(self, *, at: datetime) -> bool:
        return self.decision == "" and self.lapses_at > at
