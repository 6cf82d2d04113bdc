"""The pages on which a mentor, or who runs the cohort, gives one person more attempts or more time."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from assessments.forms.allowances import TimeForm, UnlockForm
from assessments.models import Attempt, Quiz
from assessments.selectors.allowances import may_allow_time, people_at, time_allowances, with_attempts
from assessments.selectors.quizzes import attempt_limits
from assessments.services import attempts
from assessments.views.signed_in import me
from tracks.errors import Refused

PAGE_SIZE = 25


@require_http_methods(["GET", "POST"])
def unlock(request: HttpRequest, pk: int, enrolment_pk: UUID) -> HttpResponse:
    """More attempts for one person, once theirs are used."""
    enrolment = get_object_or_404(may_allow_time(me(request)).select_related("user"), pk=enrolment_pk)
    found = get_object_or_404(Quiz.objects.live().filter(module__track=enrolment.track_id), pk=pk)
    form = UnlockForm(request.POST or None)
    if form.is_valid():
        try:
            attempts.grant_extra(
                quiz=found, learner=enrolment.user, actor=request.user, at=timezone.now(), **form.cleaned_data
            )
        except Refused as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _("%(name)s can try again.") % {"name": enrolment.user})
            return redirect("attempts_unlock", pk=pk, enrolment_pk=enrolment_pk)
    context = {
        "quiz": found,
        "enrolment": enrolment,
        "learner": enrolment.user,
        "limits": attempt_limits(quiz=found, user=enrolment.user, at=timezone.now()),
        "form": form,
    }
    return render(request, "assessments/quiz_unlock.html", context, status=422 if form.errors else 200)


@require_GET
@never_cache
def people(request: HttpRequest, pk: int) -> HttpResponse:
    """The people at a quiz, for who may give them time."""
    found = get_object_or_404(Quiz.objects.visible_to(request.user).select_related("module"), pk=pk)
    page = Paginator(people_at(quiz=found, user=me(request)), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"quiz": found, "page": page, "people": with_attempts(quiz=found, enrolments=list(page))}
    return render(request, "assessments/quiz_people.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
def extra_time(request: HttpRequest, pk: int, enrolment_pk: UUID) -> HttpResponse:
    """More time for one person, from now on or for the attempt that is running."""
    enrolment = get_object_or_404(may_allow_time(me(request)).select_related("user"), pk=enrolment_pk)
    found = get_object_or_404(Quiz.objects.live().filter(module__track=enrolment.track_id), pk=pk)
    running = Attempt.objects.open().filter(quiz=found, user=enrolment.user).first()
    form = TimeForm(request.POST or None, running=running)
    if form.is_valid():
        try:
            attempts.grant_time(
                quiz=found,
                learner=enrolment.user,
                minutes=form.cleaned_data["minutes"],
                reason=form.cleaned_data["reason"],
                attempt=form.attempt,
                actor=request.user,
                at=timezone.now(),
            )
        except ValidationError as error:
            form.add_error(None, error)
        except Refused as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _("The time of %(name)s is changed.") % {"name": enrolment.user})
            return redirect("attempts_time", pk=pk, enrolment_pk=enrolment_pk)
    context = {
        "quiz": found,
        "enrolment": enrolment,
        "learner": enrolment.user,
        "running": running,
        "allowances": time_allowances(quiz=found, learner=enrolment.user),
        "form": form,
    }
    return render(request, "assessments/quiz_time.html", context, status=422 if form.errors else 200)
