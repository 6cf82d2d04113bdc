"""AuthZEN requests and answers (OpenID Authorization API 1.0, access evaluation)."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from enablement.access.decisions.verdict import Call
from enablement.access.services.decisions import Decision, Semantic
from enablement.access.services.decisions.searching import MAX_LIMIT
from enablement.access.services.decisions.spending import Offer

SUBJECT_TYPE, RESOURCE_TYPE = "user", "microtool"
MAX_TEXT = 20_000
MAX_APPROVALS, MAX_APPROVAL_ID = 10, 100
REASONS = {
    "emergency_access": _("Two people opened this tool for you for some hours. It is reviewed afterwards."),
    "granted": _("You have shown that you can use this tool."),
    "no_policy_in_force": _("No playbook is in force yet, so every tool is closed."),
    "unknown_subject": _("This person is not known here."),
    "inactive_subject": _("This account is closed."),
    "unknown_microtool": _("This tool is not known here."),
    "microtool_not_allowed": _("The token that asked does not reach this tool."),
    "retired_microtool": _("This tool is no longer in use."),
    "unknown_action": _("Only the actions invoke and apply can be asked for."),
    "region_not_allowed": _("This tool may not be used from that region."),
    "region_missing": _(
        "For this person not every region is allowed, and the caller does not say which one."
    ),
    "person_outside_regions": _("The person works in a region where this tool may not be used."),
    "microtool_stopped": _("This tool is stopped for everybody at the moment."),
    "region_stopped": _("Tools are stopped in this region at the moment."),
    "model_stopped": _("This model is stopped at the moment, or the caller does not say which one it is."),
    "gate_not_met": _("Something is still missing before this tool opens; the list says what."),
    "grant_suspended": _("Access to this tool is suspended."),
    "grant_awaits_a_person": _("Everything is shown; somebody still has to open this tool for you."),
    "grant_expired": _("Access to this tool has lapsed and needs to be renewed."),
    "prompt_not_held": _("This prompt does not belong to your role and this tool."),
    "activity_ruled_avoid": _("This activity is ruled out for the tool: a person does it."),
    "confidence_missing": _("The tool did not say how confident it is."),
    "confidence_blocked": _("The tool is not confident enough for its output to be used."),
    "text_missing": _("The output itself did not come with the question, and its words decide who looks."),
    "approval_required": _("Another person has to approve this first."),
    "review_required": _("Look at the output yourself before it is used."),
    "approval_unknown": _("The approval that was named is not known here."),
    "approval_not_for_this_call": _("The approval that was named is for another person, tool or output."),
    "approval_waiting": _(
        "The request still waits: for another person's decision, or for the user's own look at the output."
    ),
    "approval_rejected": _("The request was turned down."),
    "approval_withdrawn": _("The request was withdrawn."),
    "approval_expired": _("The approval has lapsed; ask again."),
    "approval_spent": _("The approval has been used already; ask again for another use."),
}


class Name(serializers.CharField):
    """Text as text: DRF would turn the number 5 into "5"."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=kwargs.pop("max_length", 255), **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError(_("Expected text."), code="invalid")
        return super().to_internal_value(data)


@extend_schema_field({"type": "number", "minimum": 0, "maximum": 1})
class Confidence(serializers.Field[Decimal, Any, Decimal, Any]):
    """A JSON number from 0 to 1, both included; text, booleans and NaN are refused."""

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, bool) or not isinstance(data, int | float):
            raise serializers.ValidationError(_("Expected a number from 0 to 1."), code="invalid")
        value = Decimal(str(data))
        if not value.is_finite() or not 0 <= value <= 1:
            raise serializers.ValidationError(_("Expected a number from 0 to 1."), code="invalid")
        return value

    def to_representation(self, value: Decimal) -> Any:
        return value


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})
class Approvals(serializers.Field[tuple[str, ...], Any, tuple[str, ...], Any]):
    """Ids of settled requests: one as text, or a list of at most ten; whether they hold is not asked here."""

    def to_internal_value(self, data: Any) -> tuple[str, ...]:
        ids = [data] if isinstance(data, str) else data
        if not isinstance(ids, list) or len(ids) > MAX_APPROVALS:
            raise serializers.ValidationError(_("Expected an id, or a list of at most ten."), code="invalid")
        if not all(isinstance(one, str) and len(one) <= MAX_APPROVAL_ID for one in ids):
            raise serializers.ValidationError(_("Expected ids of requests, as text."), code="invalid")
        return tuple(ids)

    def to_representation(self, value: tuple[str, ...]) -> Any:
        return list(value)


class SubjectSerializer(serializers.Serializer[Any]):
    """`properties` are accepted, as AuthZEN wants, and never listened to."""

    type = Name()
    id = Name()


