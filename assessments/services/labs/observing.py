"""Live observation: a mentor records the cases that they watched the learner handle."""

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assessments import reviewers, signals
from assessments.models import Observation, Submission
from assessments.services.labs.announce import submission_fact
from assessments.services.labs.checks import ensure_not_own
from assessments.services.labs.locks import lock_enrolment, lock_submission
from assessments.services.labs.rounds import open_draft
from tracks.errors import Refused
from tracks.models import Enrolment, Lab
from tracks.people import Person
from tracks.rules import ensure_open
from tracks.zones import local_date

_LONGEST_NOTE = 2000


@transaction.atomic
def record_case(
    *,
    enrolment: Enrolment,
    lab: Lab,
    happened_on: date,
    what: str,
    outcome: str,
    note: str = "",
    actor: Person,
    at: datetime,
) -> Observation:
    """Add one case to the evidence of the learner's open round. The same case again changes nothing.

    outcome: of `Observation.Outcome`; what the mentor had to take over does not count. Raises ValidationError
    (`happened_on`, `what`, `outcome`), and Refused `own_work`, `not_mentor`, `not_observed`,
    `in_review`, `signed_off`, or where the enrolment is closed.
    """
    enrolment = lock_enrolment(enrolment.pk)
    _ensure_observer(enrolment, actor, at)
    ensure_open(enrolment)
    if not lab.observed_cases or lab.module.track_id != enrolment.track_id or lab.retired_at is not None:
        raise Refused("not_observed", _("No cases are observed for this lab."))
    _ensure_day(happened_on, enrolment, at)
    draft = open_draft(enrolment, lab, at)
    draft.save()
    case = Observation(
        submission=draft,
        learner=enrolment.user,
        observer=actor,
        happened_on=happened_on,
        what=what.strip(),
        outcome=outcome,
        note=note.strip()[:_LONGEST_NOTE],
        recorded_at=at,
    )
    if done := draft.observations.filter(happened_on=happened_on, what=case.what).first():
        return done
    case.full_clean(exclude=("submission", "learner", "observer"), validate_constraints=False)
    case.save()
    fact = submission_fact("case_observed", draft, actor, at, outcome=case.outcome)
    signals.case_observed.send(sender=Observation, facts=[fact])
    return case


@transaction.atomic
def remove_case(*, observation: Observation, actor: Person, at: datetime) -> None:
    """Take back what one recorded oneself, before it is handed in. A second time changes nothing."""
    submission = lock_submission(observation.submission)
    _ensure_observer(submission.enrolment, actor, at)
    if observation.observer_id != actor.pk:
        raise Refused("not_yours", _("Only who recorded this case can take it back."))
    if submission.state != Submission.State.DRAFT:
        raise Refused("not_a_draft", _("What is handed in keeps its cases."))
    if Observation.objects.filter(pk=observation.pk).delete()[0]:
        fact = submission_fact("observation_removed", submission, actor, at)
        signals.case_observed.send(sender=Observation, facts=[fact])


def _ensure_observer(enrolment: Enrolment, actor: Person, at: datetime) -> None:
    ensure_not_own(actor, enrolment)
    if not reviewers.reviews(actor, enrolment, at):
        raise Refused("not_mentor", _("You do not mentor this person now."))


def _ensure_day(happened_on: date, enrolment: Enrolment, at: datetime) -> None:
    zone = enrolment.cohort.timezone
    if happened_on > local_date(at, zone):
        raise ValidationError({"happened_on": _("This day has not come yet.")}, code="in_the_future")
    if happened_on < local_date(enrolment.enrolled_at, zone):
        raise ValidationError(
            {"happened_on": _("This was before the person was enrolled.")}, code="before_enrolment"
        )
