"""LiteLLM's generic guardrail: `/access/v1/litellm/beta/litellm_basic_guardrail_api`.

LiteLLM takes any reply but `BLOCKED` as leave to go on, so every reply of this door, errors too, says
`BLOCKED` or `NONE`. The tool is the one that the token is bound to: what a request names could have been put
there by its user. So could an end user's id; the person is the owner of the virtual key.
"""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from enablement.access.api.door import DecisionPointView, recorded
from enablement.access.api.serializers import REASONS, ContextSerializer
from enablement.access.decisions.verdict import Call
from enablement.access.services.decisions import decide_call
from enablement.people.api.authentication import ApiKeyAuthentication, TokenAuthentication

#: What the guardrail sees before the model answers, and after.
ACTIONS = {"request": "invoke", "response": "apply"}
NARROWING = ("region", "prompt", "workflow_id")


class KeySerializer(serializers.Serializer[Any]):
    """Of LiteLLM's `request_data`: whose virtual key it is."""

    user_api_key_user_email = serializers.CharField(required=False, allow_null=True, allow_blank=True)
    user_api_key_user_id = serializers.CharField(required=False, allow_null=True, allow_blank=True)


class GuardrailSerializer(serializers.Serializer[Any]):
    texts = serializers.ListField(child=serializers.CharField(allow_blank=True), default=list)
    input_type = serializers.ChoiceField(sorted(ACTIONS))
    request_data = KeySerializer()
    litellm_call_id = serializers.CharField(required=False, allow_null=True, max_length=200)
    additional_provider_specific_params = serializers.DictField(required=False, allow_null=True)


class GuardrailView(DecisionPointView):
    authentication_classes = (TokenAuthentication, ApiKeyAuthentication)

    @extend_schema(request=GuardrailSerializer, responses={200: dict})
    def post(self, request: Request) -> Response:
        [*microtools] = self.caller.reach.microtools
        if len(microtools) != 1:
            return _blocked(_("This token has to be bound to exactly one tool."))
        serializer = GuardrailSerializer(data=request.data)
        if not serializer.is_valid():
            return _blocked(_("This request cannot be read."))
        asked = serializer.validated_data
        context = ContextSerializer(data=_context(asked))
        if not context.is_valid():
            return _blocked(_("This request says something that cannot be judged."))
        key = asked["request_data"]
        call = Call(
            subject=key.get("user_api_key_user_email") or key.get("user_api_key_user_id") or "",
            microtool=microtools[0],
            action=ACTIONS[asked["input_type"]],
            **context.validated_data,
        )
        with recorded():
            decision = decide_call(
                call=call,
                caller=self.caller,
                at=timezone.now(),
                request_id=self.request_id or asked.get("litellm_call_id") or "",
            )
        if not decision.verdict.decision:
            return _blocked(str(REASONS[decision.verdict.reason]))
        return Response({"action": "NONE"})

    def handle_exception(self, exc: Exception) -> Response:
        response = super().handle_exception(exc)
        response.data |= {"action": "BLOCKED", "blocked_reason": response.data["detail"]}
        return response


def _context(asked: dict[str, Any]) -> dict[str, Any]:
    """What narrows the question; for an answer of the model also its words, which decide who has to look."""
    extra = asked.get("additional_provider_specific_params") or {}
    context = {name: extra[name] for name in NARROWING if name in extra}
    return context | ({"text": "\n".join(asked["texts"])} if asked["input_type"] == "response" else {})


def _blocked(reason: str) -> Response:
    return Response({"action": "BLOCKED", "blocked_reason": reason})
