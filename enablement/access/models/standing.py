"""How each enrolment stands before its track's gate, as last evaluated: what pages and reports read."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class EnrolmentStanding(models.Model):
    """Written by every re-evaluation, so it is as fresh as the last fact.

    `leaves` are those of the gate, in its order, as `Leaf.as_json()` gives them;
    `overlay_leaves` is what overlays ask of this person besides, and `overlay_marks` which of their
    requirements these are, in the same order, and whether they are met: `leaves.marks`, by which a cohort
    is counted. Decisions never read this row: they read grants.
    """

    enrolment = models.OneToOneField(
        "tracks.Enrolment", models.PROTECT, primary_key=True, related_name="standing"
    )
    met = models.BooleanField(_("gate met"))
    met_count = models.PositiveSmallIntegerField(_("requirements met"))
    leaves = models.JSONField(_("requirements"), default=list)
    overlay_leaves = models.JSONField(_("requirements of overlays"), default=list)
    overlay_marks = models.TextField(_("requirements of overlays, in short"), default="")
    evaluated_at = models.DateTimeField(_("evaluated"))

    class Meta:
        verbose_name = _("standing")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(met=False) | ~models.Q(leaves=[]),
                name="standing_met_rests_on_requirements",
            ),
        )

    def __str__(self) -> str:
        return f"{self.enrolment}: {self.met_count}"
