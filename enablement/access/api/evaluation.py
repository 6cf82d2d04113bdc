"""`/access/v1/evaluation` and `/evaluations` (AuthZEN 1.0). A deny is 200 with `decision: false`."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from enablement.access.api.door import DecisionPointView, recorded, validated
from enablement.access.api.serializers import (
    EvaluationSerializer,
    EvaluationsSerializer,
    OptionsSerializer,
    answer,
    as_call,
    unreadable,
)
from enablement.access.services.decisions import Semantic, decide_call, decide_calls

MAX_EVALUATIONS = 100
_ENTITIES = ("subject", "action", "resource", "context")


class EvaluationView(DecisionPointView):
    @extend_schema(request=EvaluationSerializer, responses={200: dict})
    def post(self, request: Request) -> Response:
        return self.evaluate(request.data)

    def evaluate(self, data: Any) -> Response:
        call = as_call(_read(data))
        with recorded():
            decision = decide_call(
                call=call, caller=self.caller, at=timezone.now(), request_id=self.request_id
            )
        return Response(answer(decision))


class EvaluationsView(EvaluationView):
    """A batch: what stands at the top is the default of every evaluation that does not say otherwise."""

    @extend_schema(request=EvaluationsSerializer, responses={200: dict})
    def post(self, request: Request) -> Response:
        data: Any = request.data
        evaluations = data.get("evaluations") if isinstance(data, Mapping) else None
        if not evaluations:
            return self.evaluate(data)
        _check(evaluations)
        semantic = Semantic(
            validated(OptionsSerializer(data=data.get("options", {})))["evaluations_semantic"]
        )
        defaults = {name: data[name] for name in _ENTITIES if name in data}
        asked = [EvaluationSerializer(data=_with_defaults(one, defaults)) for one in evaluations]
        calls = [as_call(one.validated_data) if one.is_valid() else None for one in asked]
        with recorded():
            decisions = decide_calls(
                calls=calls,
                caller=self.caller,
                at=timezone.now(),
                semantic=semantic,
                request_id=self.request_id,
            )
        answers = [
            unreadable(one.errors) if decision is None else answer(decision)
            for one, decision in zip(asked, decisions, strict=False)
        ]
        return Response({"evaluations": answers})


@cache
def _kept() -> EvaluationSerializer:
    """Its fields are made once a process; nothing of a request stays in it."""
    return EvaluationSerializer()


def _read(data: Any) -> Any:
    """The data of a sound request; of another one, a serializer of its own says what is wrong."""
    try:
        return _kept().run_validation(data)
    except ValidationError:
        return validated(EvaluationSerializer(data=data))


def _check(evaluations: Any) -> None:
    if not isinstance(evaluations, list):
        raise ValidationError({"evaluations": [_("Expected a list.")]})
    if len(evaluations) > MAX_EVALUATIONS:
        message = _("Expected at most %(most)d evaluations, got %(count)d.")
        counts = {"most": MAX_EVALUATIONS, "count": len(evaluations)}
        raise ValidationError({"evaluations": [message % counts]})


def _with_defaults(one: Any, defaults: Mapping[str, Any]) -> Any:
    return {**defaults, **one} if isinstance(one, Mapping) else one
