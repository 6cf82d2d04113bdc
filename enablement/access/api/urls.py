"""The doors of the decision point; none of them has a page's address before it."""

from django.urls import path

from enablement.access.api.evaluation import EvaluationsView, EvaluationView
from enablement.access.api.forward_auth import ForwardAuthView
from enablement.access.api.litellm import GuardrailView
from enablement.access.api.metadata import MetadataView
from enablement.access.api.outcomes import OutcomeView
from enablement.access.api.procedures import ProceduresView, ProcedureView
from enablement.access.api.requests import RequestsView, RequestView
from enablement.access.api.search import ActionSearchView, ResourceSearchView, SubjectSearchView

urlpatterns = [
    path("access/v1/evaluation", EvaluationView.as_view(), name="evaluation"),
    path("access/v1/evaluations", EvaluationsView.as_view(), name="evaluations"),
    path("access/v1/forward-auth/<str:microtool>", ForwardAuthView.as_view(), name="forward_auth"),
    path(
        "access/v1/litellm/beta/litellm_basic_guardrail_api",
        GuardrailView.as_view(),
        name="litellm_guardrail",
    ),
    path("access/v1/decisions/<uuid:pk>/outcome", OutcomeView.as_view(), name="decision_outcome"),
    path("access/v1/requests", RequestsView.as_view(), name="approval_requests"),
    path("access/v1/requests/<uuid:pk>", RequestView.as_view(), name="approval_request"),
    path("access/v1/search/subject", SubjectSearchView.as_view(), name="search_subject"),
    path("access/v1/search/resource", ResourceSearchView.as_view(), name="search_resource"),
    path("access/v1/search/action", ActionSearchView.as_view(), name="search_action"),
    path(".well-known/authzen-configuration", MetadataView.as_view(), name="authzen_configuration"),
    path("api/v1/procedures", ProceduresView.as_view(), name="sop_list_api"),
    path("api/v1/procedures/<str:key>", ProcedureView.as_view(), name="sop_api"),
]
