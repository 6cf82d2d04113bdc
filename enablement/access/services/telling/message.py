"""One e-mail: what happened, and a link."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from enablement.access.models import Grant
from enablement.people.models import User


def message(name: str, grant: Grant, *, key: str, at: datetime, **context: Any) -> EmailMessage:
    """`access/mail/grant_<name>.txt`. Sent twice after a fault, it has the same id (`key`) both times."""
    context |= {"grant": grant, "at": at}
    context["link"] = f"{settings.SITE_URL}{reverse('my_tools')}"
    return letter(f"grant_{name}", grant.user, key=f"grant.{grant.pk}.{key}", **context)


def letter(name: str, reader: User, *, key: str, **context: Any) -> EmailMessage:
    """`access/mail/<name>.txt` for one reader, in their zone; `key` makes its id, the same again."""
    context |= {"person": reader}
    with timezone.override(reader.timezone), translation.override(settings.LANGUAGE_CODE):
        subject = render_to_string(f"access/mail/{name}_subject.txt", context)
        body = render_to_string(f"access/mail/{name}.txt", context)
    host = urlsplit(settings.SITE_URL).hostname
    return EmailMessage(
        subject=" ".join(subject.split()),
        body=body.strip() + "\n",
        to=[reader.email],
        headers={"Message-ID": f"<{key}@{host}>"},
    )


def send(messages: Iterable[EmailMessage]) -> int:
    return get_connection().send_messages(list(messages)) or 0
