from django.urls import path

from bench.floor import views

urlpatterns = [
    path("", views.page, name="page"),
    path("save/", views.save, name="save"),
    path("rest/", views.RestView.as_view(), name="rest"),
    path("table/", views.table, name="table"),
    path("csv/", views.as_csv, name="csv"),
]
