"""Handing in a survey."""

from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from surveys import values
from surveys.models import Answer, Response, Survey
from surveys.rounds import Rounds, rounds_of
from surveys.signals import survey_answered
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.models import Enrolment
from tracks.people import Person
from tracks.rules import ensure_open


@transaction.atomic
def answer(
    *,
    survey: Survey,
    respondent: Person,
    answers: Mapping[str, object],
    actor: Person | None,
    at: datetime,
    number: int = 1,
) -> Response:
    """Keep one person's answers to a round, once: a second hand-in changes nothing and returns the first.

    answers: by item key; what they may hold is said in `surveys.values`. actor: the respondent, or None for
    the system itself. number: of the round. Raises ValidationError by item key; Refused where the survey is
    retired, the person's enrolment on its track is not open, or another round is to be answered now.
    """
    if actor is not None and actor.pk != respondent.pk:
        raise PermissionDenied(_("Nobody answers a survey for somebody else."))
    enrolment = _locked_enrolment(survey, respondent)
    rounds = rounds_of(survey=survey, respondent=respondent, at=at)
    first = rounds.handed_in(number)
    if first is not None:
        return first
    if survey.retired_at is not None:
        raise Refused("survey_retired", _("This survey is no longer asked."))
    if enrolment is None:
        raise Refused(
            "not_enrolled",
            _("Only people on the track “%(track)s” are asked this.") % {"track": survey.track},
        )
    ensure_open(enrolment, renewing=rounds.latest is not None)
    _ensure_its_turn(rounds, number)
    given = values.clean_all(survey.items.live(), answers)
    response = Response.objects.create(
        survey=survey, respondent=respondent, enrolment=enrolment, number=number, submitted_at=at
    )
    Answer.objects.bulk_create(
        Answer(response=response, item=item, number=None, text=value)
        if isinstance(value, str)
        else Answer(response=response, item=item, number=value)
        for item, value in given.items()
    )
    survey_answered.send(sender=Response, facts=[_fact(response, actor, at)])
    return response


def _ensure_its_turn(rounds: Rounds, number: int) -> None:
    if number == rounds.open:
        return
    if rounds.opens_at is not None and rounds.open is None:
        day = {"day": date_format(localtime(rounds.opens_at))}
        raise Refused("round_not_open", _("You can answer this survey again from %(day)s.") % day)
    raise Refused("round_not_open", _("This round of the survey is not to be answered now."))


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
        payload={
            "survey": response.survey.key,
            "track": response.survey.track.key,
            "round": response.number,
        },
    )
