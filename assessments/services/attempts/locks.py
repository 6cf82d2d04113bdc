"""The rows that two steps at once meet at."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from assessments.models import Attempt, Quiz
from tracks.errors import Refused
from tracks.models import Enrolment
from tracks.people import Person
from tracks.prepared import PreparedObjects


def lock_own(attempt: Attempt | UUID, actor: Person) -> Attempt:
    """The actor's attempt, by its row or its id; Attempt.DoesNotExist where it is somebody else's."""
    pk = attempt.pk if isinstance(attempt, Attempt) else attempt
    found = _own(attempt=pk, user=actor.pk)
    if not found:
        raise Attempt.DoesNotExist
    return found[0]


def _locking(attempt: UUID, user: UUID) -> QuerySet[Attempt]:
    return Attempt.objects.filter(user=user, pk=attempt).select_for_update()


_own = PreparedObjects(_locking, attempt=UUID(int=1), user=UUID(int=2))


def lock_enrolment(quiz: Quiz, user: Person) -> Enrolment:
    """Of the quiz's track; Refused `not_enrolled` where there is no live one."""
    enrolments = Enrolment.objects.live().select_for_update(of=("self",)).select_related("cohort", "track")
    enrolment = enrolments.filter(user=user, track=quiz.module.track_id).first()
    if enrolment is None:
        raise Refused("not_enrolled", _("You are not enrolled in the track of this quiz."))
    return enrolment
