"""What happened, as written by the transaction in which it happened; never changed, never deleted."""

import uuid
from datetime import datetime
from typing import Self

from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enablement.ledger.canonical import canonical, moment, sha256


class LedgerEntryQuerySet(models.QuerySet["LedgerEntry"]):
    def unlinked(self, *, since: datetime | None = None) -> Self:
        """Entries that the chain does not hold yet; `since` bounds the search by the time of recording."""
        found = self.filter(links=None)
        return found.filter(recorded_at__gte=since) if since else found

    def about(self, subject_type: str, subject_id: str) -> Self:
        return self.filter(subject_type=subject_type, subject_id=subject_id)


class LedgerEntry(models.Model):
    """One fact. No foreign key leads out of it: what it is about may go, the entry stays.

    at: when it happened; recorded_at: when it was written here (an import may bring old facts).
    actor_label: "person", "system" or the name of a token; never a person's name, which could not be erased.
    payload: canonical JSON (RFC 8785). sha256: over all other columns, see `digest`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(_("when"))
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    kind = models.CharField(_("what"), max_length=100)
    actor_id = models.UUIDField(_("who"), null=True, blank=True)
    actor_label = models.CharField(max_length=200)
    subject_type = models.CharField(max_length=100)
    subject_id = models.CharField(max_length=200)
    policy_revision = models.PositiveIntegerField(null=True, blank=True)
    payload = models.TextField()
    sha256 = models.CharField(max_length=64, editable=False)

    objects = LedgerEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        ordering = ("recorded_at", "id")
        indexes = (
            models.Index(fields=("recorded_at", "id"), name="ledger_entry_order_index"),
            models.Index(fields=("subject_type", "subject_id", "at"), name="ledger_entry_subject_index"),
            models.Index(fields=("actor_id", "at"), name="ledger_entry_actor_index"),
            models.Index(fields=("kind", "at"), name="ledger_entry_kind_index"),
        )
        constraints = (
            models.CheckConstraint(
                condition=~Q(kind="") & ~Q(actor_label="") & ~Q(subject_type="") & ~Q(subject_id=""),
                name="ledger_entry_names_what_who_and_whom",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_type} {self.subject_id}"

    def digest(self) -> str:
        """SHA-256 over the canonical JSON of every column but the digest itself."""
        return sha256(
            canonical(
                {
                    "actor_id": self.actor_id,
                    "actor_label": self.actor_label,
                    "at": moment(self.at),
                    "id": self.id,
                    "kind": self.kind,
                    "payload": self.payload,
                    "policy_revision": self.policy_revision,
                    "recorded_at": moment(self.recorded_at),
                    "subject_id": self.subject_id,
                    "subject_type": self.subject_type,
                }
            )
        )


class LedgerLinkQuerySet(models.QuerySet["LedgerLink"]):
    def head(self) -> "LedgerLink | None":
        """The newest link, with its entry where that still exists."""
        return self.order_by("-position").first()


class LedgerLink(models.Model):
    """The place of an entry in the chain; its hash covers every column and the link before it."""

    position = models.BigIntegerField(primary_key=True)
    entry = models.ForeignKey(LedgerEntry, models.PROTECT, related_name="links", db_index=False)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    linked_at = models.DateTimeField()

    objects = LedgerLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("ledger link")
        ordering = ("position",)
        constraints = (
            models.CheckConstraint(condition=Q(position__gte=1), name="ledger_link_position_from_1"),
            models.UniqueConstraint(fields=("entry",), name="ledger_link_entry_unique"),
            models.UniqueConstraint(fields=("previous_hash",), name="ledger_link_chain_does_not_fork"),
        )

    def __str__(self) -> str:
        return f"{self.position}"

    def digest(self, *, entry_sha256: str) -> str:
        """SHA-256 over the canonical JSON of the link's columns but the hash, and the entry's digest."""
        return sha256(
            canonical(
                {
                    "entry": self.entry_id,
                    "entry_sha256": entry_sha256,
                    "linked_at": moment(self.linked_at),
                    "position": self.position,
                    "previous": self.previous_hash,
                }
            )
        )

    def recorded_at(self) -> datetime | None:
        """When the linked entry was recorded; None where somebody has removed it."""
        try:
            return self.entry.recorded_at
        except ObjectDoesNotExist:
            return None
