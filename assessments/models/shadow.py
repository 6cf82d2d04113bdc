"""Shadow mode: cases with the tool's recorded output, judged blind by quality assurance and by learners."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from guardian.shortcuts import get_objects_for_user

from tracks.models import Enrolment, Track
from tracks.people import Person


class Route(models.TextChoices):
    """Who handles the work of a case."""

    AUTOMATE = "automate", _("Automate")
    REVIEW = "review", _("Review")
    AVOID = "avoid", _("Avoid")
    ESCALATE = "escalate", _("Escalate")


#: Answers that keep the tool's output away from the customer; using it there all the same is a critical miss.
OFF_LIMITS = (Route.AVOID, Route.ESCALATE)

_UNANSWERED = models.Q(decision="", decided_at=None, usable=None, judged_at=None)
_DECIDED = ~models.Q(decision="") & models.Q(decided_at__isnull=False, usable=None, judged_at=None)
_JUDGED = ~models.Q(decision="") & models.Q(
    decided_at__isnull=False, usable__isnull=False, judged_at__isnull=False
)


class ShadowPoolQuerySet(models.QuerySet["ShadowPool"]):
    def live(self) -> Self:
        return self.filter(retired_at=None)

    def judged_by(self, user: Person) -> Self:
        """Pools whose cases this person was appointed to judge."""
        judged = get_objects_for_user(user, "assessments.judge_pool", self, accept_global_perms=False)
        return self.filter(pk__in=judged.values("pk"))

    def visible_to(self, user: Person) -> Self:
        """Pools of the tracks that one learns."""
        return self.filter(track__in=Enrolment.objects.live().filter(user=user).values("track"))


class ShadowPool(models.Model):
    """The cases of one tool on one track. `decisions` explains each answer: `{"automate": str, …}`.

    `sample_size`: on how many of a person's scored cases a look is taken.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.SlugField(_("key"), max_length=100)
    track = models.ForeignKey(Track, models.PROTECT, related_name="shadow_pools")
    microtool_key = models.CharField(_("tool"), max_length=100)
    title = models.CharField(_("title"), max_length=200)
    instructions = models.TextField(_("instructions"), blank=True)
    decisions = models.JSONField(_("answers"), default=dict)
    tool_version = models.CharField(_("version of the tool"), max_length=100, blank=True)
    model_version = models.CharField(_("version of the model"), max_length=100, blank=True)
    sample_size = models.PositiveSmallIntegerField(_("cases in a look"), default=50)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)

    objects = ShadowPoolQuerySet.as_manager()

    class Meta:
        verbose_name = _("pool of shadow cases")
        ordering = ("key",)
        permissions = (("judge_pool", "Judges the cases of this pool"),)
        constraints = (
            models.UniqueConstraint("track", "key", name="shadow_pool_key_unique_in_track"),
            models.CheckConstraint(
                condition=models.Q(sample_size__gte=1), name="shadow_pool_sample_size_positive"
            ),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("shadow", args=[self.pk])


class ShadowCaseQuerySet(models.QuerySet["ShadowCase"]):
    def live(self) -> Self:
        return self.filter(retired_at=None)

    def settled(self) -> Self:
        return self.filter(settled_at__isnull=False)

    def unsettled(self) -> Self:
        return self.filter(settled_at=None, dropped_at=None)

    def blind(self) -> Self:
        """Without the columns that hold what is right: pages for those who still decide read through this."""
        return self.defer("right_decision", "right_usable", "reason", "settled_decision", "settled_usable")

    def judgeable_by(self, user: Person) -> Self:
        """Of the pools that this person judges, except cases that they met as a learner."""
        met = ShadowSample.objects.filter(learner=user).values("case")
        return self.filter(pool__in=ShadowPool.objects.all().judged_by(user).values("pk")).exclude(pk__in=met)


class ShadowCase(models.Model):
    """One case. Right is what quality assurance settles (`settled_…`); `right_…` is its author's answer.

    double: two people judge this case. dropped_at: its judges could not agree, so it counts for nobody.
    """

    class Complexity(models.TextChoices):
        LOW = "low", _("low")
        MEDIUM = "medium", _("medium")
        HIGH = "high", _("high")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    pool = models.ForeignKey(ShadowPool, models.PROTECT, related_name="cases")
    key = models.SlugField(_("key"), max_length=100)
    sha256 = models.CharField(max_length=64)
    category = models.CharField(_("category"), max_length=50)
    complexity = models.CharField(_("complexity"), max_length=6, choices=Complexity.choices)
    yellow_zone = models.BooleanField(_("yellow zone"))
    channel = models.CharField(_("channel"), max_length=50)
    subject = models.CharField(_("subject"), max_length=300)
    body = models.TextField(_("text"))
    output = models.TextField(_("the tool's output"))
    confidence = models.DecimalField(_("confidence"), max_digits=5, decimal_places=4)
    model_version = models.CharField(_("version of the model"), max_length=100, blank=True)
    prompt_key = models.CharField(_("prompt"), max_length=100, blank=True)
    right_decision = models.CharField(max_length=8, choices=Route.choices)
    right_usable = models.BooleanField()
    reason = models.TextField(_("reason"))
    double = models.BooleanField(_("judged by two"))
    added_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_decision = models.CharField(max_length=8, choices=Route.choices, blank=True)
    settled_usable = models.BooleanField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)

    objects = ShadowCaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("shadow case")
        ordering = ("pool", "key")
        permissions = (("judge_cases", "Can judge shadow-mode cases"),)
        constraints = (
            models.UniqueConstraint(
                "pool", "key", condition=models.Q(retired_at=None), name="shadow_case_live_key_unique"
            ),
            models.UniqueConstraint("pool", "key", "sha256", name="shadow_case_version_unique"),
            models.CheckConstraint(
                condition=models.Q(settled_at=None, settled_decision="", settled_usable=None)
                | (
                    models.Q(settled_at__isnull=False, settled_usable__isnull=False)
                    & ~models.Q(settled_decision="")
                ),
                name="shadow_case_settled_has_both_answers",
            ),
            models.CheckConstraint(
                condition=models.Q(settled_at=None) | models.Q(dropped_at=None),
                name="shadow_case_settled_or_dropped",
            ),
            models.CheckConstraint(
                condition=models.Q(confidence__gte=0, confidence__lte=1),
                name="shadow_case_confidence_is_a_share",
            ),
        )

    def __str__(self) -> str:
        return self.key


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
        return self.filter(judged_at=None)

    def judged(self) -> Self:
        return self.filter(judged_at__isnull=False)

    def scored(self) -> Self:
        return self.filter(scored_at__isnull=False)


