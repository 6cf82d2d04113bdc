"""The page on which a mentor marks the answers in words of one attempt."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from assessments.forms.marking import MarkingForm
from assessments.models import Attempt
from assessments.selectors.marking import answers_to_mark
from assessments.services import attempts
from assessments.views.reviews import may_review
from assessments.views.signed_in import me
from tracks.errors import Refused


@require_http_methods(["GET", "POST"])
@never_cache
@may_review
def marking(request: HttpRequest, pk: UUID) -> HttpResponse:
    mine = Attempt.objects.all().markable_by(me(request)).select_related("quiz__module", "user", "enrolment")
    found = get_object_or_404(mine, pk=pk)
    if found.is_open:
        messages.error(request, _("This attempt is still running."))
        return redirect("review_queue")
    if found.state != Attempt.State.WAITING and request.method == "GET":
        messages.info(request, _("Nothing of this attempt waits for marks any more."))
        return redirect("review_queue")
    form = MarkingForm(request.POST or None, answers=answers_to_mark(found))
    status = 200
    if form.is_valid():
        status = 422
        try:
            attempts.mark(
                attempt=found, marks=form.marks, comments=form.comments, actor=me(request), at=timezone.now()
            )
        except ValidationError as error:
            form.add_errors(error)
        except Refused as refusal:
            messages.error(request, refusal.message)
            return redirect("review_queue")
        else:
            messages.success(request, _("%(name)s now has a result.") % {"name": found.user})
            return redirect("review_queue")
    context = {"attempt": found, "quiz": found.quiz, "learner": found.user, "form": form}
    return render(request, "assessments/attempt_marking.html", context, status=status)
