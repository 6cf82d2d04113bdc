"""The sessions of a cohort, for who runs it: list, plan, change, cancel."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from enablement.people.requests import PersonRequest
from enablement.programs.forms import CancelForm, SessionForm
from enablement.programs.models import Session
from enablement.programs.selectors import sessions as selectors
from enablement.programs.services import cancel_session, change_session, plan_session
from tracks.errors import Refused
from tracks.models import Cohort


@require_safe
def cohort_sessions(request: PersonRequest, cohort_id: UUID) -> HttpResponse:
    cohort = _run_by(request, cohort_id)
    found = selectors.kept(Session.objects.filter(cohort=cohort), by=request.user, at=timezone.now())
    return render(request, "programs/cohort_sessions.html", {"cohort": cohort, "sessions": found})


@require_http_methods(["GET", "HEAD", "POST"])
def session_new(request: PersonRequest, cohort_id: UUID) -> HttpResponse:
    cohort = _run_by(request, cohort_id)
    now = timezone.now()
    tomorrow = (timezone.localtime(now) + timedelta(days=1)).replace(hour=10, minute=0)
    begin = {"starts_at": tomorrow, "ends_at": tomorrow + timedelta(hours=1), "host": request.user.email}
    form = SessionForm(request.POST or None, initial=begin)
    if request.method == "POST" and form.is_valid():
        try:
            plan_session(cohort=cohort, details=form.details(), actor=request.user, at=now)
        except (ValidationError, Refused) as error:
            _blame(form, error)
        else:
            messages.success(request, _("The session is planned; the people of the cohort see it."))
            return redirect("cohort_sessions", cohort.pk)
    context = {"form": form, "cohort": cohort, "session": None, "hosts": selectors.likely_hosts(cohort)}
    return render(request, "programs/session_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def session_edit(request: PersonRequest, pk: UUID) -> HttpResponse:
    session = _planned_by(request, pk)
    form = SessionForm(request.POST or None, initial=SessionForm.of(session))
    if request.method == "POST" and form.is_valid():
        try:
            change_session(session=session, details=form.details(), actor=request.user, at=timezone.now())
        except (ValidationError, Refused) as error:
            _blame(form, error)
        else:
            messages.success(request, _("The session is changed."))
            return redirect("session", pk)
    hosts = selectors.likely_hosts(session.cohort)
    context = {"form": form, "cohort": session.cohort, "session": session, "hosts": hosts}
    return render(request, "programs/session_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def session_cancel(request: PersonRequest, pk: UUID) -> HttpResponse:
    session = _planned_by(request, pk)
    form = CancelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            cancel_session(session=session, reason=reason, actor=request.user, at=timezone.now())
        except (ValidationError, Refused) as error:
            _blame(form, error)
        else:
            messages.success(request, _("The session is cancelled."))
            return redirect("cohort_sessions", session.cohort_id)
    context = {"form": form, "session": session}
    return render(request, "programs/session_cancel.html", context, status=422 if form.errors else 200)


def _run_by(request: PersonRequest, cohort_id: UUID) -> Cohort:
    """404 for a cohort that this person does not run."""
    cohorts = Cohort.objects.all().run_by(request.user).select_related("track")
    return get_object_or_404(cohorts, pk=cohort_id)


def _planned_by(request: PersonRequest, pk: UUID) -> Session:
    runs = Cohort.objects.all().run_by(request.user)
    sessions = Session.objects.filter(cohort__in=runs).select_related("cohort", "host")
    return get_object_or_404(sessions, pk=pk)


def _blame(form: SessionForm | CancelForm, error: ValidationError | Refused) -> None:
    form.add_error(None, error.message if isinstance(error, Refused) else error)
