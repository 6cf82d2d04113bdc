from django.apps import AppConfig


class CertificatesConfig(AppConfig):
    """Certificates: issue, verify, revoke."""

    name = "enablement.certificates"
    label = "certificates"
