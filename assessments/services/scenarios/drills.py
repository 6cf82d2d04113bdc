"""The learner's part: start a drill or go on with it, and decide its cases one after the other."""

import random
import re
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from assessments import drill_rules, signals
from assessments.models import CaseDecision, Drill, Scenario, ScenarioSet, Verdict
from assessments.services.scenarios.draw import Candidate, draw_cases
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.models import Enrolment
from tracks.people import Person
from tracks.rules import ensure_open

if TYPE_CHECKING:
    from uuid import UUID

RANDOM = random.SystemRandom()
_WORD = re.compile(r"\w+")
LONGEST_JUSTIFICATION = 4000


@transaction.atomic
def start(
    *, scenario_set: ScenarioSet, kind: str, actor: Person, at: datetime, rng: random.Random = RANDOM
) -> Drill:
    """The actor's open drill, whatever its kind; a new one where there is none. Its cases are drawn here.

    Refused `not_enrolled`, `set_retired`, `practice_first`, `capstone_waiting`, `capstone_passed`, or where
    the enrolment is closed.
    """
    enrolment = _locked_enrolment(scenario_set, actor)
    ensure_open(enrolment)
    mine = Drill.objects.filter(scenario_set=scenario_set, learner=actor)
    if open_one := mine.open().first():
        return open_one
    if scenario_set.retired_at is not None:
        raise Refused("set_retired", _("These cases are no longer part of the track."))
    if kind == Drill.Kind.CAPSTONE:
        _ensure_capstone(mine)
    cases = draw_cases(pool=_pool(scenario_set, actor), size=scenario_set.size, rng=rng)
    drill = Drill.objects.create(
        scenario_set=scenario_set,
        learner=actor,
        enrolment=enrolment,
        kind=kind,
        number=(mine.aggregate(last=Max("number"))["last"] or 0) + 1,
        size=len(cases),
        started_at=at,
    )
    graded = drill_rules.graded_places(capstone=drill.is_capstone, size=len(cases), rng=rng)
    CaseDecision.objects.bulk_create(
        CaseDecision(
            mode=CaseDecision.Mode.DRILL,
            learner=actor,
            enrolment=enrolment,
            category=case.category,
            complexity=case.complexity,
            drill=drill,
            scenario_id=case.pk,
            position=position,
            graded=position in graded,
        )
        for position, case in enumerate(cases, start=1)
    )
    _announce(signals.drill_started, "assessments.drill_started", drill, at, cases=len(cases))
    return drill


@transaction.atomic
def decide(
    *, drill: Drill, position: int, decision: str, justification: str, actor: Person, at: datetime
) -> CaseDecision:
    """Decide the case whose turn it is. The same decision on the same case again changes nothing.

    Raises ValidationError for an unknown decision or less than a sentence; Refused `not_yours`,
    `already_decided`, `not_its_turn`, or where the enrolment is closed.
    """
    justification = check_answer(decision, justification)
    drill = locked(drill)
    if drill.learner_id != actor.pk:
        raise Refused("not_yours", _("This is somebody else's drill."))
    case = CaseDecision.objects.select_related("scenario").get(drill=drill, position=position)
    if case.decided_at is not None:
        if (case.decision, case.justification) != (decision, justification):
            raise Refused(
                "already_decided", _("You have decided this case already; the first answer counts.")
            )
        return case
    ensure_open(drill.enrolment)
    undecided = drill.cases.filter(decided_at=None)
    if undecided.filter(position__lt=position).exists():
        raise Refused("not_its_turn", _("Decide the cases before this one first."))
    scenario = case.scenario
    if scenario is None:
        raise LookupError("a case of a drill has its scenario (case_decision_fits_its_mode)")
    case.decision, case.justification, case.decided_at = decision, justification, at
    case.right = decision == scenario.right_decision
    case.save(update_fields=["decision", "justification", "decided_at", "right"])
    _announce(
        signals.case_decided,
        "assessments.case_decided",
        drill,
        at,
        scenario=scenario.key,
        position=position,
        decision=decision,
    )
    if not undecided.exists():
        _finish(drill, at)
    return case


def check_answer(decision: str, justification: str) -> str:
    """The justification as it is kept. Raises ValidationError by field."""
    problems = {}
    text = justification.strip()
    if decision not in Verdict.values:
        problems["decision"] = _("Choose approve, deny or escalate.")
    if len(_WORD.findall(text)) < drill_rules.SENTENCE_WORDS:
        problems["justification"] = _("Say why in at least one full sentence.")
    elif len(text) > LONGEST_JUSTIFICATION:
        problems["justification"] = _("At most %(limit)d characters.") % {"limit": LONGEST_JUSTIFICATION}
    if problems:
        raise ValidationError(problems)
    return text


def locked(drill: Drill) -> Drill:
    """The row that two answers, or two graders, of the same drill meet at."""
    held = Drill.objects.select_for_update(of=("self",))
    return held.select_related("scenario_set__track", "enrolment__cohort").get(pk=drill.pk)


def _finish(drill: Drill, at: datetime) -> None:
    drill.finished_at = at
    drill.save(update_fields=["finished_at"])
    right = drill.cases.filter(right=True).count()
    _announce(signals.drill_finished, "assessments.drill_finished", drill, at, right=right, cases=drill.size)


def _announce(signal: Any, kind: str, drill: Drill, at: datetime, **payload: Any) -> None:
    fact = Fact(
        kind=kind,
        subject=("assessments.Drill", str(drill.pk)),
        at=at,
        actor_id=drill.learner_id,
        learner_id=drill.learner_id,
        payload={"drill": drill.number, "of": drill.kind, **payload},
    )
    signal.send(sender=Drill, facts=[fact])


def _locked_enrolment(scenario_set: ScenarioSet, user: Person) -> Enrolment:
    """The row that two starts of the same person meet at."""
    enrolments = Enrolment.objects.live().select_for_update(of=("self",)).select_related("cohort")
    enrolment = enrolments.filter(user=user, track=scenario_set.track_id).first()
    if enrolment is None:
        raise Refused("not_enrolled", _("You are not enrolled in the track of these cases."))
    return enrolment


def _ensure_capstone(mine: Any) -> None:
    capstones = mine.filter(kind=Drill.Kind.CAPSTONE)
    if not mine.filter(kind=Drill.Kind.PRACTICE, finished_at__isnull=False).exists():
        raise Refused("practice_first", _("Finish a practice drill first; the capstone follows it."))
    if capstones.filter(passed=True).exists():
        raise Refused("capstone_passed", _("You have passed the capstone."))
    if capstones.filter(graded_at=None).exists():
        raise Refused("capstone_waiting", _("Your capstone still waits to be graded."))


def _pool(scenario_set: ScenarioSet, user: Person) -> list[Candidate]:
    """What one has graded for others is not new either: the page told what was right."""
    met = Q(learner=user) | Q(graded_by=user)
    cases = CaseDecision.objects.filter(met, scenario__scenario_set=scenario_set)
    had: Counter[str] = Counter(cases.values_list("scenario__key", flat=True))
    rows = Scenario.objects.live().filter(scenario_set=scenario_set).order_by("key")
    columns: list[tuple[UUID, str, str, int]] = list(rows.values_list("pk", "key", "category", "complexity"))
    return [Candidate(pk, category, complexity, had[key]) for pk, key, category, complexity in columns]
