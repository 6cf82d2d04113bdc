"""Versions of the tools behind shadow mode, and the word of who declares one material."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from assessments.forms.shadow import ReasonForm
from assessments.models import ShadowPool
from assessments.selectors.versions import carried_over, pool_versions
from assessments.services import shadow as service
from assessments.views.signed_in import me
from tracks.errors import Refused

may_declare = permission_required("assessments.declare_material", raise_exception=True)


@require_GET
@never_cache
@may_declare
def versions(request: HttpRequest) -> HttpResponse:
    return render(request, "assessments/versions.html", {"pools": pool_versions(at=timezone.now())})


@require_http_methods(["GET", "POST"])
@never_cache
@may_declare
def material(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Asks for the reason first, and says how many people lose their agreement by it."""
    pool = get_object_or_404(ShadowPool.objects.live().select_related("track"), pk=pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            service.declare_material(
                pool=pool, reason=form.cleaned_data["reason"], actor=me(request), at=timezone.now()
            )
        except Refused as refused:
            messages.error(request, refused.message)
        else:
            messages.success(request, _("Agreement with earlier versions is suspended."))
        return redirect("tool_versions")
    context = {"pool": pool, "form": form, "carried": carried_over(pool=pool, at=timezone.now())}
    return render(request, "assessments/version_material.html", context, status=422 if form.errors else 200)
