"""Sessions of a cohort: a date at which its people meet, and who holds it."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tracks.models import Cohort, Enrolment

if TYPE_CHECKING:
    from tracks.people import Person


class SessionQuerySet(models.QuerySet["Session"]):
    def standing(self) -> Self:
        """Those that are not cancelled."""
        return self.filter(cancelled_at=None)

    def kept_by(self, user: "Person") -> Self:
        """Whose attendance this person may mark: sessions that they hold, and those of cohorts they run."""
        return self.filter(Q(host=user) | Q(cohort__in=Cohort.objects.all().run_by(user)))

    def of_learner(self, user: "Person") -> Self:
        """Of the cohorts that this person learns in."""
        return self.filter(cohort__in=Enrolment.objects.live().filter(user=user).values("cohort"))


class Session(models.Model):
    """Held by `host` at a place, by a link, or both. When and by whom it was to be held
    before a change is in the ledger.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cohort = models.ForeignKey(Cohort, models.PROTECT, related_name="sessions")
    title = models.CharField(_("title"), max_length=200)
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    host = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="hosted_sessions")
    place = models.CharField(_("place"), max_length=200, blank=True)
    link = models.URLField(_("link"), max_length=500, blank=True)
    planned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    planned_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    cancel_reason = models.CharField(_("why it is cancelled"), max_length=500, blank=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("session")
        ordering = ("starts_at", "title")
        constraints = (
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="session_ends_after_start"),
            models.CheckConstraint(condition=~Q(place="", link=""), name="session_has_place_or_link"),
            models.CheckConstraint(
                condition=Q(cancelled_at=None, cancelled_by=None, cancel_reason="")
                | (Q(cancelled_at__isnull=False, cancelled_by__isnull=False) & ~Q(cancel_reason="")),
                name="session_cancelled_by_somebody_who_says_why",
            ),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("session", args=[self.pk])

    def has_begun(self, at: datetime) -> bool:
        return self.starts_at <= at
