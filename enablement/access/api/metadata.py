"""`/.well-known/authzen-configuration`: where the decision point's doors are (AuthZEN 1.0, metadata)."""

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

ENDPOINTS = {
    "access_evaluation_endpoint": "evaluation",
    "access_evaluations_endpoint": "evaluations",
    "search_subject_endpoint": "search_subject",
    "search_resource_endpoint": "search_resource",
    "search_action_endpoint": "search_action",
}


class MetadataView(APIView):
    """Public: it says nothing but addresses."""

    authentication_classes = ()
    permission_classes = ()

    @extend_schema(responses={200: dict})
    def get(self, _request: Request) -> Response:
        addresses = {name: f"{settings.SITE_URL}{reverse(door)}" for name, door in ENDPOINTS.items()}
        return Response({"policy_decision_point": settings.SITE_URL, **addresses})
