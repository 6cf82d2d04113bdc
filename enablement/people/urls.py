from django.urls import path

from enablement.people.views import roster

urlpatterns = [
    path("roster/", roster.people, name="roster"),
    path("roster/upload/", roster.upload, name="roster_upload"),
    path("roster/<uuid:pk>/", roster.person, name="roster_person"),
    path("roster/<uuid:pk>/deactivate/", roster.leave, name="roster_deactivate"),
    path("roster/<uuid:pk>/reactivate/", roster.come_back, name="roster_reactivate"),
]
