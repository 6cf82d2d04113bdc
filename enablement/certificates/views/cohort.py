"""The certificates of a cohort, for who runs it."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from enablement.certificates import services
from enablement.certificates.forms import RevokeForm
from enablement.certificates.models import Certificate
from enablement.people.requests import PersonRequest
from tracks.errors import Refused
from tracks.models import Cohort

PAGE_SIZE = 25


@require_safe
@never_cache
def cohort_certificates(request: PersonRequest, cohort_id: UUID) -> HttpResponse:
    runs = Cohort.objects.all().run_by(request.user).select_related("track")
    cohort = get_object_or_404(runs, pk=cohort_id)
    certificates = Certificate.objects.filter(enrolment__cohort=cohort).order_by("person_name", "issued_at")
    page = Paginator(certificates, PAGE_SIZE).get_page(request.GET.get("page"))
    at = timezone.now()
    rows = [(certificate, certificate.state(at=at)) for certificate in page]
    return render(request, "certificates/cohort.html", {"cohort": cohort, "page": page, "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def certificate_revoke(request: PersonRequest, public_id: str) -> HttpResponse:
    certificates = Certificate.objects.run_by(request.user).select_related("enrolment__cohort")
    certificate = get_object_or_404(certificates, public_id=public_id)
    form = RevokeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            services.revoke(
                certificate=certificate,
                reason=form.cleaned_data["reason"],
                actor=request.user,
                at=timezone.now(),
            )
        except Refused as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _("The certificate is revoked."))
            return redirect("cohort_certificates", certificate.enrolment.cohort_id)
    return render(request, "certificates/revoke.html", {"certificate": certificate, "form": form})
