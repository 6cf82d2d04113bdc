"""What became of a decision, as a gateway or a tool reports it: kept with every correction."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

KEY_MAX = 255
#: A week: more than that is no time that one output took.
MINUTES_MAX = 7 * 24 * 60


class OutcomeReportQuerySet(models.QuerySet["OutcomeReport"]):
    def uncorrected(self) -> Self:
        """The one of each decision that no later report corrected."""
        return self.filter(corrected_at=None)


class OutcomeReport(models.Model):
    """`decision`: the ledger entry of the decision; `decided_at`: its time. `number` counts from 1.

    person, microtool: as the decision knew them; None where it did not. minutes_claimed: what the caller says
    the work took; it is kept, and summed nowhere. key: the `Idempotency-Key` with which `token` sent it.
    """

    class Outcome(models.TextChoices):
        USED = "used", _("used as it was")
        EDITED = "edited", _("used after small changes")
        REWORKED = "reworked", _("reworked")
        OVERTURNED = "overturned", _("overturned")
        INCIDENT = "incident", _("led to an incident")

    #: What the rule on rework counts.
    REWORK = (Outcome.REWORKED, Outcome.OVERTURNED)
    #: Of what it is a share. An incident is none of these: a person looks into it, whatever the share.
    RATED = (Outcome.USED, Outcome.EDITED, *REWORK)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    decision = models.UUIDField(_("decision"))
    number = models.PositiveIntegerField(_("report"))
    outcome = models.CharField(_("what became of it"), max_length=10, choices=Outcome.choices)
    minutes_claimed = models.PositiveIntegerField(_("minutes, as claimed"), null=True, blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    microtool = models.ForeignKey("access.Microtool", models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"))
    token = models.ForeignKey("people.ApiToken", models.PROTECT, related_name="+")
    key = models.CharField(max_length=KEY_MAX, blank=True)
    reported_at = models.DateTimeField(_("reported"))
    corrected_at = models.DateTimeField(_("corrected"), null=True, blank=True)

    objects = OutcomeReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("reported outcome")
        ordering = ("decision", "number")
        indexes = (
            models.Index(
                fields=("person", "microtool", "decided_at"),
                condition=Q(corrected_at=None),
                name="outcome_report_rule_index",
            ),
        )
        constraints = (
            models.UniqueConstraint("decision", "number", name="outcome_report_number_once"),
            models.UniqueConstraint(
                "decision", condition=Q(corrected_at=None), name="outcome_report_latest_is_one"
            ),
            models.UniqueConstraint(
                "decision", "token", "key", condition=~Q(key=""), name="outcome_report_key_once"
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="outcome_report_number_from_1"),
            models.CheckConstraint(
                condition=Q(outcome__in=("used", "edited", "reworked", "overturned", "incident")),
                name="outcome_report_outcome_is_known",
            ),
            models.CheckConstraint(
                condition=Q(minutes_claimed=None) | Q(minutes_claimed__lte=MINUTES_MAX),
                name="outcome_report_minutes_of_a_week",
            ),
        )

    def __str__(self) -> str:
        return f"{self.decision}: {self.outcome}"
