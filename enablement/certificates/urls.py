from django.urls import path, re_path

from enablement.certificates.views import cohort, own, verifying

urlpatterns = [
    path("certificates/", own.my_certificates, name="my_certificates"),
    path("certificates/make/<uuid:enrolment_id>/", own.certificate_request, name="certificate_request"),
    path("certificates/<str:public_id>/pdf/", own.certificate_pdf, name="certificate_pdf"),
    path("certificates/<str:public_id>/name/", own.certificate_name, name="certificate_name"),
    path("certificates/<str:public_id>/revoke/", cohort.certificate_revoke, name="certificate_revoke"),
    path("cohorts/<uuid:cohort_id>/certificates/", cohort.cohort_certificates, name="cohort_certificates"),
    # Printed on paper, so both forms have to lead here for ever.
    re_path(r"^verify/(?P<public_id>[^/]+)/?$", verifying.verify_certificate, name="verify_certificate"),
]
