"""The data that the figures are taken on.

- The demo playbook, applied: its front-line track, gate, tool, question bank and shadow-mode cases.
- `PEOPLE` people on the front-line track; everybody has read the first module's lessons, nobody more. One of
  them holds a grant, whose row is written here; everybody else's tool is locked.
- A track of the bench's own with 16 units for reports: 11 modules of one lesson and a gate of 5 requirements.
  On it `PEOPLE` people in one cohort and `FEW` in another, each with another share of modules completed, and
  nobody with all.
People, lessons read and modules completed are written in bulk; cohorts, enrolments, standings and grants come
from the services.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from bench.sessions import sign_in
from enablement.access.models import EnrolmentStanding, Grant
from enablement.access.services import grants
from enablement.access.services.policy import put_gate
from enablement.people.models import User
from enablement.people.models.api_token import Scope
from enablement.people.services import add_person, create_token
from enablement.playbook.services import apply_file
from tracks.models import (
    Cohort,
    Component,
    ComponentCompletion,
    Enrolment,
    Lesson,
    LessonRead,
    Module,
    ModuleCompletion,
    Role,
    RoleAssignment,
    Track,
)
from tracks.services import cohorts, content

PLAYBOOK = Path(settings.BASE_DIR) / "playbooks" / "demo_playbook.yaml"
FRONT_LINE = "frontline_ops_t1"
ROLE = "frontline_ops"
TOOL = "triage_summarizer"
PROMPT = "triage_summarize"
REGION = "eu-west-1"
UNITS = 16
GATE_UNITS = 5
PEOPLE = 1000
FEW = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Data:
    """Where to look, and who looks. `token` is a gateway's secret."""

    learner: User
    holder: User
    manager: User
    front_line: Cohort
    many: Cohort
    few: Cohort
    learner_session: str
    manager_session: str
    token: str


@transaction.atomic
def make(*, at: datetime) -> Data:
    apply_file(path=PLAYBOOK, actor=None, at=at)
    manager = add_person(
        email="manager@bench.example",
        name="Manager",
        groups=("program_managers",),
        roles=(),
        timezone="UTC",
        actor=None,
        at=at,
    )
    front_line = _cohort("front line", Track.objects.get(key=FRONT_LINE), PEOPLE, manager, at)
    _read_first_module(front_line, at)
    units = _track_of_units(at)
    many, few = (_cohort(f"units {count}", units, count, manager, at) for count in (PEOPLE, FEW))
    for cohort in (many, few):
        _complete_some(cohort, at)
    users = list(Enrolment.objects.values_list("user", flat=True))
    grants.reevaluate(user_ids=users, cause="bench", actor_id=None, at=at, at_once=len(users))
    learner, holder = User.objects.filter(enrolments__cohort=front_line).order_by("email")[:2]
    _open_tool(holder)
    _token, secret = create_token(name="bench", scopes=[Scope.EVALUATE], regions=[REGION], actor=None, at=at)
    return Data(
        learner=learner,
        holder=holder,
        manager=manager,
        front_line=front_line,
        many=many,
        few=few,
        learner_session=sign_in(learner),
        manager_session=sign_in(manager),
        token=secret,
    )


def complete(enrolments: Sequence[Enrolment], *, at: datetime) -> None:
    """These people of the 16 units now have all modules, so that a certificate can be issued."""
    done = set(
        ModuleCompletion.objects.current()
        .filter(enrolment__in=enrolments)
        .values_list("enrolment_id", "module_id")
    )
    modules = Module.objects.filter(track=enrolments[0].track_id)
    missing = [(e, m) for e in enrolments for m in modules if (e.pk, m.pk) not in done]
    _write_completions(missing, at)


