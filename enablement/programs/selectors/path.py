"""My path: what one person has done, what is next, and by when. Five queries for any number of tracks."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _

from assessments.models import Attempt, Quiz, Submission
from enablement.access.models import Grant
from enablement.people.models import User
from tracks.models import (
    Component,
    ComponentCompletion,
    Enrolment,
    Lab,
    Lesson,
    LessonRead,
    Module,
    ModuleCompletion,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One thing to do. state: as pages show it; note: what it says beyond that; mine: whose turn it is."""

    title: str
    noun: str
    url: str
    state: str
    minutes: int | None = None
    note: str = ""
    mine: bool = True

    @property
    def is_open(self) -> bool:
        return self.mine and self.state != "met"


@dataclass(frozen=True, kw_only=True, slots=True)
class ModulePlan:
    module: Module
    completed: bool
    steps: Sequence[Step]

    @property
    def done(self) -> int:
        return sum(step.state == "met" for step in self.steps)

    @property
    def state(self) -> str:
        if self.completed:
            return "met"
        return "waiting" if any(step.state != "not-started" for step in self.steps) else "not-started"


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackPlan:
    """One enrolment: its modules, the gate's requirements as last evaluated, the tools behind it."""

    enrolment: Enrolment
    modules: Sequence[ModulePlan]
    leaves: Sequence[dict[str, Any]]
    met: bool
    tools: Sequence[Grant]
    today: date
    open_steps: Sequence[Step] = field(default=())

    @property
    def next_step(self) -> Step | None:
        return self.open_steps[0] if self.open_steps else None

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
        if self.days_left < 0:
            return "not-met"
        return "at-risk" if self.days_left <= DUE_SOON_DAYS else "waiting"


DUE_SOON_DAYS = 3


def track_plans(*, user: User, at: datetime) -> list[TrackPlan]:
    """A person's tracks, the most urgent first."""
    enrolments = list(
        Enrolment.objects.live()
        .filter(user=user)
        .select_related("track", "cohort", "standing")
        .order_by("due_on", "track__key")
    )
    ids = [enrolment.pk for enrolment in enrolments]
    modules = _modules(enrolments, ids)
    tools: dict[int | None, list[Grant]] = defaultdict(list)
    for grant in Grant.objects.filter(user=user).select_related("microtool").order_by("microtool__title"):
        tools[grant.microtool.track_id].append(grant)
    return [_plan(e, modules[e.track_id], tools[e.track_id], at) for e in enrolments]


def _plan(enrolment: Enrolment, modules: list[ModulePlan], tools: list[Grant], at: datetime) -> TrackPlan:
    standing = getattr(enrolment, "standing", None)
    leaves: list[dict[str, Any]] = standing.leaves if standing else []
    return TrackPlan(
        enrolment=enrolment,
        modules=modules,
        leaves=leaves,
        met=bool(standing and standing.met),
        tools=tools,
        today=at.astimezone(ZoneInfo(enrolment.cohort.timezone)).date(),
        open_steps=list(_open_steps(modules, leaves)),
    )


def _open_steps(modules: Iterable[ModulePlan], leaves: Iterable[dict[str, Any]]) -> Iterable[Step]:
    """What the person can do now, in order: the modules' steps, then what only the gate asks for."""
    steps = list(chain.from_iterable(plan.steps for plan in modules))
    known = {step.url for step in steps}
    yield from (step for step in steps if step.is_open)
    for leaf in leaves:
        if leaf["met"] is not True and leaf["link"] and leaf["link"] not in known:
            yield Step(title=leaf["next_step"], noun=leaf["label"], url=leaf["link"], state="not-started")


def _modules(enrolments: Sequence[Enrolment], ids: Sequence[UUID]) -> dict[int, list[ModulePlan]]:
    completions = ModuleCompletion.objects.current().filter(module=OuterRef("pk"), enrolment__in=ids)
    rows = (
        Module.objects.live()
        .filter(track__in=[enrolment.track_id for enrolment in enrolments])
        .select_related("track")
        .annotate(completed=Exists(completions))
    )
    steps = _steps(rows, ids)
    plans: dict[int, list[ModulePlan]] = defaultdict(list)
    for module in rows:
        plan = ModulePlan(module=module, completed=module.completed, steps=steps[module.pk])
        plans[module.track_id].append(plan)
    return plans


