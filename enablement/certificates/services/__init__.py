from enablement.certificates.services.issuing import prepare, request_certificate
from enablement.certificates.services.revoking import revoke
from enablement.certificates.services.showing import show_name

__all__ = ["prepare", "request_certificate", "revoke", "show_name"]
