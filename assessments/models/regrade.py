"""Results that were put right: questions marked again by another key, or excused; with its history."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from assessments.models.attempt import Attempt, AttemptItem
from assessments.models.question import Question, QuestionVersion
from tracks.models import Cohort
from tracks.people import Person


class RegradeQuerySet(models.QuerySet["Regrade"]):
    def visible_to(self, user: Person) -> Self:
        """Authors see all; who runs a cohort sees single attempts of it that were excused a question."""
        if user.has_perm("assessments.author_questions"):
            return self
        return self.filter(attempt__enrolment__cohort__in=Cohort.objects.all().run_by(user).values("pk"))

    def unapplied(self) -> Self:
        return self.filter(applied_at=None)


class Regrade(models.Model):
    """A decision on how a question counts in attempts that have asked it.

    KEY: by the key of `version`. EXCUSE: every attempt gets the whole mark for it. EXCUSE_ONE: `attempt`
    does. REMARK: another person marked the answer in words of `attempt` anew. lowers: whether points may fall
    by it; else nobody has fewer points than before. applied_at: None while its job has not run. The end of an
    attempt, which is the date of a pass, is never moved.
    """

    class Kind(models.TextChoices):
        KEY = "key", _("marked again by another key")
        EXCUSE = "excuse", _("excused for everybody")
        EXCUSE_ONE = "excuse_one", _("excused in one attempt")
        REMARK = "remark", _("answer in words marked anew")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    question = models.ForeignKey(Question, models.PROTECT, related_name="regrades")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    version = models.ForeignKey(QuestionVersion, models.PROTECT, related_name="+", null=True, blank=True)
    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="excusals", null=True, blank=True)
    lowers = models.BooleanField(_("points may fall"), default=False)
    reason = models.CharField(_("reason"), max_length=500)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(_("decided"))
    applied_at = models.DateTimeField(_("applied"), null=True, blank=True)

    objects = RegradeQuerySet.as_manager()

    class Meta:
        verbose_name = _("regrade")
        ordering = ("-decided_at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(kind="key", version__isnull=False, attempt=None)
                | models.Q(kind="excuse", version=None, attempt=None, lowers=False)
                | models.Q(
                    kind__in=("excuse_one", "remark"), version=None, attempt__isnull=False, lowers=False
                ),
                name="regrade_names_what_its_kind_needs",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="regrade_has_reason"),
            models.UniqueConstraint(
                "question", condition=models.Q(applied_at=None), name="regrade_one_under_way"
            ),
            models.UniqueConstraint(
                "attempt",
                "question",
                condition=models.Q(kind="excuse_one"),
                name="regrade_excused_once_an_attempt",
            ),
        )

    def __str__(self) -> str:
        return f"{self.question}: {self.get_kind_display()}"

    def get_absolute_url(self) -> str:
        return reverse("regrade", args=[self.pk])


class KeyPatch(models.Model):
    """How answers to `version` count since a regrade: by the key of another one, or in full (excused).

    An attempt that still ran when the regrade was applied is marked by it too.
    """

    version = models.OneToOneField(QuestionVersion, models.PROTECT, related_name="patch")
    key = models.ForeignKey(QuestionVersion, models.PROTECT, related_name="+", null=True, blank=True)
    regrade = models.ForeignKey(Regrade, models.PROTECT, related_name="patches")

    class Meta:
        verbose_name = _("key in force")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(key=None) | ~models.Q(key=models.F("version")),
                name="key_patch_is_another_version",
            ),
        )

    def __str__(self) -> str:
        return f"{self.version}: {self.key or _('excused')}"


class ItemRegrade(models.Model):
    """What a regrade found for one answer, and what it did: never changed.

    found: points by the new key; after: what counts since, which is `before` where it would have fallen and
    the regrade lowers nobody. The attempt's own figures are None while it waited for a mentor's marks.
    """

    regrade = models.ForeignKey(Regrade, models.PROTECT, related_name="items")
    item = models.ForeignKey(AttemptItem, models.PROTECT, related_name="regrades")
    before = models.DecimalField(max_digits=6, decimal_places=4, null=True, blank=True)
    found = models.DecimalField(max_digits=6, decimal_places=4)
    after = models.DecimalField(max_digits=6, decimal_places=4)
    points_before = models.DecimalField(max_digits=8, decimal_places=4, null=True, blank=True)
    points_after = models.DecimalField(max_digits=8, decimal_places=4, null=True, blank=True)
    passed_before = models.BooleanField(null=True, blank=True)
    passed_after = models.BooleanField(null=True, blank=True)

    class Meta:
        verbose_name = _("regraded answer")
        ordering = ("regrade", "item")
        constraints = (
            models.UniqueConstraint("regrade", "item", name="item_regrade_once"),
            models.CheckConstraint(
                condition=models.Q(found__gte=0, found__lte=1, after__gte=0, after__lte=1),
                name="item_regrade_points_in_range",
            ),
        )

    def __str__(self) -> str:
        return f"{self.item}: {self.before} → {self.after}"