def _steps(modules: QuerySet[Module], ids: Sequence[UUID]) -> dict[int, list[Step]]:
    of_module = {module.pk: module for module in modules}
    steps: dict[int, list[Step]] = defaultdict(list)
    read = Exists(LessonRead.objects.filter(lesson=OuterRef("pk"), enrolment__in=ids))
    for lesson in Lesson.objects.live().filter(module__in=of_module).annotate(read=read):
        module = of_module[lesson.module_id]
        steps[module.pk].append(
            Step(
                title=lesson.title,
                noun=lesson.get_kind_display(),
                url=reverse("lesson", args=[module.track.key, module.key, lesson.key]),
                state="met" if lesson.read else "not-started",
                minutes=lesson.minutes,
            )
        )
    for component in _components(of_module, ids):
        steps[component.module_id].append(_component_step(component))
    return steps


def _components(modules: Iterable[int], ids: Sequence[UUID]) -> QuerySet[Component]:
    """The quizzes and labs of these modules, with what the person's own state on each is."""
    same = {"module": OuterRef("module"), "key": OuterRef("key")}
    submissions = Submission.objects.filter(
        lab__module=OuterRef("module"), lab__key=OuterRef("key"), enrolment__in=ids
    )
    attempts = Attempt.objects.filter(
        quiz__module=OuterRef("module"), quiz__key=OuterRef("key"), enrolment__in=ids
    )
    return (
        Component.objects.filter(module__in=modules, retired_at=None)
        .exclude(kind=Component.Kind.LESSONS)
        .annotate(
            achieved=Exists(
                ComponentCompletion.objects.current().filter(component=OuterRef("pk"), enrolment__in=ids)
            ),
            has_draft=Exists(submissions.filter(state=Submission.State.DRAFT)),
            submission_state=Subquery(
                submissions.exclude(state=Submission.State.DRAFT).order_by("-round").values("state")[:1]
            ),
            attempt_state=Subquery(attempts.order_by("-number").values("state")[:1]),
            quiz_id=Subquery(Quiz.objects.filter(**same).values("pk")[:1]),
            lab_id=Subquery(Lab.objects.filter(**same).values("pk")[:1]),
            lab_minutes=Subquery(Lab.objects.filter(**same).values("minutes")[:1]),
            quiz_minutes=Subquery(Quiz.objects.filter(**same).values("time_limit_min")[:1]),
        )
    )


def _component_step(component: Any) -> Step:
    is_quiz = component.kind == Component.Kind.QUIZ
    state, note = ("met", "") if component.achieved else _begun(component)
    return Step(
        title=component.title,
        noun=_("Quiz") if is_quiz else _("Lab"),
        url=reverse("quiz", args=[component.quiz_id]) if is_quiz else reverse("lab", args=[component.lab_id]),
        state=state,
        minutes=component.quiz_minutes if is_quiz else component.lab_minutes,
        note=note,
        mine=component.achieved or component.submission_state != Submission.State.SUBMITTED,
    )


def _begun(component: Any) -> tuple[str, str]:
    """State and note of what is not achieved: by the latest attempt, or the round last handed in."""
    if component.kind == Component.Kind.QUIZ:
        if component.attempt_state is None:
            return "not-started", ""
        if component.attempt_state == Attempt.State.IN_PROGRESS:
            return "waiting", _("under way")
        return "at-risk", _("not passed yet")
    drafted = ("waiting", _("a draft, not handed in")) if component.has_draft else ("not-started", "")
    return {
        None: drafted,
        Submission.State.SUBMITTED: ("waiting", _("waits for a mentor")),
        Submission.State.SENT_BACK: ("at-risk", _("sent back")),
        Submission.State.SIGNED_OFF: ("at-risk", _("its sign-off no longer counts")),
    }[component.submission_state]