class ResourceSerializer(serializers.Serializer[Any]):
    type = Name()
    id = Name()


class ActionSerializer(serializers.Serializer[Any]):
    name = Name()


class ContextSerializer(serializers.Serializer[Any]):
    region = Name(required=False)
    prompt = Name(required=False)
    confidence = Confidence(required=False)
    text = Name(required=False, max_length=MAX_TEXT, allow_blank=True, trim_whitespace=False)
    workflow_id = Name(required=False)
    model = Name(required=False)
    model_version = Name(required=False)
    approval = Approvals(required=False, source="approvals")


class EvaluationSerializer(serializers.Serializer[Any]):
    subject = SubjectSerializer()
    resource = ResourceSerializer()
    action = ActionSerializer()
    context = ContextSerializer(required=False)  # type: ignore[assignment]  # AuthZEN names it so


class KindSerializer(serializers.Serializer[Any]):
    """What a search looks for: its type; an `id` is ignored, as AuthZEN wants."""

    type = Name()


class OptionsSerializer(serializers.Serializer[Any]):
    evaluations_semantic = serializers.ChoiceField(
        [semantic.value for semantic in Semantic], default=Semantic.EXECUTE_ALL.value
    )


class EvaluationsSerializer(serializers.Serializer[Any]):
    """For the description of the API; the view reads evaluation by evaluation, so that one may fail alone."""

    subject = SubjectSerializer(required=False)
    resource = ResourceSerializer(required=False)
    action = ActionSerializer(required=False)
    context = ContextSerializer(required=False)  # type: ignore[assignment]
    options = OptionsSerializer(required=False)
    evaluations = EvaluationSerializer(many=True, required=False)


class PageSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(required=False, allow_blank=True, max_length=1_000, default="")
    limit = serializers.IntegerField(required=False, min_value=1, max_value=MAX_LIMIT)


class SubjectSearchSerializer(EvaluationSerializer):
    subject = KindSerializer()  # type: ignore[assignment]
    page = PageSerializer(required=False)


class ResourceSearchSerializer(EvaluationSerializer):
    resource = KindSerializer()  # type: ignore[assignment]
    page = PageSerializer(required=False)


class ActionSearchSerializer(serializers.Serializer[Any]):
    subject = SubjectSerializer()
    resource = ResourceSerializer()
    context = ContextSerializer(required=False)  # type: ignore[assignment]
    page = PageSerializer(required=False)


def as_call(data: Any) -> Call:
    """The call that validated data asks for; a subject or resource of another type is one we do not know."""
    subject, resource = data["subject"], data["resource"]
    return Call(
        subject=subject.get("id", "") if subject["type"] == SUBJECT_TYPE else "",
        microtool=resource.get("id", "") if resource["type"] == RESOURCE_TYPE else "",
        action=data.get("action", {}).get("name", ""),
        **data.get("context", {}),
    )


def answer(decision: Decision) -> dict[str, Any]:
    """The body of an answer; a deny is an answer too, with everything that is missing."""
    verdict = decision.verdict
    context: dict[str, Any] = {
        "id": str(decision.id),
        "outcome": verdict.outcome,
        "reason": verdict.reason,
        "reason_user": {"en": str(REASONS[verdict.reason])},
        "policy_revision": decision.policy_revision,
        "unmet_gates": [_gate(leaf) for leaf in verdict.unmet],
        "required": verdict.required,
    }
    if decision.offers:
        context["approvals"] = [_offer(offer) for offer in decision.offers]
    return {"decision": verdict.decision, "context": context}


def _offer(offer: Offer) -> dict[str, Any]:
    return {"id": str(offer.id) if offer.id else None, "reason": offer.refused or "settled"}


def unreadable(errors: Any) -> dict[str, Any]:
    """The answer to one call of a batch that is malformed: closed, and with what is wrong."""
    error = {"status": 400, "message": " ".join(_messages(errors))}
    return {"decision": False, "context": {"outcome": "deny", "reason": "malformed", "error": error}}


def _messages(errors: Any, place: str = "") -> Iterator[str]:
    """“subject.id: This field is required.”, and so on through nested errors."""
    if isinstance(errors, Mapping):
        for key, inner in errors.items():
            yield from _messages(inner, f"{place}.{key}" if place else str(key))
    else:
        yield from (f"{place}: {message}" for message in errors)


def _gate(leaf: dict[str, Any]) -> dict[str, str]:
    link = leaf.get("link") or ""
    return {
        "type": leaf["type"],
        "label": leaf["label"],
        "required": leaf["required"],
        "actual": leaf["actual"],
        "link": f"{settings.SITE_URL}{link}" if link else "",
    } | ({"asked_by": leaf["asked_by"]} if leaf.get("asked_by") else {})
