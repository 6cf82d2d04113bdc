"""What one person answered in their own words goes; that they answered, and what they chose, stays."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from surveys.models import Answer, Item, Response
from surveys.signals import words_erased
from tracks.erasing import ERASED
from tracks.facts import Fact
from tracks.people import Person


def words_of(person: Person) -> QuerySet[Answer]:
    """Of named surveys; nobody can say whose the answers of an anonymous one are."""
    answers = Answer.objects.filter(response__respondent=person, item__kind=Item.Kind.TEXT)
    return answers.exclude(text=ERASED)


@transaction.atomic
def erase_words(*, person: Person, actor: Person, at: datetime) -> int:
    """How many answers; a second time finds none and announces nothing. Who may is asked above."""
    gone = words_of(person).update(text=ERASED)
    if gone:
        fact = Fact(
            kind="surveys.words_erased",
            subject=(settings.AUTH_USER_MODEL, str(person.pk)),
            at=at,
            actor_id=actor.pk,
            payload={"answers": gone},
        )
        words_erased.send(sender=Response, facts=[fact])
    return gone
