"""Playbooks that loosen what is in force, on their way through the approval chain."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enablement.access import approvers
from enablement.access.models import ApprovalRequest
from enablement.playbook.bundle import Bundle
from enablement.playbook.plan import Change, Item

if TYPE_CHECKING:
    from enablement.people.models import User
    from enablement.playbook.models.draft import PlaybookDraft


class PlaybookProposalQuerySet(models.QuerySet["PlaybookProposal"]):
    def visible_to(self, user: "User", *, at: datetime) -> Self:
        """Authors, whoever stands in the chain, and those who govern."""
        if user.has_perm("playbook.author_playbooks"):
            return self
        return self.filter(request__in=approvers.visible_to(user, at=at))

    def waiting(self) -> Self:
        return self.filter(request__state__in=ApprovalRequest.UNDECIDED)


class PlaybookProposal(models.Model):
    """A whole playbook, and its plan as whoever approves it reads it.

    `document` and `sha256`: as a revision has them; what is approved is these bytes. `plan`: `changes`,
    `loosens`, `uncounted`, `warnings`, `gaps` and `notes`; `plan_sha256`: of what it changes. One that has
    been outrun by another revision (`outdated_by`) can never be approved.
    """

    request = models.OneToOneField(
        "access.ApprovalRequest", models.PROTECT, primary_key=True, related_name="playbook_proposal"
    )
    draft = models.ForeignKey(
        "playbook.PlaybookDraft", models.PROTECT, null=True, blank=True, related_name="proposals"
    )
    name = models.CharField(_("file"), max_length=200)
    document = models.TextField()
    sha256 = models.CharField(max_length=64, editable=False)
    base_number = models.PositiveIntegerField(_("made against revision"))
    plan = models.JSONField(_("plan"))
    plan_sha256 = models.CharField(max_length=64, editable=False)
    applied_revision = models.OneToOneField(
        "ledger.PolicyRevision", models.PROTECT, null=True, blank=True, related_name="proposal"
    )
    outdated_by = models.ForeignKey(
        "ledger.PolicyRevision", models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = PlaybookProposalQuerySet.as_manager()

    class Meta:
        verbose_name = _("proposed playbook")
        ordering = ("-request__requested_at",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(base_number__gte=1), name="playbook_proposal_changes_what_is_in_force"
            ),
            models.CheckConstraint(
                condition=models.Q(applied_revision=None) | models.Q(outdated_by=None),
                name="playbook_proposal_ends_in_one_way",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("playbook_proposal", args=[self.pk])

    @property
    def bundle(self) -> Bundle:
        return Bundle.of_document(self.document)

    @property
    def drafted_by_another(self) -> "PlaybookDraft | None":
        """The draft that it came from, where another person wrote it and said why."""
        draft = self.draft
        return draft if draft and draft.reason and draft.uploaded_by_id != self.request.subject_id else None

    @property
    def changes(self) -> list[Change]:
        """Those of older proposals have no titles."""
        return [
            Change(action=action, item=Item(kind, name), details=tuple(details), title="".join(title))
            for action, kind, name, details, *title in self.plan["changes"]
        ]
