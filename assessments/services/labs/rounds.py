"""Rounds: what was handed in stays as it was; work goes on in a new draft."""

from datetime import datetime

from django.utils.translation import gettext as _

from assessments.models import EvidenceFile, Observation, Submission
from tracks.errors import Refused
from tracks.models import Enrolment, Lab

State = Submission.State


def open_draft(enrolment: Enrolment, lab: Lab, at: datetime) -> Submission:
    """The open draft; else the first one (not stored yet), or the next round."""
    latest = Submission.objects.filter(enrolment=enrolment, lab=lab).order_by("-round").first()
    if latest is None:
        return Submission(enrolment=enrolment, lab=lab, round=1, saved_at=at)
    if latest.state == State.SUBMITTED:
        raise Refused("in_review", _("This lab is with your mentor; you can change it once it comes back."))
    if latest.state == State.SIGNED_OFF:
        raise Refused("signed_off", _("This lab is signed off. To change it, start a new round first."))
    return latest if latest.state == State.DRAFT else open_next_round(latest, at)


def open_next_round(submission: Submission, at: datetime) -> Submission:
    """A draft that starts from what was handed in; stored files are shared between rounds."""
    draft = Submission.objects.create(
        lab=submission.lab,
        enrolment=submission.enrolment,
        round=submission.round + 1,
        text=submission.text,
        link=submission.link,
        saved_at=at,
    )
    EvidenceFile.objects.bulk_create(
        EvidenceFile(
            submission=draft,
            file=kept.file.name,
            name=kept.name,
            size=kept.size,
            content_type=kept.content_type,
            sha256=kept.sha256,
            added_at=kept.added_at,
        )
        for kept in submission.files.kept()
    )
    Observation.objects.bulk_create(
        Observation(
            submission=draft,
            learner_id=seen.learner_id,
            observer_id=seen.observer_id,
            happened_on=seen.happened_on,
            what=seen.what,
            outcome=seen.outcome,
            note=seen.note,
            recorded_at=seen.recorded_at,
        )
        for seen in submission.observations.all()
    )
    return draft
