"""`type: survey`: answered. What was answered never counts: that would buy fives."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from enablement.access.lasting import LastingParams, lasting
from enablement.access.leaves import Leaf, unknown
from enablement.access.registry import Params
from surveys import selectors as surveys
from surveys.models import Survey
from tracks.models import Enrolment, Track
from tracks.prepared import PreparedObjects

if TYPE_CHECKING:
    from surveys.selectors import Answered

_live_surveys: PreparedObjects[Survey] = PreparedObjects(
    lambda track, key: Survey.objects.live().filter(track=track, key=key), track=2_000_000_001, key="\0key"
)


class SurveyParams(LastingParams):
    """survey: key of a survey of the track."""

    survey: str


class SurveyAnswered:
    name = "survey"
    params: type[Params] = SurveyParams

    def evaluate(
        self, *, track: Track, enrolments: Sequence[Enrolment], params: Any, at: datetime
    ) -> Mapping[UUID, Leaf]:
        survey = next(iter(_live_surveys(track=track.pk, key=params.survey)), None)
        if survey is None:
            leaf = unknown(self.name, label=_("Survey"), why=_("The track has no such survey."))
            return {enrolment.pk: leaf for enrolment in enrolments}
        answered = surveys.answered(user_ids=[e.user_id for e in enrolments], surveys=[survey])
        return {
            e.pk: self._in_time(survey, answered.get((e.user_id, survey.pk)), params, at) for e in enrolments
        }

    def _in_time(self, survey: Survey, latest: "Answered | None", params: SurveyParams, at: datetime) -> Leaf:
        """The newest round says how long it holds."""
        return lasting(
            self._leaf(survey, latest),
            since=latest.at if latest else None,
            params=params,
            at=at,
            again=_("Answer the survey “%(title)s” again") % {"title": survey.title},
            link=reverse("survey", args=[survey.pk]),
        )

    def _leaf(self, survey: Survey, latest: "Answered | None") -> Leaf:
        met = latest is not None
        return Leaf(
            type=self.name,
            label=_("Survey: %(title)s") % {"title": survey.title},
            met=met,
            short=_("Survey"),
            required=_("answered"),
            actual=_("answered") if met else _("not answered yet"),
            next_step="" if met else _("Answer the survey “%(title)s”") % {"title": survey.title},
            link="" if met else reverse("survey", args=[survey.pk]),
            proof=(f"surveys.response:{latest.response_id}",) if latest else (),
        )
