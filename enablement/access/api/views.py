"""The doors of the decision point."""

import logging
from typing import Any, cast

from django.db import DatabaseError, InterfaceError
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from enablement.access.api.serializers import EvaluationSerializer, answer
from enablement.access.services.decisions import decide_call
from enablement.people.models.api_token import ApiToken, Scope

logger = logging.getLogger(__name__)
REQUEST_ID = "X-Request-ID"


class DecisionUnavailable(APIException):
    status_code = 503
    default_code = "decision_unavailable"
    default_detail = "No decision can be made and recorded now; treat this as a deny and ask again."


class EvaluationView(APIView):
    """`POST /access/v1/evaluation` (AuthZEN 1.0). A deny is 200 with `decision: false`."""

    required_scope = Scope.EVALUATE

    @extend_schema(request=EvaluationSerializer, responses={200: dict})
    def post(self, request: Request) -> Response:
        serializer = EvaluationSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        request_id = request.headers.get(REQUEST_ID, "")[:200]
        try:
            decision = decide_call(
                call=serializer.call(),
                token=cast("ApiToken", request.auth),
                at=timezone.now(),
                request_id=request_id,
            )
        except (DatabaseError, InterfaceError) as error:
            logger.exception("a decision could not be made or recorded")
            raise DecisionUnavailable from error
        headers = {REQUEST_ID: request_id} if request_id else {}
        return Response(answer(decision), headers=headers)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        final: Response = super().finalize_response(request, response, *args, **kwargs)
        final.headers["Cache-Control"] = "no-store"
        return final
