"""Reads of exception cases: a learner's record, what waits to be graded, what was observed."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, QuerySet
from django.urls import reverse

from assessments.models import CaseDecision, Category, Complexity, Drill, ScenarioSet, Verdict
from tracks.models import Enrolment, Lesson
from tracks.people import Person


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """Decisions of one kind of case: how many were right, and what was wrongly decided in the others."""

    label: str
    right: int
    approved: int
    denied: int
    escalated: int

    @property
    def n(self) -> int:
        return self.right + self.approved + self.denied + self.escalated

    @property
    def counts(self) -> tuple[int, int, int, int]:
        return self.right, self.approved, self.denied, self.escalated


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadAgain:
    """A lesson, and in how many wrongly decided cases it would have helped."""

    title: str
    url: str
    cases: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DrillRow:
    """right is None until it may be shown; named, criteria: of the justifications graded so far."""

    drill: Drill
    decided: int
    right: int | None
    waiting: int
    named: int
    criteria: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One learner's exception cases on one track.

    confusion: by right decision, its label and how often each decision was given, in the order of `Verdict`.
    """

    enrolment: Enrolment
    scenario_set: ScenarioSet | None
    drills: Sequence[DrillRow]
    by_category: Sequence[Tally]
    by_complexity: Sequence[Tally]
    confusion: Sequence[tuple[str, Sequence[int]]]
    lessons: Sequence[ReadAgain]
    supervised: Sequence[CaseDecision]

    @property
    def decided(self) -> int:
        return sum(tally.n for tally in self.by_complexity)

    @property
    def right(self) -> int:
        return sum(tally.right for tally in self.by_complexity)

    @property
    def open_drill(self) -> DrillRow | None:
        return next((row for row in self.drills if row.drill.finished_at is None), None)

    @property
    def practised(self) -> bool:
        return any(not row.drill.is_capstone and row.drill.finished_at for row in self.drills)

    @property
    def capstone(self) -> DrillRow | None:
        """The latest capstone that is finished."""
        return next((row for row in self.drills if row.drill.is_capstone and row.drill.finished_at), None)

    @property
    def observed(self) -> int:
        return sum(case.withdrawn_at is None for case in self.supervised)


def has_cases(enrolment: Enrolment) -> bool:
    """Whether the track has exception cases, or some were recorded while it had. One query."""
    in_use = ScenarioSet.objects.live().filter(track=enrolment.track_id)
    recorded = CaseDecision.objects.filter(enrolment=enrolment)
    return Enrolment.objects.filter(Exists(in_use) | Exists(recorded), pk=enrolment.pk).exists()


def record_of(enrolment: Enrolment) -> Record:
    """Four queries at most."""
    found = ScenarioSet.objects.filter(track=enrolment.track_id).first()
    cases = list(_cases_of(enrolment, found)) if found else []
    told = [case for case in cases if _is_shown(case)]
    observed = CaseDecision.objects.filter(enrolment=enrolment, mode=CaseDecision.Mode.SUPERVISED)
    return Record(
        enrolment=enrolment,
        scenario_set=found if found and found.retired_at is None else None,
        drills=_drill_rows(cases),
        by_category=_tallies(told, Category, "category"),
        by_complexity=_tallies(told, Complexity, "complexity"),
        confusion=_confusion(told),
        lessons=_lessons(enrolment, told),
        supervised=list(observed.select_related("recorded_by").order_by("-decided_at", "-recorded_at")),
    )


def _cases_of(enrolment: Enrolment, scenario_set: ScenarioSet) -> QuerySet[CaseDecision]:
    cases = CaseDecision.objects.filter(drill__scenario_set=scenario_set, learner=enrolment.user_id)
    related = cases.select_related("drill", "scenario").order_by("-drill__number", "position")
    return related.only(
        "decision",
        "decided_at",
        "right",
        "category",
        "complexity",
        "graded",
        "graded_at",
        "marks",
        "drill",
        "scenario__lesson",
        "scenario__right_decision",
    )


def _is_shown(case: CaseDecision) -> bool:
    """As `CaseDecisionQuerySet.shown` has it, of a case read with its drill."""
    drill = case.drill
    return (
        case.decided_at is not None
        and drill is not None
        and (not drill.is_capstone or drill.finished_at is not None)
    )


def _drill_rows(cases: Iterable[CaseDecision]) -> list[DrillRow]:
    by_drill: dict[UUID, list[CaseDecision]] = defaultdict(list)
    for case in cases:
        if case.drill_id is not None:
            by_drill[case.drill_id].append(case)
    return [_drill_row(of_drill) for of_drill in by_drill.values()]


def _drill_row(cases: Sequence[CaseDecision]) -> DrillRow:
    drill = cases[0].drill
    if drill is None:
        raise LookupError("a case of a drill has its drill")
    marks = [met for case in cases for met in (case.marks or {}).values()]
    shown = [case for case in cases if _is_shown(case)]
    hidden = drill.is_capstone and drill.finished_at is None
    return DrillRow(
        drill=drill,
        decided=sum(case.decided_at is not None for case in cases),
        right=None if hidden else sum(bool(case.right) for case in shown),
        waiting=sum(case.graded and case.graded_at is None for case in shown),
        named=sum(marks),
        criteria=len(marks),
    )


