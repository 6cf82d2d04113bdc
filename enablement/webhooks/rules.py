"""Who may keep webhooks. None as actor is the system itself (commands, the demo)."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from enablement.people.models import User

KEEPS = "webhooks.add_webhookendpoint"


def ensure_keeps_webhooks(actor: User | None) -> None:
    if actor is not None and not actor.has_perm(KEEPS):
        raise PermissionDenied(_("You may not keep webhooks."))
