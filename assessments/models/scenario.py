"""Exception cases: what may come up, and what one person decided about each."""

import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracks.models import Enrolment, Mentorship, Track
from tracks.people import Person


class Category(models.TextChoices):
    """The seven kinds of exception; four are the roadmap's, three are ours (decision 0048)."""

    POLICY_VIOLATION = "policy_violation", _("Policy violation")
    CONFIG_CONFLICT = "config_conflict", _("Configuration conflict")
    CUSTOMER_EXEMPTION = "customer_exemption", _("Customer exemption")
    ROLLBACK = "rollback", _("Rollback")
    ACCESS_REQUEST = "access_request", _("Access request")
    SERVICE_BREACH = "service_breach", _("Service-level breach")
    SUPPLIER_CHANGE = "supplier_change", _("Supplier change")


class Complexity(models.IntegerChoices):
    LOW = 1, _("low")
    MEDIUM = 2, _("medium")
    HIGH = 3, _("high")


class Verdict(models.TextChoices):
    """What one may decide on an exception."""

    APPROVE = "approve", _("Approve")
    DENY = "deny", _("Deny")
    ESCALATE = "escalate", _("Escalate")


class ScenarioSetQuerySet(models.QuerySet["ScenarioSet"]):
    def live(self) -> Self:
        return self.filter(retired_at=None)

    def visible_to(self, user: Person) -> Self:
        """Of the tracks that one learns, or mentors somebody on."""
        mine = models.Q(user=user) | models.Q(mentorships__mentor=user, mentorships__ended_at=None)
        return self.filter(track__in=Enrolment.objects.live().filter(mine).values("track"))


class ScenarioSet(models.Model):
    """A track's exception cases.

    categories: by category `{"definition": str, "matrix": [{"complexity", "decides", "check", "within"}]}`.
    pass_right, pass_named: shares of right decisions, and of criteria named, that a capstone has to reach.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    track = models.OneToOneField(Track, models.PROTECT, related_name="scenario_set")
    title = models.CharField(_("title"), max_length=200)
    intro = models.TextField(_("introduction"), blank=True)
    size = models.PositiveSmallIntegerField(_("cases in a drill"), default=20)
    pass_right = models.DecimalField(max_digits=4, decimal_places=3)
    pass_named = models.DecimalField(max_digits=4, decimal_places=3)
    categories = models.JSONField(_("categories"), default=dict)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)

    objects = ScenarioSetQuerySet.as_manager()

    class Meta:
        verbose_name = _("set of scenarios")
        ordering = ("track",)
        constraints = (
            models.CheckConstraint(condition=models.Q(size__gte=1), name="scenario_set_size_positive"),
            models.CheckConstraint(
                condition=models.Q(pass_right__gt=0, pass_right__lte=1, pass_named__gt=0, pass_named__lte=1),
                name="scenario_set_marks_are_shares",
            ),
        )

    def __str__(self) -> str:
        return self.title


class ScenarioQuerySet(models.QuerySet["Scenario"]):
    def live(self) -> Self:
        return self.filter(retired_at=None)


class Scenario(models.Model):
    """One version of an exception case, known by its key; what somebody has drawn stays as it was.

    facts: `[{"title", "text"}]`. criteria: what a good justification names, `[{"key", "text"}]`.
    lesson: key of the track's lesson to read again.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scenario_set = models.ForeignKey(ScenarioSet, models.PROTECT, related_name="scenarios")
    key = models.SlugField(_("key"), max_length=100)
    sha256 = models.CharField(max_length=64)
    category = models.CharField(_("category"), max_length=20, choices=Category.choices)
    complexity = models.PositiveSmallIntegerField(_("complexity"), choices=Complexity.choices)
    title = models.CharField(_("title"), max_length=200)
    situation = models.TextField(_("situation"))
    facts = models.JSONField(_("facts"), default=list)
    policy = models.TextField(_("policy"))
    right_decision = models.CharField(max_length=8, choices=Verdict.choices)
    criteria = models.JSONField(default=list)
    explanation = models.TextField(_("explanation"))
    lesson = models.SlugField(_("lesson"), max_length=100, blank=True)
    added_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = ScenarioQuerySet.as_manager()

    class Meta:
        verbose_name = _("scenario")
        ordering = ("scenario_set", "key")
        constraints = (
            models.UniqueConstraint(
                "scenario_set", "key", condition=models.Q(retired_at=None), name="scenario_live_key_unique"
            ),
            models.UniqueConstraint("scenario_set", "key", "sha256", name="scenario_version_unique"),
            models.CheckConstraint(
                condition=models.Q(complexity__gte=1, complexity__lte=3), name="scenario_complexity_known"
            ),
        )

    def __str__(self) -> str:
        return self.title


