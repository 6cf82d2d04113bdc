"""The page on which a person answers, and reads again what they answered."""

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from surveys import selectors, services
from surveys.forms import SurveyForm
from surveys.models import Response, Survey
from tracks import rules
from tracks.errors import Refused
from tracks.models import Enrolment

if TYPE_CHECKING:
    from tracks.people import Person


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def survey(request: HttpRequest, pk: int) -> HttpResponse:
    """The form; once it was handed in, thanks and one's own answers."""
    person: Person = request.user
    found = get_object_or_404(Survey.objects.open_to(person).select_related("track"), pk=pk)
    response = Response.objects.filter(survey=found, respondent=person).first()
    if response is not None:
        return _thanks(request, found, response)
    enrolments = Enrolment.objects.live().select_related("cohort")
    enrolment = get_object_or_404(enrolments, user=person, track=found.track_id)
    form = SurveyForm(request.POST if request.method == "POST" else None, items=found.items.live())
    if form.is_valid() and _hand_in(request, found, form):
        return redirect(found)
    context = {
        "survey": found,
        "form": form,
        "readers": selectors.readers_of(enrolment),
        "closed": _why_closed(enrolment),
    }
    return render(request, "surveys/survey.html", context)


def _hand_in(request: HttpRequest, survey: Survey, form: SurveyForm) -> bool:
    """Whether it was taken; if not, the form says why and keeps what was typed."""
    person: Person = request.user
    try:
        services.answer(
            survey=survey, respondent=person, answers=form.answers, actor=person, at=timezone.now()
        )
    except Refused as refusal:
        form.add_error(None, refusal.message)
    except ValidationError as error:
        form.add_errors(error)
    return not form.errors


def _why_closed(enrolment: Enrolment) -> str:
    try:
        rules.ensure_open(enrolment)
    except Refused as refusal:
        return refusal.message
    return ""


def _thanks(request: HttpRequest, survey: Survey, response: Response) -> HttpResponse:
    context = {"survey": survey, "response": response, "said": selectors.answers_of(response)}
    return render(request, "surveys/thanks.html", context)
