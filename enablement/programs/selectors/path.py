"""My path: what one person has done, what is next, and by when. Seven queries for any number of tracks."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _

from enablement.access import selectors as access
from enablement.access.models import Grant
from enablement.people.models import User
from enablement.programs.selectors import path_queries as queries
from enablement.programs.selectors.path_sessions import CohortSessions, by_cohort
from enablement.programs.selectors.path_steps import Step, component_step, lesson_step
from tracks.models import Enrolment
from tracks.rounds import Holding


@dataclass(frozen=True, kw_only=True, slots=True)
class ModulePlan:
    """completed: and its completion counts now. holding: until when, where it does not for good."""

    pk: int
    title: str
    url: str
    completed: bool
    steps: Sequence[Step]
    holding: Holding | None = None

    @property
    def again(self) -> Holding | None:
        """Where the module is to be gone through again."""
        return self.holding if self.holding is not None and self.holding.open else None

    @property
    def done(self) -> int:
        return sum(step.state == "met" for step in self.steps)

    @property
    def state(self) -> str:
        if self.completed:
            return "met"
        return "waiting" if any(step.state != "not-started" for step in self.steps) else "not-started"


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolPlan:
    """stopped: for everybody, by a kill switch. retired: no longer in use."""

    title: str
    open: bool
    stopped: bool
    retired: bool
    suspended: bool
    not_after: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackPlan:
    """One enrolment: its modules, the gate's requirements as last evaluated, the tools behind it."""

    enrolment: Enrolment
    modules: Sequence[ModulePlan]
    leaves: Sequence[dict[str, Any]]
    met: bool
    tools: Sequence[ToolPlan]
    today: date
    practice: Sequence[Step] = ()
    sessions: CohortSessions | None = None
    open_steps: Sequence[Step] = field(default=())

    @property
    def next_step(self) -> Step | None:
        return self.open_steps[0] if self.open_steps else None

    @property
    def closed_tools(self) -> int:
        """Of those in use: by the region of work, a kill switch, a suspension."""
        return sum(not (tool.open or tool.retired) for tool in self.tools)

    @property
    def renewal(self) -> Step | None:
        """What is to be shown anew, though nothing is missing yet: of several, what lapses first."""
        steps = [step for step in self.open_steps if step.renews_by] if self.met else []
        return min(steps, key=lambda step: step.renews_by, default=None)

    @property
    def lapsed(self) -> bool:
        """Everything was shown once, and what is missing now has lapsed: the due day no longer matters."""
        missing = [leaf for leaf in self.leaves if leaf["met"] is not True]
        return not self.met and bool(missing) and all(leaf.get("lapsed") for leaf in missing)

    @property
    def opens_next(self) -> Step | None:
        """What only time is in the way of, the first to open."""
        steps = [step for plan in self.modules for step in plan.steps if step.opens_at]
        return min(steps, key=lambda step: step.opens_at or DISTANT, default=None)

    @property
    def days_left(self) -> int:
        return (self.enrolment.due_on - self.today).days

    @property
    def days_late(self) -> int:
        return -self.days_left

    @property
    def due_state(self) -> str:
        if self.met:
            return "met"
        if self.lapsed or self.days_left < 0:
            return "not-met"
        return "at-risk" if self.days_left <= DUE_SOON_DAYS else "waiting"


DUE_SOON_DAYS = 3
DISTANT = datetime.max.replace(tzinfo=UTC)


def track_plans(*, user: User, at: datetime) -> list[TrackPlan]:
    """A person's tracks, the most urgent first."""
    modules = _modules(user, at)
    tools: dict[int | None, list[ToolPlan]] = defaultdict(list)
    for grant in queries.grants(user=user.pk):
        tools[grant.microtool.track_id].append(_tool(grant, at))
    sessions = by_cohort(map(queries.SessionRow._make, queries.sessions(user=user.pk)), at=at)
    return [
        _plan(e, modules[e.track_id], tools[e.track_id], sessions.get(e.cohort_id), at)
        for e in queries.enrolments(user=user.pk)
    ]


