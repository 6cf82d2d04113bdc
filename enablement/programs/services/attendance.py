"""Marking who was at a session: by its host, or by who runs the cohort, once it has begun."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from enablement.people.models import User
from enablement.programs import rules
from enablement.programs.models import Attendance, Session
from enablement.programs.signals import attendance_changed
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.models import Cohort, Enrolment


@transaction.atomic
def mark_attendance(
    *, session: Session, marks: Mapping[UUID, str], actor: User, at: datetime, reason: str = ""
) -> list[Attendance]:
    """The marks that are new, by the primary keys of enrolments. The same mark once more changes nothing.

    reason: needed where a mark differs from the one that stands; that one is kept. With the first marks the
    session counts as held for its whole cohort, those who got none included.
    Raises ValidationError for an unknown mark or no reason; Refused `session_cancelled`, `not_begun`,
    `own_mark`, `not_enrolled`, `cohort_not_running`.
    """
    session = Session.objects.select_for_update(of=("self",)).select_related("cohort").get(pk=session.pk)
    rules.ensure_marks(session, actor)
    rules.ensure_not_cancelled(session)
    if not session.has_begun(at):
        raise Refused("not_begun", _("Attendance can be marked once the session has begun."))
    if unknown := set(marks.values()) - set(Attendance.Mark.values):
        raise ValidationError(_("Not a mark: %(marks)s.") % {"marks": ", ".join(sorted(unknown))})
    enrolments = _enrolments(session, marks, actor)
    standing = {
        mark.enrolment_id: mark
        for mark in Attendance.objects.filter(session=session, corrected_at=None, enrolment__in=enrolments)
    }
    first = not session.marks.exists()
    made = [
        Attendance(
            session=session,
            enrolment=enrolment,
            learner_id=enrolment.user_id,
            mark=marks[pk],
            marked_by=actor,
            marked_at=at,
            corrects=standing.get(pk),
            reason=reason.strip() if pk in standing else "",
        )
        for pk, enrolment in enrolments.items()
        if pk not in standing or standing[pk].mark != marks[pk]
    ]
    if made:
        _ensure_may_stand(session.cohort, made)
        _keep(made, at)
        _announce(session, made, actor, at, first=first)
    return made


def _enrolments(session: Session, marks: Mapping[UUID, str], actor: User) -> dict[UUID, Enrolment]:
    found = Enrolment.objects.live().filter(cohort=session.cohort_id).in_bulk(list(marks))
    if len(found) < len(marks):
        raise Refused("not_enrolled", _("Somebody is no longer enrolled here. Reload the page."))
    if any(enrolment.user_id == actor.pk for enrolment in found.values()):
        raise Refused("own_mark", _("Somebody else marks you."))
    return found


def _ensure_may_stand(cohort: Cohort, made: Iterable[Attendance]) -> None:
    corrections = [mark for mark in made if mark.corrects is not None]
    if len(corrections) < len(list(made)) and cohort.state != Cohort.State.RUNNING:
        raise Refused("cohort_not_running", _("Attendance counts while the cohort runs."))
    if any(not mark.reason for mark in corrections):
        message = _("Say why marks that were saved before change.")
        raise ValidationError({"reason": message}, code="reason_missing")


def _keep(made: list[Attendance], at: datetime) -> None:
    corrected = [mark.corrects_id for mark in made if mark.corrects_id is not None]
    Attendance.objects.filter(pk__in=corrected).update(corrected_at=at)
    Attendance.objects.bulk_create(made)


def _announce(
    session: Session, made: Iterable[Attendance], actor: User, at: datetime, *, first: bool
) -> None:
    held = Fact(
        kind="programs.session_held",
        subject=("programs.Session", str(session.pk)),
        at=at,
        actor_id=actor.pk,
        payload={"cohort": str(session.cohort_id)},
    )
    facts = [held] if first else []
    attendance_changed.send(sender=Attendance, facts=[*facts, *(_fact(mark, actor, at) for mark in made)])


def _fact(mark: Attendance, actor: User, at: datetime) -> Fact:
    before = {"corrects": str(mark.corrects.pk), "before": mark.corrects.mark} if mark.corrects else {}
    return Fact(
        kind="programs.attendance_corrected" if mark.corrects else "programs.attendance_marked",
        subject=("programs.Attendance", str(mark.pk)),
        at=at,
        actor_id=actor.pk,
        learner_id=mark.learner_id,
        payload={"session": str(mark.session_id), "mark": mark.mark, **before},
    )
