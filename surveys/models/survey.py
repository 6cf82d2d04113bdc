"""Surveys and what they ask."""

from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tracks.models import Cohort, Enrolment, Track
from tracks.models.base import Content, ContentQuerySet

if TYPE_CHECKING:
    from tracks.people import Person


class SurveyQuerySet(ContentQuerySet["Survey"]):
    def open_to(self, user: "Person") -> Self:
        """Surveys that this person is asked, or has answered."""
        enrolled = Enrolment.objects.live().filter(user=user)
        asked = Q(retired_at=None, track__in=enrolled.values("track"))
        return self.filter(asked | Q(responses__respondent=user)).distinct()

    def with_results_for(self, user: "Person") -> Self:
        """Surveys of the tracks in which this person runs a cohort."""
        return self.filter(track__in=Cohort.objects.all().run_by(user).values("track"))


class Survey(Content):
    """Named: every answer carries its person. `intro` is plain text.

    valid_months: an answer holds so long, then the survey is answered anew, in a new round (None: for good).
    """

    track = models.ForeignKey(Track, models.PROTECT, related_name="surveys", verbose_name=_("track"))
    intro = models.TextField(_("introduction"), blank=True)
    anonymous = models.BooleanField(_("anonymous"), default=False)
    valid_months = models.PositiveSmallIntegerField(
        _("months for which an answer holds"), null=True, blank=True, default=None
    )

    objects: ClassVar[Any] = SurveyQuerySet.as_manager()

    class Meta(Content.Meta):
        verbose_name = _("survey")
        constraints = (
            models.UniqueConstraint("track", "key", name="survey_key_unique_in_track"),
            # An anonymous survey must not have a path from answer to person, and these responses have one.
            models.CheckConstraint(condition=Q(anonymous=False), name="survey_is_named"),
            models.CheckConstraint(
                condition=Q(valid_months=None) | Q(valid_months__gte=1), name="survey_holds_for_some_time"
            ),
        )

    def get_absolute_url(self) -> str:
        return reverse("survey", args=[self.pk])


class ItemQuerySet(models.QuerySet["Item"]):
    def live(self) -> Self:
        return self.filter(retired_at=None)


class Item(models.Model):
    """One question. `low`, `high`: the ends of a likert scale; `options`: `[{"key": str, "text": str}]`."""

    class Kind(models.TextChoices):
        LIKERT = "likert", _("scale from 1 to 5")
        YES_NO = "yes_no", _("yes or no")
        CHOICE = "choice", _("one of several")
        NUMBER = "number", _("number")
        TEXT = "text", _("text")

    survey = models.ForeignKey(Survey, models.PROTECT, related_name="items")
    key = models.SlugField(_("key"), max_length=100)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    prompt = models.TextField(_("question"))
    low = models.CharField(_("what 1 means"), max_length=100, blank=True)
    high = models.CharField(_("what 5 means"), max_length=100, blank=True)
    options = models.JSONField(_("options"), default=list, blank=True)
    minimum = models.DecimalField(_("at least"), max_digits=20, decimal_places=6, null=True, blank=True)
    maximum = models.DecimalField(_("at most"), max_digits=20, decimal_places=6, null=True, blank=True)
    unit = models.CharField(_("unit"), max_length=40, blank=True)
    required = models.BooleanField(_("required"), default=False)
    max_length = models.PositiveIntegerField(_("characters at most"), null=True, blank=True)
    position = models.PositiveIntegerField(_("position"), default=0)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = ItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("item")
        ordering = ("position", "key")
        constraints = (
            models.UniqueConstraint("survey", "key", name="survey_item_key_unique"),
            models.CheckConstraint(
                condition=Q(kind__in=("likert", "yes_no", "choice", "number", "text")),
                name="survey_item_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(minimum=None) | Q(maximum=None) | Q(minimum__lte=models.F("maximum")),
                name="survey_item_bounds_in_order",
            ),
        )

    def __str__(self) -> str:
        return self.prompt

    def option_text(self, key: str) -> str:
        """What the option says; its key where the survey no longer has it."""
        return str(next((option["text"] for option in self.options if option["key"] == key), key))
