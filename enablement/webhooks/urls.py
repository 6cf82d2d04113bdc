from django.urls import path

from enablement.webhooks.views import deliveries, endpoints

urlpatterns = [
    path("webhooks/", endpoints.webhooks, name="webhooks"),
    path("webhooks/new/", endpoints.create, name="webhook_new"),
    path("webhooks/<uuid:pk>/", endpoints.webhook, name="webhook"),
    path("webhooks/<uuid:pk>/edit/", endpoints.edit, name="webhook_edit"),
    path("webhooks/<uuid:pk>/secret/", endpoints.rotate, name="webhook_secret"),
    path("webhooks/<uuid:pk>/pause/", endpoints.pause, name="webhook_pause"),
    path("webhooks/<uuid:pk>/resume/", endpoints.resume, name="webhook_resume"),
    path("webhooks/<uuid:pk>/remove/", endpoints.end, name="webhook_end"),
    path("webhooks/<uuid:pk>/test/", deliveries.test, name="webhook_test"),
    path("webhooks/deliveries/<uuid:pk>/", deliveries.delivery, name="webhook_delivery"),
    path("webhooks/deliveries/<uuid:pk>/again/", deliveries.again, name="webhook_again"),
]
