"""What we automate, what we avoid, and why: the decision ledger of each role."""

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from enablement.people.models import User


class RulingQuerySet(models.QuerySet["Ruling"]):
    def in_force(self) -> Self:
        return self.filter(effective_until=None)

    def visible_to(self, user: "User") -> Self:
        """Everybody reads those of their own roles; whoever explains rules or sees grants reads them all."""
        if user.has_perm("access.explain_rules") or user.has_perm("access.view_grant"):
            return self
        own = user.role_assignments.filter(ended_at=None)
        return self.filter(role__in=own.values("role"))


class Ruling(models.Model):
    """One activity of a role on one line of its rubric, from one revision until another changes it.

    workflow: the activity's key, as gateways send it in `workflow_id`. confidence_threshold, approval_rule:
    of the prompt's tool at that time; empty where it names no prompt. approvers: names of approval steps.
    changed_at: when a playbook changed, added or ended it; None for the first rulings of a role.
    """

    class Line(models.TextChoices):
        AUTOMATE = "automate", _("automate")
        YELLOW_ZONE = "yellow_zone", _("yellow zone")
        AVOID = "avoid", _("avoid")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    role = models.ForeignKey("tracks.Role", models.PROTECT, related_name="rulings")
    workflow = models.CharField(_("activity"), max_length=100)
    line = models.CharField(_("line"), max_length=12, choices=Line.choices)
    text = models.TextField(_("what"))
    reason = models.TextField(_("why"))
    prompt = models.CharField(_("prompt"), max_length=100, blank=True)
    confidence_threshold = models.DecimalField(
        _("confidence below which the user reviews"), max_digits=4, decimal_places=3, null=True
    )
    approval_rule = models.TextField(_("approval rule"), blank=True)
    approvers = models.JSONField(_("approvers"), default=list)
    policy_revision = models.PositiveIntegerField(_("made by revision"))
    effective_from = models.DateTimeField(_("in force from"))
    effective_until = models.DateTimeField(_("in force until"), null=True, blank=True)
    changed_at = models.DateTimeField(_("changed"), null=True, blank=True)
    supersedes = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="successor")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    modules = models.ManyToManyField("tracks.Module", through="access.RulingModule", related_name="rulings")

    objects = RulingQuerySet.as_manager()

    class Meta:
        verbose_name = _("ruling")
        ordering = ("role", "workflow", "-effective_from")
        permissions = (("propose_rulings", "Can propose a change of a ruling"),)
        constraints = (
            models.UniqueConstraint(
                fields=("role", "workflow"),
                condition=Q(effective_until=None),
                name="ruling_one_in_force_an_activity",
            ),
            models.CheckConstraint(
                condition=Q(effective_until=None) | Q(effective_until__gte=F("effective_from")),
                name="ruling_ends_after_it_begins",
            ),
            models.CheckConstraint(condition=~Q(text="") & ~Q(reason=""), name="ruling_says_what_and_why"),
            models.CheckConstraint(
                condition=Q(supersedes=None) | Q(changed_at__isnull=False),
                name="ruling_that_supersedes_is_a_change",
            ),
        )

    def __str__(self) -> str:
        return self.text

    def get_absolute_url(self) -> str:
        return reverse("ruling", args=[self.pk])


class RulingModuleQuerySet(models.QuerySet["RulingModule"]):
    def flagged(self) -> Self:
        """Modules that may be out of date; where a ruling changed twice, only its last change counts."""
        return self.filter(flagged_at__isnull=False, cleared_at=None, ruling__successor=None)


class RulingModule(models.Model):
    """A module that teaches a ruling. Flagged, the ruling has changed since the module was written."""

    ruling = models.ForeignKey(Ruling, models.PROTECT, related_name="taught_in")
    module = models.ForeignKey("tracks.Module", models.PROTECT, related_name="ruling_links")
    flagged_at = models.DateTimeField(_("may be out of date since"), null=True, blank=True)
    cleared_at = models.DateTimeField(_("looked at"), null=True, blank=True)
    cleared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    note = models.CharField(_("note"), max_length=500, blank=True)

    objects = RulingModuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("module that teaches a ruling")
        permissions = (("answer_ruling_flags", "Can say that a module is up to date"),)
        constraints = (
            models.UniqueConstraint(fields=("ruling", "module"), name="ruling_module_once"),
            models.CheckConstraint(
                condition=Q(cleared_at=None, cleared_by=None, note="")
                | Q(flagged_at__isnull=False, cleared_at__isnull=False, cleared_by__isnull=False)
                & ~Q(note=""),
                name="ruling_module_cleared_by_whom_and_why",
            ),
        )

    def __str__(self) -> str:
        return f"{self.module}: {self.ruling}"
