from django.urls import path

from enablement.access import views
from enablement.access.api.views import EvaluationView

urlpatterns = [
    path("tools/", views.my_tools, name="my_tools"),
    path("access/", views.access_overview, name="access_overview"),
    path("access/people/<uuid:user_id>/", views.access_person, name="access_person"),
    path("access/v1/evaluation", EvaluationView.as_view(), name="evaluation"),
]
