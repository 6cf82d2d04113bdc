"""Labs: practical work, scored by a mentor against a rubric."""

from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from tracks.models.base import Content
from tracks.models.track import Module


class Lab(Content):
    """`rubric` is a list of criteria, in order:

    `{"key": str, "title": str, "minimum": int, "levels": [{"points": int, "title": str, "description":
    str}]}`. `evidence` says of `text`, `link` and `file` whether each is `required`, `optional` or `none`.
    """

    module = models.ForeignKey(Module, models.PROTECT, related_name="labs")
    minutes = models.PositiveSmallIntegerField(_("minutes"))
    brief = models.TextField(_("brief"))
    evidence = models.JSONField(_("evidence"), default=dict)
    rubric = models.JSONField(_("rubric"), default=list)
    pass_points = models.PositiveSmallIntegerField(_("points to pass"), validators=[MinValueValidator(1)])

    class Meta(Content.Meta):
        verbose_name = _("lab")
        constraints = (
            models.UniqueConstraint("module", "key", name="lab_key_unique_in_module"),
            models.CheckConstraint(condition=models.Q(pass_points__gte=1), name="lab_pass_points_positive"),
        )

    @property
    def max_points(self) -> int:
        return sum(max(level["points"] for level in criterion["levels"]) for criterion in self._criteria)

    @property
    def _criteria(self) -> list[dict[str, Any]]:
        criteria: list[dict[str, Any]] = self.rubric
        return criteria
