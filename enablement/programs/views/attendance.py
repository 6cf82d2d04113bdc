"""My sessions, and the page on which a host, or who runs the cohort, marks who was there."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from enablement.people.requests import PersonRequest
from enablement.programs.forms import AttendanceForm, Mark
from enablement.programs.models import CalendarAddress, Session
from enablement.programs.selectors import sessions as selectors
from enablement.programs.services import mark_attendance
from tracks.errors import Refused
from tracks.models import Cohort, Enrolment

#: People on one form.
PAGE_SIZE = 200


@require_safe
def my_sessions(request: PersonRequest) -> HttpResponse:
    at = timezone.now()
    hosted = Session.objects.filter(host=request.user)
    context = {
        "hosted": selectors.kept(hosted, by=request.user, at=at),
        "own": selectors.own(user=request.user, at=at),
        "calendar": CalendarAddress.objects.filter(user=request.user).first(),
        "runs": request.user.has_perm("tracks.run_cohorts"),
    }
    return render(request, "programs/my_sessions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def session(request: PersonRequest, pk: UUID) -> HttpResponse:
    """POST saves the attendance. `?all=present` chooses that for who is not marked, to begin with."""
    kept = Session.objects.kept_by(request.user).select_related("cohort__track", "host")
    found = get_object_or_404(kept, pk=pk)
    page = Paginator(selectors.people(found), PAGE_SIZE).get_page(request.GET.get("page"))
    standing = selectors.marks_of(found)
    others = [each for each in page.object_list if each.user_id != request.user.pk]
    chosen = _all_present(others) if request.GET.get("all") == Mark.PRESENT else {}
    form = AttendanceForm(request.POST or None, people=others, standing=standing, chosen=chosen)
    if request.method == "POST" and form.is_valid() and _saved(request, found, form):
        messages.success(request, _("The attendance is saved."))
        query = f"?page={page.number}" if page.number > 1 else ""
        return redirect(reverse("session", args=[pk]) + query)
    at = timezone.now()
    context = {
        "session": found,
        "page": page,
        "form": form,
        "begun": found.has_begun(at),
        "counts": _counts(others, standing),
        "chosen": bool(chosen),
        "unmarked": sum(each.pk not in standing for each in others),
        "me": next((each for each in page.object_list if each.user_id == request.user.pk), None),
        "runs": Cohort.objects.all().run_by(request.user).filter(pk=found.cohort_id).exists(),
        "corrections": selectors.corrections(found),
    }
    return render(request, "programs/session.html", context, status=422 if form.errors else 200)


def _all_present(people: Sequence[Enrolment]) -> Mapping[UUID, str]:
    """Who is on leave is excused."""
    away = Enrolment.State.PAUSED
    return {each.pk: Mark.EXCUSED if each.state == away else Mark.PRESENT for each in people}


def _saved(request: PersonRequest, session: Session, form: AttendanceForm) -> bool:
    try:
        mark_attendance(
            session=session,
            marks=form.marks(),
            actor=request.user,
            at=timezone.now(),
            reason=form.cleaned_data.get("reason", ""),
        )
    except Refused as refused:
        form.add_error(None, refused.message)
    except ValidationError as error:
        # Where somebody else saved in the meantime, the form has no field for the reason yet.
        form.add_error(None, error if "reason" in form.fields else error.messages)
    return not form.errors


def _counts(people: Sequence[Enrolment], standing: Mapping[UUID, str]) -> list[tuple[str, int]]:
    """How many were present, absent, excused, in words and numbers."""
    said = [standing[each.pk] for each in people if each.pk in standing]
    return [(str(mark.label), said.count(mark)) for mark in Mark if mark in said]
