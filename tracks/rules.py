"""Who may do what on tracks and cohorts."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from tracks.errors import Refused
from tracks.models import Cohort, Enrolment
from tracks.people import Person


def ensure_starts_cohorts(actor: Person | None) -> None:
    """None is the system itself (commands, playbooks)."""
    if actor is not None and not actor.has_perm("tracks.run_cohorts"):
        raise PermissionDenied(_("You may not start cohorts."))


def ensure_runs(cohort: Cohort, actor: Person | None) -> None:
    if actor is not None and not actor.has_perm("tracks.run_cohort", cohort):
        raise PermissionDenied(_("You do not run this cohort."))


def ensure_open(enrolment: Enrolment, *, renewing: bool = False) -> None:
    """Work on a track counts while its cohort runs and the person is neither on leave nor withdrawn.

    renewing: what was achieved already is only given anew, which a closed cohort does not hinder: proof
    lapses long after its cohort has ended (decision 138).
    """
    if enrolment.state == Enrolment.State.WITHDRAWN:
        raise Refused("enrolment_withdrawn", _("You are no longer enrolled on this track."))
    if enrolment.state == Enrolment.State.PAUSED:
        raise Refused(
            "enrolment_paused", _("You are on leave from this track. Ask your program manager to resume it.")
        )
    if enrolment.cohort.state == Cohort.State.PLANNED:
        raise Refused("cohort_not_started", _("Your cohort has not started yet."))
    if enrolment.cohort.state == Cohort.State.CLOSED and not renewing:
        raise Refused("cohort_closed", _("Your cohort is closed; what you have achieved stays yours."))
