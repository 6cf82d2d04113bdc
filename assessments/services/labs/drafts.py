"""The learner's part of a lab: write, attach, hand in, and change what was signed off."""

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessments import signals
from assessments.models import EvidenceFile, SignOff, Submission
from assessments.services.labs import evidence
from assessments.services.labs.announce import submission_fact
from assessments.services.labs.demands import ensure_complete
from assessments.services.labs.evidence import CheckedFile
from assessments.services.labs.locks import lock_enrolment, lock_submission
from assessments.services.labs.rounds import open_draft, open_next_round
from assessments.services.labs.withdrawals import void
from tracks.errors import Refused
from tracks.models import Enrolment, Lab
from tracks.people import Person
from tracks.rules import ensure_open

State = Submission.State


@transaction.atomic
def save_draft(
    *,
    enrolment: Enrolment,
    lab: Lab,
    text: str | None = None,
    link: str | None = None,
    files: Sequence[CheckedFile] = (),
    actor: Person,
    at: datetime,
) -> Submission:
    """The learner's draft with these contents; None leaves a part as it is, files are added to those there.

    A file that is there already is not added twice. Raises ValidationError for a type that the lab does not
    take and for too many files, and Refused `not_yours`, `lab_not_on_track`, `in_review`, `signed_off`, or
    where the enrolment is closed.
    """
    enrolment = lock_enrolment(enrolment.pk)
    _ensure_learner(enrolment, actor)
    ensure_open(enrolment)
    if lab.module.track_id != enrolment.track_id or lab.retired_at is not None:
        raise Refused("lab_not_on_track", _("This lab is not part of your track."))
    draft = open_draft(enrolment, lab, at)
    draft.text = draft.text if text is None else text
    draft.link = draft.link if link is None else link
    draft.saved_at = at
    draft.full_clean(exclude=("lab", "enrolment"), validate_unique=False, validate_constraints=False)
    draft.save()
    _add_files(draft, files, at)
    return draft


def _add_files(draft: Submission, files: Sequence[CheckedFile], at: datetime) -> None:
    there = set(draft.files.values_list("sha256", flat=True))
    new = {checked.sha256: checked for checked in files if checked.sha256 not in there}
    evidence.ensure_types(draft.lab, [checked.name for checked in new.values()])
    most = draft.lab.max_files
    if len(there) + len(new) > most:
        message = ngettext(
            "Keep at most %(max)d files: %(count)d is there, and you added %(new)d.",
            "Keep at most %(max)d files: %(count)d are there, and you added %(new)d.",
            len(there),
        )
        counts = {"max": most, "count": len(there), "new": len(new)}
        raise ValidationError({"files": message % counts}, code="too_many_files")
    EvidenceFile.objects.bulk_create(
        EvidenceFile(
            submission=draft,
            file=name,
            name=checked.name,
            size=checked.size,
            content_type=checked.content_type,
            sha256=checked.sha256,
            added_at=at,
        )
        for name, checked in zip(evidence.store(new.values()), new.values(), strict=True)
    )


@transaction.atomic
def remove_file(*, evidence_file: EvidenceFile, actor: Person, at: datetime) -> None:
    """Take a file off a draft; what was handed in keeps its files. A second time changes nothing."""
    submission = lock_submission(evidence_file.submission)
    _ensure_learner(submission.enrolment, actor)
    ensure_open(submission.enrolment)
    if submission.state != State.DRAFT:
        raise Refused("not_a_draft", _("What is handed in keeps its files."))
    if EvidenceFile.objects.filter(pk=evidence_file.pk).delete()[0]:
        submission.saved_at = at
        submission.save(update_fields=["saved_at"])
        name = evidence_file.file.name or ""
        transaction.on_commit(lambda: evidence.delete_unused(name))


@transaction.atomic
def hand_in(*, submission: Submission, actor: Person, at: datetime) -> Submission:
    """Give the draft to the mentors, bound to the hash of its evidence. A second time changes nothing.

    Evidence that differs from what an earlier sign-off rests on voids that sign-off. Raises ValidationError,
    by field, for evidence that the lab requires; Refused `not_yours`, `unchanged`, or a closed enrolment.
    """
    submission = lock_submission(submission)
    _ensure_learner(submission.enrolment, actor)
    if submission.state != State.DRAFT:
        return submission
    ensure_open(submission.enrolment)
    files = list(submission.files.all())
    ensure_complete(submission, files)
    submission.content_hash = evidence.record_hash(submission)
    standing = SignOff.objects.open().filter(enrolment=submission.enrolment_id, lab=submission.lab_id).first()
    if standing is not None and standing.evidence_hash == submission.content_hash:
        raise Refused(
            "unchanged", _("This is the evidence that is signed off already; nothing was handed in.")
        )
    submission.state = State.SUBMITTED
    submission.submitted_at = at
    submission.save(update_fields=["state", "submitted_at", "content_hash"])
    if standing is not None:
        void(sign_off=standing, actor=actor, at=at)
    fact = submission_fact("submission_handed_in", submission, actor, at, files=len(files))
    signals.submission_handed_in.send(sender=Submission, facts=[fact])
    return submission


@transaction.atomic
def revise(*, enrolment: Enrolment, lab: Lab, actor: Person, at: datetime) -> Submission:
    """A new draft over signed-off work. The sign-off stands until other evidence is handed in.

    Returns the open round where there is one. Refused `not_yours`, `nothing_to_revise`.
    """
    enrolment = lock_enrolment(enrolment.pk)
    _ensure_learner(enrolment, actor)
    ensure_open(enrolment)
    latest = Submission.objects.filter(enrolment=enrolment, lab=lab).order_by("-round").first()
    if latest is None:
        raise Refused("nothing_to_revise", _("Nothing is handed in yet."))
    if latest.state in {State.DRAFT, State.SUBMITTED}:
        return latest
    return open_next_round(latest, at)


def _ensure_learner(enrolment: Enrolment, actor: Person) -> None:
    if actor.pk != enrolment.user_id:
        raise Refused("not_yours", _("Only the person who learns can work on this."))
