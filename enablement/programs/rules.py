"""Who may do what with sessions and attendance."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from enablement.programs.models import Session
from tracks.errors import Refused
from tracks.models import Cohort
from tracks.people import Person


def ensure_marks(session: Session, actor: Person) -> None:
    """Its host, and who runs its cohort."""
    if actor.pk != session.host_id and not actor.has_perm("tracks.run_cohort", session.cohort):
        raise PermissionDenied(_("You neither hold this session nor run its cohort."))


def ensure_not_cancelled(session: Session) -> None:
    if session.cancelled_at is not None:
        raise Refused("session_cancelled", _("This session is cancelled; plan another one instead."))


def ensure_runs_still(cohort: Cohort) -> None:
    if cohort.state == Cohort.State.CLOSED:
        raise Refused("cohort_closed", _("This cohort is closed; no session of it counts any more."))
