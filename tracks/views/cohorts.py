"""Cohorts for their program manager: list, new, manage, start, close, enrol by file."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tracks.csv_files import CsvFaults
from tracks.errors import Refused
from tracks.forms import CohortForm, CsvConfirmForm, CsvForm
from tracks.models import Cohort
from tracks.people import Person
from tracks.selectors import cohort_figures, cohort_people
from tracks.services import cohorts, enrol_csv
from tracks.zones import local_date

_PEOPLE_A_PAGE = 50


def run_by(user: Person, pk: UUID) -> Cohort:
    """404 for a cohort that this person does not run."""
    return get_object_or_404(cohorts_of(user), pk=pk)


def cohorts_of(user: Person) -> QuerySet[Cohort]:
    return Cohort.objects.all().run_by(user).select_related("track")


@require_GET
@permission_required("tracks.run_cohorts", raise_exception=True)
def cohort_list(request: HttpRequest) -> HttpResponse:
    live = Count("enrolments", filter=~Q(enrolments__state="withdrawn"))
    rows = cohorts_of(request.user).annotate(people=live).order_by("-starts_on", "name")
    page = Paginator(rows, _PEOPLE_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "tracks/cohort_list.html", {"page": page})


@require_http_methods(["GET", "POST"])
@permission_required("tracks.run_cohorts", raise_exception=True)
def new(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    zone = timezone.get_current_timezone_name()
    form = CohortForm(request.POST or None, initial={"timezone": zone, "starts_on": local_date(now, zone)})
    if request.method == "POST" and form.is_valid():
        try:
            cohort = cohorts.create_cohort(**form.cleaned_data, actor=request.user, at=now)
        except ValidationError as error:
            form.add_error(None, error)
        except Refused as refused:
            form.add_error(None, refused.message)
        else:
            messages.success(request, _("The cohort is planned. Now enrol its people."))
            return redirect("cohort", cohort.pk)
    return render(request, "tracks/cohort_new.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
def manage(request: HttpRequest, pk: UUID) -> HttpResponse:
    cohort = run_by(request.user, pk)
    search = request.GET.get("q", "").strip()
    people = cohort.enrolments.select_related("user").order_by("user__name", "user__email")
    if search:
        people = people.filter(Q(user__name__icontains=search) | Q(user__email__icontains=search))
    page = Paginator(people, _PEOPLE_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "cohort": cohort,
        "figures": cohort_figures(cohort),
        "page": page,
        "people": cohort_people(cohort=cohort, enrolments=list(page.object_list), at=timezone.now()),
        "search": search,
    }
    return render(request, "tracks/cohort.html", context)


@require_POST
def start(request: HttpRequest, pk: UUID) -> HttpResponse:
    cohort = run_by(request.user, pk)
    try:
        cohorts.start_cohort(cohort=cohort, actor=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("The cohort runs; its people can begin."))
    return redirect("cohort", pk)


@require_http_methods(["GET", "POST"])
def close(request: HttpRequest, pk: UUID) -> HttpResponse:
    cohort = run_by(request.user, pk)
    if request.method == "POST":
        try:
            cohorts.close_cohort(cohort=cohort, actor=request.user, at=timezone.now())
        except Refused as refused:
            messages.error(request, refused.message)
        else:
            messages.success(request, _("The cohort is closed."))
        return redirect("cohort", pk)
    context = {
        "title": _("Close %(cohort)s?") % {"cohort": cohort},
        "text": _("No more work will count. What people have achieved stays theirs. This cannot be undone."),
        "submit": _("Close the cohort"),
        "back": cohort.get_absolute_url(),
    }
    return render(request, "tracks/confirm.html", context)


@require_http_methods(["GET", "POST"])
def enrol(request: HttpRequest, pk: UUID) -> HttpResponse:
    """First the file, then the plan, then the enrolment: the last two steps carry the same rows."""
    cohort = run_by(request.user, pk)
    form = CsvForm()
    context: dict[str, Any] = {"cohort": cohort}
    try:
        if "content" in request.POST:
            confirmed = CsvConfirmForm(request.POST)
            if confirmed.is_valid():
                return _enrolled(request, cohort, confirmed.cleaned_data["content"].encode())
        elif request.method == "POST":
            form = CsvForm(request.POST, request.FILES)
            if form.is_valid():
                content = form.cleaned_data["content"]
                lines = enrol_csv.plan(cohort=cohort, rows=enrol_csv.parse(content))
                confirm = CsvConfirmForm(initial={"content": content.decode("utf-8-sig")})
                news = any(line.mentor or not line.enrolled for line in lines)
                context |= {"lines": lines, "form": confirm, "news": news}
                return render(request, "tracks/enrol_plan.html", context)
    except CsvFaults as error:
        context["faults"] = error.faults
    except Refused as refused:
        form.add_error(None, refused.message) if form.is_bound else messages.error(request, refused.message)
    status = 422 if form.errors or context.get("faults") else 200
    return render(request, "tracks/enrol.html", {**context, "form": form}, status=status)


def _enrolled(request: HttpRequest, cohort: Cohort, content: bytes) -> HttpResponse:
    lines = enrol_csv.apply(cohort=cohort, content=content, actor=request.user, at=timezone.now())
    number = sum(not line.enrolled for line in lines)
    messages.success(
        request, ngettext("%(n)s person enrolled.", "%(n)s people enrolled.", number) % {"n": number}
    )
    return redirect("cohort", cohort.pk)
