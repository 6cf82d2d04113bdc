"""Sign-offs: a mentor's word that a learner can do the work, bound to the evidence it rests on."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from assessments.models.submission import LabReview, Submission
from tracks.models import Cohort, Enrolment, Lab
from tracks.people import Person

_STANDS = models.Q(withdrawn_at=None, voided_at=None)


class SignOffQuerySet(models.QuerySet["SignOff"]):
    def standing(self) -> Self:
        return self.filter(_STANDS)

    def visible_to(self, user: Person) -> Self:
        """One's own, those that one gave, those of one's mentees, and of the cohorts that one runs."""
        mentored = Enrolment.objects.filter(mentorships__mentor=user, mentorships__ended_at=None)
        return self.filter(
            models.Q(learner=user)
            | models.Q(signer=user)
            | models.Q(enrolment__in=mentored.values("pk"))
            | models.Q(enrolment__cohort__in=Cohort.objects.all().run_by(user))
        )


class SignOff(models.Model):
    """Kept for ever. It stands until a person withdraws it, with a reason, or its evidence changes (void)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="sign_offs")
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="sign_offs")
    lab = models.ForeignKey(Lab, models.PROTECT, related_name="sign_offs")
    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="sign_offs")
    signer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="sign_offs_given")
    review = models.ForeignKey(LabReview, models.PROTECT, related_name="sign_offs")
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
            models.UniqueConstraint("enrolment", "lab", condition=_STANDS, name="sign_off_standing_unique"),
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
    def stands(self) -> bool:
        return self.withdrawn_at is None and self.voided_at is None
