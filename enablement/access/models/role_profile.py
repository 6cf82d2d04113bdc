"""What a role may do with governed tools; `tracks.Role` itself is only a name."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class RoleProfile(models.Model):
    """The playbook's `rbac` entry and the rubric of one role.

    prompts: keys of the prompts that the role holds.
    approvals: actions for which the role must obtain another person's approval.
    rubric: `{"automate" | "yellow_zone" | "avoid": [{"key": str, "text": str, "why": str, "prompt": str,
    "taught_in": ["track/module"]}]}`, the last two only where they are given; `Ruling` keeps its history.
    """

    role = models.OneToOneField("tracks.Role", models.PROTECT, related_name="profile")
    prompts = models.JSONField(_("prompts"), default=list)
    approvals = models.JSONField(_("needs approval for"), default=list)
    human_in_loop = models.BooleanField(_("a person reviews every output"), default=False)
    rubric = models.JSONField(_("rubric"), default=dict)

    class Meta:
        verbose_name = _("role profile")
        permissions = (("explain_rules", "Can try out approval rules"),)

    def __str__(self) -> str:
        return str(self.role)
