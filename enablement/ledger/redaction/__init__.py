"""Personal data is taken out of words before they are stored; what was found is kept by kind and count."""

from enablement.ledger.redaction.redacting import KINDS, Redacted, redact, redact_all

__all__ = ["KINDS", "Redacted", "redact", "redact_all"]
