"""The rows that two steps at once meet at."""

from uuid import UUID

from django.utils.translation import gettext as _

from assessments.models import Attempt, Quiz
from tracks.errors import Refused
from tracks.models import Enrolment
from tracks.people import Person


def lock_own(attempt: Attempt | UUID, actor: Person) -> Attempt:
    """The actor's attempt, by its row or its id; Attempt.DoesNotExist where it is somebody else's."""
    pk = attempt.pk if isinstance(attempt, Attempt) else attempt
    return Attempt.objects.visible_to(actor).select_for_update().get(pk=pk)


def lock_enrolment(quiz: Quiz, user: Person) -> Enrolment:
    """Of the quiz's track; Refused `not_enrolled` where there is no live one."""
    enrolments = Enrolment.objects.live().select_for_update(of=("self",)).select_related("cohort", "track")
    enrolment = enrolments.filter(user=user, track=quiz.module.track_id).first()
    if enrolment is None:
        raise Refused("not_enrolled", _("You are not enrolled in the track of this quiz."))
    return enrolment
