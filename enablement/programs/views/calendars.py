"""One's sessions in one's own calendar: the address, shown once, and what it gives."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from enablement.people.requests import PersonRequest
from enablement.programs.calendars import calendar_of
from enablement.programs.models import CalendarAddress
from enablement.programs.selectors.sessions import in_calendar
from enablement.programs.services import end_calendar_address, make_calendar_address

#: How long a session stays in the file after its end.
KEPT = timedelta(days=90)


@require_POST
@never_cache
def calendar_make(request: PersonRequest) -> HttpResponse:
    """The answer holds the address: it is shown on this page, this once, and nowhere else."""
    token = make_calendar_address(actor=request.user, at=timezone.now())
    address = request.build_absolute_uri(reverse("calendar", args=[token]))
    return render(request, "programs/calendar_address.html", {"address": address})


@require_POST
def calendar_end(request: PersonRequest) -> HttpResponse:
    end_calendar_address(actor=request.user, at=timezone.now())
    messages.success(request, _("The calendar address no longer works."))
    return redirect("my_sessions")


@login_not_required
@require_safe
def calendar(_request: HttpRequest, token: str) -> HttpResponse:
    """For a calendar program, which cannot sign in: who has the address may read it."""
    address = CalendarAddress.objects.for_token(token).select_related("user").first()
    if address is None:
        raise Http404
    at = timezone.now()
    found = in_calendar(user=address.user, since=at - KEPT)
    response = HttpResponse(calendar_of(found, at=at), content_type="text/calendar; charset=utf-8")
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
