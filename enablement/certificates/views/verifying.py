"""The page behind the QR code: for anybody, signed in or not."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from enablement.certificates.models import Certificate


@login_not_required
@require_safe
def verify_certificate(request: HttpRequest, public_id: str) -> HttpResponse:
    """What the certificate is worth now. A revoked one says so and is never "not found"."""
    certificate = Certificate.objects.filter(public_id=public_id.lower()).first()
    if certificate is None:
        response = render(request, "certificates/unknown.html", {"public_id": public_id}, status=404)
    else:
        context = {"certificate": certificate, "state": certificate.state(at=timezone.now())}
        response = render(request, "certificates/verify.html", context)
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
