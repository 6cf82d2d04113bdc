"""What became of a person's grants, as the ledger has it, and why, in words."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from enablement.access.models import Grant, GrantHold
from enablement.ledger.models import LedgerEntry
from enablement.people.models import User

#: The cause of a change after which the gate decides again.
LIFTED = "access.hold_lifted"
#: That a gate became stricter, and a holder keeps the tool for a time.
KEPT = "access.grant_kept"
#: The facts that open and close gates, in words.
CAUSES = {
    "access.attested": _lazy("A policy was confirmed"),
    "certificates.issued": _lazy("A certificate was issued"),
    "certificates.revoked": _lazy("A certificate was revoked"),
    "access.by_hand": _lazy("A person suspended it"),
    "access.disuse": _lazy("It was not used for 90 days"),
    "access.rework": _lazy("Too many outputs were reworked or overturned"),
    LIFTED: _lazy("The suspension was lifted"),
    "access.waiver_approved": _lazy("A requirement was waived"),
    "access.waiver_ended": _lazy("A waiver was ended"),
    "access.nightly": _lazy("The nightly evaluation of all grants"),
    "access.opened_by_hand": _lazy("A person opened it"),
    "access.opening": _lazy("Somebody was about to open it"),
    "assessments.attempt_graded": _lazy("A quiz was graded"),
    "assessments.attempt_lapsed": _lazy("The time for a quiz ended"),
    "assessments.attempt_regraded": _lazy("A quiz was marked again"),
    "assessments.lab_signed_off": _lazy("A lab was signed off"),
    "assessments.fitness_changed": _lazy("The tool was judged by quality assurance"),
    "assessments.fresh_cases_done": _lazy("Cases of a new version were judged in time"),
    "assessments.look_corrected": _lazy("An appeal changed what is right in shadow mode"),
    "assessments.look_taken": _lazy("Shadow-mode cases were looked at"),
    "assessments.sample_scored": _lazy("A shadow-mode case was scored"),
    "assessments.sign_off_voided": _lazy("Signed-off evidence was changed"),
    "assessments.sign_off_withdrawn": _lazy("A sign-off was withdrawn"),
    "assessments.version_declared_material": _lazy("A new version of the tool was declared material"),
    "people.identity_linked": _lazy("Signed in at the organisation for the first time"),
    "people.sessions_ended": _lazy("The organisation signed the person out everywhere"),
    "people.person_added": _lazy("The account was opened"),
    "people.person_deactivated": _lazy("The account was closed"),
    "people.person_reactivated": _lazy("The account was opened again"),
    "people.person_updated": _lazy("The roster was changed"),
    "playbook.applied": _lazy("A playbook was applied"),
    "programs.attendance_corrected": _lazy("Attendance of a session was corrected"),
    "programs.attendance_marked": _lazy("Attendance of a session was marked"),
    "programs.session_held": _lazy("A session was held, and nothing marked for this person"),
    "surveys.survey_answered": _lazy("A survey was answered"),
    "tracks.enrolled": _lazy("Enrolment"),
    "tracks.enrolment_completed": _lazy("The track was completed"),
    "tracks.enrolment_paused": _lazy("Leave began"),
    "tracks.enrolment_resumed": _lazy("Leave ended"),
    "tracks.enrolment_reopened": _lazy("The track was no longer complete"),
    "tracks.enrolment_withdrawn": _lazy("Withdrawal from the track"),
    "tracks.module_completed": _lazy("A module was completed"),
    "tracks.module_renewed": _lazy("A module was gone through again"),
    "tracks.module_completion_withdrawn": _lazy("The completion of a module was withdrawn"),
}


def cause_label(cause: str) -> str:
    """In words, what kind of fact led to a change."""
    return str(CAUSES.get(cause, cause))


@dataclass(frozen=True, kw_only=True, slots=True)
class GrantChange:
    """One line of a person's access history, from the ledger. renewed: it stays open, and `until` says how
    long; None is without an end; kept: although its gate asks for more. reason: in the words of who suspended
    it, or of who lifted that.
    """

    at: datetime
    microtool: str
    before: str
    after: str
    cause: str
    policy_revision: int
    reason: str = ""
    renewed: bool = False
    kept: bool = False
    until: datetime | None = None

    @property
    def cause_label(self) -> str:
        return cause_label(self.cause)

    @property
    def before_label(self) -> str:
        return _state_label(self.before)

    @property
    def after_label(self) -> str:
        return _state_label(self.after)


def _state_label(state: str) -> str:
    return str(Grant.State(state).label) if state else _("none")


def grant_history(*, user: User, limit: int = 50) -> list[GrantChange]:
    """The latest changes of this person's grants, newest first, as the ledger has them."""
    grants = Grant.objects.filter(user=user).values_list("pk", "microtool__title")
    titles = {str(pk): title for pk, title in grants}
    entries = LedgerEntry.objects.filter(subject_type="access.grant", subject_id__in=titles).order_by("-at")
    holds = GrantHold.objects.filter(grant__user=user)
    reasons: dict[tuple[UUID, datetime | None], str] = {}
    for grant, placed, why, lifted, why_lifted in holds.values_list(
        "grant", "placed_at", "reason", "lifted_at", "lift_reason"
    ):
        reasons |= {(grant, placed): why, (grant, lifted): why_lifted}
    return [
        _change(entry, titles[entry.subject_id], reasons.get((UUID(entry.subject_id), entry.at), ""))
        for entry in entries[:limit]
    ]


def lift_reasons(grants: Iterable[UUID]) -> dict[tuple[UUID, datetime], str]:
    """Why suspensions were lifted, by grant and moment. One query, none for no grants."""
    lifted = GrantHold.objects.filter(grant__in=list(grants), lifted_at__isnull=False)
    found = lifted.values_list("grant", "lifted_at", "lift_reason")
    return {(pk, moment): reason for pk, moment, reason in found if moment is not None}


def _change(entry: LedgerEntry, title: str, reason: str) -> GrantChange:
    payload = json.loads(entry.payload)
    return GrantChange(
        at=entry.at,
        microtool=title,
        before=payload["before"],
        after=payload["after"],
        cause=payload["cause"],
        policy_revision=payload["policy_revision"],
        reason=reason,
        renewed=entry.kind in {"access.grant_renewed", KEPT},
        kept=entry.kind == KEPT,
        until=datetime.fromisoformat(payload["not_after"]) if payload.get("not_after") else None,
    )
