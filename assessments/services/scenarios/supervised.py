"""Exceptions that a learner handled while their mentor was there: recorded, and withdrawn with a reason."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assessments import drill_rules, signals
from assessments.models import CaseDecision, Category, Complexity, Verdict
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.models import Enrolment
from tracks.people import Person
from tracks.rules import ensure_open


@transaction.atomic
def record(
    *,
    key: UUID,
    enrolment: Enrolment,
    category: str,
    complexity: int,
    decision: str,
    right: bool,
    note: str,
    handled_at: datetime,
    actor: Person,
    at: datetime,
) -> CaseDecision:
    """One real exception that the actor saw the learner handle. A repeated `key` is no second record.

    Raises ValidationError by field; Refused `own_case`, `not_mentor`, `not_each_other`, or where the
    enrolment is closed.
    """
    note = note.strip()
    _check(enrolment, category, complexity, decision, right=right, note=note, handled_at=handled_at, at=at)
    held = Enrolment.objects.select_for_update(of=("self",)).select_related("cohort")
    enrolment = held.get(pk=enrolment.pk)
    if same := CaseDecision.objects.filter(pk=key, enrolment=enrolment, recorded_by=actor).first():
        return same
    _ensure_observer(actor, enrolment, at)
    ensure_open(enrolment)
    case = CaseDecision.objects.create(
        pk=key,
        mode=CaseDecision.Mode.SUPERVISED,
        learner=enrolment.user,
        enrolment=enrolment,
        category=category,
        complexity=complexity,
        decision=decision,
        right=right,
        note=note,
        decided_at=handled_at,
        recorded_by=actor,
        recorded_at=at,
    )
    _announce(signals.case_supervised, "assessments.case_supervised", case, actor, at, right=right)
    return case


@transaction.atomic
def withdraw(*, case: CaseDecision, reason: str, actor: Person, at: datetime) -> CaseDecision:
    """The record no longer counts; it is kept. Who recorded it, or mentors the learner now, may say so.

    Raises ValidationError without a reason; Refused `not_mentor`, `already_withdrawn`.
    """
    reason = reason.strip()
    if not reason:
        raise ValidationError({"reason": _("Say why it is withdrawn.")}, code="reason_missing")
    case = CaseDecision.objects.select_for_update(of=("self",)).select_related("enrolment").get(pk=case.pk)
    if actor.pk != case.recorded_by_id and not drill_rules.answers_for(actor, case.enrolment, at):
        raise Refused("not_mentor", _("You do not mentor this person."))
    if case.withdrawn_at is not None:
        raise Refused("already_withdrawn", _("This record has been withdrawn already."))
    case.withdrawn_at, case.withdrawn_by, case.withdrawn_reason = at, actor, reason
    case.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    _announce(signals.supervision_withdrawn, "assessments.supervision_withdrawn", case, actor, at)
    return case


def _check(
    enrolment: Enrolment,
    category: str,
    complexity: int,
    decision: str,
    *,
    right: bool,
    note: str,
    handled_at: datetime,
    at: datetime,
) -> None:
    problems: dict[str, str] = {}
    fits = {
        "category": category in Category.values,
        "complexity": complexity in Complexity.values,
        "decision": decision in Verdict.values,
    }
    problems |= {name: _("Choose one of the list.") for name, fit in fits.items() if not fit}
    if handled_at > at:
        problems["handled_at"] = _("This lies in the future.")
    elif handled_at < enrolment.enrolled_at:
        problems["handled_at"] = _("This was before the enrolment.")
    if not right and not note:
        problems["note"] = _("Say what should have been decided, and why.")
    if problems:
        raise ValidationError(problems)


def _ensure_observer(actor: Person, enrolment: Enrolment, at: datetime) -> None:
    if actor.pk == enrolment.user_id:
        raise Refused("own_case", _("Somebody else records your cases."))
    if not drill_rules.answers_for(actor, enrolment, at):
        raise Refused("not_mentor", _("You do not mentor this person."))
    if drill_rules.observed_by_own_learner(actor, enrolment):
        message = _("This person has recorded cases of yours; two people do not vouch for each other.")
        raise Refused("not_each_other", message)


def _announce(signal: Any, kind: str, case: CaseDecision, actor: Person, at: datetime, **more: Any) -> None:
    fact = Fact(
        kind=kind,
        subject=("assessments.CaseDecision", str(case.pk)),
        at=at,
        actor_id=actor.pk,
        learner_id=case.learner_id,
        payload={
            "category": case.category,
            "complexity": case.complexity,
            "decision": case.decision,
            **more,
        },
    )
    signal.send(sender=CaseDecision, facts=[fact])
