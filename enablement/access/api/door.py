"""What every door of the decision point has in common."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from django.db import DatabaseError, InterfaceError
from rest_framework import serializers
from rest_framework.exceptions import APIException, ParseError, UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from enablement.access.services.decisions import Caller
from enablement.people.models.api_token import ApiToken, Scope

logger = logging.getLogger(__name__)
REQUEST_ID = "X-Request-ID"
REQUEST_ID_LENGTH = 200


class DecisionUnavailable(APIException):
    status_code = 503
    default_code = "decision_unavailable"
    default_detail = "No decision can be made and recorded now; treat this as a deny and ask again."


class DecisionPointView(APIView):
    """Nothing is stored on the way, a request's id comes back, and what cannot be recorded is 503."""

    required_scope = Scope.EVALUATE

    @property
    def caller(self) -> Caller:
        return Caller.of_token(cast("ApiToken", self.request.auth))

    @property
    def request_id(self) -> str:
        return self.request.headers.get(REQUEST_ID, "")[:REQUEST_ID_LENGTH]

    def handle_exception(self, exc: Exception) -> Response:
        # AuthZEN 1.0 answers a body that is not JSON with 400, whatever it says it is.
        if isinstance(exc, UnsupportedMediaType):
            exc = ParseError(str(exc.detail))
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        final: Response = super().finalize_response(request, response, *args, **kwargs)
        final.headers["Cache-Control"] = "no-store"
        if request_id := request.headers.get(REQUEST_ID, "")[:REQUEST_ID_LENGTH]:
            final.headers[REQUEST_ID] = request_id
        return final


class ReportUnavailable(APIException):
    status_code = 503
    default_code = "report_unavailable"
    default_detail = "The report cannot be recorded now; send it again."


@contextmanager
def recorded(unavailable: type[APIException] = DecisionUnavailable) -> Iterator[None]:
    """Around a decision: a database that fails is no answer, which gateways treat as a deny."""
    try:
        yield
    except (DatabaseError, InterfaceError) as error:
        logger.exception("a decision or a report could not be made or recorded")
        raise unavailable from error


def validated(serializer: serializers.Serializer[Any]) -> Any:
    """The data of a sound request; raises ValidationError, which is 400."""
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data
