"""The page on which a person confirms a policy."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from enablement.access.services.attesting import attest, find_statement
from enablement.people.requests import PersonRequest
from tracks.errors import Refused


@require_http_methods(["GET", "POST"])
def attestation(request: PersonRequest, track: str, policy: str) -> HttpResponse:
    statement = find_statement(user=request.user, track=track, policy=policy)
    if statement is None:
        raise Http404
    status = 200
    if request.method == "POST":
        sha256 = request.POST.get("sha256", "")
        try:
            attest(statement=statement, sha256=sha256, actor=request.user, at=timezone.now())
        except Refused as refused:
            messages.error(request, refused.message)
            status = 409
        else:
            messages.success(request, _("Your word is on record."))
            return redirect("my_path")
    return render(request, "access/attestation.html", {"statement": statement}, status=status)
