"""What keeps words beyond their time, and what took them away before it."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

REASON_MAX = 500


class LegalHoldQuerySet(models.QuerySet["LegalHold"]):
    def live(self) -> Self:
        return self.filter(ended_at=None)

    def over(self, *, person: str, microtool: str, at: str) -> Self:
        """For an outer query: the live holds over its row; these name its columns (a tool by its key)."""
        return self.live().filter(
            Q(person=None) | Q(person=OuterRef(person)),
            Q(microtool=None) | Q(microtool__key=OuterRef(microtool)),
            Q(since=None) | Q(since__lte=OuterRef(at)),
            Q(until=None) | Q(until__gt=OuterRef(at)),
        )


class LegalHold(models.Model):
    """While it is live, no words are removed that it is about: neither in time nor for the person.

    person, microtool, since, until: what is empty does not narrow it; `since` is included, `until` is not.
    review_on: the day on which somebody asks whether it is still needed; it does not end by itself.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reason = models.CharField(_("reason"), max_length=REASON_MAX)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="legal_holds"
    )
    microtool = models.ForeignKey(
        "access.Microtool", models.PROTECT, null=True, blank=True, related_name="legal_holds"
    )
    since = models.DateTimeField(_("from"), null=True, blank=True)
    until = models.DateTimeField(_("until"), null=True, blank=True)
    review_on = models.DateField(_("look at it again on"))
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    placed_at = models.DateTimeField(_("placed"))
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    end_reason = models.CharField(_("why it ended"), max_length=REASON_MAX, blank=True)

    objects = LegalHoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("legal hold")
        ordering = ("-placed_at",)
        permissions = (("hold_records", "Can place and end legal holds"),)
        constraints = (
            models.CheckConstraint(condition=~Q(reason=""), name="legal_hold_has_reason"),
            models.CheckConstraint(
                condition=Q(person__isnull=False)
                | Q(microtool__isnull=False)
                | Q(since__isnull=False)
                | Q(until__isnull=False),
                name="legal_hold_is_about_something",
                violation_error_message=_(
                    "Name a person, a tool or days; a hold over everything is too wide."
                ),
            ),
            models.CheckConstraint(
                condition=Q(since=None) | Q(until=None) | Q(until__gt=F("since")),
                name="legal_hold_days_in_order",
                violation_error_message=_("The last day is before the first one."),
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None, end_reason="")
                | (Q(ended_at__isnull=False, ended_by__isnull=False) & ~Q(end_reason="")),
                name="legal_hold_ended_by_whom_and_why",
            ),
            models.CheckConstraint(
                condition=Q(ended_by=None) | ~Q(ended_by=F("placed_by")), name="legal_hold_ended_by_another"
            ),
        )

    def __str__(self) -> str:
        named = [str(part) for part in (self.person, self.microtool) if part]
        return " · ".join(named) or str(_("Everybody, every tool"))


class Erasure(models.Model):
    """One person's words were removed before their time. The numbers say how many rows were emptied.

    words: purposes of requests, and comments on them. evidence: rounds of labs, with their files. answers:
    reasons for decisions and appeals, and answers to surveys in words.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="erasures")
    reason = models.CharField(_("reason"), max_length=REASON_MAX)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    done_at = models.DateTimeField(_("done"))
    contents = models.PositiveIntegerField(_("prompts and outputs"))
    words = models.PositiveIntegerField(_("purposes and comments"))
    evidence = models.PositiveIntegerField(_("rounds of labs"), default=0)
    answers = models.PositiveIntegerField(_("reasons and answers"), default=0)

    class Meta:
        verbose_name = _("erasure")
        ordering = ("-done_at",)
        permissions = (("erase_content", "Can erase a person's prompts, outputs and words"),)
        constraints = (
            models.CheckConstraint(condition=~Q(reason=""), name="erasure_has_reason"),
            models.CheckConstraint(condition=~Q(done_by=F("person")), name="erasure_done_by_another"),
        )

    def __str__(self) -> str:
        return f"{self.person}, {self.done_at:%Y-%m-%d}"
