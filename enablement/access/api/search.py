"""`/access/v1/search/…` (AuthZEN 1.0): for whom, for what and how a call would be allowed now."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from enablement.access.api.door import DecisionPointView, recorded, validated
from enablement.access.api.serializers import (
    RESOURCE_TYPE,
    SUBJECT_TYPE,
    ActionSearchSerializer,
    ResourceSearchSerializer,
    SubjectSearchSerializer,
    as_call,
)
from enablement.access.services import decisions
from enablement.access.services.decisions import Page, StaleToken


class SubjectSearchView(DecisionPointView):
    @extend_schema(request=SubjectSearchSerializer, responses={200: dict})
    def post(self, request: Request) -> Response:
        data = validated(SubjectSearchSerializer(data=request.data))
        if data["subject"]["type"] != SUBJECT_TYPE:
            return _answer(Page(results=[], next_token=""))
        page = _paged(self, decisions.search_subjects, data)
        return _answer(page, lambda found: {"type": SUBJECT_TYPE, "id": str(found)})


class ResourceSearchView(DecisionPointView):
    @extend_schema(request=ResourceSearchSerializer, responses={200: dict})
    def post(self, request: Request) -> Response:
        data = validated(ResourceSearchSerializer(data=request.data))
        if data["resource"]["type"] != RESOURCE_TYPE:
            return _answer(Page(results=[], next_token=""))
        page = _paged(self, decisions.search_resources, data)
        return _answer(page, lambda found: {"type": RESOURCE_TYPE, "id": found})


class ActionSearchView(DecisionPointView):
    @extend_schema(request=ActionSearchSerializer, responses={200: dict})
    def post(self, request: Request) -> Response:
        data = validated(ActionSearchSerializer(data=request.data))
        with recorded():
            page = decisions.search_actions(call=as_call(data), caller=self.caller, at=timezone.now())
        return _answer(page, lambda found: {"name": found})


def _paged(view: DecisionPointView, search: Callable[..., Page[Any]], data: Any) -> Page[Any]:
    page = data.get("page", {})
    try:
        with recorded():
            return search(
                call=as_call(data),
                caller=view.caller,
                at=timezone.now(),
                page_token=page.get("token", ""),
                limit=page.get("limit"),
            )
    except StaleToken as error:
        raise ValidationError({"page": {"token": [str(error)]}}) from error


def _answer(page: Page[Any], entity: Callable[[Any], dict[str, str]] = lambda found: found) -> Response:
    return Response(
        {
            "page": {"next_token": page.next_token, "count": len(page.results)},
            "results": [entity(found) for found in page.results],
        }
    )
