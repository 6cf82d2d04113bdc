"""Tools that a person opens once everything is shown."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from enablement.access.models import Grant
from enablement.access.services import grants
from enablement.access.services.control.rights import ensure_controls
from enablement.people.models import User
from tracks.errors import Refused


@transaction.atomic
def open_by_hand(*, grant: Grant, actor: User, at: datetime) -> Grant:
    """Eligible becomes granted. The gate is evaluated once more first: what lapsed meanwhile does not open.

    Raises Refused `own_access`, or `not_eligible` where something is missing, or it is open or suspended.
    """
    ensure_controls(actor, about=grant.user)
    grants.reevaluate(user_ids=[grant.user_id], cause="access.opening", actor_id=actor.pk, at=at)
    grant = Grant.objects.select_for_update(of=("self",)).get(pk=grant.pk)
    if grant.state != Grant.State.ELIGIBLE:
        raise Refused("not_eligible", _("Only a tool for which everything is shown can be opened."))
    grants.set_state(grant, Grant.State.GRANTED, cause="access.opened_by_hand", actor_id=actor.pk, at=at)
    return grant
