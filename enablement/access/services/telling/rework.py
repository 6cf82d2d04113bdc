"""A rework spike closed somebody's tool: their mentors hear of it, and compliance, who look at it.

The person hears of it like of any tool that closes.
"""

from uuid import UUID

from django.conf import settings
from django.urls import reverse

from enablement.access.models import GrantHold
from enablement.access.services.telling.message import COMPLIANCE, letter
from enablement.people.letters import send
from enablement.people.models import User
from enablement.people.selectors import members
from tracks.models import Mentorship


def mail_rework(*, hold_id: UUID) -> int:
    """How many were written to, each once; nobody where it has been lifted in the meantime."""
    holds = GrantHold.objects.live().select_related("grant__user", "grant__microtool")
    hold = holds.filter(pk=hold_id).first()
    if hold is None:
        return 0
    readers = _mentors(hold) | _liaisons(hold)
    return send(
        letter("rework", reader, key=f"rework.{hold.pk}.{reader.pk}", hold=hold, link=link)
        for reader, link in sorted(readers.items(), key=lambda pair: pair[0].email)
    )


def _mentors(hold: GrantHold) -> dict[User, str]:
    """With the page on which they see this learner."""
    mentored = Mentorship.objects.current().filter(
        learner=hold.grant.user_id,
        mentor__is_active=True,
        enrolment__track=hold.grant.microtool.track_id,
    )
    return {
        each.mentor: f"{settings.SITE_URL}{reverse('mentee', args=[each.enrolment_id])}"
        for each in mentored.select_related("mentor")
    }


def _liaisons(hold: GrantHold) -> dict[User, str]:
    """Nobody is asked to look at their own suspension."""
    link = f"{settings.SITE_URL}{reverse('access_suspension', args=[hold.pk])}"
    found = members(COMPLIANCE).exclude(pk=hold.grant.user_id)
    return dict.fromkeys(found, link)
