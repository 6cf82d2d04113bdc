"""Certificates: what was achieved, as it was printed."""

import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tracks.models import Cohort, Enrolment, Track

if TYPE_CHECKING:
    from tracks.people import Person

#: 128 bits, so that nobody finds a certificate by trying.
PUBLIC_ID_BYTES = 16
REASON_MAX = 500


def new_public_id() -> str:
    return secrets.token_hex(PUBLIC_ID_BYTES)


def pdf_path(certificate: "Certificate", _name: str) -> str:
    return f"certificates/{certificate.public_id}.pdf"


class CertificateState(models.TextChoices):
    VALID = "valid", _("valid")
    EXPIRED = "expired", _("expired")
    REVOKED = "revoked", _("revoked")
    SUPERSEDED = "superseded", _("superseded")


class CertificateQuerySet(models.QuerySet["Certificate"]):
    def live(self) -> Self:
        """The one of each achievement that no newer one stands for, whether valid, expired or revoked."""
        return self.filter(superseded_at=None)

    def visible_to(self, user: "Person") -> Self:
        """One's own, and those of the cohorts that one runs."""
        return self.filter(Q(user=user) | Q(enrolment__cohort__in=Cohort.objects.all().run_by(user)))

    def run_by(self, user: "Person") -> Self:
        """Those of the cohorts that one runs, except one's own."""
        return self.filter(enrolment__cohort__in=Cohort.objects.all().run_by(user)).exclude(user=user)


class Certificate(models.Model):
    """Says that one person showed all that a track's gate asks for, at `issued_at`.

    What is printed is frozen at issue: `person_name`, `track_title`, `skills` (`[{"title": module,
    "outcomes": [str]}]`), `requirements` of the gate (`[{"label": str, "required": str}]`) and the file,
    whose SHA-256 is kept. A tool's grant that lapses does not revoke a certificate.
    """

    public_id = models.CharField(max_length=32, unique=True, default=new_public_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="certificates")
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="certificates")
    track = models.ForeignKey(Track, models.PROTECT, related_name="certificates")
    person_name = models.CharField(_("name"), max_length=200)
    track_title = models.CharField(_("track"), max_length=200)
    skills = models.JSONField(_("skills shown"), default=list)
    requirements = models.JSONField(_("requirements met"), default=list)
    policy_revision = models.PositiveIntegerField(_("policy revision"))
    issued_at = models.DateTimeField(_("issued"))
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    name_public = models.BooleanField(_("anyone who verifies it sees the name"), default=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    revoked_reason = models.CharField(_("why it was revoked"), max_length=REASON_MAX, blank=True)
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    superseded_at = models.DateTimeField(_("superseded"), null=True, blank=True)
    file = models.FileField(_("file"), upload_to=pdf_path)
    sha256 = models.CharField(max_length=64)

    objects = CertificateQuerySet.as_manager()

    class Meta:
        verbose_name = _("certificate")
        ordering = ("-issued_at", "pk")
        constraints = (
            models.UniqueConstraint(
                "enrolment", condition=Q(superseded_at=None), name="certificate_once_per_achievement"
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_by=None, revoked_reason="")
                | (Q(revoked_at__isnull=False, revoked_by__isnull=False) & ~Q(revoked_reason="")),
                name="certificate_revoked_by_whom_and_why",
            ),
            models.CheckConstraint(
                condition=Q(revoked_by=None) | ~Q(revoked_by=models.F("user")),
                name="certificate_not_revoked_by_its_holder",
            ),
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__gt=models.F("issued_at")),
                name="certificate_expires_after_issue",
            ),
        )

    def __str__(self) -> str:
        return f"{self.person_name}: {self.track_title}"

    def get_absolute_url(self) -> str:
        return reverse("verify_certificate", args=[self.public_id])

    @property
    def verify_url(self) -> str:
        """The full address, as the QR code has it."""
        return f"{settings.SITE_URL}{self.get_absolute_url()}"

    def state(self, *, at: datetime) -> CertificateState:
        """Revoked prevails over superseded, and that over expired: the reader learns the worst."""
        if self.revoked_at is not None:
            return CertificateState.REVOKED
        if self.superseded_at is not None:
            return CertificateState.SUPERSEDED
        if self.expires_at is not None and self.expires_at <= at:
            return CertificateState.EXPIRED
        return CertificateState.VALID
