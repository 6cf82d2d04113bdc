"""Who may do by hand what gates do by themselves."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from enablement.people.models import User
from tracks.errors import Refused


def ensure_controls(actor: User, *, about: User | None = None) -> None:
    """Raises PermissionDenied without the right, and Refused `own_access` for one's own access."""
    if not actor.has_perm("access.control_access"):
        raise PermissionDenied(_("You may not change access by hand."))
    if about is not None and actor == about:
        raise Refused("own_access", _("This is your own access; ask another person."))


def ensure_another(actor: User, first: User | None, *, message: str) -> None:
    """Raises Refused `same_person` where one person would do both steps."""
    if first is not None and actor == first:
        raise Refused("same_person", message)
