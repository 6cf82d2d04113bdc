"""Uploaded playbooks, before and after they are applied."""

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enablement.playbook.bundle import Bundle

if TYPE_CHECKING:
    from enablement.people.models import User


class PlaybookDraftQuerySet(models.QuerySet["PlaybookDraft"]):
    def visible_to(self, user: "User") -> Self:
        """Authors see each other's drafts: one uploads, another reads the plan."""
        kept = self.filter(discarded_at=None)
        return kept if user.has_perm("playbook.author_playbooks") else self.none()

    def waiting(self) -> Self:
        """Neither applied nor discarded."""
        return self.filter(applied_revision=None, discarded_at=None)


class PlaybookDraft(models.Model):
    """A playbook as uploaded. `content` holds its files by name, or None where only the YAML came.

    It may be unsound: the page of the draft says where. `base_number`: the revision in force when it was
    uploaded (0: none). discarded_at: when whoever uploaded it put it away; then no page shows it any more.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("file"), max_length=200)
    document = models.TextField(_("playbook"))
    content = models.JSONField(_("content"), null=True)
    sha256 = models.CharField(max_length=64, editable=False)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(_("uploaded"))
    reason = models.CharField(_("why it is proposed"), max_length=500, blank=True)
    base_number = models.PositiveIntegerField(_("made against revision"), default=0)
    applied_revision = models.ForeignKey(
        "ledger.PolicyRevision", models.PROTECT, null=True, blank=True, related_name="drafts"
    )

    discarded_at = models.DateTimeField(_("discarded"), null=True, blank=True)

    objects = PlaybookDraftQuerySet.as_manager()

    class Meta:
        verbose_name = _("draft of a playbook")
        verbose_name_plural = _("drafts of playbooks")
        ordering = ("-uploaded_at",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(discarded_at=None) | models.Q(applied_revision=None),
                name="playbook_draft_in_force_is_not_discarded",
            ),
        )
        permissions = (("author_playbooks", "Can plan and apply playbooks"),)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("playbook_draft", args=[self.pk])

    @property
    def bundle(self) -> Bundle:
        return Bundle(yaml=self.document, content=self.content, file=self.name)
