"""One person of a cohort, for its program manager: progress, mentors, leave, withdrawal."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from tracks.errors import Refused
from tracks.forms import MentorForm
from tracks.models import Enrolment
from tracks.selectors import cohort_people, path_of, possible_mentors
from tracks.services import cohorts
from tracks.views.cohorts import run_by


@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, pk: UUID, enrolment_pk: UUID) -> HttpResponse:
    """POST assigns a mentor."""
    enrolment = _enrolment(request, pk, enrolment_pk)
    form = MentorForm(request.POST or None, mentors=possible_mentors().exclude(pk=enrolment.user_id))
    if request.method == "POST" and form.is_valid():
        try:
            cohorts.assign_mentor(
                enrolment=enrolment,
                mentor=form.cleaned_data["mentor"],
                actor=request.user,
                at=timezone.now(),
            )
        except Refused as refused:
            form.add_error("mentor", refused.message)
        else:
            messages.success(request, _("The mentor is assigned."))
            return redirect("cohort_person", pk, enrolment_pk)
    [row] = cohort_people(cohort=enrolment.cohort, enrolments=[enrolment], at=timezone.now())
    context = {
        "cohort": enrolment.cohort,
        "enrolment": enrolment,
        "row": row,
        "path": path_of(enrolment, at=timezone.now()),
        "form": form,
    }
    return render(request, "tracks/cohort_person.html", context, status=422 if form.errors else 200)


@require_POST
def pause(request: HttpRequest, pk: UUID, enrolment_pk: UUID) -> HttpResponse:
    return _step(request, pk, enrolment_pk, cohorts.pause, _("The due date waits until they are back."))


@require_POST
def resume(request: HttpRequest, pk: UUID, enrolment_pk: UUID) -> HttpResponse:
    done = _("They are back; the due date has moved by the days of leave.")
    return _step(request, pk, enrolment_pk, cohorts.resume, done)


@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, pk: UUID, enrolment_pk: UUID) -> HttpResponse:
    if request.method == "POST":
        done = _("They are no longer enrolled.")
        return _step(request, pk, enrolment_pk, cohorts.withdraw_enrolment, done)
    enrolment = _enrolment(request, pk, enrolment_pk)
    names = {"person": enrolment.user, "track": enrolment.track}
    context = {
        "title": _("Withdraw %(person)s from %(track)s?") % names,
        "text": _(
            "%(person)s loses this track, and tools that depend on it may close. Their mentors are released. "
            "What they achieved stays on record."
        )
        % names,
        "submit": _("Withdraw"),
        "back": _url(enrolment),
    }
    return render(request, "tracks/confirm.html", context)


@require_POST
def end_mentor(request: HttpRequest, pk: UUID, enrolment_pk: UUID, mentorship_pk: int) -> HttpResponse:
    enrolment = _enrolment(request, pk, enrolment_pk)
    mentorship = get_object_or_404(enrolment.mentorships.select_related("cohort"), pk=mentorship_pk)
    cohorts.end_mentorship(mentorship=mentorship, actor=request.user, at=timezone.now())
    messages.success(request, _("The mentorship has ended."))
    return redirect("cohort_person", pk, enrolment_pk)


def _step(
    request: HttpRequest, pk: UUID, enrolment_pk: UUID, service: Callable[..., Any], done: str
) -> HttpResponse:
    enrolment = _enrolment(request, pk, enrolment_pk)
    try:
        service(enrolment=enrolment, actor=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, done)
    return redirect("cohort_person", pk, enrolment_pk)


def _enrolment(request: HttpRequest, pk: UUID, enrolment_pk: UUID) -> Enrolment:
    rows = Enrolment.objects.filter(cohort=run_by(request.user, pk))
    return get_object_or_404(rows.select_related("user", "cohort", "track"), pk=enrolment_pk)


def _url(enrolment: Enrolment) -> str:
    return reverse("cohort_person", args=[enrolment.cohort_id, enrolment.pk])
