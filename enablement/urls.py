"""Every door of the product. Each app brings its own list; here is only where it hangs."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from enablement import health, home, styleguide
from enablement.demo import links as demo
from enablement.people.views import account

handler404 = "enablement.problems.page_not_found"

urlpatterns = [
    # First: addresses are tried one after the other, and gateways wait for these.
    path("", include("enablement.access.api.urls")),
    path("", home.home, name="home"),
    path("accounts/email/", account.addresses, name="account_email"),
    # Accounts are joined by the roster and the provider's word; nobody joins or parts them here.
    path("accounts/3rdparty/", account.not_here, name="socialaccount_connections"),
    path("accounts/3rdparty/signup/", account.not_here, name="socialaccount_signup"),
    path("accounts/", include("allauth.urls")),
    path("", include("tracks.urls")),
    path("", include("assessments.urls")),
    path("", include("surveys.urls")),
    path("", include("enablement.programs.urls")),
    path("", include("enablement.access.urls")),
    path("", include("enablement.webhooks.urls")),
    path("", include("enablement.certificates.urls")),
    path("", include("enablement.reports.urls")),
    path("", include("enablement.playbook.urls")),
    path("", include("enablement.people.urls")),
    path("", include("enablement.ledger.urls")),
    path("", include("enablement.jobs.urls")),
    path("demo/", demo.cast, name="demo_cast"),
    path("demo/sign-in/<str:key>/", demo.sign_in, name="demo_sign_in"),
    path("styleguide/", styleguide.page, name="styleguide"),
    path("api/schema/", SpectacularAPIView.as_view(authentication_classes=[]), name="api_schema"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
