"""Pages of item analyses: for authors and for who runs cohorts; what is right only for authors."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from assessments.analysis_charts import GROUPS
from assessments.models import QuestionVersion, Quiz
from assessments.selectors import analysis as selectors
from assessments.services import item_analysis as service
from assessments.views.questions import authors_only
from assessments.views.signed_in import me
from tracks.errors import Refused


@require_GET
@never_cache
def analyses(request: HttpRequest) -> HttpResponse:
    _ensure_may(request)
    return render(request, "assessments/analyses.html", {"quizzes": selectors.quizzes_to_analyse()})


@require_http_methods(["GET", "POST"])
@never_cache
def analysis(request: HttpRequest, pk: int) -> HttpResponse:
    """The latest figures of one quiz; posting asks for new ones."""
    _ensure_may(request)
    quiz = get_object_or_404(Quiz.objects.select_related("module__track", "bank"), pk=pk)
    if request.method == "POST":
        try:
            service.request(quiz=quiz, actor=me(request), at=timezone.now())
        except Refused as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, _("A job works it out. Reload this page in a moment."))
        return redirect("analysis", pk=pk)
    context = {
        "quiz": quiz,
        "page": selectors.analysis_page(quiz),
        "is_author": me(request).has_perm("assessments.author_questions"),
    }
    return render(request, "assessments/analysis.html", context)


@require_GET
@never_cache
@authors_only
def item(request: HttpRequest, pk: int, version_pk: int) -> HttpResponse:
    """One version of a question, with what is right: for authors alone."""
    quiz = get_object_or_404(Quiz.objects.select_related("module__track"), pk=pk)
    versions = QuestionVersion.objects.select_related("question__bank")
    version = get_object_or_404(versions, pk=version_pk, question__bank=quiz.bank_id)
    latest = quiz.analyses.filter(finished_at__isnull=False).first()
    page = selectors.item_page(latest, version) if latest else None
    if page is None:
        raise Http404
    context = {
        "quiz": quiz,
        "analysis": latest,
        "version": version,
        "page": page,
        "legend": [
            {"label": label, "key": f"s{series}"}
            for label, series in zip(selectors.group_names(), GROUPS, strict=True)
        ],
    }
    return render(request, "assessments/analysis_item.html", context)


def _ensure_may(request: HttpRequest) -> None:
    if not service.may_analyse(me(request)):
        raise PermissionDenied
