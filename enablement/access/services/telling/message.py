"""One e-mail: what happened, and a link."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from enablement.access.models import Grant
from enablement.people import letters
from enablement.people.models import User
from tracks.facts import Fact

#: The group of staff who hear of what somebody has to look into.
COMPLIANCE = "compliance"
#: Facts of one job, and those that one person more brings.
CHUNK = 50


def message(name: str, grant: Grant, *, key: str, at: datetime, **context: Any) -> EmailMessage:
    """`access/mail/grant_<name>.txt`. Sent twice after a fault, it has the same id (`key`) both times."""
    context |= {"grant": grant, "at": at}
    context["link"] = f"{settings.SITE_URL}{reverse('my_tools')}"
    return letter(f"grant_{name}", grant.user, key=f"grant.{grant.pk}.{key}", **context)


def letter(name: str, reader: User, *, key: str, **context: Any) -> EmailMessage:
    """`access/mail/<name>.txt` for one reader."""
    return letters.letter(f"access/mail/{name}", reader, key=key, context=context | {"person": reader})


def of_people(facts: Sequence[Fact]) -> Iterator[list[Fact]]:
    """Facts about learners, for jobs of about `CHUNK` each; what one person hears of is in one of them."""
    chunk: list[Fact] = []
    in_order = sorted(facts, key=lambda fact: str(fact.learner_id))
    for _person, own in groupby(in_order, key=lambda fact: fact.learner_id):
        chunk += own
        if len(chunk) >= CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
