"""One listener a fact: gates first, then the work that follows, then the ledger entry.

All of it runs inside the transaction of the change: without its entry, the change does not happen.
"""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.dispatch import Signal

from assessments import signals as assessments
from assessments.selectors.fitness import Fitness
from assessments.services import shadow
from enablement.access import signals as access
from enablement.access import tightening
from enablement.access.requirements.fitness import turns
from enablement.access.services import grants, nightly
from enablement.access.services.telling import tell_auditors, tell_changes, tell_kept, tell_stops
from enablement.certificates import signals as certificates
from enablement.certificates.services import request_certificate
from enablement.ledger import services as ledger
from enablement.people import signals as people
from enablement.people.models import User
from enablement.playbook.services import chain
from enablement.programs import signals as programs
from enablement.reports import signals as reports
from enablement.webhooks import events
from enablement.webhooks import services as webhook_services
from enablement.webhooks import signals as webhooks
from surveys import signals as surveys
from tracks import signals as tracks
from tracks.facts import Fact
from tracks.models import Enrolment
from tracks.services.progress import complete_enrolments, reopen_enrolments

# Facts that can open or close somebody's gates.
PROOF = (
    tracks.module_completed,
    tracks.module_renewed,
    tracks.module_completion_withdrawn,
    tracks.enrolment_changed,
    assessments.attempt_graded,
    assessments.attempt_lapsed,
    assessments.attempts_regraded,
    assessments.lab_signed_off,
    assessments.sign_off_withdrawn,
    assessments.sign_off_voided,
    assessments.sample_scored,
    assessments.look_taken,
    assessments.fresh_cases_done,
    assessments.case_supervised,
    assessments.supervision_withdrawn,
    surveys.survey_answered,
    people.person_changed,
    access.attestation_made,
    access.waiver_changed,
)
# Facts that only have to be remembered.
RECORD = (
    tracks.lesson_read,
    tracks.cohort_changed,
    tracks.mentorship_changed,
    tracks.delegation_changed,
    tracks.role_assignment_changed,
    assessments.question_changed,
    assessments.question_regraded,
    assessments.appeal_changed,
    assessments.case_rejudged,
    assessments.items_analysed,
    assessments.attempt_started,
    assessments.attempt_waits_for_marks,
    assessments.attempts_granted,
    assessments.time_granted,
    assessments.submission_handed_in,
    assessments.case_observed,
    assessments.lab_marked,
    assessments.lab_signed_once,
    assessments.lab_sent_back,
    assessments.case_judged,
    assessments.sample_judged,
    assessments.judge_appointed,
    assessments.cases_imported,
    assessments.case_dropped,
    assessments.version_started,
    assessments.drill_started,
    assessments.case_decided,
    assessments.drill_finished,
    assessments.justification_graded,
    assessments.drill_graded,
    assessments.words_erased,
    surveys.words_erased,
    people.token_changed,
    people.auditor_access_changed,
    people.right_request_changed,
    access.grant_changed,
    access.grant_kept,
    access.grant_renewed,
    access.stop_changed,
    access.ruling_changed,
    access.prompt_changed,
    access.sop_changed,
    access.waiver_proposed,
    access.emergency_changed,
    access.denies_repeated,
    access.outcome_reported,
    access.suspension_kept,
    access.approval_changed,
    access.approval_delegation_changed,
    access.legal_hold_changed,
    access.content_removed,
    certificates.certificate_changed,
    programs.session_changed,
    programs.calendar_address_changed,
    reports.report_requested,
    reports.evidence_pack_changed,
    webhooks.endpoint_changed,
)
_APPROVALS = frozenset({"access.approval_step_approved", "access.approval_approved"})
Listener = Callable[..., None]


def connect() -> None:
    _listen(PROOF, on_proof)
    _listen(RECORD, on_record)
    _listen((access.approval_changed,), on_approval_changed)
    _listen((access.grant_changed,), on_grant_changed)
    _listen((access.grant_kept,), on_grant_kept)
    _listen((access.grant_renewed,), on_grant_renewed)
    _listen((access.stop_changed,), on_stop_changed)
    _listen((access.gate_met,), on_gate_met)
    _listen((access.gate_lost,), on_gate_lost)
    _listen((people.person_changed,), on_person_changed)
    _listen((people.auditor_access_changed,), on_auditor_access_changed)
    _listen((tracks.enrolment_changed,), on_enrolment_changed)
    _listen((certificates.certificate_changed,), on_certificate_changed)
    _listen((programs.attendance_changed,), on_attendance_changed)
    _listen((assessments.version_declared_material,), on_track_changed)
    _listen((assessments.fitness_changed,), on_fitness_changed)


def _listen(signals: Sequence[Signal], listener: Listener) -> None:
    for signal in signals:
        signal.connect(listener, dispatch_uid=listener.__name__)


def on_proof(*, facts: Sequence[Fact], **_: Any) -> None:
    """Somebody's proof changed: their grants follow at once, then the change is recorded."""
    by_cause: dict[tuple[str, UUID | None], list[Fact]] = {}
    for fact in facts:
        by_cause.setdefault((fact.kind, fact.actor_id), []).append(fact)
    for (kind, actor_id), group in by_cause.items():
        learners = {fact.learner_id for fact in group if fact.learner_id is not None}
        grants.reevaluate(user_ids=learners, cause=kind, actor_id=actor_id, at=group[0].at)
    record(facts)


