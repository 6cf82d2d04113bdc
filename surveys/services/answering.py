"""Handing in a survey."""

from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from surveys import values
from surveys.models import Answer, Response, Survey
from surveys.signals import survey_answered
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.models import Enrolment
from tracks.people import Person
from tracks.rules import ensure_open


@transaction.atomic
def answer(
    *, survey: Survey, respondent: Person, answers: Mapping[str, object], actor: Person | None, at: datetime
) -> Response:
    """Keep one person's answers, once: a second hand-in changes nothing and returns the first.

    answers: by item key; what they may hold is said in `surveys.values`. actor: the respondent, or None for
    the system itself. Raises ValidationError by item key; Refused where the survey is retired, or the
    person's enrolment on its track is not open.
    """
    if actor is not None and actor.pk != respondent.pk:
        raise PermissionDenied(_("Nobody answers a survey for somebody else."))
    enrolment = _locked_enrolment(survey, respondent)
    first = Response.objects.filter(survey=survey, respondent=respondent).first()
    if first is not None:
        return first
    if survey.retired_at is not None:
        raise Refused("survey_retired", _("This survey is no longer asked."))
    if enrolment is None:
        raise Refused(
            "not_enrolled",
            _("Only people on the track “%(track)s” are asked this.") % {"track": survey.track},
        )
    ensure_open(enrolment)
    given = values.clean_all(survey.items.live(), answers)
    response = Response.objects.create(
        survey=survey, respondent=respondent, enrolment=enrolment, submitted_at=at
    )
    Answer.objects.bulk_create(
        Answer(response=response, item=item, number=None, text=value)
        if isinstance(value, str)
        else Answer(response=response, item=item, number=value)
        for item, value in given.items()
    )
    survey_answered.send(sender=Response, facts=[_fact(response, actor, at)])
    return response


def _locked_enrolment(survey: Survey, respondent: Person) -> Enrolment | None:
    """Its row lock is what makes two hand-ins at once wait for each other."""
    held = Enrolment.objects.live().select_for_update(of=("self",)).select_related("cohort")
    return held.filter(user=respondent, track=survey.track_id).first()


def _fact(response: Response, actor: Person | None, at: datetime) -> Fact:
    return Fact(
        kind="surveys.survey_answered",
        subject=("surveys.Response", str(response.pk)),
        at=at,
        actor_id=actor.pk if actor else None,
        learner_id=response.respondent_id,
        payload={"survey": response.survey.key, "track": response.survey.track.key},
    )
