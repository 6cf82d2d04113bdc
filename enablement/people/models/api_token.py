"""Tokens by which gateways and microtools call the HTTP API."""

import hashlib
import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

MAX_CALLS_PER_MINUTE = 1_000_000


class Scope(models.TextChoices):
    EVALUATE = "access:evaluate", _("ask for decisions")
    FORWARD = "access:forward", _("ask for decisions on behalf of a proxy's user")
    REQUEST = "access:request", _("file approval requests")
    ADOPTION = "adoption:write", _("report adoption events")
    RECORDS = "records:write", _("report outcomes, exceptions and incidents")
    READ = "read", _("read")


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def live(self) -> Self:
        return self.filter(revoked_at=None)

    def for_secret(self, secret: str, *, at: datetime) -> Self:
        """The live token with this secret, or whose former secret it is while that still counts."""
        return self.for_digest(hash_secret(secret), at=at)

    def for_digest(self, digest: str, *, at: datetime) -> Self:
        former = models.Q(former_sha256=digest, former_until__gt=at)
        return self.live().filter(models.Q(sha256=digest) | former)


class ApiToken(models.Model):
    """A bearer token; only the SHA-256 of its random 256 bits is stored.

    `regions`, `microtools`: how far it reaches; an empty list is everything that the playbook allows.
    `former_sha256` counts until `former_until`, so that a rotation needs no moment without a token.
    `last_used_at` is written at most once a minute. `calls_per_minute`: None is the installation's default.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=100)
    sha256 = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    regions = models.JSONField(_("regions"), default=list)
    microtools = models.JSONField(_("tools"), default=list)
    calls_per_minute = models.PositiveIntegerField(_("calls a minute"), null=True, blank=True)
    former_sha256 = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    former_until = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
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
            models.CheckConstraint(
                condition=models.Q(former_sha256="", former_until=None)
                | (~models.Q(former_sha256="") & models.Q(former_until__isnull=False)),
                name="api_token_former_secret_ends",
            ),
            models.CheckConstraint(
                condition=models.Q(calls_per_minute=None) | models.Q(calls_per_minute__gte=1),
                name="api_token_calls_per_minute_positive",
            ),
        )

    def __str__(self) -> str:
        return self.name


def hash_secret(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
