"""What people answered, for those who may read it."""

from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from surveys import selectors
from surveys.models import Response, Survey
from tracks.models import Cohort, Enrolment

if TYPE_CHECKING:
    from tracks.people import Person


@require_safe
@never_cache
def survey_answers(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One person's answers: for themself, their mentor and the program manager."""
    responses = Response.objects.visible_to(request.user)
    response = get_object_or_404(
        responses.select_related("survey__track", "respondent", "enrolment__cohort"), pk=pk
    )
    context = {
        "response": response,
        "said": selectors.answers_of(response),
        "given": responses.filter(survey=response.survey, respondent=response.respondent).order_by("number"),
    }
    return render(request, "surveys/answers.html", context)


@require_safe
@never_cache
def survey_results(request: HttpRequest, pk: int) -> HttpResponse:
    """Item by item, over the cohorts that the reader runs on this track; `?cohort=` narrows it to one.

    Everybody's newest answers, or with `?round=` those of one round.
    """
    person: Person = request.user
    surveys = Survey.objects.with_results_for(person)
    survey = get_object_or_404(surveys.select_related("track"), pk=pk)
    cohorts = list(Cohort.objects.all().run_by(person).filter(track=survey.track_id))
    chosen = _chosen(cohorts, request.GET.get("cohort", ""))
    enrolments = Enrolment.objects.live().filter(cohort__in=[chosen] if chosen else cohorts)
    last = selectors.last_round(survey=survey, enrolments=enrolments)
    number = _round(request.GET.get("round", ""), last)
    responses = selectors.responses_of(survey=survey, enrolments=enrolments, number=number)
    context = {
        "survey": survey,
        "tabs": _tabs(survey, cohorts, chosen),
        "rounds": _rounds(survey, chosen, number, last),
        "asked": enrolments.count(),
        "responses": responses.select_related("respondent"),
        "results": selectors.results(survey=survey, enrolments=enrolments, number=number),
    }
    return render(request, "surveys/results.html", context)


def _chosen(cohorts: list[Cohort], wanted: str) -> Cohort | None:
    if not wanted:
        return None
    chosen = next((cohort for cohort in cohorts if str(cohort.pk) == wanted), None)
    if chosen is None:
        raise Http404
    return chosen


def _tabs(survey: Survey, cohorts: list[Cohort], chosen: Cohort | None) -> list[dict[str, object]]:
    """Links to the cohorts, where there is more than one."""
    if len(cohorts) < 2:  # noqa: PLR2004
        return []
    address = reverse("survey_results", args=[survey.pk])
    everyone = {"label": _("All cohorts"), "url": address, "current": chosen is None, "count": None}
    return [everyone] + [
        {
            "label": cohort.name,
            "url": f"{address}?cohort={cohort.pk}",
            "current": chosen == cohort,
            "count": None,
        }
        for cohort in cohorts
    ]


def _round(wanted: str, last: int) -> int | None:
    if not wanted:
        return None
    number = next((number for number in range(1, last + 1) if str(number) == wanted), None)
    if number is None:
        raise Http404
    return number


def _rounds(survey: Survey, cohort: Cohort | None, chosen: int | None, last: int) -> list[dict[str, object]]:
    """Links to the rounds, where there is more than one."""
    if last < 2:  # noqa: PLR2004
        return []
    address = reverse("survey_results", args=[survey.pk])
    narrowed = {"cohort": str(cohort.pk)} if cohort else {}
    words: list[tuple[int | None, str]] = [(None, _("Newest answers"))]
    words += [(number, _("Round %(n)d") % {"n": number}) for number in range(1, last + 1)]
    return [
        {
            "label": label,
            "url": f"{address}?{urlencode(narrowed | ({'round': str(number)} if number else {}))}".rstrip(
                "?"
            ),
            "current": chosen == number,
            "count": None,
        }
        for number, label in words
    ]
