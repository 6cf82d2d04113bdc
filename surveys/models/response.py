"""What people answered."""

import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from surveys.models.survey import Item, Survey
from tracks.models import Enrolment

if TYPE_CHECKING:
    from tracks.people import Person


class ResponseQuerySet(models.QuerySet["Response"]):
    def visible_to(self, user: "Person") -> Self:
        """One's own, those of one's mentees, and those of the cohorts that one runs."""
        return self.filter(enrolment__in=Enrolment.objects.all().visible_to(user).values("pk"))

    def newest(self) -> Self:
        """Of each enrolment, the newest round of each survey."""
        later = Response.objects.filter(
            survey=OuterRef("survey"), enrolment=OuterRef("enrolment"), number__gt=OuterRef("number")
        )
        return self.filter(~Exists(later))


class Response(models.Model):
    """One person's answers to one survey, handed in once a round. `number`: of the round, 1 for the first."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    survey = models.ForeignKey(Survey, models.PROTECT, related_name="responses")
    respondent = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="survey_responses")
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="survey_responses")
    number = models.PositiveSmallIntegerField(_("round"), default=1)
    submitted_at = models.DateTimeField(_("submitted"))

    objects = ResponseQuerySet.as_manager()

    class Meta:
        verbose_name = _("response")
        ordering = ("submitted_at", "id")
        constraints = (
            models.UniqueConstraint("survey", "respondent", "number", name="survey_response_once_a_round"),
            models.CheckConstraint(condition=Q(number__gte=1), name="survey_response_rounds_from_one"),
        )

    def __str__(self) -> str:
        return f"{self.survey}: {self.respondent}"

    def get_absolute_url(self) -> str:
        return reverse("survey_answers", args=[self.pk])


class Answer(models.Model):
    """`number` holds likert and number, `text` holds text, `yes` or `no`, and the key of a choice."""

    response = models.ForeignKey(Response, models.PROTECT, related_name="answers")
    item = models.ForeignKey(Item, models.PROTECT, related_name="answers")
    number = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    text = models.TextField(blank=True)

    class Meta:
        verbose_name = _("answer")
        constraints = (
            models.UniqueConstraint("response", "item", name="survey_answer_once"),
            models.CheckConstraint(
                condition=Q(number__isnull=False, text="") | (Q(number=None) & ~Q(text="")),
                name="survey_answer_is_number_or_text",
            ),
        )

    def __str__(self) -> str:
        return f"{self.item}: {self.value}"

    @property
    def value(self) -> Decimal | str:
        return self.text if self.number is None else self.number
