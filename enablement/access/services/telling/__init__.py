"""What people are told of their tools: opened, closed, about to close. Each by an e-mail in a durable job."""

from enablement.access.services.telling.changes import mail_changes, tell_changes
from enablement.access.services.telling.warnings import mail_warnings, warn_lapsing

__all__ = ["mail_changes", "mail_warnings", "tell_changes", "warn_lapsing"]