def _tallies(cases: Sequence[CaseDecision], kinds: Any, column: str) -> list[Tally]:
    """One for each kind, in its order, also where nothing was decided."""
    counts: Counter[tuple[Any, str]] = Counter(
        (getattr(case, column), "right" if case.right else case.decision) for case in cases
    )
    return [
        Tally(
            label=str(kind.label),
            right=counts[kind.value, "right"],
            approved=counts[kind.value, Verdict.APPROVE],
            denied=counts[kind.value, Verdict.DENY],
            escalated=counts[kind.value, Verdict.ESCALATE],
        )
        for kind in kinds
    ]


def _confusion(cases: Sequence[CaseDecision]) -> list[tuple[str, list[int]]]:
    pairs = Counter((case.scenario.right_decision, case.decision) for case in cases if case.scenario)
    return [(str(right.label), [pairs[right.value, given.value] for given in Verdict]) for right in Verdict]


def _lessons(enrolment: Enrolment, cases: Sequence[CaseDecision]) -> list[ReadAgain]:
    """The lessons behind what went wrong, the most useful first."""
    missed = Counter(
        case.scenario.lesson for case in cases if not case.right and case.scenario and case.scenario.lesson
    )
    rows = Lesson.objects.live().filter(
        key__in=missed, module__track=enrolment.track_id, module__retired_at=None
    )
    found = [
        ReadAgain(title=title, url=reverse("lesson", args=[track, module, key]), cases=missed[key])
        for key, title, module, track in rows.values_list("key", "title", "module__key", "module__track__key")
    ]
    return sorted(found, key=lambda lesson: (-lesson.cases, lesson.title))


@dataclass(frozen=True, kw_only=True, slots=True)
class Criterion:
    """One thing that a good justification names; named None: not graded (yet)."""

    key: str
    text: str
    named: bool | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseReview:
    """A decided case with all that may be told about it."""

    case: CaseDecision
    right_label: str
    matrix: Mapping[str, str]
    criteria: Sequence[Criterion]


def review_of(case: CaseDecision) -> CaseReview:
    """Of a case read with its scenario and set. No query."""
    scenario = case.scenario
    if scenario is None:
        raise LookupError("a case of a drill has its scenario")
    marks = case.marks or {}
    return CaseReview(
        case=case,
        right_label=str(Verdict(scenario.right_decision).label),
        matrix=matrix_row(scenario.scenario_set, case.category, case.complexity),
        criteria=[
            Criterion(key=each["key"], text=each["text"], named=marks.get(each["key"]))
            for each in scenario.criteria
        ],
    )


def matrix_row(scenario_set: ScenarioSet, category: str, complexity: int) -> dict[str, str]:
    """Who decides such a case, what to check, by when; {} where the set no longer says it."""
    rows = scenario_set.categories.get(category, {}).get("matrix", [])
    return next((row for row in rows if row["complexity"] == complexity), {})


@dataclass(frozen=True, kw_only=True, slots=True)
class MatrixCategory:
    label: str
    key: str
    definition: str
    rows: Sequence[tuple[str, Mapping[str, str]]]


def matrix_of(scenario_set: ScenarioSet) -> list[MatrixCategory]:
    """The decision matrix in the order of the categories. No query."""
    return [
        MatrixCategory(
            label=str(category.label),
            key=category.value,
            definition=scenario_set.categories.get(category.value, {}).get("definition", ""),
            rows=[
                (str(complexity.label), matrix_row(scenario_set, category.value, complexity.value))
                for complexity in Complexity
            ],
        )
        for category in Category
    ]


def reviews_of(drill: Drill) -> list[CaseReview]:
    """Every case of a finished drill. One query."""
    cases = drill.cases.all().shown().select_related("scenario__scenario_set", "graded_by", "drill")
    return [review_of(case) for case in cases.order_by("position")]


def justifications_to_grade(*, mentor: Person) -> QuerySet[CaseDecision]:
    """What waits for this mentor: capstones first, then the oldest."""
    waiting = CaseDecision.objects.all().mentored_by(mentor).to_grade()
    related = waiting.select_related("drill", "scenario__scenario_set", "learner", "enrolment__cohort")
    return related.order_by("drill__kind", "drill__finished_at", "drill", "position")


@dataclass(frozen=True, kw_only=True, slots=True)
class SupervisedStanding:
    """n: records that count. latest: of the latest ones that were asked for, how many there are; right: of
    these, how many were right; ids: their keys; oldest_at: when the first of them was handled.
    """

    n: int = 0
    latest: int = 0
    right: int = 0
    ids: tuple[UUID, ...] = field(default=())
    oldest_at: datetime | None = None


def supervised_standings(*, enrolment_ids: Collection[UUID], latest: int) -> dict[UUID, SupervisedStanding]:
    """By enrolment, for everyone asked; on the `latest` cases by when they were handled. One query."""
    rows: dict[UUID, list[tuple[UUID, bool]]] = defaultdict(list)
    handled: dict[UUID, list[datetime]] = defaultdict(list)
    standing = CaseDecision.objects.all().supervised().filter(enrolment__in=enrolment_ids)
    ordered = standing.order_by("-decided_at", "-recorded_at", "pk")
    columns = ("enrolment_id", "pk", "right", "decided_at")
    for enrolment_id, pk, right, decided_at in ordered.values_list(*columns):
        rows[enrolment_id].append((pk, bool(right)))
        handled[enrolment_id].append(decided_at)
    return {
        each: SupervisedStanding(
            n=len(rows[each]),
            latest=len(rows[each][:latest]),
            right=sum(right for _pk, right in rows[each][:latest]),
            ids=tuple(pk for pk, _right in rows[each][:latest]),
            oldest_at=min(handled[each][:latest], default=None),
        )
        for each in enrolment_ids
    }
