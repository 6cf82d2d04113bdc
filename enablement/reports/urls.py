from django.urls import path, re_path

from enablement.reports import views
from enablement.reports.evidence import views as evidence

urlpatterns = [
    path("reports/", views.reports, name="reports"),
    path("evidence-packs/", evidence.evidence_packs, name="evidence_packs"),
    path("evidence-readings/", evidence.evidence_readings, name="evidence_readings"),
    path("evidence-packs/<uuid:pack_id>/", evidence.evidence_pack_file, name="evidence_pack_file"),
    path("reports/of/<uuid:cohort_id>/", views.report_request, name="report_request"),
    re_path(
        r"^reports/(?P<report_id>[0-9a-f-]{36})/(?P<kind>pdf|csv)/$", views.report_file, name="report_file"
    ),
]
