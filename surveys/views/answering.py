"""The page on which a person answers, and reads again what they answered."""

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from surveys import selectors, services
from surveys.forms import SurveyForm
from surveys.models import Survey
from surveys.rounds import Rounds, rounds_of
from tracks import rules
from tracks.errors import Refused
from tracks.models import Enrolment

if TYPE_CHECKING:
    from tracks.people import Person


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def survey(request: HttpRequest, pk: int) -> HttpResponse:
    """The form; once it was handed in, thanks and one's own answers until they can be given anew."""
    person: Person = request.user
    found = get_object_or_404(Survey.objects.open_to(person).select_related("track"), pk=pk)
    rounds = rounds_of(survey=found, respondent=person, at=timezone.now())
    enrolment = Enrolment.objects.live().select_related("cohort").filter(user=person, track=found.track_id)
    own = enrolment.first()
    if rounds.latest is not None and (rounds.open is None or found.retired_at or own is None):
        return _thanks(request, rounds)
    if own is None:
        raise Http404
    data = request.POST if request.method == "POST" else None
    form = SurveyForm(data, items=found.items.live(), initial={"round": rounds.open})
    if form.is_bound and (
        rounds.handed_in(form.number) or (form.is_valid() and _hand_in(request, found, form))
    ):
        return redirect(found)
    context = {
        "survey": found,
        "form": form,
        "rounds": rounds,
        "readers": selectors.readers_of(own),
        "closed": _why_closed(own, renewing=rounds.latest is not None),
    }
    return render(request, "surveys/survey.html", context)


def _hand_in(request: HttpRequest, survey: Survey, form: SurveyForm) -> bool:
    """Whether it was taken; if not, the form says why and keeps what was typed."""
    person: Person = request.user
    try:
        services.answer(
            survey=survey,
            respondent=person,
            answers=form.answers,
            actor=person,
            at=timezone.now(),
            number=form.number,
        )
    except Refused as refusal:
        form.add_error(None, refusal.message)
    except ValidationError as error:
        form.add_errors(error)
    return not form.errors


def _why_closed(enrolment: Enrolment, *, renewing: bool) -> str:
    try:
        rules.ensure_open(enrolment, renewing=renewing)
    except Refused as refusal:
        return refusal.message
    return ""


def _thanks(request: HttpRequest, rounds: Rounds) -> HttpResponse:
    response = rounds.given[-1]
    context = {
        "survey": rounds.survey,
        "rounds": rounds,
        "response": response,
        "said": selectors.answers_of(response),
    }
    return render(request, "surveys/thanks.html", context)
