from enablement.certificates.models.certificate import Certificate

__all__ = ["Certificate"]
