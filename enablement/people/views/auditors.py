"""Who may read the record for a time; compliance gives it and ends it."""

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_POST

from enablement.people import services
from enablement.people.models import AuditorAccess
from enablement.people.models.auditor_access import REASON_MAX
from enablement.people.person_field import PersonField
from enablement.people.requests import PersonRequest
from tracks.day_field import DayField
from tracks.errors import Refused

SHOWN = 50
_gives = permission_required("people.give_auditor_access", raise_exception=True)


class AuditorForm(forms.Form):
    """As the service takes it: the last day, in the zone of who gives, is included."""

    person = PersonField(
        label=_lazy("Who"),
        help_text=_lazy("The e-mail address of their account; the roster makes one, without any role."),
    )
    reason = forms.CharField(
        label=_lazy("What for"), max_length=REASON_MAX, widget=forms.Textarea(attrs={"rows": 2})
    )
    last = DayField(label=_lazy("Last day"))

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        last = data.pop("last", None)
        if last is not None:
            data["ends_at"] = timezone.make_aware(datetime.combine(last + timedelta(days=1), time.min))
        return data


@require_http_methods(["GET", "HEAD", "POST"])
@_gives
def auditors(request: PersonRequest) -> HttpResponse:
    """Who may read now, and who could; POST lets somebody in."""
    now = timezone.now()
    form = AuditorForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            services.give_auditor_access(**form.cleaned_data, actor=request.user, at=now)
        except Refused as refused:
            form.add_error(None, refused.message)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, _("They may read the record from now on."))
            return redirect("auditors")
    rows = AuditorAccess.objects.select_related("person", "given_by", "ended_by")
    live = list(rows.live(at=now))
    over = rows.exclude(pk__in=[access.pk for access in live])[:SHOWN]
    context = {"form": form, "live": live, "over": over}
    return render(request, "people/auditors.html", context, status=422 if form.errors else 200)


@require_POST
@_gives
def auditor_end(request: PersonRequest, pk: UUID) -> HttpResponse:
    access = get_object_or_404(AuditorAccess.objects.live(at=timezone.now()), pk=pk)
    try:
        services.end_auditor_access(access=access, actor=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("They may no longer read the record."))
    return redirect("auditors")
