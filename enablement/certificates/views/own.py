"""A person's own certificates."""

from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from enablement.certificates import selectors, services
from enablement.certificates.models import Certificate
from enablement.people.requests import PersonRequest
from tracks.models import Enrolment


@require_safe
@never_cache
def my_certificates(request: PersonRequest) -> HttpResponse:
    found = selectors.achievements(user=request.user, at=timezone.now())
    return render(request, "certificates/my_certificates.html", {"achievements": found})


@require_POST
def certificate_request(request: PersonRequest, enrolment_id: UUID) -> HttpResponse:
    """Asks for the certificate of a completed track once more, where its job has failed."""
    completed = Enrolment.objects.filter(user=request.user, state=Enrolment.State.COMPLETED)
    enrolment = get_object_or_404(completed.select_related("user", "track"), pk=enrolment_id)
    job = services.request_certificate(enrolment=enrolment, at=timezone.now())
    return redirect("my_certificates") if job is None else redirect(job)


@require_POST
def certificate_name(request: PersonRequest, public_id: str) -> HttpResponse:
    """`show` is "yes" or "no": whether whoever verifies the certificate sees the name."""
    certificate = get_object_or_404(Certificate, user=request.user, public_id=public_id)
    show = request.POST.get("show") == "yes"
    services.show_name(certificate=certificate, show=show, actor=request.user, at=timezone.now())
    done = _("Your name is shown now.") if show else _("Your name is withheld now.")
    messages.success(request, done)
    return redirect("my_certificates")


@require_safe
@never_cache
def certificate_pdf(request: PersonRequest, public_id: str) -> FileResponse:
    """The sheet, for its holder and for who runs the cohort."""
    certificates = Certificate.objects.visible_to(request.user)
    certificate = get_object_or_404(certificates, public_id=public_id)
    name = f"{slugify(certificate.track_title)}-{slugify(certificate.person_name)}".strip("-")
    return FileResponse(
        certificate.file.open(),
        as_attachment=True,
        filename=f"{name or 'certificate'}.pdf",
        content_type="application/pdf",
    )