def _plan(
    enrolment: Enrolment,
    modules: list[ModulePlan],
    tools: list[ToolPlan],
    sessions: CohortSessions | None,
    at: datetime,
) -> TrackPlan:
    standing = getattr(enrolment, "standing", None)
    leaves: list[dict[str, Any]] = [*standing.leaves, *standing.overlay_leaves] if standing else []
    practice = _practice(enrolment)
    return TrackPlan(
        enrolment=enrolment,
        modules=modules,
        leaves=leaves,
        met=bool(standing and standing.met),
        tools=tools,
        today=at.astimezone(ZoneInfo(enrolment.cohort.timezone)).date(),
        practice=practice,
        sessions=sessions,
        open_steps=[*_open_steps(modules, leaves), *(step for step in practice if step.is_open)],
    )


def _tool(grant: Grant, at: datetime) -> ToolPlan:
    stopped = bool(getattr(grant, "stopped", False))
    return ToolPlan(
        title=grant.microtool.title,
        open=not stopped and access.is_open(grant, tool=grant.microtool, at=at),
        stopped=stopped,
        retired=grant.microtool.retired_at is not None,
        suspended=grant.state == Grant.State.SUSPENDED,
        not_after=grant.not_after,
    )


def _practice(enrolment: Enrolment) -> list[Step]:
    """The track's exception cases: no requirement by themselves, so that they come last."""
    title, drilled = getattr(enrolment, "exceptions", None), getattr(enrolment, "drilled", None)
    if title is None:
        return []
    said: dict[str | None, tuple[str, str]] = {
        None: ("not-started", ""),
        queries.DRILLED_PASSED: ("met", ""),
        queries.DRILLED_OPEN: ("waiting", _("a drill is under way")),
        queries.DRILLED_WAITS: ("waiting", _("the capstone waits to be graded")),
        queries.DRILLED_ONCE: ("waiting", _("the capstone is still to come")),
    }
    state, note = said[drilled]
    step = Step(
        title=title,
        noun=_("Drill"),
        url=reverse("exceptions", args=[enrolment.pk]),
        state=state,
        note=note,
        mine=drilled != queries.DRILLED_WAITS,
    )
    return [step]


def _open_steps(modules: Iterable[ModulePlan], leaves: Iterable[dict[str, Any]]) -> Iterable[Step]:
    """What the person can do now: what is running, the modules' steps in order, then what only the gate asks
    for, be it missing or to be shown anew.
    """
    steps = list(chain.from_iterable(plan.steps for plan in modules))
    known = {step.url for step in steps if step.state != "met"}
    yield from sorted((step for step in steps if step.is_open), key=lambda step: step.ends_at is None)
    for leaf in leaves:
        renews_by = leaf.get("renews_by", "")
        if leaf["link"] and leaf["link"] not in known and (renews_by or leaf["met"] is not True):
            yield Step(
                title=leaf["next_step"],
                noun=leaf["label"],
                url=leaf["link"],
                state="not-started",
                renews_by=renews_by,
            )


def _modules(user: User, at: datetime) -> dict[int, list[ModulePlan]]:
    """The modules of this person's tracks, by track."""
    steps: dict[int, list[Step]] = defaultdict(list)
    rows = [queries.ModuleRow._make(row) for row in queries.modules(user=user.pk)]
    holdings = {row.pk: _holding(row, at) for row in rows}
    for lesson in map(queries.LessonRow._make, queries.lessons(user=user.pk)):
        steps[lesson.module_id].append(lesson_step(lesson, holdings.get(lesson.module_id)))
    attempts: dict[int | None, list[queries.AttemptRow]] = defaultdict(list)
    for made in map(queries.AttemptRow._make, queries.attempts(user=user.pk)):
        attempts[made.quiz_id].append(made)
    for component in map(queries.ComponentRow._make, queries.components(user=user.pk)):
        step = component_step(component, attempts=attempts[component.quiz_id], at=at)
        steps[component.module_id].append(step)
    plans: dict[int, list[ModulePlan]] = defaultdict(list)
    for row in rows:
        holding = holdings[row.pk]
        plan = ModulePlan(
            pk=row.pk,
            title=row.title,
            url=reverse("module", args=[row.track_key, row.key]),
            completed=row.completed_at is not None and not (holding is not None and holding.lapsed),
            steps=steps[row.pk],
            holding=holding,
        )
        plans[row.track_id].append(plan)
    return plans


def _holding(row: queries.ModuleRow, at: datetime) -> Holding | None:
    return Holding.of(
        completed_at=row.completed_at, renewed_at=row.renewed_at, valid_months=row.valid_months, at=at
    )
