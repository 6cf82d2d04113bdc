"""One e-mail about one grant: the tool, what happened, and a link."""

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


def message(name: str, grant: Grant, *, key: str, at: datetime, **context: Any) -> EmailMessage:
    """`access/mail/grant_<name>.txt`. Sent twice after a fault, it has the same id (`key`) both times."""
    person = grant.user
    context |= {"grant": grant, "person": person, "at": at}
    context["link"] = f"{settings.SITE_URL}{reverse('my_tools')}"
    with timezone.override(person.timezone), translation.override(settings.LANGUAGE_CODE):
        subject = render_to_string(f"access/mail/grant_{name}_subject.txt", context)
        body = render_to_string(f"access/mail/grant_{name}.txt", context)
    host = urlsplit(settings.SITE_URL).hostname
    return EmailMessage(
        subject=" ".join(subject.split()),
        body=body.strip() + "\n",
        to=[person.email],
        headers={"Message-ID": f"<grant.{grant.pk}.{key}@{host}>"},
    )


def send(messages: Iterable[EmailMessage]) -> int:
    return get_connection().send_messages(list(messages)) or 0
