"""Answers to shadow cases: what judges and learners said, and looks at how well they agree."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from assessments.models.shadow import MARKS_ARE_SHARES, Marks, Route, ShadowCase, ShadowPool
from tracks.models import Enrolment
from tracks.people import Person

_UNANSWERED = models.Q(decision="", decided_at=None, usable=None, judged_at=None)
_DECIDED = ~models.Q(decision="") & models.Q(decided_at__isnull=False, usable=None, judged_at=None)
_JUDGED = ~models.Q(decision="") & models.Q(
    decided_at__isnull=False, usable__isnull=False, judged_at__isnull=False
)


class CaseJudgement(models.Model):
    """One judge's blind answer to a case, then on the tool's output; it counts once both are there."""

    case = models.ForeignKey(ShadowCase, models.PROTECT, related_name="judgements")
    judge = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="case_judgements")
    decision = models.CharField(_("decision"), max_length=8, choices=Route.choices)
    decided_at = models.DateTimeField()
    usable = models.BooleanField(_("usable"), null=True, blank=True)
    judged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("judgement of a case")
        ordering = ("judged_at", "pk")
        constraints = (
            models.UniqueConstraint("case", "judge", name="case_judgement_once_a_judge"),
            models.CheckConstraint(condition=_DECIDED | _JUDGED, name="case_judgement_in_two_steps"),
        )

    def __str__(self) -> str:
        return f"{self.judge}: {self.case}"


class ShadowSampleQuerySet(models.QuerySet["ShadowSample"]):
    def visible_to(self, user: Person) -> Self:
        """One's own: whoever sees another's answers is no longer blind."""
        return self.filter(learner=user)

    def open(self) -> Self:
        return self.filter(judged_at=None, dropped_at=None)

    def judged(self) -> Self:
        return self.filter(judged_at__isnull=False)

    def scored(self) -> Self:
        return self.filter(scored_at__isnull=False)


class ShadowSample(models.Model):
    """One learner's answers to one case, scored when both they and quality assurance have answered.

    agreed: both answers equal the settled ones. critical: the learner would have let the tool's output
    through (automate; or review, and then usable) where the settled answer is to avoid or to escalate.
    scored_number: the how-manieth scored sample of this learner in this pool; looks count by it.
    dropped_at: its case was dropped, and the sample with it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    pool = models.ForeignKey(ShadowPool, models.PROTECT, related_name="samples")
    case = models.ForeignKey(ShadowCase, models.PROTECT, related_name="samples")
    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="shadow_samples")
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="shadow_samples")
    number = models.PositiveIntegerField(_("number"))
    drawn_at = models.DateTimeField()
    decision = models.CharField(_("decision"), max_length=8, choices=Route.choices, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    usable = models.BooleanField(_("usable"), null=True, blank=True)
    judged_at = models.DateTimeField(null=True, blank=True)
    agreed = models.BooleanField(null=True, blank=True)
    critical = models.BooleanField(null=True, blank=True)
    scored_at = models.DateTimeField(null=True, blank=True)
    scored_number = models.PositiveIntegerField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)

    objects = ShadowSampleQuerySet.as_manager()

    class Meta:
        verbose_name = _("shadow sample")
        ordering = ("pool", "learner", "number")
        constraints = (
            models.UniqueConstraint("case", "learner", name="shadow_sample_case_once_a_person"),
            models.UniqueConstraint("pool", "learner", "number", name="shadow_sample_number_unique"),
            models.UniqueConstraint(
                "pool", "learner", "scored_number", name="shadow_sample_scored_number_unique"
            ),
            models.UniqueConstraint(
                "pool",
                "learner",
                condition=models.Q(judged_at=None, dropped_at=None),
                name="shadow_sample_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(dropped_at=None) | models.Q(scored_at=None),
                name="shadow_sample_dropped_or_scored",
            ),
            models.CheckConstraint(
                condition=_UNANSWERED | _DECIDED | _JUDGED, name="shadow_sample_in_two_steps"
            ),
            models.CheckConstraint(
                condition=models.Q(scored_at=None, scored_number=None, agreed=None, critical=None)
                | models.Q(
                    judged_at__isnull=False,
                    scored_at__isnull=False,
                    scored_number__isnull=False,
                    agreed__isnull=False,
                    critical__isnull=False,
                ),
                name="shadow_sample_scored_when_judged",
            ),
        )

    def __str__(self) -> str:
        return f"{self.learner}: {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("shadow_sample", args=[self.pk])


class ShadowLook(Marks):
    """Agreement of one learner with quality assurance on their latest `n` scored samples; never changed.

    It covers the latest `n` of the samples up to number `scored` whose case is of version `since_version` or
    later. version: the one in force then. lower, upper: Wilson's 95 % interval of agreed / n. kappa: Cohen's,
    on both answers together; None where it is undefined (not enough variety). Stored figures are rounded
    down, so that rounding never lifts one over its mark; the marks are those of that day.
    corrects: an earlier look at the same samples, measured anew after an appeal changed what is right; it has
    that look's date, version and marks.
    """

    pool = models.ForeignKey(ShadowPool, models.PROTECT, related_name="looks")
    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="shadow_looks")
    number = models.PositiveSmallIntegerField()
    scored = models.PositiveIntegerField()
    n = models.PositiveSmallIntegerField()
    sample_size = models.PositiveSmallIntegerField()
    version = models.PositiveIntegerField(default=1)
    since_version = models.PositiveIntegerField(default=1)
    agreed = models.PositiveSmallIntegerField()
    lower = models.DecimalField(max_digits=7, decimal_places=6)
    upper = models.DecimalField(max_digits=7, decimal_places=6)
    kappa = models.DecimalField(max_digits=7, decimal_places=6, null=True, blank=True)
    critical = models.PositiveSmallIntegerField()
    yellow = models.PositiveSmallIntegerField()
    passed = models.BooleanField()
    taken_at = models.DateTimeField()
    corrects = models.OneToOneField("self", models.PROTECT, related_name="corrected", null=True, blank=True)

    class Meta:
        verbose_name = _("look at shadow samples")
        ordering = ("pool", "learner", "-number")
        constraints = (
            models.UniqueConstraint("pool", "learner", "number", name="shadow_look_number_unique"),
            models.UniqueConstraint(
                "pool",
                "learner",
                "scored",
                condition=models.Q(corrects=None),
                name="shadow_look_once_at_a_count",
            ),
            models.CheckConstraint(
                condition=models.Q(agreed__lte=models.F("n"), n__lte=models.F("scored"), n__gte=1),
                name="shadow_look_counts_fit",
            ),
            models.CheckConstraint(
                condition=models.Q(since_version__lte=models.F("version"), since_version__gte=1),
                name="shadow_look_versions_in_order",
            ),
            models.CheckConstraint(condition=MARKS_ARE_SHARES, name="shadow_look_marks_are_shares"),
        )

    def __str__(self) -> str:
        return f"{self.learner}: {self.number}"

    @property
    def reached(self) -> dict[str, str]:
        """By mark, whether it was reached, as pages show states."""
        reached = {
            "agreement": self.lower >= self.mark_lower,
            "kappa": self.kappa is not None and self.kappa >= self.mark_kappa,
            "critical": self.critical <= self.mark_critical,
            "yellow": self.yellow >= self.mark_yellow,
        }
        return {mark: "met" if is_met else "not-met" for mark, is_met in reached.items()}
