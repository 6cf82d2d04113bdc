"""An index of the decisions in the ledger, for searching; the entries themselves are the record."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _


class DecisionRecordQuerySet(models.QuerySet["DecisionRecord"]):
    def newest_first(self) -> Self:
        return self.order_by("-at", "-position")


class DecisionRecord(models.Model):
    """Where to find a decision, by its place in the chain. Everything else is read from its entry.

    No foreign keys: like the entry, it outlives what it is about. person: None where we did not know them.
    reported: what became of it, by the latest report.
    """

    position = models.BigIntegerField(primary_key=True)
    entry = models.UUIDField(_("ledger entry"), unique=True)
    at = models.DateTimeField(_("when"))
    person = models.UUIDField(_("who"), null=True)
    microtool = models.CharField(_("tool"), max_length=100, blank=True)
    prompt = models.CharField(_("prompt"), max_length=100, blank=True)
    outcome = models.CharField(_("outcome"), max_length=20)
    reason = models.CharField(_("reason"), max_length=40)
    reported = models.CharField(_("what became of it"), max_length=10, blank=True)

    objects = DecisionRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision")
        # One for each way to narrow the search, and each pair that is common by itself but rare together.
        indexes = (
            models.Index(fields=("at", "position"), name="decision_record_at_index"),
            models.Index(fields=("person", "at", "position"), name="decision_record_person_index"),
            models.Index(fields=("microtool", "at", "position"), name="decision_record_tool_index"),
            models.Index(fields=("outcome", "at", "position"), name="decision_record_outcome_index"),
            models.Index(fields=("reason", "at", "position"), name="decision_record_reason_index"),
            models.Index(fields=("microtool", "outcome", "at"), name="decision_record_tool_out_index"),
            models.Index(fields=("microtool", "reason", "at"), name="decision_record_tool_why_index"),
            models.Index(
                fields=("reported", "at", "position"),
                condition=models.Q(reported__gt=""),
                name="decision_record_reported_index",
            ),
            models.Index(fields=("prompt", "at", "outcome", "person"), name="decision_record_prompt_index"),
        )

    def __str__(self) -> str:
        return f"{self.position}: {self.microtool} {self.outcome}"


class DecisionLogMark(models.Model):
    """How far the index has come: everything linked up to `position`, recorded up to `recorded_at`."""

    SINGLETON = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=SINGLETON, editable=False)
    position = models.BigIntegerField(default=0)
    recorded_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("state of the decision log")
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="decision_log_mark_is_one"),)

    def __str__(self) -> str:
        return str(self.position)
