"""Grants: the dated result of a gate for one person and one tool."""

import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from enablement.access.models.stop import Stop


class GrantQuerySet(models.QuerySet["Grant"]):
    def live(self, *, at: datetime) -> Self:
        """Grants that open their tool at this moment."""
        stopped = Stop.objects.live().filter(
            kind=Stop.Kind.MICROTOOL, value=models.OuterRef("microtool__key")
        )
        return self.filter(
            models.Q(not_after=None) | models.Q(not_after__gt=at),
            ~models.Exists(stopped),
            state=Grant.State.GRANTED,
            user__is_active=True,
            microtool__retired_at=None,
        )


class Grant(models.Model):
    """`leaves` are the gate's requirements as last evaluated; `not_after` is when the first proof lapses.

    `last_used_at` is written at most once a day.

    former_gate, kept_until: it was open when its gate became stricter, and stays so until then at the latest,
    as long as it meets the gate that it was opened by (decision 116).
    """

    class State(models.TextChoices):
        LOCKED = "locked", _("locked")
        ELIGIBLE = "eligible", _("eligible")
        GRANTED = "granted", _("open")
        SUSPENDED = "suspended", _("suspended")
        EXPIRED = "expired", _("expired")
        REVOKED = "revoked", _("revoked")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="grants")
    microtool = models.ForeignKey("access.Microtool", models.PROTECT, related_name="grants")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.LOCKED)
    since = models.DateTimeField(_("since"))
    not_after = models.DateTimeField(_("not after"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    leaves = models.JSONField(_("requirements as last evaluated"), default=list)
    policy_revision = models.PositiveIntegerField(_("policy revision"))
    former_gate = models.ForeignKey(
        "access.FormerGate", models.PROTECT, null=True, blank=True, related_name="grants"
    )
    kept_until = models.DateTimeField(_("kept until"), null=True, blank=True)

    objects = GrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("grant")
        permissions = (("control_access", "Opens, suspends and stops access by hand"),)
        constraints = (
            models.UniqueConstraint("user", "microtool", name="grant_one_per_person_and_tool"),
            models.CheckConstraint(
                condition=~models.Q(state="granted") | ~models.Q(leaves=[]), name="grant_rests_on_proof"
            ),
            models.CheckConstraint(
                condition=models.Q(former_gate=None, kept_until=None)
                | models.Q(former_gate__isnull=False, kept_until__isnull=False, state="granted"),
                name="grant_is_kept_while_it_is_open",
            ),
            models.CheckConstraint(
                condition=models.Q(kept_until=None)
                | models.Q(not_after__isnull=False, not_after__lte=models.F("kept_until")),
                name="grant_is_kept_for_a_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user}: {self.microtool} {self.state}"
