"""The people whom a mentor looks after, the cases that they watch them handle, and who stands in."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assessments.forms.labs import as_validation_error
from assessments.forms.mentoring import DelegateForm, ObservationForm
from assessments.models import Observation
from assessments.selectors.labs import lab_work
from assessments.selectors.mentees import mentees_of, progress_of
from assessments.selectors.scenarios import has_cases
from assessments.services import labs
from assessments.views.reviews import may_review
from assessments.views.signed_in import me
from tracks.errors import Refused
from tracks.models import Delegation, Enrolment, Lab, Mentorship
from tracks.services import delegations


@require_GET
@never_cache
@may_review
def mentees(request: HttpRequest) -> HttpResponse:
    found = mentees_of(mentor=me(request), at=timezone.now())
    return render(request, "assessments/mentees.html", {"mentees": found})


@require_GET
@never_cache
@may_review
def mentee(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _mentored(request, pk)
    (progress,) = progress_of([found], at=timezone.now())
    work = [lab_work(enrolment=found, lab=each.lab) for each in progress.labs]
    context = {"mentee": progress, "labs": work, "has_cases": has_cases(found)}
    return render(request, "assessments/mentee.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
@may_review
def observe(request: HttpRequest, pk: UUID, lab_pk: int) -> HttpResponse:
    """Record a case that the mentee handled while one looked on; what is there already stands beside."""
    enrolment = _mentored(request, pk)
    lab = get_object_or_404(
        Lab.objects.live().select_related("module"), pk=lab_pk, module__track=enrolment.track_id
    )
    if not lab.observed_cases:
        raise Http404
    form, status = ObservationForm(request.POST or None, zone=enrolment.cohort.timezone), 422
    if form.is_valid():
        try:
            labs.record_case(
                enrolment=enrolment, lab=lab, **form.cleaned_data, actor=me(request), at=timezone.now()
            )
        except (Refused, ValidationError) as error:
            form.add_errors(as_validation_error(error))
            status = 409 if isinstance(error, Refused) else 422
        else:
            messages.success(request, _("The case is recorded."))
            return redirect("observe", pk=pk, lab_pk=lab_pk)
    context = {
        "enrolment": enrolment,
        "lab": lab,
        "work": lab_work(enrolment=enrolment, lab=lab),
        "form": form,
    }
    return render(request, "assessments/observe.html", context, status=status if form.errors else 200)


@require_POST
@may_review
def observation_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    mine = Observation.objects.filter(observer=me(request)).select_related("submission__enrolment")
    found = get_object_or_404(mine, pk=pk)
    try:
        labs.remove_case(observation=found, actor=me(request), at=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect("observe", pk=found.submission.enrolment_id, lab_pk=found.submission.lab_id)


@require_http_methods(["GET", "POST"])
@never_cache
@may_review
def delegate(request: HttpRequest) -> HttpResponse:
    """Name who signs in one's place during leave; and for whom one stands in oneself."""
    at = timezone.now()
    form, status = DelegateForm(request.POST or None, mentor=me(request), at=at), 422
    if form.is_valid():
        try:
            delegations.name_delegate(**form.cleaned_data, actor=me(request), at=at)
        except (Refused, ValidationError) as error:
            form.add_errors(as_validation_error(error))
            status = 409 if isinstance(error, Refused) else 422
        else:
            messages.success(request, _("Your delegate is named."))
            return redirect("delegate")
    to_come = Delegation.objects.open().filter(ends_at__gt=at).select_related("mentor", "delegate")
    context = {
        "form": form,
        "mine": to_come.filter(mentor=me(request)).first(),
        "for_others": to_come.filter(delegate=me(request)).order_by("starts_at"),
        "now": at,
    }
    return render(request, "assessments/delegate.html", context, status=status if form.errors else 200)


@require_POST
@may_review
def delegate_end(request: HttpRequest, pk: UUID) -> HttpResponse:
    mine = get_object_or_404(Delegation.objects.filter(mentor=me(request)), pk=pk)
    delegations.end_delegation(delegation=mine, actor=me(request), at=timezone.now())
    messages.success(request, _("You review your mentees' labs yourself again."))
    return redirect("delegate")


def _mentored(request: HttpRequest, pk: UUID) -> Enrolment:
    answered = Mentorship.objects.all().answered_by(me(request), timezone.now()).exclude(learner=me(request))
    found = Enrolment.objects.live().filter(pk__in=answered.values("enrolment"))
    return get_object_or_404(found.select_related("user", "track", "cohort"), pk=pk)
