"""Pages of who answers for a pool: how agreement is, cases from a file, and cases that are dropped."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from assessments.case_files import COLUMNS
from assessments.charts import Share, intervals
from assessments.forms.shadow import CaseFileForm, CaseImportForm, ReasonForm
from assessments.models import Route, ShadowCase, ShadowPool
from assessments.selectors.disputes import Dispute, disputed_cases, disputes
from assessments.selectors.pool_agreement import PoolAgreement, pool_agreement
from assessments.services import shadow as service
from assessments.services.agreement import floored
from assessments.services.shadow.judges import judges_of
from assessments.views.judgements import may_judge
from assessments.views.signed_in import me
from tracks.csv_files import CsvFaults
from tracks.errors import Refused
from tracks.words import percent

may_own = permission_required("assessments.own_pools", raise_exception=True)


@require_GET
@never_cache
@may_judge
def agreement(request: HttpRequest, pk: UUID) -> HttpResponse:
    pool = _pool(request, pk)
    found = pool_agreement(pool, viewer=me(request), at=timezone.now())
    total, raters = found.agreement, found.raters.agreement
    context = {
        "pool": pool,
        "found": found,
        "owner": me(request).has_perm("assessments.own_pools"),
        "kappa": floored(total.kappa) if total is not None and total.kappa is not None else None,
        "raters_kappa": floored(raters.kappa) if raters is not None and raters.kappa is not None else None,
        "routes": [route.label for route in Route],
        "decision_rows": list(zip([route.label for route in Route], found.decisions, strict=True)),
        "usability_rows": list(zip([_("Usable"), _("Not usable")], found.usability, strict=True)),
        "chart": _learners_chart(found),
        "tool_chart": _tool_chart(found),
    }
    return render(request, "assessments/agreement.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
@may_own
def import_cases(request: HttpRequest, pk: UUID) -> HttpResponse:
    """First the file, then the plan, then the change: the last two steps carry the same lines."""
    pool = _pool(request, pk)
    form = CaseFileForm()
    context: dict[str, Any] = {"pool": pool, "columns": COLUMNS}
    try:
        if "fingerprint" in request.POST:
            confirmed = CaseImportForm(request.POST)
            if confirmed.is_valid():
                return _imported(request, pool, confirmed.cleaned_data)
        elif request.method == "POST":
            form = CaseFileForm(request.POST, request.FILES)
            if form.is_valid():
                return _import_plan(request, pool, form.cleaned_data["content"])
    except CsvFaults as error:
        context["faults"] = error.faults
    except (Refused, ValidationError) as error:
        context["refused"] = error.message
    status = 422 if form.errors or len(context) > len(("pool", "columns")) else 200
    return render(request, "assessments/cases_upload.html", context | {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
@never_cache
@may_own
def drop(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A case on which two judges differ, and the reason why no third one is asked."""
    pools = ShadowPool.objects.all().judged_by(me(request))
    case = get_object_or_404(ShadowCase.objects.blind().select_related("pool"), pk=pk, pool__in=pools)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            service.drop_case(
                case=case, reason=form.cleaned_data["reason"], actor=me(request), at=timezone.now()
            )
        except Refused as refused:
            messages.error(request, refused.message)
        else:
            messages.success(request, _("The case is dropped, and the learners' samples with it."))
        return redirect("agreement", case.pool_id)
    dispute = _dispute(request, case)
    if dispute is None:
        messages.info(request, _("The judges of this case do not differ any more."))
        return redirect("agreement", case.pool_id)
    context = {"case": case, "pool": case.pool, "dispute": dispute, "form": form}
    return render(request, "assessments/case_drop.html", context, status=422 if form.errors else 200)


def _dispute(request: HttpRequest, case: ShadowCase) -> Dispute | None:
    if not disputed_cases(case.pool).filter(pk=case.pk).exists():
        return None
    found = disputes(pool=case.pool, judges=list(judges_of(case.pool)), viewer=me(request))
    return next((each for each in found if each.case.pk == case.pk), None)


def _pool(request: HttpRequest, pk: UUID) -> ShadowPool:
    pools = ShadowPool.objects.all().judged_by(me(request))
    return get_object_or_404(pools.select_related("track"), pk=pk)


def _import_plan(request: HttpRequest, pool: ShadowPool, content: bytes) -> HttpResponse:
    plan = service.plan_import(pool=pool, content=content, actor=me(request))
    again = {"content": content.decode("utf-8-sig"), "fingerprint": plan.fingerprint}
    context = {"pool": pool, "plan": plan, "form": CaseImportForm(initial=again)}
    return render(request, "assessments/cases_plan.html", context)


def _imported(request: HttpRequest, pool: ShadowPool, confirmed: dict[str, Any]) -> HttpResponse:
    plan = service.import_cases(
        pool=pool,
        content=confirmed["content"].encode(),
        fingerprint=confirmed["fingerprint"],
        actor=me(request),
        at=timezone.now(),
    )
    messages.success(
        request,
        _("%(added)d cases added, %(twice)d left out.")
        % {"added": len(plan.added), "twice": len(plan.twice)},
    )
    return redirect(reverse("agreement", args=[pool.pk]))


def _learners_chart(found: PoolAgreement) -> str:
    """Everybody's latest look beside all samples together; nothing where nothing is scored."""
    rows = [
        Share(
            label=str(row.learner),
            share=Decimal(row.look.agreed) / row.look.n,
            lower=row.look.lower,
            upper=row.look.upper,
            text=f"{row.look.agreed} / {row.look.n}",
        )
        for row in found.learners
        if row.look is not None
    ]
    total = found.agreement
    if total is not None:
        all_samples = Share(
            label=_("All samples"),
            share=Decimal(total.agreed) / total.n,
            lower=total.interval.lower,
            upper=total.interval.upper,
            text=f"{total.agreed} / {total.n}",
        )
        rows.insert(0, all_samples)
    if not rows:
        return ""
    to_reach = percent(found.pool.mark_lower)
    return intervals(
        title=_("Agreement with quality assurance"),
        description=_(
            "For all samples and for each learner's latest look: the share on which both agree, with its "
            "95 %% interval. The lower bound has to reach %(percent)s %%."
        )
        % {"percent": to_reach},
        rows=rows,
        mark=found.pool.mark_lower,
        mark_text=_("%(percent)s %% to pass") % {"percent": to_reach},
    )


def _tool_chart(found: PoolAgreement) -> str:
    figure = found.fitness
    if figure.interval is None:
        return ""
    row = Share(
        label=found.pool.tool,
        share=Decimal(figure.usable) / figure.settled,
        lower=figure.interval.lower,
        upper=figure.interval.upper,
        text=f"{figure.usable} / {figure.settled}",
    )
    return intervals(
        title=_("Usable outputs of the tool"),
        description=_(
            "The share of its outputs that quality assurance found usable, with its 95 % interval."
        ),
        rows=[row],
    )
