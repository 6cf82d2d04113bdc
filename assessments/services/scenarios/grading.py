"""The mentor's part: what of a good justification is there, and what to tell the learner."""

from collections.abc import Collection
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assessments import drill_rules, signals
from assessments.models import CaseDecision, Drill
from assessments.services.scenarios.drills import locked
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.people import Person

LONGEST_COMMENT = 4000


@transaction.atomic
def grade(
    *, case: CaseDecision, named: Collection[str], comment: str, actor: Person, at: datetime
) -> CaseDecision:
    """Record which criteria (by key) the justification names. The last one of a capstone gives its result.

    The same again changes nothing. Raises ValidationError for a criterion that the case lacks, and for none
    without a comment: an empty form is no grade. Refused `not_mentor`, `not_to_grade`, `already_graded`.
    """
    if case.drill is None:
        raise Refused("not_to_grade", _("Only decisions of a drill are graded."))
    drill = locked(case.drill)
    case = CaseDecision.objects.select_related("scenario", "enrolment").get(pk=case.pk)
    if not drill_rules.answers_for(actor, case.enrolment, at):
        raise Refused("not_mentor", _("You do not mentor this person."))
    marks = _marks(case, named)
    comment = comment.strip()[:LONGEST_COMMENT]
    if not any(marks.values()) and not comment:
        raise ValidationError(
            _("Tick what the justification names; where it names nothing, say so in words.")
        )
    if case.graded_at is not None:
        if (case.graded_by_id, case.marks, case.comment) != (actor.pk, marks, comment):
            raise Refused("already_graded", _("Somebody has graded this justification in the meantime."))
        return case
    if not CaseDecision.objects.to_grade().filter(pk=case.pk).exists():
        raise Refused("not_to_grade", _("This justification is not to be graded, or not yet."))
    case.marks, case.comment, case.graded_by, case.graded_at = marks, comment, actor, at
    case.save(update_fields=["marks", "comment", "graded_by", "graded_at"])
    fact = Fact(
        kind="assessments.justification_graded",
        subject=("assessments.CaseDecision", str(case.pk)),
        at=at,
        actor_id=actor.pk,
        learner_id=case.learner_id,
        payload={"drill": drill.number, "position": case.position, "marks": marks},
    )
    signals.justification_graded.send(sender=CaseDecision, facts=[fact])
    if drill.is_capstone and not drill.cases.filter(graded_at=None).exists():
        _settle(drill, actor, at)
    return case


def _marks(case: CaseDecision, named: Collection[str]) -> dict[str, bool]:
    keys = [criterion["key"] for criterion in case.scenario.criteria] if case.scenario else []
    if unknown := sorted(set(named) - set(keys)):
        message = _("This case has no criterion %(keys)s.") % {"keys": ", ".join(unknown)}
        raise ValidationError({"named": message})
    return {key: key in named for key in keys}


def _settle(drill: Drill, actor: Person, at: datetime) -> None:
    """Right decisions and named criteria, each counted against its share."""
    rows = list(drill.cases.values_list("right", "marks"))
    right = sum(bool(each) for each, _marks in rows)
    marks = [met for _right, of_case in rows for met in (of_case or {}).values()]
    scenario_set = drill.scenario_set
    drill.graded_at = at
    drill.passed = drill_rules.reaches(right, len(rows), scenario_set.pass_right) and drill_rules.reaches(
        sum(marks), len(marks), scenario_set.pass_named
    )
    drill.save(update_fields=["graded_at", "passed"])
    fact = Fact(
        kind="assessments.drill_graded",
        subject=("assessments.Drill", str(drill.pk)),
        at=at,
        actor_id=actor.pk,
        learner_id=drill.learner_id,
        payload={
            "drill": drill.number,
            "right": right,
            "cases": len(rows),
            "named": sum(marks),
            "criteria": len(marks),
            "passed": drill.passed,
        },
    )
    signals.drill_graded.send(sender=Drill, facts=[fact])
