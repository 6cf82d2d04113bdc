"""E-mails about rights that wait for a second person: who may confirm is asked, who asked hears a no."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from enablement.people.letters import letter, send
from enablement.people.models import RightRequest, User
from enablement.people.selectors import TitledRight, holders, titled

CONFIRMS = "people.confirm_rights"


def mail(*, right_ids: Collection[UUID], occasion: str, at: datetime) -> int:
    """One message a reader, however many rights. What was decided in the meantime is asked of nobody."""
    rows = RightRequest.objects.filter(pk__in=right_ids).select_related("person", "asked_by", "decided_by")
    if occasion == "asked":
        rows = rows.waiting(at=at)
        readers = list(holders(CONFIRMS))
    else:
        readers = list(User.objects.filter(is_active=True, pk__in=rows.values("asked_by")))
    rights = titled(rows.order_by("person__name", "kind", "name"))
    messages = []
    for reader in readers:
        theirs = [
            one
            for one in rights
            if occasion != "asked" or reader.pk not in (one.request.asked_by_id, one.request.person_id)
        ]
        if theirs:
            messages.append(_message(theirs, reader, occasion))
    return send(messages)


def _message(rights: Sequence[TitledRight], reader: User, occasion: str) -> EmailMessage:
    requests = [one.request for one in rights]
    link = reverse("rights") if occasion == "asked" else requests[0].get_absolute_url()
    context = {"rights": rights, "person": reader, "link": f"{settings.SITE_URL}{link}"}
    key = f"rights.{requests[0].pk}.{occasion}.{reader.pk}"
    return letter(f"people/mail/rights_{occasion}", reader, key=key, context=context)
