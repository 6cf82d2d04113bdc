"""Reads of surveys: who has answered, and what came out."""

from collections.abc import Iterable
from uuid import UUID

from surveys.models import Response, Survey


def answered(*, user_ids: Iterable[UUID], surveys: Iterable[Survey]) -> dict[tuple[UUID, int], UUID]:
    """The response by (person, survey); who has not answered is absent. One query."""
    rows = Response.objects.filter(respondent__in=list(user_ids), survey__in=list(surveys))
    return {
        (user_id, survey_id): response_id
        for user_id, survey_id, response_id in rows.values_list("respondent_id", "survey_id", "pk")
    }
