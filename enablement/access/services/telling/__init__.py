"""What people are told: a tool opened, closed, is about to close; compliance, that somebody is denied again
and again. Each by an e-mail in a durable job.
"""

from enablement.access.services.telling.changes import mail_changes, tell_changes
from enablement.access.services.telling.denies import (
    Denies,
    alert_repeated_denies,
    mail_denied,
    record_denies,
)
from enablement.access.services.telling.warnings import mail_warnings, warn_lapsing

__all__ = [
    "Denies",
    "alert_repeated_denies",
    "mail_changes",
    "mail_denied",
    "mail_warnings",
    "record_denies",
    "tell_changes",
    "warn_lapsing",
]