class DrillQuerySet(models.QuerySet["Drill"]):
    def visible_to(self, user: Person) -> Self:
        """One's own."""
        return self.filter(learner=user)

    def open(self) -> Self:
        return self.filter(finished_at=None)


class Drill(models.Model):
    """One person's run through `size` cases, drawn when it starts.

    passed: of a capstone, once every justification is graded (`graded_at`).
    """

    class Kind(models.TextChoices):
        PRACTICE = "practice", _("Practice")
        CAPSTONE = "capstone", _("Capstone")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scenario_set = models.ForeignKey(ScenarioSet, models.PROTECT, related_name="drills")
    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="drills")
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="drills")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    number = models.PositiveSmallIntegerField(_("number"))
    size = models.PositiveSmallIntegerField(_("cases"))
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    graded_at = models.DateTimeField(null=True, blank=True)
    passed = models.BooleanField(null=True, blank=True)

    objects = DrillQuerySet.as_manager()

    class Meta:
        verbose_name = _("drill")
        ordering = ("scenario_set", "learner", "-number")
        constraints = (
            models.UniqueConstraint("scenario_set", "learner", "number", name="drill_number_unique"),
            models.UniqueConstraint(
                "scenario_set", "learner", condition=models.Q(finished_at=None), name="drill_one_open"
            ),
            models.CheckConstraint(
                condition=models.Q(graded_at=None, passed=None)
                | models.Q(
                    kind="capstone", finished_at__isnull=False, graded_at__isnull=False, passed__isnull=False
                ),
                name="drill_passed_when_graded",
            ),
        )

    def __str__(self) -> str:
        return f"{self.learner}: {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("drill" if self.finished_at is None else "drill_result", args=[self.pk])

    @property
    def is_capstone(self) -> bool:
        return self.kind == self.Kind.CAPSTONE

    @property
    def beside_capstone(self) -> bool:
        """Whether a capstone of the same person and cases is under way, which may ask what this one told."""
        others = Drill.objects.open().filter(learner=self.learner_id, scenario_set=self.scenario_set_id)
        return others.filter(kind=self.Kind.CAPSTONE).exclude(pk=self.pk).exists()


class CaseDecisionQuerySet(models.QuerySet["CaseDecision"]):
    def decided(self) -> Self:
        return self.filter(decided_at__isnull=False)

    def shown(self) -> Self:
        """Of drills, and open about what was right: practice at once, a capstone when it is finished."""
        told = models.Q(drill__kind=Drill.Kind.PRACTICE) | models.Q(drill__finished_at__isnull=False)
        return self.decided().filter(told, mode=CaseDecision.Mode.DRILL)

    def supervised(self) -> Self:
        """Observed by a mentor, and not withdrawn."""
        return self.filter(mode=CaseDecision.Mode.SUPERVISED, withdrawn_at=None)

    def mentored_by(self, user: Person, at: datetime | None = None) -> Self:
        """Of people whom this person, or whoever they stand in for, mentors; never a mentor's own."""
        answered = Mentorship.objects.all().answered_by(user, at or timezone.now())
        return self.filter(enrolment__in=answered.values("enrolment")).exclude(learner=user)

    def to_grade(self) -> Self:
        """Justifications that wait for a mentor; those of a capstone once it is finished."""
        return self.shown().filter(graded=True, graded_at=None)


