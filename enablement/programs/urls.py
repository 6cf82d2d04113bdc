from django.urls import path

from enablement.programs import views

urlpatterns = [
    path("path/", views.my_path, name="my_path"),
    path("sessions/", views.my_sessions, name="my_sessions"),
    path("sessions/calendar/", views.calendar_make, name="calendar_make"),
    path("sessions/calendar/end/", views.calendar_end, name="calendar_end"),
    path("calendar/<str:token>.ics", views.calendar, name="calendar"),
    path("sessions/<uuid:pk>/", views.session, name="session"),
    path("sessions/<uuid:pk>/edit/", views.session_edit, name="session_edit"),
    path("sessions/<uuid:pk>/cancel/", views.session_cancel, name="session_cancel"),
    path("cohorts/<uuid:cohort_id>/sessions/", views.cohort_sessions, name="cohort_sessions"),
    path("cohorts/<uuid:cohort_id>/sessions/new/", views.session_new, name="session_new"),
    path("readiness/", views.readiness, name="readiness"),
    path("readiness/<uuid:cohort_id>/", views.cohort_readiness, name="cohort_readiness"),
]
