"""One e-mail to one reader: from a template, in their zone, with an id that is the same when sent again."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.template.loader import render_to_string
from django.utils import timezone, translation

from enablement.people.models import User


def letter(template: str, reader: User, *, key: str, context: Mapping[str, Any]) -> EmailMessage:
    """`<template>_subject.txt` and `<template>.txt`; `key` makes its id."""
    own = dict(context)
    with timezone.override(reader.timezone), translation.override(settings.LANGUAGE_CODE):
        subject = render_to_string(f"{template}_subject.txt", own)
        body = render_to_string(f"{template}.txt", own)
    host = urlsplit(settings.SITE_URL).hostname
    return EmailMessage(
        subject=" ".join(subject.split()),
        body=body.strip() + "\n",
        to=[reader.email],
        headers={"Message-ID": f"<{key}@{host}>"},
    )


def send(messages: Iterable[EmailMessage]) -> int:
    """In one connection; how many."""
    return get_connection().send_messages(list(messages)) or 0
