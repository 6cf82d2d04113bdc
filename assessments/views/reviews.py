"""The mentor's pages of reviews: the queue, and one round with its marks."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from assessments.forms.labs import ReviewForm, as_validation_error
from assessments.forms.mentoring import BulkForm
from assessments.models import Submission
from assessments.selectors.labs import lab_work, with_rounds
from assessments.selectors.marking import marking_queue
from assessments.selectors.review_page import review_page
from assessments.selectors.reviews import review_queue
from assessments.services import labs
from assessments.views.signed_in import me
from tracks import markdown
from tracks.errors import Refused

PAGE_SIZE = 25
may_review = permission_required("assessments.review_labs", raise_exception=True)


@require_GET
@never_cache
@may_review
def queue(request: HttpRequest) -> HttpResponse:
    waiting = review_queue(mentor=me(request), at=timezone.now())
    page = Paginator(waiting, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "total": len(waiting),
        "late": sum(each.late for each in waiting),
        "bulk": any(each.bulk for each in page),
        "to_mark": marking_queue(mentor=me(request), at=timezone.now()),
    }
    return render(request, "assessments/review_queue.html", context)


@require_POST
@may_review
def sign_off_many(request: HttpRequest) -> HttpResponse:
    """Sign off the chosen labs of the queue, all or none; only such as need no rubric."""
    form = BulkForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(map(str, form.non_field_errors())))
        return redirect("review_queue")
    mentored = Submission.objects.all().mentored_by(me(request)).select_related("lab", "enrolment__user")
    found = list(mentored.exclude(state=Submission.State.DRAFT).filter(pk__in=form.chosen))
    if len(found) < len(form.chosen):
        messages.error(request, _("One of these labs is not yours to review. Nothing was signed off."))
        return redirect("review_queue")
    chosen = [(each, form.chosen[each.pk]) for each in found]
    try:
        signed = labs.sign_off_many(chosen=chosen, actor=me(request), at=timezone.now())
    except Refused as refusal:
        messages.error(request, _("Nothing was signed off. %(why)s") % {"why": refusal.message})
    else:
        done = ngettext("%(count)d lab signed off.", "%(count)d labs signed off.", len(signed))
        messages.success(request, done % {"count": len(signed)})
    return redirect("review_queue")


@require_GET
@never_cache
@may_review
def review(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _reviewable(request, pk)
    if found.state != Submission.State.SUBMITTED:
        return redirect(found)
    return _page(request, found, ReviewForm(submission=found))


@require_POST
@may_review
def claim(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _reviewable(request, pk)
    try:
        labs.claim(submission=found, actor=me(request), at=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect("review", pk=pk)


@require_POST
@may_review
def release(request: HttpRequest, pk: UUID) -> HttpResponse:
    labs.release(submission=_reviewable(request, pk), actor=me(request), at=timezone.now())
    return redirect("review_queue")


@require_POST
@may_review
def sign_off(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _decide(request, pk, labs.sign_off, _("Signed off: %(lab)s, %(name)s."))


@require_POST
@may_review
def send_back(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _decide(request, pk, labs.send_back, _("Sent back with your comment: %(lab)s, %(name)s."))


@require_POST
@may_review
def mark(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _decide(request, pk, labs.mark, _("Your marks are kept: %(lab)s, %(name)s."))


def _decide(request: HttpRequest, pk: UUID, decide: Callable[..., object], done: str) -> HttpResponse:
    """Mark, sign off or send back; what was chosen and typed stays on the page where that is refused."""
    found = _reviewable(request, pk)
    form = ReviewForm(request.POST, submission=found)
    status = 422
    if form.is_valid():
        try:
            decide(
                submission=found,
                marks=form.marks,
                comments=form.comments,
                comment=form.cleaned_data["comment"],
                evidence_hash=form.cleaned_data["evidence_hash"],
                actor=me(request),
                at=timezone.now(),
            )
        except ValidationError as error:
            form.add_errors(error, prefix="" if "comment" in getattr(error, "error_dict", {}) else "mark-")
        except Refused as refusal:
            form.add_errors(as_validation_error(refusal))
            status = 409
        else:
            messages.success(request, done % {"lab": found.lab, "name": found.enrolment.user})
            return redirect("review_queue")
    found = _reviewable(request, pk)
    if found.state != Submission.State.SUBMITTED:
        messages.error(request, " ".join(map(str, form.non_field_errors())))
        return redirect(found)
    return _page(request, found, form, status=status)


def _page(request: HttpRequest, found: Submission, form: ReviewForm, *, status: int = 200) -> HttpResponse:
    context = {
        "page": review_page(submission=found, user=me(request), at=timezone.now()),
        "lab": found.lab,
        "brief_html": markdown.render(found.lab.brief),
        "learner": found.enrolment.user,
        "earlier": [
            each
            for each in lab_work(enrolment=found.enrolment, lab=found.lab).rounds
            if each.submission.round < found.round
        ],
        "form": form,
    }
    return render(request, "assessments/review.html", context, status=status)


def _reviewable(request: HttpRequest, pk: UUID) -> Submission:
    """Of a learner whom this person mentors now, or one that wants a colleague's marks; never a draft."""
    submissions = Submission.objects.all()
    handed_in = with_rounds().exclude(state=Submission.State.DRAFT)
    may_see = Q(pk__in=submissions.mentored_by(me(request)).values("pk")) | Q(
        pk__in=submissions.for_colleague(me(request)).values("pk")
    )
    return get_object_or_404(handed_in.filter(may_see), pk=pk)