_UNDECIDED = models.Q(decision="", justification="", decided_at=None, right=None)
_DECIDED = ~models.Q(decision="") & models.Q(decided_at__isnull=False, right__isnull=False)
_IN_A_DRILL = models.Q(
    mode="drill", drill__isnull=False, scenario__isnull=False, position__isnull=False, recorded_by=None
)
_OBSERVED = models.Q(
    mode="supervised",
    drill=None,
    scenario=None,
    position=None,
    recorded_by__isnull=False,
    recorded_at__isnull=False,
    decided_at__isnull=False,
)
_UNGRADED = models.Q(graded_at=None, graded_by=None, marks=None)
_GRADED = models.Q(
    graded=True,
    decided_at__isnull=False,
    graded_at__isnull=False,
    graded_by__isnull=False,
    marks__isnull=False,
)


class CaseDecision(models.Model):
    """What one person decided on one exception, and why.

    In a drill the row is made with the draw and decided later. Supervised: a mentor was there and recorded it
    (`note`), until withdrawn. `graded`: whether a mentor grades the justification; marks: by criterion,
    whether it is named. decided_at: when it was decided; of a supervised one, when it was handled.
    """

    class Mode(models.TextChoices):
        DRILL = "drill", _("drill")
        SUPERVISED = "supervised", _("supervised")
        SANDBOX = "sandbox", _("sandbox")
        LIVE = "live", _("live")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    mode = models.CharField(_("mode"), max_length=10, choices=Mode.choices)
    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="case_decisions")
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="case_decisions")
    category = models.CharField(_("category"), max_length=20, choices=Category.choices)
    complexity = models.PositiveSmallIntegerField(
        _("complexity"), choices=Complexity.choices, validators=[MinValueValidator(1), MaxValueValidator(3)]
    )
    drill = models.ForeignKey(Drill, models.PROTECT, null=True, blank=True, related_name="cases")
    scenario = models.ForeignKey(Scenario, models.PROTECT, null=True, blank=True, related_name="decisions")
    position = models.PositiveSmallIntegerField(null=True, blank=True)
    decision = models.CharField(_("decision"), max_length=8, choices=Verdict.choices, blank=True)
    justification = models.TextField(_("justification"), blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    right = models.BooleanField(_("right"), null=True, blank=True)
    graded = models.BooleanField(default=False)
    graded_at = models.DateTimeField(null=True, blank=True)
    graded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="graded_decisions"
    )
    marks = models.JSONField(null=True, blank=True)
    comment = models.TextField(_("comment"), blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="recorded_decisions"
    )
    recorded_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(_("note"), blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="withdrawn_decisions"
    )
    withdrawn_reason = models.TextField(blank=True)

    objects = CaseDecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision on a case")
        ordering = ("drill", "position", "decided_at")
        constraints = (
            models.UniqueConstraint("drill", "position", name="case_decision_place_unique"),
            models.UniqueConstraint("drill", "scenario", name="case_decision_scenario_once_a_drill"),
            models.CheckConstraint(condition=_UNDECIDED | _DECIDED, name="case_decision_whole"),
            models.CheckConstraint(
                condition=_IN_A_DRILL | _OBSERVED | models.Q(mode__in=["sandbox", "live"]),
                name="case_decision_fits_its_mode",
            ),
            models.CheckConstraint(condition=_UNGRADED | _GRADED, name="case_decision_grade_whole"),
            models.CheckConstraint(
                condition=models.Q(graded_by=None) | ~models.Q(graded_by=models.F("learner")),
                name="case_decision_graded_by_another",
            ),
            models.CheckConstraint(
                condition=models.Q(recorded_by=None) | ~models.Q(recorded_by=models.F("learner")),
                name="case_decision_recorded_by_another",
            ),
            models.CheckConstraint(
                condition=models.Q(withdrawn_at=None, withdrawn_by=None, withdrawn_reason="")
                | models.Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False, mode="supervised")
                & ~models.Q(withdrawn_reason=""),
                name="case_decision_withdrawn_with_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(complexity__gte=1, complexity__lte=3),
                name="case_decision_complexity_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.learner}: {self.category}"
