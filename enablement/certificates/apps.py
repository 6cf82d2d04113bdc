from django.apps import AppConfig


class CertificatesConfig(AppConfig):
    """Certificates: issue, verify, revoke."""

    name = "enablement.certificates"
    label = "certificates"

    def ready(self) -> None:
        from enablement.access import registry
        from enablement.certificates.requirement import CertificateValid

        registry.register(CertificateValid())
