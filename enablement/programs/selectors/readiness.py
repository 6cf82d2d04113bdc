"""Readiness: how a cohort stands before its gate, in as many queries for 10 people as for 1,000."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from enablement.access.leaves import marked
from enablement.access.overlays import REGION
from enablement.programs.selectors import readiness_queries as queries
from enablement.programs.selectors.readiness_queries import PAGE_SIZE, Somebody, Titled
from tracks.models import Cohort, Enrolment, Track
from tracks.people import Person

__all__ = ["PAGE_SIZE"]


@dataclass(frozen=True, kw_only=True, slots=True)
class RequirementRow:
    """One requirement over a cohort; `total` is of how many it is asked.

    key: its place in the gate, or what an overlay's requirement is marked as; asked_by: that overlay.
    """

    key: int | str
    label: str
    short: str
    required: str
    met: int
    total: int
    asked_by: str = ""

    @property
    def missing(self) -> int:
        return self.total - self.met

    @property
    def bars(self) -> bool:
        """Whether it is where people work, which nothing that they show can mend."""
        return self.key == REGION

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
    """The answer for one cohort: who is ready, and which requirements hold the others up.

    shown: have shown everything that is asked of them. barred: may not use the tools where they work, which
    they cannot mend. ready: what is neither. demanded: the requirements that overlays add for some.
    """

    cohort: Cohort
    total: int
    shown: int
    ready: int
    barred: int
    late: int
    waiting_labs: int
    requirements: Sequence[RequirementRow]
    demanded: Sequence[RequirementRow] = ()
    most_demanded: int = 0

    @property
    def rows(self) -> list[RequirementRow]:
        """The gate's requirements, then those of overlays."""
        return [*self.requirements, *self.demanded]

    @property
    def met_requirements(self) -> int:
        return sum(row.state == "met" for row in self.requirements)

    @property
    def blockers(self) -> list[RequirementRow]:
        """The requirements that somebody has still to meet, the one with most people missing first."""
        held = [row for row in self.rows if row.missing and not row.bars]
        return sorted(held, key=lambda row: -row.missing)

    @property
    def first_blocker(self) -> int | str:
        """Where to look who is missing."""
        blockers = self.blockers
        return blockers[0].key if blockers else REGION

    @property
    def state(self) -> str:
        if not self.total or not self.requirements:
            return "not-started"
        if self.ready == self.total:
            return "met"
        return "not-met" if self.late else "at-risk"


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonRow:
    """One line of the people table. modules: a state for each; leaves: the gate's, none before an evaluation.

    demanded: what overlays ask of this person, by what it is marked as.
    """

    enrolment_id: UUID
    name: str
    email: str
    due_on: date
    modules: Sequence[str]
    leaves: Sequence[Mapping[str, Any]]
    demanded: Mapping[str, Mapping[str, Any]]
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
    alike = queries.before_overlays(cohort=cohort.pk)
    total, shown, late, labs, *met = queries.board(
        cohort=cohort.pk, today=today(cohort, at), requirements=len(leaves)
    )
    demanded = _demanded(alike, total)
    barred = [group for group in alike if (REGION, False) in marked(group.marks)]
    return Board(
        cohort=cohort,
        total=total,
        shown=shown,
        ready=shown - sum(group.shown for group in barred),
        barred=sum(group.people for group in barred),
        late=late,
        waiting_labs=labs,
        requirements=[
            RequirementRow(
                key=index,
                label=leaf["label"],
                short=leaf.get("short") or leaf["label"],
                required=leaf["required"],
                met=met[index],
                total=total,
            )
            for index, leaf in enumerate(leaves)
        ],
        demanded=demanded,
        most_demanded=max((len(marked(group.marks)) for group in alike), default=0),
    )


def _demanded(alike: Iterable[queries.Alike], total: int) -> list[RequirementRow]:
    """What overlays ask of whom they hold for. The region of work concerns all once it bars one."""
    said: dict[str, dict[str, Any]] = {}
    asked: Counter[str] = Counter()
    met: Counter[str] = Counter()
    for group in alike:
        for (key, is_met), leaf in zip(marked(group.marks), json.loads(group.leaves), strict=True):
            if said.setdefault(key, leaf)["required"] != leaf["required"]:
                # Who is barred may be so by different overlays.
                said[key] |= {"required": _("works where the tools may be used"), "asked_by": ""}
            asked[key] += group.people
            met[key] += group.people if is_met else 0
    if REGION in said:
        met[REGION], asked[REGION] = total - asked[REGION], total
    return [
        RequirementRow(
            key=key,
            label=said[key]["label"],
            short=said[key]["short"],
            required=said[key]["required"],
            met=met[key],
            total=asked[key],
            asked_by=said[key].get("asked_by", ""),
        )
        for key in sorted(said, key=lambda key: (key == REGION, key))
    ]


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
    *, cohort: Cohort, modules: Sequence[Titled], start: int, missing: int | str | None, at: datetime
) -> list[PersonRow]:
    """A page of the cohort's people, from number `start` on, with a state for each of `modules`. Two queries.

    missing: only who has not met the requirement of this key.
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
        demanded = _by_mark(person)
        state = state_of(
            met=person.met,
            barred=REGION in demanded,
            state=person.state,
            late=person.due_on < day,
            begun=begun,
        )
        rows.append(
            PersonRow(
                enrolment_id=person.enrolment_id,
                name=person.name,
                email=person.email,
                due_on=person.due_on,
                modules=[reached.get(pk, "not-started") for pk in ids],
                leaves=person.leaves or (),
                demanded=demanded,
                status=words[state],
                state=TONES[state],
            )
        )
    return rows


def _by_mark(person: Somebody) -> dict[str, Mapping[str, Any]]:
    keys = (key for key, _met in marked(person.marks or ""))
    return dict(zip(keys, person.overlay_leaves or (), strict=False))


#: The tone of each state of a person.
TONES = {
    "ready": "met",
    "barred": "not-met",
    "on_leave": "waiting",
    "late": "not-met",
    "not_started": "not-started",
    "under_way": "waiting",
}


def words_of_states() -> dict[str, str]:
    """Each state of a person in words, translated once a page."""
    return {
        "ready": _("Ready"),
        "barred": _("Closed by region"),
        "on_leave": _("On leave"),
        "late": _("Late"),
        "not_started": _("Not started"),
        "under_way": _("Under way"),
    }


def state_of(*, met: bool | None, barred: bool, state: str, late: bool, begun: bool) -> str:
    """A person's state, a key of `TONES`. met: the gate and what overlays ask, by the standing; barred: may
    not use the tools where they work; state: the enrolment's.
    """
    if met:
        return "barred" if barred else "ready"
    if state == Enrolment.State.PAUSED:
        return "on_leave"
    if late:
        return "late"
    return "under_way" if begun else "not_started"
