"""What people wrote or a model answered: beside the chain, which holds its keyed hash alone."""

import hashlib
import hmac
import json
import secrets
from datetime import datetime
from typing import Self
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class LedgerContentQuerySet(models.QuerySet["LedgerContent"]):
    def kept(self) -> Self:
        """What has neither been purged nor erased."""
        return self.filter(gone_at=None)

    def of_person(self, person: UUID) -> Self:
        return self.filter(person=person)

    def empty(self, *, because: str, at: datetime) -> int:
        """Words and key go, for good; the row stays and says when and why. One statement."""
        return self.kept().update(body="", key="", gone_at=at, gone_because=because)


class LedgerContent(models.Model):
    """The content of one entry: personal data was taken out of it before it came here.

    body: canonical JSON, an object of texts. key: 32 random bytes of this entry's own, in hexadecimal. The
    entry's payload has `content_hmac`, HMAC-SHA256 of the body with the key: with both gone, nobody can find
    out by trying what the words were, and the chain stays as it is.
    person: whose words these are, None where we did not know them. subject: as in the entry.
    """

    class Gone(models.TextChoices):
        RETENTION = "retention", _("its time was over")
        ERASURE = "erasure", _("erased for the person")

    entry = models.UUIDField(_("ledger entry"), primary_key=True)
    at = models.DateTimeField(_("when"))
    person = models.UUIDField(_("who"), null=True)
    subject = models.CharField(_("about"), max_length=200)
    key = models.CharField(max_length=64, blank=True, editable=False)
    body = models.TextField(blank=True)
    gone_at = models.DateTimeField(_("removed"), null=True)
    gone_because = models.CharField(_("why"), max_length=10, choices=Gone.choices, blank=True)

    objects = LedgerContentQuerySet.as_manager()

    class Meta:
        verbose_name = _("content of a ledger entry")
        verbose_name_plural = _("contents of ledger entries")
        indexes = (
            models.Index(fields=("at",), condition=Q(gone_at=None), name="ledger_content_kept_index"),
            models.Index(fields=("person", "at"), name="ledger_content_person_index"),
        )
        constraints = (
            models.CheckConstraint(
                condition=(Q(gone_at=None, gone_because="") & ~Q(key="") & ~Q(body=""))
                | Q(gone_at__isnull=False, gone_because__in=("retention", "erasure"), key="", body=""),
                name="ledger_content_is_whole_or_gone",
            ),
        )

    def __str__(self) -> str:
        return str(self.entry)

    def texts(self) -> dict[str, str]:
        """By name; nothing where they are gone, or were altered beyond reading."""
        try:
            said = json.loads(self.body)
        except ValueError:
            return {}
        return said if isinstance(said, dict) else {}

    def hash(self) -> str:
        """What the entry has as `content_hmac`, while there is content."""
        return hmac.new(bytes.fromhex(self.key), self.body.encode(), hashlib.sha256).hexdigest()


def new_key() -> str:
    return secrets.token_hex(32)
