"""What happens to a sign-off after it was given: the second signature, and its withdrawal."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from assessments import reviewers
from assessments.forms.labs import CountersignForm, WithdrawForm, as_validation_error
from assessments.models import SignOff
from assessments.selectors.labs import round_of, with_rounds
from assessments.services import labs
from assessments.views.signed_in import me
from tracks import markdown
from tracks.errors import Refused


@require_http_methods(["GET", "POST"])
@never_cache
@permission_required("assessments.review_labs", raise_exception=True)
def countersign(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The evidence, the first signer's marks, and one button: for who may give the second signature."""
    found = _visible(request, pk)
    at = timezone.now()
    if not reviewers.may_countersign(me(request), found, at):
        return redirect(found.submission)
    form = CountersignForm(request.POST or None, initial={"evidence_hash": found.evidence_hash})
    if request.method == "POST" and form.is_valid():
        shown = form.cleaned_data["evidence_hash"]
        try:
            labs.countersign(sign_off=found, evidence_hash=shown, actor=me(request), at=at)
        except Refused as refusal:
            form.add_errors(as_validation_error(refusal))
        else:
            messages.success(request, _("Signed: %(lab)s, %(name)s.") % _named(found))
            return redirect("review_queue")
    context = {
        "sign_off": found,
        "round": round_of(get_object_or_404(with_rounds(), pk=found.submission_id)),
        "lab": found.lab,
        "brief_html": markdown.render(found.lab.brief),
        "form": form,
    }
    return render(request, "assessments/countersign.html", context, status=409 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@never_cache
def withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    """For who signed, who reviews the learner, who runs the cohort, and who may sign second; else 404."""
    found = _visible(request, pk)
    if not reviewers.may_withdraw(me(request), found, timezone.now()):
        raise Http404
    if not found.open:
        return redirect(found.submission)
    form = WithdrawForm(request.POST or None)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            labs.withdraw_sign_off(sign_off=found, reason=reason, actor=me(request), at=timezone.now())
        except (Refused, ValidationError) as error:
            form.add_errors(as_validation_error(error))
        else:
            messages.success(request, _("The sign-off is withdrawn. The learner has a new round to work on."))
            return redirect(found.submission)
    context = {"sign_off": found, "form": form}
    return render(request, "assessments/review_withdraw.html", context, status=422 if form.errors else 200)


def _visible(request: HttpRequest, pk: UUID) -> SignOff:
    visible = SignOff.objects.all().visible_to(me(request))
    related = ("enrolment__cohort", "enrolment__track", "lab", "learner", "signer", "submission__enrolment")
    return get_object_or_404(visible.select_related(*related), pk=pk)


def _named(sign_off: SignOff) -> dict[str, object]:
    return {"lab": sign_off.lab, "name": sign_off.learner}
