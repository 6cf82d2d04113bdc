"""How long words are kept, what keeps them longer, and what was removed for somebody."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from enablement.access import selectors_retention
from enablement.access.models import LegalHold
from enablement.access.retention_forms import HoldForm
from enablement.access.services import retention
from enablement.access.services.decision_log import note_reading
from enablement.access.views.control import done, with_reason
from enablement.people.models import User
from enablement.people.requests import PersonRequest

_reads_evidence = permission_required("ledger.view_ledgerentry", raise_exception=True)
_holds = permission_required("access.hold_records", raise_exception=True)
_erases = permission_required("access.erase_content", raise_exception=True)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@_reads_evidence
def records(request: PersonRequest) -> HttpResponse:
    """What is in force; POST places a hold."""
    may_hold = request.user.has_perm("access.hold_records")
    if request.method == "POST" and not may_hold:
        raise PermissionDenied
    form = HoldForm(request.POST if request.method == "POST" else None) if may_hold else None
    if form is not None and form.is_valid():
        step = lambda: retention.place_hold(**form.cleaned_data, actor=request.user, at=timezone.now())  # noqa: E731
        if done(form, step):
            messages.success(request, _("Nothing under this hold is removed from now on."))
            return redirect("access_records")
    note_reading(kind="records", what="page", wanted={}, actor=request.user, at=timezone.now())
    context = {"form": form, **selectors_retention.overview(at=timezone.now())}
    status = 422 if form is not None and form.errors else 200
    return render(request, "access/records.html", context, status=status)


@require_http_methods(["GET", "POST"])
@_holds
def end_hold(request: PersonRequest, pk: UUID) -> HttpResponse:
    holds = LegalHold.objects.live().select_related("person", "microtool")
    found = get_object_or_404(holds, pk=pk)
    return with_reason(
        request,
        step=lambda words: retention.end_hold(
            hold=found, reason=words, actor=request.user, at=timezone.now()
        ),
        done_text=_("The hold has ended."),
        title=_("End the hold on %(what)s?") % {"what": found},
        text=_("What is past its time under it is removed in the next night. Held because: %(reason)s")
        % {"reason": found.reason},
        submit=_("End the hold"),
        back=reverse("access_records"),
    )


@require_http_methods(["GET", "POST"])
@_erases
def erase(request: PersonRequest, user_id: UUID) -> HttpResponse:
    person = get_object_or_404(User, pk=user_id)
    return with_reason(
        request,
        step=lambda words: retention.erase(
            person=person, reason=words, actor=request.user, at=timezone.now()
        ),
        done_text=_("The words of %(person)s are gone.") % {"person": person},
        title=_("Erase what %(person)s wrote?") % {"person": person},
        text=_(
            "Prompts, outputs, purposes and comments are removed for good, and so are the evidence of their "
            "labs, the reasons for their decisions and appeals, and their answers to surveys in words. "
            "Marks, sign-offs, and who decided what, when, why and by which rule stay in the record; where "
            "somebody's reason names them, the name goes."
        ),
        submit=_("Erase it for good"),
        back=reverse("access_person", args=[person.pk]),
        kind="danger",
    )
