"""Errors of the HTTP API as problem details (RFC 9457).

`type` is "about:blank" and `title` the status's own phrase, as the RFC has it for errors that HTTP already
names; `code` is ours, stable and for machines; `errors` lists what is wrong with which field of a malformed
request, its place as a JSON pointer (RFC 6901).
"""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, ValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import set_rollback

from tracks.errors import Refused

CONTENT_TYPE = "application/problem+json"
#: Seconds after which a caller may try again when the database did not answer.
RETRY_AFTER = 5
#: Where programs ask, and nobody reads pages.
API_PATHS = ("/access/v1/", "/api/", "/.well-known/")


def problem(
    status: int,
    detail: str,
    *,
    code: str,
    errors: list[dict[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """One problem as an API response."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    if errors:
        body["errors"] = errors
    return Response(body, status=status, headers=dict(headers or {}), content_type=CONTENT_TYPE)


def exception_handler(error: Exception, _context: Mapping[str, Any]) -> Response | None:
    """REST framework's hook. None lets a defect of ours surface as a 500."""
    response = _respond(error)
    if response is not None:
        set_rollback()
    return response


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """`handler404`: an address that no view has is a problem for a program, and a page for a person."""
    if not request.path.startswith(API_PATHS):
        return defaults.page_not_found(request, exception)
    return JsonResponse(
        problem(HTTPStatus.NOT_FOUND, _("There is no such address."), code="not_found").data,
        status=HTTPStatus.NOT_FOUND,
        content_type=CONTENT_TYPE,
        headers={"Cache-Control": "no-store"},
    )


class TooLarge(exceptions.APIException):
    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    default_detail = _lazy("The request is too large.")


def _respond(error: Exception) -> Response | None:
    error = _translated(error)
    match error:
        case Refused():
            return problem(HTTPStatus.CONFLICT, error.message, code=error.code)
        case ValidationError():
            return _malformed(_django_messages(error))
        case exceptions.ValidationError():
            return _malformed(error.detail)
        case exceptions.APIException():
            code = str(getattr(error.detail, "code", error.default_code))
            return problem(error.status_code, str(error.detail), code=code, headers=_headers(error))
        case OperationalError() | InterfaceError():
            return problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                _("The database does not answer; try again shortly."),
                code="unavailable",
                headers={"Retry-After": str(RETRY_AFTER)},
            )
    return None


def _translated(error: Exception) -> Exception:
    """Django's own errors as those of REST framework."""
    match error:
        case Http404():
            return exceptions.NotFound()
        case PermissionDenied():
            return exceptions.PermissionDenied()
        case RequestDataTooBig():
            return TooLarge()
    return error


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = str(challenge)
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait))
    return headers


def _django_messages(error: ValidationError) -> Any:
    return error.message_dict if hasattr(error, "error_dict") else error.messages


def _malformed(detail: Any) -> Response:
    return problem(
        HTTPStatus.BAD_REQUEST,
        _("The request is not valid; `errors` says where."),
        code="invalid",
        errors=list(_flatten(detail, "")),
    )


def _flatten(detail: Any, pointer: str) -> Iterator[dict[str, str]]:
    """Nested messages of serializers as (pointer, detail) pairs; "" points at the whole request."""
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            whole = key in {api_settings.NON_FIELD_ERRORS_KEY, "__all__"}
            yield from _flatten(value, pointer if whole else f"{pointer}/{_escape(str(key))}")
    elif isinstance(detail, list) and any(isinstance(item, Mapping) for item in detail):
        for index, item in enumerate(detail):
            yield from _flatten(item, f"{pointer}/{index}")
    elif isinstance(detail, list):
        for item in detail:
            yield from _flatten(item, pointer)
    else:
        yield {"pointer": pointer, "detail": str(detail)}


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
