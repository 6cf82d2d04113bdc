"""One e-mail: what happened, and a link."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from enablement.access.models import Grant
from enablement.people import letters
from enablement.people.models import User


def message(name: str, grant: Grant, *, key: str, at: datetime, **context: Any) -> EmailMessage:
    """`access/mail/grant_<name>.txt`. Sent twice after a fault, it has the same id (`key`) both times."""
    context |= {"grant": grant, "at": at}
    context["link"] = f"{settings.SITE_URL}{reverse('my_tools')}"
    return letter(f"grant_{name}", grant.user, key=f"grant.{grant.pk}.{key}", **context)


def letter(name: str, reader: User, *, key: str, **context: Any) -> EmailMessage:
    """`access/mail/<name>.txt` for one reader."""
    return letters.letter(f"access/mail/{name}", reader, key=key, context=context | {"person": reader})
