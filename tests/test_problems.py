"""Problem details (RFC 9457) for every kind of error that an API view may raise."""

import json
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, OperationalError
from django.http import Http404
from rest_framework import exceptions, serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from tracks.errors import Refused


def call(error: Exception) -> Response:
    class Failing(APIView):
        authentication_classes = ()
        permission_classes = ()
        renderer_classes = (JSONRenderer,)

        def get(self, _request: Any) -> Response:
            raise error

    return Failing.as_view()(APIRequestFactory().get("/x")).render()


def body(response: Response) -> dict[str, Any]:
    assert response.headers["Content-Type"] == "application/problem+json"
    answer: dict[str, Any] = json.loads(response.content)
    assert answer["status"] == response.status_code
    assert answer["type"] == "about:blank"
    return answer


@pytest.mark.parametrize(
    ("error", "status", "title", "code", "detail"),
    [
        (
            Refused("attempt_limit", "No attempt is left."),
            409,
            "Conflict",
            "attempt_limit",
            "No attempt is left.",
        ),
        (Http404("a row that nobody should hear of"), 404, "Not Found", "not_found", "Not found."),
        (
            PermissionDenied("inner reasons"),
            403,
            "Forbidden",
            "permission_denied",
            "You do not have permission to perform this action.",
        ),
        (exceptions.ParseError("Not JSON."), 400, "Bad Request", "parse_error", "Not JSON."),
        (
            exceptions.UnsupportedMediaType("text/plain"),
            415,
            "Unsupported Media Type",
            "unsupported_media_type",
            'Unsupported media type "text/plain" in request.',
        ),
        (
            OperationalError("secret host refused"),
            503,
            "Service Unavailable",
            "unavailable",
            "The database does not answer; try again shortly.",
        ),
    ],
)
def test_each_error_is_a_problem(error: Exception, status: int, title: str, code: str, detail: str) -> None:
    response = call(error)

    assert response.status_code == status
    assert body(response) == {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
    }


def test_a_defect_of_ours_is_not_dressed_up() -> None:
    with pytest.raises(IntegrityError):
        call(IntegrityError("no rule caught this"))


def test_authentication_says_how() -> None:
    error = exceptions.NotAuthenticated()
    error.auth_header = 'Bearer realm="enablement"'

    response = call(error)

    assert body(response)["code"] == "not_authenticated"


def test_throttling_says_when() -> None:
    response = call(exceptions.Throttled(wait=2.5))

    assert response.status_code == 429
    assert response.headers["Retry-After"] == "3"


def test_an_unavailable_database_says_when() -> None:
    assert call(OperationalError()).headers["Retry-After"] == "5"


class Person(serializers.Serializer[Any]):
    name = serializers.CharField()


class Request(serializers.Serializer[Any]):
    subject = Person()
    people = Person(many=True)
    tags = serializers.ListField(child=serializers.IntegerField())

    def validate(self, _attrs: Any) -> Any:
        raise serializers.ValidationError("never mind")


def test_validation_points_into_the_request() -> None:
    request = Request(data={"subject": {}, "people": [{"name": "a"}, {}], "tags": [1, "x"]})
    with pytest.raises(serializers.ValidationError) as caught:
        request.is_valid(raise_exception=True)

    response = call(caught.value)

    assert response.status_code == 400
    assert body(response)["errors"] == [
        {"pointer": "/subject/name", "detail": "This field is required."},
        {"pointer": "/people/1/name", "detail": "This field is required."},
        {"pointer": "/tags/1", "detail": "A valid integer is required."},
    ]


def test_validation_of_the_whole_request_points_at_the_whole() -> None:
    error = serializers.ValidationError({"non_field_errors": ["Too many at once."]})

    assert body(call(error))["errors"] == [{"pointer": "", "detail": "Too many at once."}]


@pytest.mark.parametrize(
    ("error", "errors"),
    [
        (ValidationError("Not like this."), [{"pointer": "", "detail": "Not like this."}]),
        (ValidationError({"due/at": ["Too late."]}), [{"pointer": "/due~1at", "detail": "Too late."}]),
        (ValidationError({"__all__": ["Not both."]}), [{"pointer": "", "detail": "Not both."}]),
    ],
)
def test_djangos_validation_is_a_problem_too(error: ValidationError, errors: list[dict[str, str]]) -> None:
    response = call(error)

    assert response.status_code == 400
    assert body(response)["errors"] == errors


@pytest.mark.parametrize(
    "path", ["/access/v1/nope", "/access/v1/requests/abc", "/api/nope", "/.well-known/nope"]
)
def test_an_address_that_does_not_exist_is_a_problem_for_programs(client, path):
    response = client.post(path)
    assert body(response)["code"] == "not_found"
    assert response.status_code == 404
    assert response.headers["Cache-Control"] == "no-store"


def test_and_a_page_for_people(client):
    response = client.get("/nope/")
    assert response.status_code == 404
    assert "There is no such page" in response.text
