"""Readiness: how a cohort stands before its gate, in as many queries for 10 people as for 1,000."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from enablement.programs.selectors import readiness_queries as queries
from enablement.programs.selectors.readiness_queries import PAGE_SIZE, Somebody, Titled
from tracks.models import Cohort, Enrolment, Track
from tracks.people import Person

__all__ = ["PAGE_SIZE"]


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

    module: Titled
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
    """One line of the people table. modules: a state for each."""

    enrolment_id: UUID
    name: str
    email: str
    due_on: date
    modules: Sequence[str]
    leaves: Sequence[Mapping[str, Any]]
    status: str
    state: str


def cohort_run_by(*, cohort_id: UUID, user: Person) -> Cohort | None:
    """The cohort where this person runs it, with what its page shows; no other field is filled."""
    row = queries.cohort_run_by(cohort=cohort_id, user=user)
    if row is None:
        return None
    pk, name, timezone, track_id, title = row
    return Cohort(pk=pk, name=name, timezone=timezone, track=Track(pk=track_id, title=title))


def boards(*, cohorts: Sequence[Cohort], at: datetime) -> list[Board]:
    """The boards of several cohorts, for the list of cohorts; a fixed number of queries for each."""
    return [board(cohort=cohort, at=at) for cohort in cohorts]


def board(*, cohort: Cohort, at: datetime) -> Board:
    leaves = _gate_leaves(cohort)
    total, ready, late, labs, *met = queries.board(
        cohort=cohort.pk, today=today(cohort, at), requirements=len(leaves)
    )
    return Board(
        cohort=cohort,
        total=total,
        ready=ready,
        late=late,
        waiting_labs=labs,
        requirements=[
            RequirementRow(
                index=index,
                label=leaf["label"],
                short=leaf.get("short") or leaf["label"],
                required=leaf["required"],
                met=met[index],
                total=total,
            )
            for index, leaf in enumerate(leaves)
        ],
    )


def content(*, cohort: Cohort) -> tuple[list[Titled], list[Titled]]:
    """The modules of the cohort's track and its surveys. One query."""
    return queries.content(cohort=cohort.pk)


def today(cohort: Cohort, at: datetime) -> date:
    return at.astimezone(ZoneInfo(cohort.timezone)).date()


def _gate_leaves(cohort: Cohort) -> list[dict[str, Any]]:
    """The gate's requirements; every standing of a track holds them in the same order."""
    return next((leaves for (leaves,) in queries.gate(cohort=cohort.pk)), [])


def module_rows(*, cohort: Cohort, modules: Sequence[Titled], total: int) -> list[ModuleRow]:
    """How the `total` people of the cohort are spread over each module's states. Two queries.

    Completions are counted by the database; only who is between first step and completion is read.
    """
    under_way = Counter(module for _enrolment, module in queries.under_way(cohort=cohort.pk))
    return spread(modules, dict(queries.completed_counts(cohort=cohort.pk)), under_way, total)


def spread(
    modules: Iterable[Titled], completed: Mapping[int, int], under_way: Mapping[int, int], total: int
) -> list[ModuleRow]:
    return [
        ModuleRow(
            module=module,
            completed=(done := completed.get(module.pk, 0)),
            under_way=(begun := under_way.get(module.pk, 0)),
            not_started=total - begun - done,
        )
        for module in modules
    ]


def person_rows(
    *, cohort: Cohort, modules: Sequence[Titled], start: int, missing: int | None, at: datetime
) -> list[PersonRow]:
    """A page of the cohort's people, from number `start` on, with a state for each of `modules`. Two queries.

    missing: only who has not met the gate's requirement of this index.
    """
    people = queries.page(cohort=cohort.pk, start=start, missing=missing)
    states: dict[UUID, dict[int, str]] = defaultdict(dict)
    for enrolment, module, completed in queries.states([person.enrolment_id for person in people]):
        if completed:
            states[enrolment][module] = "met"
        else:
            states[enrolment].setdefault(module, "waiting")
    return _person_rows(people, modules, states, today(cohort, at))


def _person_rows(
    people: Iterable[Somebody],
    modules: Sequence[Titled],
    states: Mapping[UUID, Mapping[int, str]],
    day: date,
) -> list[PersonRow]:
    ids = [module.pk for module in modules]
    words = words_of_states()
    none: Mapping[int, str] = {}
    rows = []
    for person in people:
        reached = states.get(person.enrolment_id, none)
        begun = any(pk in reached for pk in ids)
        state = state_of(met=person.met, state=person.state, late=person.due_on < day, begun=begun)
        rows.append(
            PersonRow(
                enrolment_id=person.enrolment_id,
                name=person.name,
                email=person.email,
                due_on=person.due_on,
                modules=[reached.get(pk, "not-started") for pk in ids],
                leaves=person.leaves or (),
                status=words[state],
                state=TONES[state],
            )
        )
    return rows


#: The tone of each state of a person.
TONES = {
    "ready": "met",
    "on_leave": "waiting",
    "late": "not-met",
    "not_started": "not-started",
    "under_way": "waiting",
}


def words_of_states() -> dict[str, str]:
    """Each state of a person in words, translated once a page."""
    return {
        "ready": _("Ready"),
        "on_leave": _("On leave"),
        "late": _("Late"),
        "not_started": _("Not started"),
        "under_way": _("Under way"),
    }


def state_of(*, met: bool | None, state: str, late: bool, begun: bool) -> str:
    """A person's state, a key of `TONES`. met: the gate, by the standing; state: the enrolment's."""
    if met:
        return "ready"
    if state == Enrolment.State.PAUSED:
        return "on_leave"
    if late:
        return "late"
    return "under_way" if begun else "not_started"
