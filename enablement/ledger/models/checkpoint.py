"""Signed statements of what the ledger held, when; written once."""

import base64
import hashlib
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from enablement.ledger.canonical import canonical, moment, sha256


class LedgerCheckpoint(models.Model):
    """The links from `first` to `last`, under one Merkle root, signed.

    root: of the tree (RFC 6962) whose leaves are the links' hashes, as 32 bytes each. head: the hash of the
    last link, which rests on every link before it. previous: the hash of the checkpoint before.
    public_key, signature: Ed25519, in base64; the signature is over `statement()`, in UTF-8.
    """

    number = models.PositiveIntegerField(_("checkpoint"), primary_key=True)
    first = models.BigIntegerField()
    last = models.BigIntegerField(unique=True)
    root = models.CharField(max_length=64)
    head = models.CharField(max_length=64)
    previous = models.CharField(max_length=64)
    made_at = models.DateTimeField(_("made"))
    public_key = models.CharField(max_length=44)
    signature = models.CharField(max_length=88)

    class Meta:
        verbose_name = _("ledger checkpoint")
        ordering = ("number",)
        constraints = (
            models.CheckConstraint(condition=Q(number__gte=1), name="ledger_checkpoint_number_from_1"),
            models.CheckConstraint(
                condition=Q(first__gte=1) & Q(last__gte=F("first")), name="ledger_checkpoint_holds_something"
            ),
        )

    def __str__(self) -> str:
        return str(self.number)

    def fields(self) -> dict[str, Any]:
        """What is signed, and how a checkpoint travels (with its signature beside it)."""
        return {
            "first": self.first,
            "head": self.head,
            "last": self.last,
            "made_at": moment(self.made_at),
            "number": self.number,
            "previous": self.previous,
            "public_key": self.public_key,
            "root": self.root,
        }

    def statement(self) -> str:
        return canonical(self.fields())

    def digest(self) -> str:
        """What the next checkpoint names as `previous`: SHA-256 over the statement and its signature."""
        return sha256(canonical({**self.fields(), "signature": self.signature}))

    @property
    def fingerprint(self) -> str:
        """Of the public key, as people compare it: SHA-256 of its 32 bytes."""
        return fingerprint(self.public_key)


def fingerprint(public_key: str) -> str:
    return hashlib.sha256(base64.b64decode(public_key)).hexdigest()
