"""Standard operating procedures: how a role does a piece of work, step by step, with which tool."""

import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enablement.access.models.microtool import Microtool, Prompt

if TYPE_CHECKING:
    from enablement.people.models import User


class SOPQuerySet(models.QuerySet["SOP"]):
    def in_force(self) -> Self:
        """Those of roles that are no longer there have ended with them."""
        return self.filter(effective_until=None)

    def visible_to(self, user: "User") -> Self:
        """Everybody reads those of their own roles; whoever explains rules or sees grants reads them all."""
        if user.has_perm("access.explain_rules") or user.has_perm("access.view_grant"):
            return self
        own = user.role_assignments.filter(ended_at=None)
        return self.filter(role__in=own.values("role"))


class SOP(models.Model):
    """One wording of a procedure, from the revision that brought it until another changes or ends it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(_("key"), max_length=100)
    role = models.ForeignKey("tracks.Role", models.PROTECT, related_name="sops")
    title = models.CharField(_("title"), max_length=200)
    purpose = models.TextField(_("what it is for"))
    begins = models.CharField(_("begins"), max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, editable=False)
    policy_revision = models.PositiveIntegerField(_("brought by revision"))
    effective_from = models.DateTimeField(_("in force from"))
    effective_until = models.DateTimeField(_("in force until"), null=True, blank=True)
    supersedes = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="successor")

    objects = SOPQuerySet.as_manager()

    class Meta:
        verbose_name = _("standard operating procedure")
        ordering = ("title", "key")
        constraints = (
            models.UniqueConstraint(
                fields=("key",), condition=Q(effective_until=None), name="sop_one_in_force_a_key"
            ),
            models.CheckConstraint(
                condition=Q(effective_until=None) | Q(effective_until__gte=F("effective_from")),
                name="sop_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=~Q(title="") & ~Q(purpose=""), name="sop_says_what_and_what_for"
            ),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        if self.effective_until is None:
            return reverse("sop", args=[self.key])
        return reverse("sop_version", args=[self.pk])


class SOPStep(models.Model):
    """One step. Without a tool, a person does it by hand.

    threshold: the confidence below which the person looks at the output; never below the tool's own.
    approver: the name of an approval step, as rules name them. task: as in the role's approvals.
    """

    sop = models.ForeignKey(SOP, models.PROTECT, related_name="steps")
    number = models.PositiveSmallIntegerField(_("number"))
    key = models.CharField(_("key"), max_length=100)
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("what to do"))
    prompt = models.ForeignKey(Prompt, models.PROTECT, null=True, blank=True, related_name="sop_steps")
    microtool = models.ForeignKey(Microtool, models.PROTECT, null=True, blank=True, related_name="sop_steps")
    threshold = models.DecimalField(
        _("confidence below which the person looks"), max_digits=4, decimal_places=3, null=True, blank=True
    )
    approver = models.CharField(_("who approves"), max_length=100, blank=True)
    task = models.CharField(_("task"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("step of a procedure")
        ordering = ("sop", "number")
        constraints = (
            models.UniqueConstraint(fields=("sop", "number"), name="sop_step_number_once"),
            models.UniqueConstraint(fields=("sop", "key"), name="sop_step_key_once"),
            models.CheckConstraint(
                condition=Q(threshold=None) | Q(threshold__gt=0, threshold__lte=1, microtool__isnull=False),
                name="sop_step_threshold_is_a_share_of_a_tool",
            ),
        )

    def __str__(self) -> str:
        return f"{self.number}. {self.title}"
