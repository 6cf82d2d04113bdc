"""Every door of the product. Each app brings its own list; here is only where it hangs."""

from django.urls import path

from enablement import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
