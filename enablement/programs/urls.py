from django.urls import path

from enablement.programs import views

urlpatterns = [
    path("path/", views.my_path, name="my_path"),
    path("readiness/", views.readiness, name="readiness"),
    path("readiness/<uuid:cohort_id>/", views.cohort_readiness, name="cohort_readiness"),
]
