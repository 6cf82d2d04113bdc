"""`/access/v1/requests`: a gateway asks a person, and looks whether they have decided.

Only what a decision on the very same call would require can be asked for. A token asks; it never decides:
approvals are given, and reviews confirmed, by people who are signed in.
"""

import hashlib
import json
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from enablement.access import approvers
from enablement.access.api.door import DecisionPointView, recorded, validated
from enablement.access.api.serializers import REASONS, EvaluationSerializer, Name, as_call
from enablement.access.models import ApprovalRequest, ApprovalStep
from enablement.access.models.approval import PURPOSE_MAX, Kind
from enablement.access.services import approvals
from enablement.people.models.api_token import ApiToken, Scope

KEY, KEY_LENGTH = "Idempotency-Key", 255


class Unprocessable(APIException):
    status_code = 422


class UnderWay(APIException):
    """The first call with this key has not answered yet; `wait` becomes `Retry-After`, in seconds."""

    status_code, wait = 409, 1


class AskSerializer(EvaluationSerializer):
    """An evaluation, sent again in the same words to use what was approved. `purpose`: for the approver."""

    kind = serializers.ChoiceField(Kind.of_calls(), required=False)
    purpose = Name(required=False, max_length=PURPOSE_MAX, allow_blank=True)


class StepSerializer(serializers.Serializer[Any]):
    step = serializers.IntegerField()
    approver = serializers.CharField(help_text="Name of a role or an owner; `subject` in a review.")
    title = serializers.CharField()
    escalated_to = serializers.CharField(allow_blank=True)
    decision = serializers.ChoiceField(["", *ApprovalStep.Decision.values])


class LinksSerializer(serializers.Serializer[Any]):
    human = serializers.URLField(help_text="The page on which a person decides.")
    self = serializers.URLField()


class RequestSerializer(serializers.Serializer[Any]):
    """What a request says of itself; people's comments and names stay on the page."""

    id = serializers.UUIDField(help_text="Passed back as `context.approval` once it is approved.")
    kind = serializers.ChoiceField(Kind.of_calls())
    state = serializers.ChoiceField(ApprovalRequest.State.choices)
    required = serializers.ListField(  # type: ignore[assignment]  # as evaluations name it
        child=serializers.DictField(child=serializers.CharField())
    )
    input_sha256 = serializers.CharField()
    requested_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(help_text="Escalated then.")
    expires_at = serializers.DateTimeField(help_text="Undecided, it ends then; approved, use it before.")
    approvers = StepSerializer(many=True)
    links = LinksSerializer()


class RequestsView(DecisionPointView):
    required_scope = Scope.REQUEST

    @extend_schema(
        request=AskSerializer,
        responses={201: RequestSerializer, 200: RequestSerializer},
        parameters=[
            OpenApiParameter(KEY, str, OpenApiParameter.HEADER, description="Of this token, for 24 hours.")
        ],
    )
    def post(self, request: Request) -> Response:
        data = validated(AskSerializer(data=request.data))
        token = cast("ApiToken", request.auth)
        at = timezone.now()
        key, body = idempotency_key(request), json.dumps(request.data, sort_keys=True)

        def work() -> ApprovalRequest:
            return approvals.open_request(
                call=as_call(data),
                caller=self.caller,
                token=token,
                kind=data.get("kind", ""),
                purpose=data.get("purpose", ""),
                at=at,
            )

        try:
            with recorded():
                made, new = approvals.once(
                    token=token,
                    key=key,
                    body_sha256=hashlib.sha256(body.encode()).hexdigest(),
                    work=work,
                    at=at,
                )
        except approvals.CallDenied as denied:
            raise Unprocessable(str(REASONS[denied.reason]), denied.reason) from denied
        except approvals.KeyReused as error:
            raise Unprocessable(error.message, error.code) from error
        except approvals.InProgress as error:
            raise UnderWay(error.message, error.code) from error
        answer = _answer(made)
        headers = {"Location": answer["links"]["self"]}
        return Response(answer, status=201 if new else 200, headers=headers)


class RequestView(DecisionPointView):
    required_scope = Scope.REQUEST

    @extend_schema(responses={200: RequestSerializer})
    def get(self, request: Request, pk: UUID) -> Response:
        """For polling, by the token that asked; to every other token there is no such request."""
        return Response(_answer(get_object_or_404(ApprovalRequest, pk=pk, token=request.auth)))


def idempotency_key(request: Request) -> str:
    key: str = request.headers.get(KEY, "").strip()
    if len(key) > KEY_LENGTH:
        message = _("At most %(most)d characters.") % {"most": KEY_LENGTH}
        raise ValidationError({KEY: [message]})
    return key


def _answer(made: ApprovalRequest) -> dict[str, Any]:
    address = settings.SITE_URL
    titles = approvers.titles()
    steps = [
        {
            "step": step.number,
            "approver": step.approver or "subject",
            "title": titles(step.approver),
            "escalated_to": step.escalated_to,
            "decision": step.decision,
        }
        for step in made.steps.all()
    ]
    links = {
        "human": f"{address}{reverse('approval', args=[made.pk])}",
        "self": f"{address}{reverse('approval_request', args=[made.pk])}",
    }
    moments = {name: getattr(made, name).isoformat() for name in ("requested_at", "due_at", "expires_at")}
    return {
        "id": str(made.pk),
        "kind": made.kind,
        "state": made.state,
        "required": made.requirements,
        "input_sha256": made.input_sha256,
        **moments,
        "approvers": steps,
        "links": links,
    }
