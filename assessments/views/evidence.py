"""Evidence and starter files: as downloads, and to look at on a page of ours where nothing of them runs."""

from uuid import UUID

from csp.constants import SELF
from csp.decorators import csp_update
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from assessments.models import EvidenceFile
from assessments.selectors.viewing import read_text
from assessments.views.signed_in import me
from tracks.models import Cohort, Enrolment, Mentorship, StarterFile

#: Nothing in a file may load, run, submit or be framed elsewhere.
_NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; sandbox"
# A browser's own PDF viewer does not start in a sandbox; it is one itself, and needs its own styles.
_PDF = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'self'"
)


@require_GET
def evidence_file(request: HttpRequest, pk: UUID) -> FileResponse:
    """A download that no browser runs: never inline, never sniffed, in a sandbox that allows nothing."""
    return _file(_visible(request, pk), policy=_NOTHING, download=True)


@require_GET
@never_cache
@csp_update({"frame-src": [SELF]})  # type: ignore[arg-type]  # its types know views without arguments alone
def evidence_view(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The file on a page of ours: text as text, an image or a PDF in a frame; others are only downloads."""
    file = _visible(request, pk)
    if not file.viewed_as:
        raise Http404
    text = ""
    if file.viewed_as == "text":
        try:
            text = read_text(file)
        except FileNotFoundError as error:
            raise Http404 from error
    context = {"file": file, "submission": file.submission, "text": text}
    return render(request, "assessments/evidence_view.html", context)


@require_GET
def evidence_inline(request: HttpRequest, pk: UUID) -> FileResponse:
    """An image or a PDF for the page above; anything else is 404 here, whatever it is called."""
    file = _visible(request, pk)
    if file.viewed_as not in {"image", "pdf"}:
        raise Http404
    if file.viewed_as == "image":
        return _file(file, policy=_NOTHING, download=False)
    response = _file(file, policy=_PDF, download=False)
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response


@require_GET
def starter_file(request: HttpRequest, pk: int, sha256: str, name: str) -> HttpResponse:
    """For who learns on the lab's track, mentors there or runs a cohort on it; also one replaced since."""
    file = get_object_or_404(
        StarterFile.objects.select_related("lab__module"), lab=pk, sha256=sha256, name=name
    )
    track = file.lab.module.track_id
    learns = Enrolment.objects.live().filter(user=me(request), track=track)
    mentors = Mentorship.objects.all().answered_by(me(request), timezone.now())
    runs = Cohort.objects.all().run_by(me(request)).filter(track=track)
    if not (learns.exists() or mentors.filter(enrolment__track=track).exists() or runs.exists()):
        raise Http404
    return HttpResponse(
        file.body,
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": content_disposition_header(as_attachment=True, filename=file.name) or "",
            "Content-Security-Policy": _NOTHING,
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, max-age=3600",
        },
    )


def _visible(request: HttpRequest, pk: UUID) -> EvidenceFile:
    visible = EvidenceFile.objects.all().visible_to(me(request))
    return get_object_or_404(visible.select_related("submission__lab", "submission__enrolment__user"), pk=pk)


def _file(file: EvidenceFile, *, policy: str, download: bool) -> FileResponse:
    try:
        content = file.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(
        content, as_attachment=download, filename=file.name, content_type=file.content_type
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = policy
    response["Cache-Control"] = "private, no-store"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
