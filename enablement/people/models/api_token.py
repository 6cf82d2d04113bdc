"""Tokens by which gateways and microtools call the HTTP API."""

import hashlib
import uuid
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _


class Scope(models.TextChoices):
    EVALUATE = "access:evaluate", _("ask for decisions")
    FORWARD = "access:forward", _("ask for decisions on behalf of a proxy's user")
    REQUEST = "access:request", _("file approval requests")
    ADOPTION = "adoption:write", _("report adoption events")
    RECORDS = "records:write", _("report exceptions and incidents")
    READ = "read", _("read")


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def live(self) -> Self:
        return self.filter(revoked_at=None)

    def for_secret(self, secret: str) -> Self:
        return self.live().filter(sha256=hash_secret(secret))


class ApiToken(models.Model):
    """A bearer token; only the SHA-256 of its random 256 bits is stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=100)
    sha256 = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    regions = models.JSONField(_("regions"), default=list)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey("people.User", models.PROTECT, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                "name", condition=models.Q(revoked_at=None), name="api_token_live_name_unique"
            ),
        )

    def __str__(self) -> str:
        return self.name


def hash_secret(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