def _cohort(name: str, track: Track, count: int, manager: User, at: datetime) -> Cohort:
    cohort = cohorts.create_cohort(
        name=name, track=track, starts_on=at.date(), timezone="UTC", actor=manager, at=at
    )
    cohort = cohorts.start_cohort(cohort=cohort, actor=manager, at=at)
    handle = name.replace(" ", "-")
    people = User.objects.bulk_create(
        User(email=f"{handle}-{n:04}@bench.example", name=f"Person {n:04} of {name}", joined_at=at)
        for n in range(count)
    )
    role = Role.objects.get(key=ROLE)
    RoleAssignment.objects.bulk_create(RoleAssignment(user=user, role=role, since=at) for user in people)
    cohorts.enrol(cohort=cohort, users=people, actor=manager, at=at)
    return cohort


def _track_of_units(at: datetime) -> Track:
    track, _new = content.put_track(
        key="bench-units",
        role=Role.objects.get(key=ROLE),
        title="Sixteen units",
        summary="",
        kpis=[],
        due_days=14,
        position=99,
        at=at,
    )
    keys = [f"unit-{number}" for number in range(1, UNITS - GATE_UNITS + 1)]
    for position, key in enumerate(keys):
        _module(track, key, position, at)
    leaves = [{"type": "modules_completed", "modules": [key]} for key in keys[-GATE_UNITS:]]
    put_gate(track=track, tree={"all_of": leaves}, revision=1, at=at)
    return track


def _module(track: Track, key: str, position: int, at: datetime) -> None:
    title = key.replace("-", " ").capitalize()
    module, _new = content.put_module(
        track=track,
        key=key,
        title=title,
        duration_min=30,
        outcomes=["tell what may be automated", "know when to stop"],
        position=position,
        at=at,
    )
    content.put_lesson(
        module=module,
        key="reading",
        title=f"{title}, reading",
        kind=Lesson.Kind.TEXT,
        minutes=10,
        position=0,
        body="Read this.",
        at=at,
    )


def _read_first_module(cohort: Cohort, at: datetime) -> None:
    first = Module.objects.live().filter(track=cohort.track).first()
    lessons = Lesson.objects.live().filter(module=first)
    enrolments = cohort.enrolments.all()
    LessonRead.objects.bulk_create(
        LessonRead(enrolment=enrolment, lesson=lesson, read_at=at)
        for enrolment in enrolments
        for lesson in lessons
    )
    component = Component.objects.get(module=first, kind=Component.Kind.LESSONS)
    ComponentCompletion.objects.bulk_create(
        ComponentCompletion(enrolment=enrolment, component=component, achieved_at=at)
        for enrolment in enrolments
    )


def _complete_some(cohort: Cohort, at: datetime) -> None:
    """The first person has completed no module, the next one, and so on up to all but one, then again."""
    modules = list(Module.objects.live().filter(track=cohort.track))
    people = cohort.enrolments.order_by("user__email")
    _write_completions(
        [(person, module) for n, person in enumerate(people) for module in modules[: n % len(modules)]], at
    )


def _write_completions(pairs: Iterable[tuple[Enrolment, Module]], at: datetime) -> None:
    pairs = list(pairs)
    components: dict[int, Any] = {
        component.module_id: component
        for component in Component.objects.filter(module__in={module.pk for _e, module in pairs})
    }
    ComponentCompletion.objects.bulk_create(
        ComponentCompletion(enrolment=enrolment, component=components[module.pk], achieved_at=at)
        for enrolment, module in pairs
    )
    ModuleCompletion.objects.bulk_create(
        ModuleCompletion(enrolment=enrolment, module=module, achieved_at=at) for enrolment, module in pairs
    )


def _open_tool(user: User) -> None:
    """What fifty judged cases, a quiz, labs and a survey would lead to."""
    standing = EnrolmentStanding.objects.get(enrolment__user=user)
    leaves = [leaf | {"met": True, "state": "met", "link": ""} for leaf in standing.leaves]
    Grant.objects.filter(user=user, microtool__key=TOOL).update(state=Grant.State.GRANTED, leaves=leaves)
