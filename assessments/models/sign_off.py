"""Sign-offs: a mentor's word that a learner can do the work, bound to the evidence it rests on."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.models.submission import LabReview, Submission
from tracks.models import Cohort, Enrolment, Lab, Mentorship
from tracks.people import Person

_OPEN = models.Q(withdrawn_at=None, voided_at=None)
_SIGNED_BY_ALL = models.Q(needs_countersign=False) | models.Q(countersigned_at__isnull=False)


class SignOffQuerySet(models.QuerySet["SignOff"]):
    def open(self) -> Self:
        """Neither withdrawn nor void; one that still wants a second signature is among them."""
        return self.filter(_OPEN)

    def standing(self) -> Self:
        """Those that are proof: open, and signed by everybody who has to."""
        return self.open().filter(_SIGNED_BY_ALL)

    def pending(self) -> Self:
        """Open, and waiting for the second signature."""
        return self.open().exclude(_SIGNED_BY_ALL)

    def visible_to(self, user: Person) -> Self:
        """One's own, those that one gave, those of one's mentees and of the cohorts that one runs; pending
        ones also to colleagues, who mentor on the same track.
        """
        answered = Mentorship.objects.all().answered_by(user, timezone.now())
        return self.filter(
            models.Q(learner=user)
            | models.Q(signer=user)
            | models.Q(countersigned_by=user)
            | models.Q(enrolment__in=answered.values("enrolment"))
            | models.Q(enrolment__cohort__in=Cohort.objects.all().run_by(user))
            | (
                models.Q(pk__in=self.model.objects.pending().values("pk"))
                & models.Q(enrolment__track__in=answered.values("enrolment__track"))
            )
        )


class SignOff(models.Model):
    """Kept for ever. It stands until a person withdraws it, with a reason, or its evidence changes (void).

    Where its lab was countersigned when it was given (`needs_countersign`), it is proof only once a second
    person has signed as well. `on_behalf_of`: the mentor whose delegate the signer was.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="sign_offs")
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="sign_offs")
    lab = models.ForeignKey(Lab, models.PROTECT, related_name="sign_offs")
    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="sign_offs")
    signer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="sign_offs_given")
    review = models.ForeignKey(LabReview, models.PROTECT, related_name="sign_offs")
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )
    needs_countersign = models.BooleanField(_("wants a second signature"), default=False)
    countersigned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="countersigned", null=True, blank=True
    )
    countersigned_at = models.DateTimeField(_("countersigned"), null=True, blank=True)
    evidence_hash = models.CharField(_("hash of the evidence"), max_length=64)
    signed_at = models.DateTimeField(_("signed off"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )
    withdrawn_reason = models.CharField(_("reason"), max_length=500, blank=True)
    voided_at = models.DateTimeField(_("void since"), null=True, blank=True)

    objects = SignOffQuerySet.as_manager()

    class Meta:
        verbose_name = _("sign-off")
        ordering = ("-signed_at",)
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(signer=models.F("learner")), name="sign_off_signer_is_not_learner"
            ),
            models.CheckConstraint(
                condition=models.Q(countersigned_by=None)
                | (
                    ~models.Q(countersigned_by=models.F("learner"))
                    & ~models.Q(countersigned_by=models.F("signer"))
                ),
                name="sign_off_countersigner_is_a_third",
            ),
            models.CheckConstraint(
                condition=models.Q(countersigned_by=None, countersigned_at=None)
                | models.Q(
                    needs_countersign=True, countersigned_by__isnull=False, countersigned_at__isnull=False
                ),
                name="sign_off_countersigned_by_whom_and_when",
            ),
            models.UniqueConstraint("enrolment", "lab", condition=_OPEN, name="sign_off_standing_unique"),
            models.UniqueConstraint("submission", name="sign_off_once_a_round"),
            models.CheckConstraint(
                condition=models.Q(withdrawn_at=None, withdrawn_by=None, withdrawn_reason="")
                | (
                    models.Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False)
                    & ~models.Q(withdrawn_reason="")
                ),
                name="sign_off_withdrawn_by_whom_and_why",
            ),
            models.CheckConstraint(
                condition=models.Q(withdrawn_at=None) | models.Q(voided_at=None),
                name="sign_off_ends_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(evidence_hash=""), name="sign_off_is_bound_to_evidence"
            ),
        )

    def __str__(self) -> str:
        return f"{self.learner}: {self.lab}"

    @property
    def open(self) -> bool:
        return self.withdrawn_at is None and self.voided_at is None

    @property
    def pending(self) -> bool:
        """Whether it waits for the second signature."""
        return self.open and self.needs_countersign and self.countersigned_at is None

    @property
    def stands(self) -> bool:
        return self.open and not self.pending
