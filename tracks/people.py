"""How the lower apps speak of people: they know an account by `settings.AUTH_USER_MODEL` alone."""

from collections.abc import Iterable
from typing import Any, TypeAlias

from django.contrib.auth import get_user_model
from django.db.models.functions import Lower

#: An instance of AUTH_USER_MODEL: has `pk`, `email`, `name`, `is_active` and `has_perm(...)`.
Person: TypeAlias = Any


def by_email(emails: Iterable[str]) -> dict[str, Person]:
    """The accounts of these addresses, whatever their case, by lower-case address. One query."""
    wanted = {email.strip().lower() for email in emails}
    found = get_user_model().objects.annotate(email_key=Lower("email")).filter(email_key__in=wanted)
    return {person.email.lower(): person for person in found}
