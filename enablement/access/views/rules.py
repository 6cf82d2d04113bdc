"""A page on which rules are read and tried out."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from enablement.access.decisions.approval_rule import parse
from enablement.access.decisions.verdict import Call
from enablement.access.models import Microtool, Policy
from enablement.access.overlays import Place
from enablement.access.rework import rule_of
from enablement.access.rule_forms import ExampleForm, ToolForm
from enablement.access.services.decisions.supposing import suppose
from enablement.access.views import rule_parts
from enablement.people.requests import PersonRequest


@require_http_methods(["GET", "POST"])
@permission_required("access.explain_rules", raise_exception=True)
def rules(request: PersonRequest) -> HttpResponse:
    """POST decides an example; it changes nothing, and keeps what was typed out of addresses and logs."""
    tools = Microtool.objects.live().select_related("track__role")
    key = request.GET.get("tool", "")
    tool = get_object_or_404(tools, key=key) if key else tools.first()
    if tool is None:
        return render(request, "access/rules.html", {"tool": None})
    form = ExampleForm(request.POST or None, tool=tool)
    valid = form.is_valid()
    rule = form.cleaned_data["rule"] if valid else tool.approval_rule
    policy = Policy.objects.first()
    in_force = policy.yellow_zone_terms if policy else []
    context = {
        "tool": tool,
        "tool_form": ToolForm(initial={"tool": tool.key}),
        "form": form,
        "policy": policy,
        "terms": form.cleaned_data["terms"] if valid else in_force,
        "sentence": rule_parts.sentence(parse(rule)) if rule else "",
        "rework": rule_of(tool),
        "answer": _answer(form, tool) if valid else None,
    }
    return render(request, "access/rules.html", context, status=422 if form.errors else 200)


def _answer(form: ExampleForm, tool: Microtool) -> rule_parts.Answer:
    said, at = form.cleaned_data, timezone.now()
    call = Call(
        subject="",
        microtool=tool.key,
        region=said["region"] or None,
        action=said["action"],
        prompt=said["prompt"] or None,
        workflow_id=said["workflow"] or None,
        confidence=said["confidence"],
        text=said["text"] or None,
    )
    supposed = suppose(
        call=call,
        role=said["role"],
        place=Place(said["works_in"], said["line"]),
        approval_rule=said["rule"],
        yellow_zone_terms=said["terms"],
        at=at,
    )
    return rule_parts.answer(supposed, track=tool.track, at=at)
