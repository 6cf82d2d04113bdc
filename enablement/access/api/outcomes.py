"""`/access/v1/decisions/{id}/outcome`: a gateway or a tool says what became of a decision.

`{id}` is `context.id` of the answer (`X-Decision-Id` at a proxy). A later report corrects an earlier one.
"""

from typing import Any, cast
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from enablement.access.api.door import DecisionPointView, ReportUnavailable, recorded, validated
from enablement.access.api.requests import KEY, Unprocessable, idempotency_key
from enablement.access.models import OutcomeReport
from enablement.access.models.outcome import MINUTES_MAX
from enablement.access.services.outcomes import ReportReused, Said, UnknownDecision, report_outcome
from enablement.people.models.api_token import ApiToken, Scope


class Minutes(serializers.IntegerField):
    """A JSON integer: DRF would take "5" and true for numbers."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class OutcomeSerializer(serializers.Serializer[Any]):
    outcome = serializers.ChoiceField(
        OutcomeReport.Outcome.choices,
        help_text="Used as it was, edited a little, reworked, overturned, incident.",
    )
    minutes = Minutes(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=MINUTES_MAX,
        help_text="What the work took, as the caller claims; kept, and summed nowhere.",
    )
    id = serializers.UUIDField(
        required=False, help_text="The caller's own id of this report; sent again, it changes nothing."
    )


class ReportSerializer(serializers.Serializer[Any]):
    """A report as it is kept."""

    id = serializers.UUIDField()
    decision = serializers.UUIDField()
    number = serializers.IntegerField(help_text="1, and one more for each correction.")
    outcome = serializers.ChoiceField(OutcomeReport.Outcome.choices)
    minutes = serializers.IntegerField(source="minutes_claimed", allow_null=True)
    reported_at = serializers.DateTimeField()


class OutcomeView(DecisionPointView):
    required_scope = Scope.RECORDS

    @extend_schema(
        request=OutcomeSerializer,
        responses={201: ReportSerializer, 200: ReportSerializer},
        parameters=[
            OpenApiParameter(
                KEY, str, OpenApiParameter.HEADER, description="Of this token, for this decision."
            )
        ],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        data = validated(OutcomeSerializer(data=request.data))
        said = Said(
            outcome=data["outcome"],
            minutes=data.get("minutes"),
            id=data.get("id"),
            key=idempotency_key(request),
        )
        try:
            with recorded(ReportUnavailable):
                report, new = report_outcome(
                    decision=pk, said=said, token=cast("ApiToken", request.auth), at=timezone.now()
                )
        except UnknownDecision as error:
            raise NotFound from error
        except ReportReused as error:
            raise Unprocessable(error.message, error.code) from error
        return Response(ReportSerializer(report).data, status=201 if new else 200)
