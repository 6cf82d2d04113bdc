"""The prompt library: every wording of a prompt, proposed by one person and approved by another."""

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from enablement.access.models.microtool import Prompt
from enablement.access.prompt_texts import PromptSpec

if TYPE_CHECKING:
    from enablement.people.models import User


class PromptVersionQuerySet(models.QuerySet["PromptVersion"]):
    def approved(self) -> Self:
        """What may be run: at most one of each prompt."""
        return self.filter(state=PromptVersion.State.APPROVED, prompt__retired_at=None)

    def visible_to(self, user: "User") -> Self:
        """Whoever writes prompts sees all but others' drafts; everybody else none by this way."""
        if user.has_perm("access.author_prompts"):
            return self.filter(~Q(state=PromptVersion.State.DRAFT) | Q(proposed_by=user))
        return self.none()


class PromptVersion(models.Model):
    """One wording. Approved by a person who is not its author, or by the playbook that brought it.

    variables: what to fill in, by name. policy_revision: of the playbook whose files hold it, else None.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PROPOSED = "proposed", _("proposed")
        APPROVED = "approved", _("approved")
        RETIRED = "retired", _("retired")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    prompt = models.ForeignKey(Prompt, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("text"))
    variables = models.JSONField(_("variables"), default=dict, blank=True)
    model_hint = models.CharField(_("model it was written for"), max_length=200, blank=True)
    owner_role = models.ForeignKey(
        "tracks.Role", models.PROTECT, null=True, blank=True, related_name="owned_prompts"
    )
    changelog = models.CharField(_("what is new"), max_length=500)
    sha256 = models.CharField(max_length=64, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    proposed_at = models.DateTimeField(_("written"))
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    retired_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)
    policy_revision = models.PositiveIntegerField(_("brought by revision"), null=True, blank=True)

    objects = PromptVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of a prompt")
        ordering = ("prompt", "-number")
        permissions = (("author_prompts", "Can propose, approve and retire prompts"),)
        constraints = (
            models.UniqueConstraint(fields=("prompt", "number"), name="prompt_version_number_once"),
            models.UniqueConstraint(
                fields=("prompt",), condition=Q(state="approved"), name="prompt_version_one_approved"
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None)
                | Q(proposed_by__isnull=False) & ~Q(approved_by=F("proposed_by")),
                name="prompt_version_approved_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved")
                | Q(approved_at__isnull=False)
                & (Q(approved_by__isnull=False) | Q(policy_revision__isnull=False)),
                name="prompt_version_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state="retired", retired_at__isnull=False)
                | ~Q(state="retired") & Q(retired_at=None),
                name="prompt_version_retired_says_when",
            ),
        )

    def __str__(self) -> str:
        return f"{self.title} ({self.number})"

    @property
    def spec(self) -> PromptSpec:
        return PromptSpec(
            title=self.title, text=self.text, variables=self.variables, model_hint=self.model_hint
        )
