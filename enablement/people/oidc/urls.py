from django.urls import path

from enablement.people.oidc import views

urlpatterns = [
    path("oidc/login/", views.login, name="openid_connect_login"),
    path("oidc/callback/", views.callback, name="openid_connect_callback"),
    path("oidc/logout/", views.logout, name="openid_connect_logout"),
]
