"""Builds the demo: playbook, people, cohorts, then everybody at their stage."""

import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import cycle, islice
from pathlib import Path

from django.conf import settings
from django.db import transaction

from assessments.models import ShadowPool
from assessments.services import shadow
from enablement.demo import (
    approvals,
    asking,
    exceptions,
    judging,
    listening,
    meeting,
    proposing,
    putting_right,
)
from enablement.demo.cast import DOMAIN, MENTORS, STAFF, Persona, engineers
from enablement.demo.elsewhere import labs_elsewhere
from enablement.demo.learning import Clock, Learner
from enablement.demo.stages import ALL_SAMPLES, STAGES, Stage
from enablement.jobs import outbox
from enablement.people.models import User
from enablement.people.services import add_person
from enablement.playbook.services import apply_file
from tracks.models import Cohort, Enrolment, Track
from tracks.services import cohorts

PLAYBOOK = Path(settings.BASE_DIR) / "playbooks" / "demo_playbook.yaml"
FRONT_LINE = "frontline_ops_t1"
DAYS_AGO = 9
# Who else learns: handles, track, the name of their cohort.
OTHERS = (
    (("opsmanager", "dutymanager"), "ops_manager_track", "Operations managers, autumn"),
    (("qa1",), "process_quality_t1", "Process and quality, autumn"),
    (("compliance",), "compliance_liaison_t1", "Compliance, autumn"),
)
# Where a lab is marked or signed by two people.
SECOND_MENTORS = {"process_quality_t1": ("mentor4",), "compliance_liaison_t1": ("mentor5",)}


def build(*, count: int, seed: int, at: datetime) -> None:
    """Fill an empty database. `count` engineers; the same seed gives the same demo.

    Its jobs are sent at the end: SQLite has one writer, and the build holds it for longer than they wait.
    """
    with outbox.held():
        _build(count, seed, at)


def _build(count: int, seed: int, at: datetime) -> None:
    chance = random.Random(seed)  # noqa: S311  (a demo, not a secret)
    start = (at - timedelta(days=DAYS_AGO)).replace(hour=8, minute=0, second=0, microsecond=0)
    with transaction.atomic():
        apply_file(path=PLAYBOOK, actor=None, at=start)
        people = _people(count, start)
        cohort = _front_line(people, count, start)
        _other_cohorts(people, start)
        meeting.build(people, start=start, at=at)
    learners = _learners(cohort, chance, start, at)
    _learn(learners, actor=people["pm"])
    _shadow_mode(learners, people, chance, start, at)
    with transaction.atomic():
        labs_elsewhere(people, clock=Clock(now=start + timedelta(days=2), end=at))
    exceptions.build(people, clock=Clock(now=start + timedelta(days=1), end=at), chance=chance)
    approvals.build(people, end=at)
    proposing.build(people, path=PLAYBOOK, end=at)
    asking.build(people, end=at, chance=chance)
    putting_right.build(people, track=cohort.track, at=at)
    listening.build(people, at=at)


def _people(count: int, at: datetime) -> dict[str, User]:
    personas = [
        *STAFF,
        *MENTORS,
        *(Persona(handle=handle, name=name, roles=("frontline_ops",)) for handle, name in engineers(count)),
    ]
    return {
        persona.handle: add_person(
            email=persona.email,
            name=persona.name,
            groups=persona.groups,
            roles=persona.roles,
            timezone=persona.timezone,
            region=persona.place[0],
            line_of_business=persona.place[1],
            actor=None,
            at=at,
        )
        for persona in personas
    }


def _front_line(people: dict[str, User], count: int, at: datetime) -> Cohort:
    learners = [people[f"engineer{number}"] for number in range(1, count + 1)]
    cohort, enrolments = _cohort("Front line, wave 2", FRONT_LINE, people["pm"], learners, at)
    mentors = cycle(people[mentor.handle] for mentor in MENTORS)
    _assign(cohort, zip(enrolments, mentors, strict=False), people["pm"], at)
    return cohort


def _other_cohorts(people: dict[str, User], at: datetime) -> None:
    for (handles, track, name), mentor in zip(OTHERS, MENTORS, strict=False):
        learners = [people[handle] for handle in handles]
        cohort, enrolments = _cohort(name, track, people["pm"], learners, at)
        mentors = [mentor.handle, *SECOND_MENTORS.get(track, ())]
        pairs = ((each, people[handle]) for each in enrolments for handle in mentors)
        _assign(cohort, pairs, people["pm"], at)


def _cohort(
    name: str, track: str, manager: User, learners: Sequence[User], at: datetime
) -> tuple[Cohort, list[Enrolment]]:
    cohort = cohorts.create_cohort(
        name=name,
        track=Track.objects.get(key=track),
        starts_on=at.date(),
        timezone="UTC",
        actor=manager,
        at=at,
    )
    cohort = cohorts.start_cohort(cohort=cohort, actor=manager, at=at)
    return cohort, cohorts.enrol(cohort=cohort, users=learners, actor=manager, at=at)


def _assign(cohort: Cohort, pairs: Iterable[tuple[Enrolment, User]], manager: User, at: datetime) -> None:
    pairings = [cohorts.Pairing(enrolment, mentor) for enrolment, mentor in pairs]
    cohorts.assign_mentors(cohort=cohort, pairings=pairings, actor=manager, at=at)


def _learners(cohort: Cohort, chance: random.Random, start: datetime, end: datetime) -> list[Learner]:
    """Everybody with a clock of their own, spread over the first days."""
    of_handle = {enrolment.user.email: enrolment for enrolment in cohort.enrolments.select_related("user")}
    stages: Iterable[Stage] = cycle(STAGES)
    return [
        Learner(
            enrolment=of_handle[f"engineer{number}@{DOMAIN}"],
            stage=stage,
            clock=Clock(now=start + timedelta(hours=chance.randint(1, 30)), end=end),
            chance=random.Random(chance.random()),  # noqa: S311
        )
        for number, stage in enumerate(islice(stages, len(of_handle)), start=1)
    ]


def _learn(learners: Sequence[Learner], *, actor: User) -> None:
    for learner in learners:
        with transaction.atomic():
            learner.learn()
            learner.pause(actor=actor)


def _shadow_mode(
    learners: Sequence[Learner],
    people: dict[str, User],
    chance: random.Random,
    start: datetime,
    end: datetime,
) -> None:
    pool = ShadowPool.objects.live().get(track__key=FRONT_LINE)
    clock = Clock(now=start, end=end)
    for handle in ("qa1", "qa2", "qa3"):
        shadow.appoint_judge(pool=pool, user=people[handle], actor=None, at=clock.step())
    begun = [learner for learner in learners if 0 < learner.stage.samples < ALL_SAMPLES][1:2]
    # What somebody answered on the first days and nobody has judged is overdue by now.
    waiting = [sample.case for learner in begun for sample in learner.shadow_samples(pool, count=2)]
    judges = (people["qa1"], people["qa2"])
    judging.judge(pool=pool, judges=judges, leave=waiting, clock=clock, chance=chance)
    for learner in learners:
        with transaction.atomic():
            done = len(waiting) if learner in begun else 0
            for _sample in learner.shadow_samples(pool, count=learner.stage.samples - done):
                pass
