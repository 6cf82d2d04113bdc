"""Who may manage people and tokens. None as actor is the system itself (commands, the demo)."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from enablement.people.models import User


def ensure_manages_roster(actor: User | None) -> None:
    if actor is not None and not actor.has_perm("people.manage_roster"):
        raise PermissionDenied(_("You may not manage the roster."))


def ensure_manages_tokens(actor: User | None) -> None:
    if actor is not None and not actor.has_perm("people.add_apitoken"):
        raise PermissionDenied(_("You may not manage tokens."))
