"""The mentor's pages: the queue, a review, sign-offs and their withdrawal, mentees."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assessments import rules
from assessments.forms.labs import ReviewForm, WithdrawForm
from assessments.models import SignOff, Submission
from assessments.selectors.marking import marking_queue
from assessments.selectors.labs import lab_work, round_of, with_rounds
from assessments.selectors.reviews import mentees_of, progress_of, review_due_at, review_queue
from assessments.services import labs
from assessments.views.signed_in import me
from tracks import markdown
from tracks.errors import Refused
from tracks.models import Enrolment

PAGE_SIZE = 25
may_review = permission_required("assessments.review_labs", raise_exception=True)


@require_GET
@never_cache
@may_review
def queue(request: HttpRequest) -> HttpResponse:
    waiting = review_queue(mentor=me(request), at=timezone.now())
    page = Paginator(waiting, PAGE_SIZE).get_page(request.GET.get("page"))
    to_mark = marking_queue(mentor=me(request), at=timezone.now())
    context = {
        "page": page,
        "total": len(waiting),
        "late": sum(each.late for each in waiting),
        "to_mark": to_mark,
    }
    return render(request, "assessments/review_queue.html", context)


@require_GET
@never_cache
@may_review
def review(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _mentored(request, pk)
    if found.state != Submission.State.SUBMITTED:
        return redirect(found)
    return _page(request, found, ReviewForm(submission=found))


@require_POST
@may_review
def claim(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _mentored(request, pk)
    try:
        labs.claim(submission=found, actor=me(request), at=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect("review", pk=pk)


@require_POST
@may_review
def release(request: HttpRequest, pk: UUID) -> HttpResponse:
    labs.release(submission=_mentored(request, pk), actor=me(request), at=timezone.now())
    return redirect("review_queue")


@require_POST
@may_review
def sign_off(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _decide(request, pk, labs.sign_off, _("Signed off: %(lab)s, %(name)s."))


@require_POST
@may_review
def send_back(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _decide(request, pk, labs.send_back, _("Sent back with your comment: %(lab)s, %(name)s."))


@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    """For the signer, another mentor of the learner, and who runs the cohort; 404 for everybody else."""
    visible = SignOff.objects.all().visible_to(me(request))
    related = ("enrolment__cohort", "lab", "learner", "signer", "submission__enrolment")
    found = get_object_or_404(visible.select_related(*related), pk=pk)
    if not rules.may_withdraw(me(request), found):
        raise Http404
    if not found.stands:
        return redirect(found.submission)
    form = WithdrawForm(request.POST or None)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            labs.withdraw_sign_off(sign_off=found, reason=reason, actor=me(request), at=timezone.now())
        except (Refused, ValidationError) as error:
            form.add_errors(_as_validation_error(error))
        else:
            messages.success(request, _("The sign-off is withdrawn. The learner has a new round to work on."))
            return redirect(found.submission)
    context = {"sign_off": found, "form": form}
    return render(request, "assessments/review_withdraw.html", context, status=422 if form.errors else 200)


@require_GET
@never_cache
@may_review
def mentees(request: HttpRequest) -> HttpResponse:
    return render(request, "assessments/mentees.html", {"mentees": mentees_of(mentor=me(request))})


@require_GET
@never_cache
@may_review
def mentee(request: HttpRequest, pk: UUID) -> HttpResponse:
    mentored = Enrolment.objects.live().filter(mentorships__mentor=me(request), mentorships__ended_at=None)
    found = get_object_or_404(mentored.select_related("user", "track", "cohort"), pk=pk)
    (progress,) = progress_of([found])
    work = [lab_work(enrolment=found, lab=each.lab) for each in progress.labs]
    return render(request, "assessments/mentee.html", {"mentee": progress, "labs": work})


def _decide(request: HttpRequest, pk: UUID, decide: Callable[..., object], done: str) -> HttpResponse:
    """Sign off or send back; what was chosen and typed stays on the page where that is refused."""
    found = _mentored(request, pk)
    form = ReviewForm(request.POST, submission=found)
    status = 422
    if form.is_valid():
        try:
            decide(
                submission=found,
                marks=form.marks,
                comment=form.cleaned_data["comment"],
                evidence_hash=form.cleaned_data["evidence_hash"],
                actor=me(request),
                at=timezone.now(),
            )
        except ValidationError as error:
            form.add_errors(error, prefix="" if "comment" in getattr(error, "error_dict", {}) else "mark-")
        except Refused as refusal:
            form.add_errors(_as_validation_error(refusal))
            status = 409
        else:
            messages.success(request, done % {"lab": found.lab, "name": found.enrolment.user})
            return redirect("review_queue")
    found = _mentored(request, pk)
    if found.state != Submission.State.SUBMITTED:
        messages.error(request, " ".join(map(str, form.non_field_errors())))
        return redirect(found)
    return _page(request, found, form, status=status)


def _page(request: HttpRequest, found: Submission, form: ReviewForm, *, status: int = 200) -> HttpResponse:
    at = timezone.now()
    claimed = found.claimed_at(at)
    context = {
        "round": round_of(found),
        "lab": found.lab,
        "brief_html": markdown.render(found.lab.brief),
        "learner": found.enrolment.user,
        "earlier": [
            each
            for each in lab_work(enrolment=found.enrolment, lab=found.lab).rounds
            if each.submission.round < found.round
        ],
        "form": form,
        "due_at": review_due_at(found),
        "mine": claimed and found.claimed_by_id == me(request).pk,
        "claimed_by": found.claimed_by if claimed and found.claimed_by_id != me(request).pk else None,
    }
    return render(request, "assessments/review.html", context, status=status)


def _mentored(request: HttpRequest, pk: UUID) -> Submission:
    """A submission of a learner whom this person mentors now; drafts are nobody's but the learner's."""
    mentored = Submission.objects.all().mentored_by(me(request))
    handed_in = mentored.exclude(state=Submission.State.DRAFT)
    return get_object_or_404(with_rounds().filter(pk__in=handed_in.values("pk")), pk=pk)


def _as_validation_error(error: Refused | ValidationError) -> ValidationError:
    return error if isinstance(error, ValidationError) else ValidationError(error.message, code=error.code)
