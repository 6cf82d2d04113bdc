"""Tracks and the people on them, for tests."""

import hashlib
from datetime import UTC, date, datetime

import factory
from guardian.shortcuts import assign_perm

from tests.people.factories import UserFactory
from tracks.models import (
    Cohort,
    Component,
    Enrolment,
    Lab,
    Lesson,
    LessonVersion,
    Mentorship,
    Module,
    Role,
    RoleAssignment,
    Track,
)

#: When the content of these factories was published, cohorts started and people enrolled.
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
DUE = date(2026, 11, 16)

RUBRIC = [
    {
        "key": "classification",
        "title": "Classification",
        "minimum": 2,
        "levels": [
            {"points": 0, "title": "Not yet", "description": "Most lines are on the wrong side."},
            {"points": 2, "title": "Sound", "description": "Every line is on the right side."},
            {"points": 3, "title": "Strong", "description": "Every line is right, and the reason is given."},
        ],
    },
    {
        "key": "reasons",
        "title": "Reasons",
        "minimum": 0,
        "levels": [
            {"points": 0, "title": "Not yet", "description": "No reason is given."},
            {"points": 2, "title": "Sound", "description": "Reasons name the rule."},
        ],
    },
]


class RoleFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Role

    key = factory.Sequence(lambda n: f"role_{n}")
    title = factory.Sequence(lambda n: f"Role {n}")


class RoleAssignmentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = RoleAssignment

    user = factory.SubFactory(UserFactory)
    role = factory.SubFactory(RoleFactory)
    since = START


class TrackFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Track

    key = factory.Sequence(lambda n: f"track-{n}")
    title = factory.Sequence(lambda n: f"Track {n}")
    role = factory.SubFactory(RoleFactory)
    summary = "What this work needs."


class ModuleFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Module

    track = factory.SubFactory(TrackFactory)
    key = factory.Sequence(lambda n: f"module-{n}")
    title = factory.Sequence(lambda n: f"Module {n}")
    position = factory.Sequence(int)
    duration_min = 45
    outcomes = factory.LazyFunction(lambda: ["Tell what to automate from what to avoid."])


class ComponentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Component

    module = factory.SubFactory(ModuleFactory)
    kind = Component.Kind.QUIZ
    key = factory.Sequence(lambda n: f"quiz-{n}")
    title = factory.Sequence(lambda n: f"Quiz {n}")


class LessonFactory(factory.django.DjangoModelFactory):
    """A lesson with version 1.0 (`body=`), and its module's need to have its lessons read."""

    class Meta:
        model = Lesson
        skip_postgeneration_save = True

    module = factory.SubFactory(ModuleFactory)
    key = factory.Sequence(lambda n: f"lesson-{n}")
    title = factory.Sequence(lambda n: f"Lesson {n}")
    position = factory.Sequence(int)
    minutes = 8

    @factory.post_generation
    def body(self, create, extracted, **kwargs):
        text = extracted or "Read the case, then decide."
        LessonVersion.objects.create(
            lesson=self,
            major=1,
            patch=0,
            body=text,
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            published_at=START,
        )

    @factory.post_generation
    def component(self, create, extracted, **kwargs):
        Component.objects.get_or_create(
            module=self.module, kind=Component.Kind.LESSONS, key="lessons", defaults={"title": "Lessons"}
        )


class LabFactory(factory.django.DjangoModelFactory):
    """A lab with a rubric of two criteria (at most 5 points, 4 to pass), which its module needs."""

    class Meta:
        model = Lab
        skip_postgeneration_save = True

    module = factory.SubFactory(ModuleFactory)
    key = factory.Sequence(lambda n: f"lab-{n}")
    title = factory.Sequence(lambda n: f"Lab {n}")
    position = factory.Sequence(int)
    minutes = 30
    brief = "Draw the line on ten workflows."
    evidence = factory.LazyFunction(lambda: {"text": "required", "link": "optional", "file": "optional"})
    rubric = factory.LazyFunction(lambda: RUBRIC)
    pass_points = 4

    @factory.post_generation
    def component(self, create, extracted, **kwargs):
        Component.objects.get_or_create(
            module=self.module, kind=Component.Kind.LAB, key=self.key, defaults={"title": self.title}
        )


class CohortFactory(factory.django.DjangoModelFactory):
    """A running cohort; who made it runs it."""

    class Meta:
        model = Cohort
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Cohort {n}")
    track = factory.SubFactory(TrackFactory)
    starts_on = START.date()
    state = Cohort.State.RUNNING
    started_at = factory.LazyAttribute(lambda c: None if c.state == Cohort.State.PLANNED else START)
    created_by = factory.SubFactory(UserFactory)
    created_at = START

    @factory.post_generation
    def run_by_creator(self, create, extracted, **kwargs):
        if create and extracted is not False:
            assign_perm("tracks.run_cohort", self.created_by, self)


class EnrolmentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Enrolment

    user = factory.SubFactory(UserFactory)
    cohort = factory.SubFactory(CohortFactory)
    track = factory.SelfAttribute("cohort.track")
    enrolled_at = START
    content_at = START
    due_on = DUE


class MentorshipFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Mentorship

    enrolment = factory.SubFactory(EnrolmentFactory)
    cohort = factory.SelfAttribute("enrolment.cohort")
    learner = factory.SelfAttribute("enrolment.user")
    mentor = factory.SubFactory(UserFactory)
    since = START
