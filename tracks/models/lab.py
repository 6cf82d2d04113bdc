"""Labs: practical work, scored by mentors against a rubric, and the files that it starts from."""

from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tracks.models.base import Content
from tracks.models.track import Module


class Lab(Content):
    """`rubric` is a list of criteria, in order:

    `{"key": str, "title": str, "minimum": int, "weight": int, "levels": [{"points": int, "title": str,
    "description": str}]}`; without one the lab is only passed or sent back, and `pass_points` is None.
    `evidence` says of `text`, `link` and `file` whether each is `required`, `optional` or `none`;
    `file_types` are the endings that are taken ("csv"; none named: all that can be kept).
    """

    class Settle(models.TextChoices):
        MEAN = "mean", _("the mean of both")
        FIRST = "first", _("the first marker's")

    module = models.ForeignKey(Module, models.PROTECT, related_name="labs")
    minutes = models.PositiveSmallIntegerField(_("minutes"))
    brief = models.TextField(_("brief"))
    evidence = models.JSONField(_("evidence"), default=dict)
    file_types = models.JSONField(_("file types"), default=list, blank=True)
    min_files = models.PositiveSmallIntegerField(_("files at least"), default=1)
    max_files = models.PositiveSmallIntegerField(_("files at most"), default=5)
    rubric = models.JSONField(_("rubric"), default=list, blank=True)
    pass_points = models.PositiveSmallIntegerField(
        _("points to pass"), validators=[MinValueValidator(1)], null=True, blank=True
    )
    observed_cases = models.PositiveSmallIntegerField(_("cases handled with a mentor observing"), default=0)
    second_marker = models.BooleanField(_("marked twice"), default=False)
    tolerance = models.PositiveSmallIntegerField(_("points that two markers may differ"), default=0)
    settle = models.CharField(
        _("marks that count"), max_length=5, choices=Settle.choices, default=Settle.MEAN
    )
    countersigned = models.BooleanField(_("countersigned"), default=False)
    review_days = models.PositiveSmallIntegerField(
        _("working days for a review"), validators=[MinValueValidator(1)], default=2
    )

    class Meta(Content.Meta):
        verbose_name = _("lab")
        constraints = (
            models.UniqueConstraint("module", "key", name="lab_key_unique_in_module"),
            models.CheckConstraint(
                condition=models.Q(pass_points=None) | models.Q(pass_points__gte=1),
                name="lab_pass_points_positive",
            ),
            models.CheckConstraint(
                condition=models.Q(second_marker=False) | models.Q(pass_points__isnull=False),
                name="lab_marked_twice_has_points",
            ),
            models.CheckConstraint(
                condition=models.Q(max_files__gte=models.F("min_files")) & models.Q(min_files__gte=1),
                name="lab_files_from_least_to_most",
            ),
            models.CheckConstraint(condition=models.Q(review_days__gte=1), name="lab_review_days_positive"),
        )

    @property
    def max_points(self) -> int:
        return sum(
            criterion.get("weight", 1) * max(level["points"] for level in criterion["levels"])
            for criterion in self._criteria
        )

    @property
    def _criteria(self) -> list[dict[str, Any]]:
        criteria: list[dict[str, Any]] = self.rubric
        return criteria


class StarterFileQuerySet(models.QuerySet["StarterFile"]):
    def live(self) -> "StarterFileQuerySet":
        return self.filter(retired_at=None)


class StarterFile(models.Model):
    """A text file that a lab starts from. Its address is its content's hash: another text is another row."""

    lab = models.ForeignKey(Lab, models.PROTECT, related_name="starter_files")
    name = models.CharField(_("name"), max_length=150)
    body = models.TextField(_("content"))
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField(_("bytes"))
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = StarterFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("starter file")
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint("lab", "name", "sha256", name="starter_file_content_once"),
            models.UniqueConstraint(
                "lab", "name", condition=models.Q(retired_at=None), name="starter_file_live_name_unique"
            ),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("starter_file", args=[self.lab_id, self.sha256, self.name])
