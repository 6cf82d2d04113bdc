"""Who may plan and apply playbooks. None as actor is the system itself (commands, the demo)."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from enablement.people.models import User

AUTHOR = "playbook.author_playbooks"


def ensure_authors(actor: User | None) -> None:
    if actor is not None and not actor.has_perm(AUTHOR):
        raise PermissionDenied(_("You may not apply playbooks."))
