"""Pages of appeals: open one, see one's own, and the queue and the answers of those who may give them."""

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
from django.views.decorators.http import require_GET, require_http_methods

from assessments.forms.appeals import AnswerForm, AppealForm
from assessments.models import Appeal, Attempt, AttemptItem, LabReview, ShadowSample
from assessments.selectors import appeals as selectors
from assessments.selectors.appeal_page import AppealPage, appeal_page
from assessments.services import appeals as service
from assessments.views.signed_in import me
from tracks.errors import Refused

ROWS = 25


@require_GET
@never_cache
def own(request: HttpRequest) -> HttpResponse:
    rows = selectors.own_appeals(me(request), at=timezone.now())
    return render(request, "assessments/appeals.html", {"rows": rows})


@require_GET
@never_cache
@permission_required("assessments.answer_appeals", raise_exception=True)
def queue(request: HttpRequest) -> HttpResponse:
    page = Paginator(selectors.queue_of(me(request)), ROWS).get_page(request.GET.get("page"))
    rows = selectors.rows_of(list(page), timezone.now())
    return render(request, "assessments/appeal_queue.html", {"page": page, "rows": rows})


@require_http_methods(["GET", "POST"])
@never_cache
def appeal(request: HttpRequest, pk: UUID) -> HttpResponse:
    """For the learner, how it stands; for who may answer, what it is about and the form."""
    visible = selectors.visible_to(me(request)).select_related(*selectors.RELATED)
    found = get_object_or_404(visible, pk=pk)
    page = appeal_page(found, viewer=me(request), at=timezone.now())
    form, refusal = _form(request, found, page), ""
    if form is not None and form.is_valid():
        try:
            service.answer(appeal=found, given=form.answer(), actor=me(request), at=timezone.now())
        except ValidationError as error:
            form.add_errors(error)
        except Refused as refused:
            refusal = refused.message
        else:
            messages.success(request, _("Answered. The person sees it at once."))
            return redirect("appeal_queue")
    elif request.method == "POST" and form is None:
        messages.info(request, _("This appeal has been answered, or another person answers it."))
        return redirect(found)
    context = {"appeal": found, "page": page, "form": form, "refusal": refusal}
    status = 409 if refusal else 422 if form is not None and form.errors else 200
    return render(request, "assessments/appeal.html", context, status=status)


def _form(request: HttpRequest, found: Appeal, page: AppealPage) -> AnswerForm | None:
    if not page.may_answer:
        return None
    return AnswerForm(
        request.POST or None,
        kind=found.kind,
        consequences=page.consequences,
        rubric=page.rubric,
        hidden=page.hidden,
    )


@require_GET
@never_cache
def of_attempt(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Which question? What was asked, and nothing of what is right."""
    found = _own_attempt(request, pk)
    context = {"attempt": found, "quiz": found.quiz, "questions": selectors.appealable_questions(found)}
    return render(request, "assessments/appeal_choose.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
def question(request: HttpRequest, pk: UUID, position: int) -> HttpResponse:
    found = _own_attempt(request, pk)
    items = AttemptItem.objects.select_related("attempt", "question_version")
    item = get_object_or_404(items, attempt=found, position=position)
    title = _("Question %(number)d of “%(quiz)s”") % {"number": position, "quiz": found.quiz}
    return _open(
        request,
        title=title,
        about=item.question_version.prompt,
        back=found.get_absolute_url(),
        there=Appeal.objects.filter(item=item).first(),
        step=lambda reason: service.appeal_question(
            item=item, reason=reason, actor=me(request), at=timezone.now()
        ),
    )


@require_http_methods(["GET", "POST"])
@never_cache
def mark(request: HttpRequest, pk: UUID, criterion: str) -> HttpResponse:
    """A criterion of the review of one's own round."""
    reviews = LabReview.objects.select_related("submission__lab", "submission__enrolment")
    review = get_object_or_404(reviews, submission=pk, submission__enrolment__user=me(request))
    given = next((each for each in review.marks if each["key"] == criterion), None)
    if given is None:
        raise Http404
    named = {"criterion": given["title"], "lab": review.submission.lab}
    return _open(
        request,
        title=_("“%(criterion)s” of “%(lab)s”") % named,
        about=_("You have %(points)s of %(most)s points.")
        % {"points": given["points"], "most": given["max_points"]},
        back=review.submission.get_absolute_url(),
        there=Appeal.objects.filter(review=review, criterion=criterion).first(),
        step=lambda reason: service.appeal_mark(
            review=review, criterion=criterion, reason=reason, actor=me(request), at=timezone.now()
        ),
    )


@require_http_methods(["GET", "POST"])
@never_cache
def sample(request: HttpRequest, pk: UUID) -> HttpResponse:
    own_samples = ShadowSample.objects.visible_to(me(request)).select_related("pool", "case")
    found = get_object_or_404(own_samples, pk=pk)
    return _open(
        request,
        title=_("Case “%(case)s”") % {"case": found.case.subject},
        about=found.case.body,
        back=found.pool.get_absolute_url(),
        there=Appeal.objects.filter(sample=found).first(),
        step=lambda reason: service.appeal_sample(
            sample=found, reason=reason, actor=me(request), at=timezone.now()
        ),
    )


def _open(
    request: HttpRequest,
    *,
    title: str,
    about: str,
    back: str,
    there: Appeal | None,
    step: Callable[[str], Appeal],
) -> HttpResponse:
    """The form of an appeal; one that is there already is shown instead."""
    if there is not None:
        return redirect(there)
    form, refusal = AppealForm(request.POST or None), ""
    if form.is_valid():
        try:
            opened = step(form.cleaned_data["reason"])
        except Refused as refused:
            refusal = refused.message
        else:
            messages.success(request, _("Your appeal is in. Another person answers it."))
            return redirect(opened)
    context = {"title": title, "about": about, "back": back, "form": form, "refusal": refusal}
    status = 409 if refusal else 422 if form.errors else 200
    return render(request, "assessments/appeal_open.html", context, status=status)


def _own_attempt(request: HttpRequest, pk: UUID) -> Attempt:
    """With a result; before that there is nothing to appeal."""
    mine = Attempt.objects.visible_to(me(request)).filter(points__isnull=False)
    return get_object_or_404(mine.select_related("quiz", "enrolment__cohort"), pk=pk)
