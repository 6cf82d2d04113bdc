"""The mentor's pages of exception cases: justifications to grade, and cases handled under their eyes."""

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

from assessments.forms.labs import WithdrawForm
from assessments.forms.scenarios import GradeForm, ObservedForm
from assessments.models import CaseDecision
from assessments.selectors.scenarios import justifications_to_grade, record_of, review_of
from assessments.services import scenarios
from assessments.views.reviews import may_review
from assessments.views.scenarios import record_context
from assessments.views.signed_in import me
from tracks.errors import Refused
from tracks.models import Enrolment, Mentorship

PAGE_SIZE = 25


@require_GET
@never_cache
@may_review
def queue(request: HttpRequest) -> HttpResponse:
    waiting = justifications_to_grade(mentor=me(request))
    page = Paginator(waiting, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "assessments/justifications.html", {"page": page})


@require_http_methods(["GET", "POST"])
@never_cache
@may_review
def justification(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One justification; afterwards the next of the same drill, if one waits."""
    related = ("drill__scenario_set", "scenario__scenario_set", "learner", "graded_by")
    mentored = CaseDecision.objects.all().mentored_by(me(request)).shown().filter(graded=True)
    found = get_object_or_404(mentored.select_related(*related), pk=pk)
    form = GradeForm(request.POST or None, case=found)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            scenarios.grade(case=found, actor=me(request), at=timezone.now(), **form.cleaned_data)
        except ValidationError as error:
            form.add_errors(error)
        except Refused as refusal:
            form.add_error(None, refusal.message)
            status = 409
        else:
            messages.success(request, _("Graded: %(name)s.") % {"name": found.learner})
            return _next(request, found)
    context = {"review": review_of(found), "form": form, "learner": found.learner}
    status = status if status != 200 or not form.errors else 422  # noqa: PLR2004 - HTTP's own numbers
    return render(request, "assessments/justification.html", context, status=status)


@require_http_methods(["GET", "POST"])
@never_cache
@may_review
def observed(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A mentee's exception cases, and the form to record one that they have just handled."""
    answered = Mentorship.objects.all().answered_by(me(request), timezone.now()).exclude(learner=me(request))
    mentored = Enrolment.objects.live().filter(pk__in=answered.values("enrolment"))
    enrolment = get_object_or_404(mentored.select_related("user", "track", "cohort"), pk=pk)
    form = ObservedForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                scenarios.record(
                    enrolment=enrolment, actor=me(request), at=timezone.now(), **form.cleaned_data
                )
            except ValidationError as error:
                form.add_errors(error)
            except Refused as refusal:
                form.add_error(None, refusal.message)
                status = 409
            else:
                messages.success(request, _("Recorded: %(name)s.") % {"name": enrolment.user})
                return redirect("supervised", pk=pk)
    context = record_context(record_of(enrolment)) | {"form": form, "own": False}
    return render(request, "assessments/observed.html", context, status=status)


@require_http_methods(["GET", "POST"])
@may_review
def withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    mentored = CaseDecision.objects.all().mentored_by(me(request)).supervised()
    found = get_object_or_404(mentored.select_related("enrolment__user"), pk=pk)
    form = WithdrawForm(request.POST or None)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            scenarios.withdraw(case=found, reason=reason, actor=me(request), at=timezone.now())
        except ValidationError as error:
            form.add_errors(error)
        except Refused as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _("The record is withdrawn and no longer counts."))
            return redirect("supervised", pk=found.enrolment_id)
    context = {"case": found, "form": form}
    return render(request, "assessments/observed_withdraw.html", context, status=422 if form.errors else 200)


def _next(request: HttpRequest, found: CaseDecision) -> HttpResponse:
    following = justifications_to_grade(mentor=me(request)).filter(drill=found.drill_id).first()
    return redirect("justification", pk=following.pk) if following else redirect("justifications")
