"""Evidence packs: what the ledger holds about a matter, for somebody outside."""

import uuid
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from enablement.access.models import Microtool
from enablement.jobs.models import Job
from tracks.models import Cohort

if TYPE_CHECKING:
    from tracks.people import Person

PURPOSE_MAX = 500


def pack_path(pack: "EvidencePack", _name: str) -> str:
    return f"evidence/{pack.pk}.zip"


class EvidencePackQuerySet(models.QuerySet["EvidencePack"]):
    def visible_to(self, user: "Person") -> Self:
        """Whoever may read the ledger sees who asked for which pack, and may take it."""
        return self if user.has_perm("ledger.view_ledgerentry") else self.none()


class EvidencePack(models.Model):
    """Asked for by one person for a stated purpose; `person`, `cohort` and `microtool` narrow what is in it.

    first_day, last_day: both included, in `zone`. sha256: of the file, as the ledger has it too.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    purpose = models.CharField(_("what for"), max_length=PURPOSE_MAX)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    cohort = models.ForeignKey(Cohort, models.PROTECT, null=True, related_name="+")
    microtool = models.ForeignKey(Microtool, models.PROTECT, null=True, related_name="+")
    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("to"))
    zone = models.CharField(max_length=64, default="UTC")
    job = models.OneToOneField(Job, models.PROTECT, related_name="evidence_pack")
    created_at = models.DateTimeField(_("asked for"))
    finished_at = models.DateTimeField(_("made"), null=True, blank=True)
    decisions = models.PositiveIntegerField(_("decisions"), default=0)
    entries = models.PositiveIntegerField(_("ledger entries"), default=0)
    file = models.FileField(upload_to=pack_path, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)

    objects = EvidencePackQuerySet.as_manager()

    class Meta:
        verbose_name = _("evidence pack")
        ordering = ("-created_at", "id")
        constraints = (
            models.CheckConstraint(condition=~Q(purpose=""), name="evidence_pack_says_what_for"),
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")),
                name="evidence_pack_days_in_order",
                violation_error_message=_("The last day is before the first one."),
            ),
            models.CheckConstraint(
                condition=Q(person=None) | Q(cohort=None), name="evidence_pack_of_a_person_or_a_cohort"
            ),
            models.CheckConstraint(
                condition=Q(finished_at=None, file="", sha256="")
                | (Q(finished_at__isnull=False) & ~Q(file="") & ~Q(sha256="")),
                name="evidence_pack_finished_with_its_file",
            ),
        )

    def __str__(self) -> str:
        return " · ".join(str(part) for part in (self.person, self.cohort, self.microtool) if part) or str(
            _("Everybody, every tool")
        )

    @property
    def since(self) -> datetime:
        return _midnight(self.first_day, self.zone)

    @property
    def until(self) -> datetime:
        """The first moment that is not in it any more."""
        return _midnight(self.last_day + timedelta(days=1), self.zone)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(zone)).astimezone(UTC)
