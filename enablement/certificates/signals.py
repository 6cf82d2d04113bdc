"""What certificates announce: `send(sender=Certificate, facts=[Fact, ...])`, in the change's transaction."""

from django.dispatch import Signal

#: kinds `certificates.issued`, `certificates.revoked`, `certificates.name_shown`, `certificates.name_hidden`
certificate_changed = Signal()