class ShadowSample(models.Model):
    """One learner's answers to one case, scored when both they and quality assurance have answered.

    agreed: both answers equal the settled ones. critical: the learner would have let the tool's output
    through (automate; or review, and then usable) where the settled answer is to avoid or to escalate.
    scored_number: the how-manieth scored sample of this learner in this pool; looks count by it.
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
                "pool", "learner", condition=models.Q(judged_at=None), name="shadow_sample_one_open"
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


class ShadowLook(models.Model):
    """Agreement of one learner with quality assurance on their latest `n` scored samples; never changed.

    It covers the samples numbered `scored - n + 1` to `scored`. lower, upper: Wilson's 95 % interval of
    agreed / n. kappa: Cohen's, on both answers together; None where it is undefined (not enough variety).
    Stored figures are rounded down, so that rounding never lifts one over its mark.
    """

    pool = models.ForeignKey(ShadowPool, models.PROTECT, related_name="looks")
    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="shadow_looks")
    number = models.PositiveSmallIntegerField()
    scored = models.PositiveIntegerField()
    n = models.PositiveSmallIntegerField()
    sample_size = models.PositiveSmallIntegerField()
    agreed = models.PositiveSmallIntegerField()
    lower = models.DecimalField(max_digits=7, decimal_places=6)
    upper = models.DecimalField(max_digits=7, decimal_places=6)
    kappa = models.DecimalField(max_digits=7, decimal_places=6, null=True, blank=True)
    critical = models.PositiveSmallIntegerField()
    yellow = models.PositiveSmallIntegerField()
    passed = models.BooleanField()
    taken_at = models.DateTimeField()

    class Meta:
        verbose_name = _("look at shadow samples")
        ordering = ("pool", "learner", "-number")
        constraints = (
            models.UniqueConstraint("pool", "learner", "number", name="shadow_look_number_unique"),
            models.UniqueConstraint("pool", "learner", "scored", name="shadow_look_once_at_a_count"),
            models.CheckConstraint(
                condition=models.Q(agreed__lte=models.F("n"), n__lte=models.F("scored"), n__gte=1),
                name="shadow_look_counts_fit",
            ),
        )

    def __str__(self) -> str:
        return f"{self.learner}: {self.number}"