def on_person_changed(*, facts: Sequence[Fact], **_: Any) -> None:
    """Who has joined quality assurance judges the pools that are there."""
    ids = {fact.learner_id for fact in facts if fact.learner_id is not None}
    shadow.appoint_newcomers(users=User.objects.filter(pk__in=ids), at=facts[0].at)


def on_track_changed(*, facts: Sequence[Fact], **_: Any) -> None:
    """Something turned for everybody on a track: their grants follow at once, then it is recorded."""
    for fact in facts:
        learners = Enrolment.objects.live().filter(track__key=fact.payload["track"])
        grants.reevaluate(
            user_ids=set(learners.values_list("user_id", flat=True)),
            cause=fact.kind,
            actor_id=fact.actor_id,
            at=fact.at,
        )
    record(facts)


def on_fitness_changed(*, facts: Sequence[Fact], **_: Any) -> None:
    """The tool's own figure moves with every settled case; only where a gate turns does anything follow."""
    turning = [
        fact
        for fact in facts
        if turns(
            track_key=fact.payload["track"],
            before=Fitness(settled=fact.payload["settled_before"], usable=fact.payload["usable_before"]),
            after=Fitness(settled=fact.payload["settled"], usable=fact.payload["usable"]),
        )
    ]
    if turning:
        on_track_changed(facts=turning)


def on_enrolment_changed(*, facts: Sequence[Fact], **_: Any) -> None:
    """Who comes back from leave has not let a tool lie unused."""
    back = {fact.learner_id for fact in facts if fact.kind == "tracks.enrolment_resumed" and fact.learner_id}
    if back:
        nightly.back_from_leave(user_ids=back, at=facts[0].at)


def on_certificate_changed(*, facts: Sequence[Fact], **_: Any) -> None:
    """Some gates ask for another track's certificate; where none does, nothing has to be evaluated."""
    if not tightening.any_asks_for("certificate_valid"):
        return
    learners = {fact.learner_id for fact in facts if fact.learner_id is not None}
    grants.reevaluate(user_ids=learners, cause=facts[0].kind, actor_id=facts[0].actor_id, at=facts[0].at)


def on_attendance_changed(*, facts: Sequence[Fact], **_: Any) -> None:
    """With its first marks a session counts for its whole cohort, also where nothing is marked."""
    on_proof(facts=[fact for fact in facts if fact.kind != "programs.session_held"])
    for fact in facts:
        if fact.kind == "programs.session_held":
            cohort = Enrolment.objects.live().filter(cohort=fact.payload["cohort"])
            marked = {each.learner_id for each in facts}
            others = set(cohort.values_list("user_id", flat=True)) - marked
            grants.reevaluate(user_ids=others, cause=fact.kind, actor_id=fact.actor_id, at=fact.at)
            record([fact])


def on_record(*, facts: Sequence[Fact], **_: Any) -> None:
    record(facts)


def on_grant_changed(*, facts: Sequence[Fact], **_: Any) -> None:
    """People hear of what opens and closes for them, and so do programs that asked to."""
    tell_changes(facts)
    webhook_services.tell(facts, as_events=events.of_grants)


def on_grant_kept(*, facts: Sequence[Fact], **_: Any) -> None:
    """Who keeps a tool for a time hears of it on the day of the change, and what to do until then."""
    tell_kept(facts)


def on_auditor_access_changed(*, facts: Sequence[Fact], **_: Any) -> None:
    """Who was let in hears until when, and where to read."""
    tell_auditors(facts)


def on_grant_renewed(*, facts: Sequence[Fact], **_: Any) -> None:
    """People are warned before the end; programs that keep a list have to know when it is."""
    webhook_services.tell(facts, as_events=events.of_grants)


def on_stop_changed(*, facts: Sequence[Fact], **_: Any) -> None:
    """People hear of what they hold, and programs that hear of grants hear of kill switches too."""
    tell_stops(facts)
    webhook_services.tell(facts, as_events=events.of_stops)


def on_approval_changed(*, facts: Sequence[Fact], **_: Any) -> None:
    """The last approval of a change of the playbook puts it in force, or none of it happens."""
    for fact in facts:
        if fact.payload["kind"] == "change" and fact.kind in _APPROVALS:
            chain.on_approved(
                request_id=UUID(fact.subject[1]),
                actor_id=fact.actor_id,
                at=fact.at,
                last=fact.kind == "access.approval_approved",
            )


def on_gate_met(*, facts: Sequence[Fact], **_: Any) -> None:
    """Everything of a track is shown: the enrolment is complete and its certificate is made by a job."""
    at = facts[0].at
    for enrolment in complete_enrolments(enrolment_ids=_subjects(facts), at=at):
        request_certificate(enrolment=enrolment, at=at)
    record(facts)


def on_gate_lost(*, facts: Sequence[Fact], **_: Any) -> None:
    """What was complete no longer is. A certificate stands until a person revokes it."""
    reopen_enrolments(enrolment_ids=_subjects(facts), at=facts[0].at)
    record(facts)


def _subjects(facts: Sequence[Fact]) -> list[UUID]:
    return [UUID(fact.subject[1]) for fact in facts]


def record(facts: Sequence[Fact]) -> None:
    """Write the ledger entries of these facts; people are ids there, never names."""
    ledger.record_many(
        [
            ledger.NewEntry(
                kind=fact.kind,
                subject=fact.subject,
                actor=fact.actor_id or fact.program or None,
                at=fact.at,
                payload=dict(fact.payload) | ({"learner": str(fact.learner_id)} if fact.learner_id else {}),
            )
            for fact in facts
        ]
    )
