"""Shadow mode: pools of cases with the tool's recorded output, and the versions of the tool behind them."""

import secrets
import uuid
from decimal import Decimal
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

_A_DECISION = ~models.Q(settled_decision="") & models.Q(settled_usable__isnull=False)


def new_seed() -> str:
    """What a pool's choice of double-judged cases hangs on: kept, so that it can be repeated; never shown."""
    return secrets.token_hex(32)


class Marks(models.Model):
    """What a look has to reach (DESIGN §4); a playbook may set each.

    mark_lower: of Wilson's 95 % interval. mark_critical: at most so many critical misses.
    """

    mark_lower = models.DecimalField(max_digits=7, decimal_places=6, default=Decimal("0.75"))
    mark_kappa = models.DecimalField(max_digits=7, decimal_places=6, default=Decimal("0.6"))
    mark_critical = models.PositiveSmallIntegerField(default=0)
    mark_yellow = models.PositiveSmallIntegerField(default=10)

    class Meta:
        abstract = True


MARKS_ARE_SHARES = models.Q(mark_lower__gte=0, mark_lower__lte=1, mark_kappa__gte=-1, mark_kappa__lte=1)


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


class ShadowPool(Marks):
    """The cases of one tool on one track. `decisions` explains each answer: `{"automate": str, …}`.

    `sample_size`: on how many of a person's scored cases a look is taken. `version`: number of the
    ShadowVersion in force.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.SlugField(_("key"), max_length=100)
    track = models.ForeignKey(Track, models.PROTECT, related_name="shadow_pools")
    microtool_key = models.CharField(_("tool"), max_length=100)
    microtool_title = models.CharField(_("title of the tool"), max_length=200, blank=True)
    title = models.CharField(_("title"), max_length=200)
    instructions = models.TextField(_("instructions"), blank=True)
    decisions = models.JSONField(_("answers"), default=dict)
    tool_version = models.CharField(_("version of the tool"), max_length=100, blank=True)
    model_version = models.CharField(_("version of the model"), max_length=100, blank=True)
    version = models.PositiveIntegerField(_("number of the version"), default=1)
    sample_size = models.PositiveSmallIntegerField(_("cases in a look"), default=50)
    seed = models.CharField(max_length=64, default=new_seed, editable=False)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)

    objects = ShadowPoolQuerySet.as_manager()

    class Meta:
        verbose_name = _("pool of shadow cases")
        ordering = ("key",)
        permissions = (
            ("judge_pool", "Judges the cases of this pool"),
            ("own_pools", "Answers for the pools that they judge: imports and drops cases"),
            ("declare_material", "May declare a new version of a tool material"),
        )
        constraints = (
            models.UniqueConstraint("track", "key", name="shadow_pool_key_unique_in_track"),
            models.CheckConstraint(
                condition=models.Q(sample_size__gte=1), name="shadow_pool_sample_size_positive"
            ),
            models.CheckConstraint(condition=MARKS_ARE_SHARES, name="shadow_pool_marks_are_shares"),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("shadow", args=[self.pk])

    @property
    def tool(self) -> str:
        """What people call the tool."""
        return self.microtool_title or self.microtool_key


class ShadowVersion(models.Model):
    """One version of the tool or its model behind a pool, from `since` until the next.

    fresh_by: until then, who had passed before has time for their fresh cases. carries_until: so long their
    agreement with the version before counts. material: somebody declared the change too large for that.
    """

    pool = models.ForeignKey(ShadowPool, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    tool_version = models.CharField(max_length=100, blank=True)
    model_version = models.CharField(max_length=100, blank=True)
    since = models.DateTimeField()
    fresh_by = models.DateTimeField()
    carries_until = models.DateTimeField()
    material_at = models.DateTimeField(null=True, blank=True)
    material_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    material_reason = models.TextField(blank=True)

    class Meta:
        verbose_name = _("version of a tool")
        ordering = ("pool", "-number")
        constraints = (
            models.UniqueConstraint("pool", "number", name="shadow_version_number_unique"),
            models.CheckConstraint(
                condition=models.Q(number__gte=1, fresh_by__gt=models.F("since"))
                & models.Q(carries_until__gt=models.F("fresh_by")),
                name="shadow_version_windows_in_order",
            ),
            models.CheckConstraint(
                condition=models.Q(material_at=None, material_by=None, material_reason="")
                | (
                    models.Q(material_at__isnull=False, material_by__isnull=False)
                    & ~models.Q(material_reason="")
                ),
                name="shadow_version_material_with_reason",
            ),
        )

    def __str__(self) -> str:
        return ", ".join(part for part in (self.tool_version, self.model_version) if part)


class ShadowCaseQuerySet(models.QuerySet["ShadowCase"]):
    def live(self) -> Self:
        return self.filter(retired_at=None)

    def settled(self) -> Self:
        return self.filter(settled_at__isnull=False)

    def unsettled(self) -> Self:
        return self.filter(settled_at=None, dropped_at=None)

    def awaited(self) -> Self:
        """What judges still have to see: the unsettled, and those that measure every judge."""
        return self.filter(models.Q(settled_at=None, dropped_at=None) | models.Q(ground_truth=True))

    def blind(self) -> Self:
        """Without the columns that hold what is right: pages for those who still decide read through this."""
        return self.defer("right_decision", "right_usable", "reason", "settled_decision", "settled_usable")

    def judgeable_by(self, user: Person) -> Self:
        """Of the pools that this person judges, except cases that they met as a learner or brought in."""
        of_pools = self.filter(pool__in=ShadowPool.objects.all().judged_by(user).values("pk"))
        return of_pools.exclude(samples__learner=user).exclude(imported_by=user)


class ShadowCase(models.Model):
    """One case. Right is what quality assurance settles (`settled_…`); `right_…` is its author's answer.

    content_sha256: of what the customer wrote, normalised, so that a case is in a pool once. version: number
    of the tool's version that made the output. double: two people judge this case. ground_truth: its answer
    is known for certain, so it is settled from the start and measures judges and learners; nothing tells it
    apart. dropped_at: it counts for nobody; without a reason, because three judges gave three answers.
    """

    class Complexity(models.TextChoices):
        LOW = "low", _("low")
        MEDIUM = "medium", _("medium")
        HIGH = "high", _("high")

    class Origin(models.TextChoices):
        PLAYBOOK = "playbook", _("playbook")
        IMPORT = "import", _("import")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    pool = models.ForeignKey(ShadowPool, models.PROTECT, related_name="cases")
    key = models.SlugField(_("key"), max_length=100)
    sha256 = models.CharField(max_length=64)
    content_sha256 = models.CharField(max_length=64, blank=True, default="")
    origin = models.CharField(max_length=8, choices=Origin.choices, default=Origin.PLAYBOOK)
    imported_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)
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
    ground_truth = models.BooleanField(_("known answer"), default=False)
    added_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_decision = models.CharField(max_length=8, choices=Route.choices, blank=True)
    settled_usable = models.BooleanField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)
    dropped_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    dropped_reason = models.TextField(blank=True, default="")

    objects = ShadowCaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("shadow case")
        ordering = ("pool", "key")
        permissions = (("judge_cases", "Can judge shadow-mode cases"),)
        constraints = (
            models.UniqueConstraint(
                "pool", "key", condition=models.Q(retired_at=None), name="shadow_case_live_key_unique"
            ),
            models.UniqueConstraint("pool", "key", "sha256", "version", name="shadow_case_version_unique"),
            models.UniqueConstraint(
                "pool",
                "content_sha256",
                condition=models.Q(retired_at=None) & ~models.Q(content_sha256=""),
                name="shadow_case_live_content_unique",
            ),
            models.CheckConstraint(
                condition=models.Q(origin="import", imported_by__isnull=False)
                | models.Q(origin="playbook", imported_by=None),
                name="shadow_case_import_names_who",
            ),
            models.CheckConstraint(
                condition=models.Q(ground_truth=False)
                | models.Q(
                    settled_at__isnull=False,
                    settled_decision=models.F("right_decision"),
                    settled_usable=models.F("right_usable"),
                ),
                name="shadow_case_known_answer_is_settled",
            ),
            models.CheckConstraint(
                condition=models.Q(dropped_by=None, dropped_reason="")
                | (
                    models.Q(dropped_at__isnull=False, dropped_by__isnull=False)
                    & ~models.Q(dropped_reason="")
                ),
                name="shadow_case_dropped_by_whom_and_why",
            ),
            models.CheckConstraint(
                condition=models.Q(settled_at=None, settled_decision="", settled_usable=None)
                | (models.Q(settled_at__isnull=False) & _A_DECISION),
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
