from django.urls import path

from enablement.access import views
from enablement.access.api.evaluation import EvaluationsView, EvaluationView
from enablement.access.api.forward_auth import ForwardAuthView
from enablement.access.api.litellm import GuardrailView
from enablement.access.api.metadata import MetadataView
from enablement.access.api.requests import RequestsView, RequestView
from enablement.access.api.search import ActionSearchView, ResourceSearchView, SubjectSearchView
from enablement.access.views import audit, control, emergencies, prompts, records, rules, rulings, waivers
from enablement.access.views.attesting import attestation

urlpatterns = [
    path("tools/", views.my_tools, name="my_tools"),
    path("access/", views.access_overview, name="access_overview"),
    path("access/people/<uuid:user_id>/", views.access_person, name="access_person"),
    path("attest/<str:track>/<str:policy>/", attestation, name="attest"),
    path("access/grants/<uuid:pk>/suspend/", control.suspend, name="grant_suspend"),
    path("access/grants/<uuid:pk>/open/", control.open_tool, name="grant_open"),
    path("access/suspensions/<uuid:pk>/lift/", control.lift, name="grant_lift"),
    path("prompts/", prompts.library, name="prompts"),
    path("prompts/versions/<uuid:pk>/", prompts.version, name="prompt_version"),
    path("prompts/versions/<uuid:pk>/<str:name>/", prompts.step, name="prompt_step"),
    path("prompts/<str:key>/", prompts.prompt, name="prompt"),
    path("prompts/<str:key>/write/", prompts.write, name="prompt_write"),
    path("rulings/", rulings.rulings, name="rulings"),
    path("rulings/flags/", rulings.flags, name="ruling_flags"),
    path("rulings/flags/<int:pk>/", rulings.clear_flag, name="ruling_flag_clear"),
    path("rulings/<uuid:pk>/", rulings.ruling, name="ruling"),
    path("rulings/roles/<str:role>/", rulings.rulings, name="rulings_of"),
    path("access/rules/", rules.rules, name="access_rules"),
    path("access/log/", audit.decisions, name="access_log"),
    path("access/log.csv", audit.decisions_csv, name="access_log_csv"),
    path("access/log/<uuid:entry>/", audit.decision, name="access_decision"),
    path("access/roles/", audit.roles, name="access_roles"),
    path("access/roles.csv", audit.roles_csv, name="access_roles_csv"),
    path("access/records/", records.records, name="access_records"),
    path("access/records/holds/<uuid:pk>/end/", records.end_hold, name="access_hold_end"),
    path("access/people/<uuid:user_id>/erase/", records.erase, name="access_erase"),
    path("access/waivers/", waivers.overview, name="access_waivers"),
    path("access/waivers/<uuid:pk>/", waivers.waiver, name="waiver"),
    path("access/waivers/<uuid:pk>/approve/", waivers.approve, name="waiver_approve"),
    path("access/waivers/<uuid:pk>/end/", waivers.end, name="waiver_end"),
    path("access/enrolments/<uuid:enrolment_pk>/waive/", waivers.propose, name="waiver_propose"),
    path("access/emergencies/", emergencies.overview, name="access_emergencies"),
    path("access/emergencies/<uuid:pk>/", emergencies.emergency, name="emergency"),
    path("access/emergencies/<uuid:pk>/approve/", emergencies.approve, name="emergency_approve"),
    path("access/emergencies/<uuid:pk>/end/", emergencies.end, name="emergency_end"),
    path("access/emergencies/<uuid:pk>/review/", emergencies.review, name="emergency_review"),
    path("access/people/<uuid:user_id>/emergency/<str:key>/", emergencies.ask, name="emergency_ask"),
    path("access/stops/", control.stops, name="access_stops"),
    path("access/stops/<uuid:pk>/end/", control.end_stop, name="access_stop_end"),
    path("access/stops/<uuid:pk>/review/", control.review_stop, name="access_stop_review"),
    path("access/v1/evaluation", EvaluationView.as_view(), name="evaluation"),
    path("access/v1/evaluations", EvaluationsView.as_view(), name="evaluations"),
    path("access/v1/forward-auth/<str:microtool>", ForwardAuthView.as_view(), name="forward_auth"),
    path(
        "access/v1/litellm/beta/litellm_basic_guardrail_api",
        GuardrailView.as_view(),
        name="litellm_guardrail",
    ),
    path("access/v1/requests", RequestsView.as_view(), name="approval_requests"),
    path("access/v1/requests/<uuid:pk>", RequestView.as_view(), name="approval_request"),
    path("approvals/", views.approval_list, name="approvals"),
    path("approvals/ask/", views.approval_ask, name="approval_ask"),
    path("approvals/delegate/", views.approval_delegate, name="approval_delegate"),
    path("approvals/delegate/<uuid:pk>/end/", views.approval_delegate_end, name="approval_delegate_end"),
    path("approvals/<uuid:pk>/", views.approval, name="approval"),
    path("approvals/<uuid:pk>/decide/", views.approval_decide, name="approval_decide"),
    path("approvals/<uuid:pk>/look/", views.approval_confirm, name="approval_confirm"),
    path("approvals/<uuid:pk>/comment/", views.approval_comment, name="approval_comment"),
    path("approvals/<uuid:pk>/withdraw/", views.approval_withdraw, name="approval_withdraw"),
    path("access/v1/search/subject", SubjectSearchView.as_view(), name="search_subject"),
    path("access/v1/search/resource", ResourceSearchView.as_view(), name="search_resource"),
    path("access/v1/search/action", ActionSearchView.as_view(), name="search_action"),
    path(".well-known/authzen-configuration", MetadataView.as_view(), name="authzen_configuration"),
]
