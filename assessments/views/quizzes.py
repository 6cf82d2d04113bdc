"""The pages of quizzes: before, during and after an attempt."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from assessments import rules
from assessments.forms.quizzes import AnswersForm
from assessments.models import Attempt, Quiz
from assessments.selectors.asking import Asked, Typed
from assessments.selectors.attempts import marks_of
from assessments.selectors.quizzes import quiz_overview, quiz_taken
from assessments.selectors.results import attempt_result, parts_on
from assessments.services import attempts
from tracks.errors import Refused

REVIEW = "review"
CHECK = "check"


@require_GET
@never_cache
def quiz(request: HttpRequest, pk: int) -> HttpResponse:
    found = _visible_quiz(request, pk)
    overview = quiz_overview(quiz=found, user=request.user, at=timezone.now())
    return render(request, "assessments/quiz.html", {"quiz": found, "overview": overview})


@require_POST
def attempt_start(request: HttpRequest, pk: int) -> HttpResponse:
    found = _visible_quiz(request, pk)
    try:
        attempt = attempts.start(quiz=found, actor=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("quiz", pk=pk)
    return redirect(attempt)


@require_GET
@never_cache
def attempt(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A page of questions, or with `?page=review` the list of all before handing in."""
    found, at = _own_attempt(request, pk), timezone.now()
    over = rules.is_overdue(deadline_at=found.deadline_at, at=at)
    if found.is_open and over:
        # The clock closes it, not this visit: whoever looks first only carries it out.
        attempts.lapse_overdue(at=at, attempts=Attempt.objects.filter(pk=pk))
    if over or not found.is_open:
        return redirect("attempt_result", pk=pk)
    wanted = request.GET.get("page", "")
    if wanted == REVIEW:
        context = _frame(found, at) | {"page": REVIEW}
        return render(request, "assessments/attempt_review.html", context)
    return _questions(request, found, page=_page(wanted, found), at=at)


@require_POST
def attempt_save(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Keep what was answered; for the page's script with JSON, for a plain form by going on."""
    at = timezone.now()
    form = AnswersForm(request.POST)
    found, refusal = None, None
    try:
        if form.is_valid():
            found = attempts.save(
                attempt=pk,
                answers=form.answers,
                flags=form.flags,
                typed_at=form.typed_at,
                actor=request.user,
                at=at,
            )
            if request.POST.get("go") == CHECK:
                attempts.check_page(
                    attempt=pk, page=found.page_of(min(form.positions)), actor=request.user, at=at
                )
    except Attempt.DoesNotExist as error:
        raise Http404 from error
    except ValidationError as error:
        form.add_errors(error)
    except Refused as refused:
        refusal = refused
    if refusal or form.errors or found is None:
        found = _own_attempt(request, pk)
    if refusal:
        messages.error(request, refusal.message)
    if request.accepts("text/html"):
        return _after_form(request, found, form=form, refusal=refusal, at=at)
    return _after_script(found, form=form, refusal=refusal, at=at)


def _after_script(
    found: Attempt, *, form: AnswersForm, refusal: Refused | None, at: datetime
) -> JsonResponse:
    if refusal:
        return JsonResponse({"message": refusal.message, "go": _after_refusal(found)}, status=409)
    if form.errors:
        return JsonResponse({"errors": form.errors}, status=422)
    return JsonResponse(
        {
            "saved": f"{timezone.localtime(at):%H:%M:%S}",
            "was": form.shown,
            "now": _milliseconds(at),
            "deadline": _milliseconds(found.deadline_at),
        }
    )


def _after_form(
    request: HttpRequest, found: Attempt, *, form: AnswersForm, refusal: Refused | None, at: datetime
) -> HttpResponse:
    if refusal:
        return redirect(_after_refusal(found))
    if form.errors:
        page = found.page_of(min(form.positions, default=1))
        return _questions(request, found, page=page, at=at, form=form)
    go = request.POST.get("go", "")
    if go == CHECK:
        target: str | int = found.page_of(min(form.positions))
    else:
        target = go if go == REVIEW else _page(go, found)
    return redirect(f"{found.get_absolute_url()}?page={target}")


def _after_refusal(found: Attempt) -> str:
    """A refusal of one answer leads back to the attempt, the end of the attempt to its result."""
    return found.get_absolute_url() if found.is_open else reverse("attempt_result", args=[found.pk])


@require_POST
def attempt_submit(request: HttpRequest, pk: UUID) -> HttpResponse:
    try:
        attempts.submit(attempt=pk, actor=request.user, at=timezone.now())
    except Attempt.DoesNotExist as error:
        raise Http404 from error
    return redirect("attempt_result", pk=pk)


@require_GET
@never_cache
def result(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _own_attempt(request, pk)
    if found.is_open:
        return redirect(found)
    context = {
        "result": attempt_result(attempt=found, at=timezone.now()),
        "attempt": found,
        "quiz": found.quiz,
    }
    return render(request, "assessments/attempt_result.html", context)


def _visible_quiz(request: HttpRequest, pk: int) -> Quiz:
    """Asked by learners first: a whole department may open a quiz within a minute."""
    quizzes = Quiz.objects.select_related("module__track")
    own = quiz_taken(pk=pk, user=request.user)
    return own or get_object_or_404(quizzes.visible_to(request.user), pk=pk)


def _own_attempt(request: HttpRequest, pk: UUID) -> Attempt:
    mine = Attempt.objects.visible_to(request.user)
    return get_object_or_404(mine.select_related("quiz__module__track"), pk=pk)


def _questions(
    request: HttpRequest, found: Attempt, *, page: int, at: datetime, form: AnswersForm | None = None
) -> HttpResponse:
    typed = form.as_typed() if form else Typed()
    parts = parts_on(found, page, typed=typed)
    context = _frame(found, at) | {
        "form": form,
        "page": page,
        "parts": parts,
        "checks": found.quiz.feedback == Quiz.Feedback.AFTER_EACH
        and any(isinstance(part, Asked) for part in parts),
    }
    return render(request, "assessments/attempt.html", context, status=422 if form else 200)


def _frame(found: Attempt, at: datetime) -> dict[str, Any]:
    """What every page during an attempt shows around its questions."""
    marks = marks_of(found)
    return {
        "attempt": found,
        "quiz": found.quiz,
        "marks": marks,
        "pages": range(1, found.pages + 1),
        "answered": sum(mark.answered for mark in marks),
        "unanswered": [mark for mark in marks if not mark.answered],
        "flagged": [mark for mark in marks if mark.flagged],
        "now_ms": _milliseconds(at),
        "deadline_ms": _milliseconds(found.deadline_at),
    }


def _page(wanted: str, found: Attempt) -> int:
    """The number of a page of this attempt; the first where none is named."""
    if not wanted:
        return 1
    pages = {str(page): page for page in range(1, found.pages + 1)}
    if wanted not in pages:
        raise Http404
    return pages[wanted]


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
