"""Readiness: how a cohort stands before its gate, in as many queries for 10 people as for 1,000."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from assessments.models import Submission
from tracks.models import Cohort, ComponentCompletion, Enrolment, LessonRead, Module, ModuleCompletion

People: TypeAlias = QuerySet[Enrolment] | Sequence[UUID]


@dataclass(frozen=True, kw_only=True, slots=True)
class RequirementRow:
    """One requirement of the gate over a cohort; `index` is its place in the gate."""

    index: int
    label: str
    short: str
    required: str
    met: int
    total: int

    @property
    def missing(self) -> int:
        return self.total - self.met

    @property
    def state(self) -> str:
        if self.met == self.total:
            return "met"
        return "at-risk" if self.met else "not-met"


@dataclass(frozen=True, kw_only=True, slots=True)
class ModuleRow:
    """How many people have completed a module, are under way in it, have not started it."""

    module: Module
    completed: int
    under_way: int
    not_started: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """The answer for one cohort: who is ready, and which requirements hold the others up."""

    cohort: Cohort
    total: int
    ready: int
    late: int
    waiting_labs: int
    requirements: Sequence[RequirementRow]

    @property
    def met_requirements(self) -> int:
        return sum(row.state == "met" for row in self.requirements)

    @property
    def blockers(self) -> list[RequirementRow]:
        """The requirements that are not met by everybody, the one with most people missing first."""
        return sorted((row for row in self.requirements if row.missing), key=lambda row: -row.missing)

    @property
    def state(self) -> str:
        if not self.total or not self.requirements:
            return "not-started"
        if self.ready == self.total:
            return "met"
        return "not-met" if self.late else "at-risk"


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonRow:
    """One line of the people table."""

    enrolment: Enrolment
    modules: Sequence[str]
    leaves: Sequence[dict[str, Any]]
    status: str
    state: str


def live_enrolments(cohort: Cohort) -> QuerySet[Enrolment]:
    """With what a line of the people table shows, and nothing else."""
    return (
        cohort.enrolments.live()
        .select_related("user", "standing")
        .only("cohort", "state", "due_on", "user__name", "user__email", "standing__met", "standing__leaves")
        .order_by("user__name", "user__email")
    )


def boards(*, cohorts: Sequence[Cohort], at: datetime) -> list[Board]:
    """The boards of several cohorts, for the list of cohorts; a fixed number of queries for each."""
    return [board(cohort=cohort, at=at) for cohort in cohorts]


def board(*, cohort: Cohort, at: datetime) -> Board:
    people = cohort.enrolments.live()
    leaves = _gate_leaves(people)
    met = {
        f"met_{i}": Count("pk", filter=Q(**{f"standing__leaves__{i}__met": True})) for i in range(len(leaves))
    }
    counts = people.aggregate(
        total=Count("pk"),
        ready=Count("pk", filter=Q(standing__met=True)),
        late=Count("pk", filter=Q(due_on__lt=today(cohort, at), state="active") & ~Q(standing__met=True)),
        **met,
    )
    return Board(
        cohort=cohort,
        total=counts["total"],
        ready=counts["ready"],
        late=counts["late"],
        waiting_labs=Submission.objects.filter(enrolment__in=people, state="submitted").count(),
        requirements=[
            RequirementRow(
                index=index,
                label=leaf["label"],
                short=leaf.get("short") or leaf["label"],
                required=leaf["required"],
                met=counts[f"met_{index}"],
                total=counts["total"],
            )
            for index, leaf in enumerate(leaves)
        ],
    )


def today(cohort: Cohort, at: datetime) -> date:
    return at.astimezone(ZoneInfo(cohort.timezone)).date()


def _gate_leaves(people: QuerySet[Enrolment]) -> list[dict[str, Any]]:
    """The gate's requirements; every standing of a track holds them in the same order."""
    leaves: list[dict[str, Any]] | None = (
        people.exclude(standing=None).values_list("standing__leaves", flat=True).first()
    )
    return leaves or []


def module_rows(*, cohort: Cohort, total: int) -> list[ModuleRow]:
    """How the `total` people of the cohort are spread over each module's states. Three queries.

    Completions are counted by the database; only who is between first step and completion is read.
    """
    people = cohort.enrolments.live()
    counted = _completions(people).order_by().values_list("module").annotate(n=Count("pk"))
    completed = Counter(dict(counted))
    under_way = Counter(module_id for _enrolment_id, module_id in _under_way(people))
    return [
        ModuleRow(
            module=module,
            completed=completed[module.pk],
            under_way=under_way[module.pk],
            not_started=total - under_way[module.pk] - completed[module.pk],
        )
        for module in Module.objects.live().filter(track=cohort.track_id)
    ]


def _completions(people: People) -> QuerySet[Any]:
    return ModuleCompletion.objects.current().filter(enrolment__in=people)


def _under_way(people: People) -> QuerySet[Any, tuple[UUID, int]]:
    """(enrolment, module) where something is read or achieved, but the module is not completed."""
    completed = ModuleCompletion.objects.current().filter(enrolment=OuterRef("enrolment"))
    reads = (
        LessonRead.objects.filter(enrolment__in=people)
        .exclude(Exists(completed.filter(module=OuterRef("lesson__module"))))
        .values_list("enrolment", "lesson__module")
    )
    parts = (
        ComponentCompletion.objects.current()
        .filter(enrolment__in=people)
        .exclude(Exists(completed.filter(module=OuterRef("component__module"))))
        .values_list("enrolment", "component__module")
    )
    return reads.order_by().union(parts.order_by())


def person_rows(
    *, cohort: Cohort, modules: Sequence[Module], enrolments: Sequence[Enrolment], at: datetime
) -> list[PersonRow]:
    """The lines for these enrolments of the cohort (a page of them), with a state for each of `modules`."""
    people = [enrolment.pk for enrolment in enrolments]
    states = dict.fromkeys(_completions(people).values_list("enrolment", "module"), "met")
    states |= dict.fromkeys(_under_way(people), "waiting")
    ids = [module.pk for module in modules]
    day = today(cohort, at)
    return [
        _person_row(enrolment, [states.get((enrolment.pk, pk), "not-started") for pk in ids], day)
        for enrolment in enrolments
    ]


def _person_row(enrolment: Enrolment, states: Sequence[str], day: date) -> PersonRow:
    standing = getattr(enrolment, "standing", None)
    status, state = _status(enrolment, states, day, met=bool(standing and standing.met))
    return PersonRow(
        enrolment=enrolment,
        modules=states,
        leaves=standing.leaves if standing else [],
        status=status,
        state=state,
    )


def _status(enrolment: Enrolment, states: Sequence[str], day: date, *, met: bool) -> tuple[str, str]:
    if met:
        return _("Ready"), "met"
    if enrolment.state == Enrolment.State.PAUSED:
        return _("On leave"), "waiting"
    if enrolment.due_on < day:
        return _("Late"), "not-met"
    if all(state == "not-started" for state in states):
        return _("Not started"), "not-started"
    return _("Under way"), "waiting"
