"""What people are told: a tool opened, closed, is kept for a time, is about to close, is stopped for
everybody; an auditor, that they were let in; compliance, that
somebody is denied again and again, that a rework spike closed a tool, of an incident. Each by an e-mail in a
durable job.
"""

from enablement.access.services.telling.auditors import mail_auditor, tell_auditors
from enablement.access.services.telling.changes import mail_changes, tell_changes
from enablement.access.services.telling.denies import (
    Denies,
    alert_repeated_denies,
    mail_denied,
    record_denies,
)
from enablement.access.services.telling.incidents import mail_incident
from enablement.access.services.telling.kept import mail_kept, tell_kept
from enablement.access.services.telling.rework import mail_rework
from enablement.access.services.telling.stops import ask_for_mails, mail_review, mail_stop, tell_stops
from enablement.access.services.telling.warnings import mail_warnings, warn_lapsing

__all__ = [
    "Denies",
    "alert_repeated_denies",
    "ask_for_mails",
    "mail_auditor",
    "mail_changes",
    "mail_denied",
    "mail_incident",
    "mail_kept",
    "mail_review",
    "mail_rework",
    "mail_stop",
    "mail_warnings",
    "record_denies",
    "tell_auditors",
    "tell_changes",
    "tell_kept",
    "tell_stops",
    "warn_lapsing",
]
